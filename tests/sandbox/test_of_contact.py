"""`/contacts/{id}/…`."""

from typing import Any

import pytest

from activecampaign_async.sandbox import Sandbox
from tests.support import client_of

from .support import asking, covers

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

COLLECTIONS = ("contactTags", "contactLists", "contactAutomations", "fieldValues", "scoreValues", "deals",
               "accountContacts", "notes", "trackingLogs", "bounceLogs", "contactGoals", "contactLogs")  # fmt: skip
SINGLE = {"contactData": "contactDatum", "plusAppend": "plusAppend", "organization": "organization"}


def full() -> Sandbox:
    """A sandbox whose first contact has one of everything."""
    sandbox = Sandbox(contacts=2, rate=None)
    sandbox.tag_contact(1, sandbox.add_tag("A"))
    sandbox.subscribe(1, sandbox.add_list("B"))
    sandbox.enrol(1, sandbox.add_automation("C"))
    sandbox.set_field_value(1, sandbox.add_field("D"), "x")
    sandbox.add_note(1, "E")
    for plural in ("scoreValues", "deals", "accountContacts", "contactLogs", "geoIps", "contactData", "plusAppends"):
        sandbox.add_row(plural, {"contact": "1"})
    for plural in ("trackingLogs", "bounceLogs", "contactGoals"):
        sandbox.add_row(plural, {"subscriberid": "1"})
    sandbox.add_row("geoAddresses", {"city": "Chicago"})
    sandbox.update_contact(1, orgid=sandbox.add_row("organizations", {"name": "F"}))
    sandbox.add_row("contactDeals", {"contact": "2", "deal": "1"})
    return sandbox


@covers("of_contact.collections", "of_contact.nothing")
async def test_one_of_everything() -> None:
    async with asking(full()) as client:

        async def get(contact: int, name: str) -> Any:
            return (await client.get(f"/contacts/{contact}/{name}")).json()

        for name in COLLECTIONS:
            answer = await get(1, name)
            assert (set(answer), len(answer[name])) == ({name}, 1)
            assert answer[name][0].get("contact", "1") == "1"
            assert await get(2, name) == {name: []}
        for name, singular in SINGLE.items():
            assert (set(await get(1, name)), await get(2, name)) == ({singular}, {})
        assert ((await get(1, "organization"))["organization"]["name"], await get(2, "geoIps")) == ("F", {})
        place = (await get(1, "geoIps"))["geoIps"][0]["geoAddress"]
        assert (await client.get(f"/geoIps/{place}/geoAddress")).json()["geoAddress"]["city"] == "Chicago"
        assert (await client.get("/geoIps/9/geoAddress")).status_code == 404
        further = await get(2, "contactDeals")
        assert {name: [row["id"] for row in rows] for name, rows in further.items()} == {
            "contacts": ["1"],
            "deals": ["1"],
            "contactDeals": ["1"],
        }
        whole = (await client.get("/contacts/1")).json()
        assert (whole["contact"]["geoIps"], whole["geoAddresses"][0]["city"]) == (["1"], "Chicago")
        for name in (*COLLECTIONS, *SINGLE, "geoIps", "contactDeals", "automationEntryCounts"):
            assert (await client.get(f"/contacts/9/{name}")).status_code == 404
        assert (await client.get("/contacts/1/nonsense")).status_code == 404


@covers("geo_ips.address", "tracking_logs.contact")
async def test_what_leads_to_another_row() -> None:
    sandbox = Sandbox(contacts=2, rate=None)
    sandbox.add_row("geoAddresses", {"city": "Elsewhere"})
    place = sandbox.add_row("geoAddresses", {"city": "Chicago"})
    seen = sandbox.add_row("geoIps", {"contact": "2", "geoaddrid": str(place)}, 7)
    lost = sandbox.add_row("geoIps", {"contact": "2", "geoaddrid": "9"})
    event = sandbox.add_row("trackingLogs", {"subscriberid": "2"})
    async with asking(sandbox) as client:
        for own, name, singular, key, value in (
            ("geoIps", "geoAddress", "geoAddress", "city", "Chicago"),
            ("trackingLogs", "contact", "contact", "id", "2"),
        ):
            row = (await client.get(f"/contacts/2/{own}")).json()[own][0]
            answer = (await client.get(row["links"][name])).json()
            assert (set(answer), answer[singular][key]) == ({singular}, value)
        for path in ("/geoIps/1/geoAddress", f"/geoIps/{lost}/geoAddress", "/trackingLogs/9/contact"):
            assert (await client.get(path)).status_code == 404
    async with client_of(sandbox) as ac:
        assert [where.city for where in [await ac.contacts.geo_address(seen)] if where] == ["Chicago"]
        assert (await ac.contacts.by_event(event)).id == 2


