"""What hangs on a contact."""

import pytest

from activecampaign_async.sandbox import Sandbox

from .support import asking, covers

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


@covers("contact_tags.twice", "contact_tags.gone", "contact_tags.meta", "contacts.echo")
async def test_tagging() -> None:
    sandbox = Sandbox(contacts=2, rate=None)
    tag = sandbox.add_tag("A")
    async with asking(sandbox) as client:
        body = {"contactTag": {"contact": 2, "tag": str(tag)}}
        first, second = [await client.post("/contactTags", json=body) for _ in range(2)]
        assert (first.status_code, second.status_code) == (201, 200)
        assert set(first.json()) == {"contacts", "contactTag"}
        assert set(first.json()["contactTag"]) == {"contact", "tag", "cdate", "links", "id"}
        assert first.json()["contactTag"]["contact"] == 2
        assert second.json()["contactTag"]["contact"] == "2"
        assert first.json()["contactTag"]["id"] == second.json()["contactTag"]["id"] == "1"
        assert set((await client.get("/contacts/2/contactTags")).json()) == {"contactTags"}
        assert (await client.get("/contactTags/1")).json()["contactTag"]["tag"] == "1"
        assert (await client.get(f"/tags/{tag}")).json()["tag"]["subscriber_count"] == "1"
        assert (await client.delete("/contactTags/1")).json() == {}
        gone = await client.delete("/contactTags/1")
        assert gone.json() == {"message": "No Result found for SubscriberTag with id 1"}
        assert (await client.get(f"/tags/{tag}")).json()["tag"]["subscriber_count"] == "0"


@covers("contact_tags.name", "contact_tags.refused", "answer.missing")
async def test_tagging_refused() -> None:
    sandbox = Sandbox(contacts=2, rate=None)
    tag = sandbox.add_tag("A")
    async with asking(sandbox) as client:
        named = await client.post("/contactTags", json={"contactTag": {"contact": 2, "tag": "A"}})
        assert (named.status_code, named.json()["errors"][0]["title"]) == (422, "No tag id provided")
        nobody = await client.post("/contactTags", json={"contactTag": {"tag": tag}})
        where = {"pointer": "/data/attributes/contact"}
        assert nobody.status_code == 422
        assert nobody.json() == {"errors": [{"status": 422, "title": "Missing attribute", "source": where}]}
        gone = await client.post("/contactTags", json={"contactTag": {"contact": 9, "tag": tag}})
        assert gone.status_code == 404
        assert gone.json() == {"errors": [{"status": 404, "title": "Not Found", "detail": "Contact not found"}]}
        untagged = await client.post("/contactTags", json={"contactTag": {"contact": 1, "tag": 9}})
        assert (untagged.status_code, untagged.json()) == (404, {"message": "No Result found for Tag with id 9"})
        assert (await client.post("/contactTags", json=[])).status_code == 422
        assert (await client.get("/contacts/9/contactTags")).status_code == 404


@covers("contact_lists.twice", "contact_lists.status")
async def test_subscribing() -> None:
    sandbox = Sandbox(contacts=2, rate=None)
    list_ = sandbox.add_list("News")
    async with asking(sandbox) as client:

        async def post(status: object) -> tuple[int, dict[str, dict[str, object]]]:
            body = {"contactList": {"contact": 1, "list": list_, "status": status}}
            answer = await client.post("/contactLists", json=body)
            return answer.status_code, answer.json()

        status, made = await post(1)
        assert (status, made["contactList"]["status"]) == (201, 1)
        status, again = await post("2")
        assert (status, again["contactList"]["status"]) == (200, "2")
        assert again["contactList"]["id"] == made["contactList"]["id"]
        assert (await post(0))[0] == (await post(3))[0] == 200
        status, refused = await post(4)
        assert status == 422
        assert "valid choice" in str(refused)
        rows = (await client.get("/contacts/1/contactLists")).json()["contactLists"]
    assert [row["status"] for row in rows] == ["3"]
    assert len(rows[0]) == 28