@covers("of_contact.page", "contact_tags.meta")
async def test_pages() -> None:
    sandbox = Sandbox(contacts=1, rate=None)
    for number in range(25):
        sandbox.tag_contact(1, sandbox.add_tag(f"tag {number}"))
    async with asking(sandbox) as client:
        path = "/contacts/1/contactTags"
        assert len((await client.get(path)).json()["contactTags"]) == 20
        rest = (await client.get(path, params={"limit": 100, "offset": 20})).json()
    assert ([row["tag"] for row in rest["contactTags"]], set(rest)) == (["21", "22", "23", "24", "25"], {"contactTags"})


@covers("of_contact.automations", "of_contact.entries")
async def test_automations() -> None:
    sandbox = full()
    sandbox.enrol(1, 1)
    async with asking(sandbox) as client:
        counts = (await client.get("/contacts/1/automationEntryCounts")).json()["automationEntryCounts"]
        rows = (await client.get("/contacts/1/contactAutomations")).json()["contactAutomations"]
        listed = (await client.get("/contactAutomations")).json()
    assert counts == [{"id": "1", "name": "C", "status": "1", "hidden": "0", "contactEntryCount": "2"}]
    assert (rows[0]["completedElements"], rows[0]["totalElements"], rows[0]["in_als"]) == (0, 0, "0")
    assert "automationLogs" in rows[0]["links"]
    assert (listed["contactAutomations"][0]["completedElements"], listed["meta"]["showcase_stats"]) == ("0", [])


@covers("of_contact.disabled")
async def test_a_deal_not_to_be_seen_whole() -> None:
    sandbox = Sandbox(contacts=1, rate=None)
    sandbox.add_row("deals", {"contact": "1", "title": "Secret", "isDisabled": True})
    short = {"title": "Secret", "status": "0", "id": "1", "isDisabled": True}
    async with asking(sandbox) as client:
        assert (await client.get("/contacts/1/deals")).json() == {"deals": [short]}
        assert (await client.get("/contacts/1")).json()["deals"] == [short]


@covers("contact_lists.made", "contact_automations.made")
async def test_what_an_association_answers_when_made() -> None:
    sandbox = Sandbox(contacts=1, rate=None)
    list_, automation = sandbox.add_list("A"), sandbox.add_automation("B")
    async with asking(sandbox) as client:
        body: dict[str, Any] = {"contactList": {"contact": 1, "list": list_, "status": 1, "sourceid": 4}}
        made = (await client.post("/contactLists", json=body)).json()["contactList"]
        again = (await client.post("/contactLists", json=body)).json()["contactList"]
        body = {"contactAutomation": {"contact": 1, "automation": str(automation)}}
        enrolled = (await client.post("/contactAutomations", json=body)).json()["contactAutomation"]
        stored = (await client.get("/contactAutomations/1")).json()["contactAutomation"]
    left_out = {"udate", "channel", "created_timestamp", "updated_timestamp", "created_by", "updated_by"}
    assert set(again) - set(made) == left_out
    assert (made["status"], made["contact"], made["sourceid"]) == (1, "1", "4")
    assert set(stored) - set(enrolled) == {"batchid", "adddate", "remdate", "timespan", "lastlogid", "lastdate"}
    assert (enrolled["contact"], enrolled["status"], enrolled["startid"], stored["status"]) == (1, 1, 0, "1")


@covers("of_association.row")
async def test_where_the_link_of_an_association_leads() -> None:
    sandbox = Sandbox(contacts=1, rate=None)
    tag, list_ = sandbox.add_tag("A"), sandbox.add_list("B")
    sandbox.tag_contact(1, tag)
    sandbox.subscribe(1, list_)
    async with asking(sandbox) as client:
        assert (await client.get("/contactTags/1/tag")).json()["tag"]["tag"] == "A"
        assert (await client.get("/contactLists/1/list")).json()["list"]["name"] == "B"
        assert (await client.get("/contactTags/9/tag")).status_code == 404