@covers("contact_tags.list", "contact_lists.read")
async def test_ties_of_all_contacts() -> None:
    sandbox = Sandbox(contacts=2, rate=None)
    tag, list_ = sandbox.add_tag("A"), sandbox.add_list("News")
    for contact in (1, 2):
        sandbox.tag_contact(contact, tag)
        sandbox.subscribe(contact, list_)
    async with asking(sandbox) as client:
        for name in ("contactTags", "contactLists"):
            listed = (await client.get(f"/{name}")).json()
            assert ([row["contact"] for row in listed[name]], listed["meta"]) == (["1", "2"], {"total": "2"})
            page = (await client.get(f"/{name}", params={"limit": 1, "offset": 1})).json()
            assert [row["contact"] for row in page[name]] == ["2"]
            one = (await client.get(f"/{name}/2")).json()
            assert one[name.removesuffix("s")] == listed[name][1]
        gone = await client.get("/contactLists/9")
        assert gone.json() == {"message": "No Result found for SubscriberList with id 9"}


@covers("answer.missing_403")
@pytest.mark.parametrize(
    "asked",
    [
        "GET /fieldValues", "DELETE /fieldValues", "GET /groups", "PUT /groups", "GET /fields", "DELETE /lists",
        "DELETE /notes", "DELETE /contactAutomations", "DELETE /fieldRels",
    ],
)  # fmt: skip
async def test_missing_rows(asked: str) -> None:
    async with asking(Sandbox(rate=None)) as client:
        method, path = asked.split()
        gone = await client.request(method, f"{path}/9", json={})
        assert gone.status_code == 404
        assert gone.json()["message"].endswith("with id 9")


@covers("contact_automations.twice", "contact_automations.refused")
async def test_enrolling() -> None:
    sandbox = Sandbox(contacts=2, rate=None)
    automation = sandbox.add_automation("Welcome")
    async with asking(sandbox) as client:
        body = {"contactAutomation": {"contact": 1, "automation": automation}}
        first, second = [await client.post("/contactAutomations", json=body) for _ in range(2)]
        assert first.json()["contactAutomation"]["id"] != second.json()["contactAutomation"]["id"]
        body = {"contactAutomation": {"contact": 1, "automation": 99}}
        assert (await client.post("/contactAutomations", json=body)).status_code == 403
        assert (await client.delete("/contactAutomations/1")).json() == {}
    assert [row["id"] for row in sandbox.rows("contactAutomations")] == ["2"]


@covers("field_values.upsert", "contacts.stored")
async def test_field_values() -> None:
    sandbox = Sandbox(contacts=2, rate=None)
    field = sandbox.add_field("Colour")
    async with asking(sandbox) as client:
        body = {"fieldValue": {"contact": 1, "field": field, "value": "red"}}
        made = await client.post("/fieldValues", json=body)
        body["fieldValue"]["value"] = 5
        put = await client.put("/fieldValues/77", json=body)
        body["fieldValue"]["field"] = "COLOUR"
        named = await client.post("/fieldValues", json=body)
        listed = (await client.get("/fieldValues", params={"filters[fieldid]": field})).json()
        other = (await client.get("/fieldValues", params={"filters[val]": "blue"})).json()
        one = (await client.get("/fieldValues/1")).json()["fieldValue"]
    assert (made.status_code, made.json()["fieldValue"]["id"]) == (201, "1")
    assert (put.status_code, put.json()["fieldValue"]["id"], put.json()["fieldValue"]["value"]) == (
        200,
        "1",
        5,
    )
    assert named.status_code == 422
    assert (listed["meta"]["total"], listed["fieldValues"]) == ("1", [one])
    assert other["fieldValues"] == []
    assert one["value"] == "5"
    assert len(one) == 10
