"""`/import/bulk_import` and `/import/info`."""

from typing import Any

import anyio
import httpx
import pytest

from activecampaign_async.sandbox import Sandbox

from .support import asking, covers

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]
PATH = "/import/bulk_import"


def people(count: int, **more: Any) -> dict[str, Any]:
    return {"contacts": [{"email": f"p{n}@example.org", **more} for n in range(1, count + 1)]}


async def status(client: httpx.AsyncClient, id: str) -> Any:
    return (await client.get("/import/info", params={"batchId": id})).json()


@covers("imports.start", "imports.status", "imports.order", "imports.nobody")
async def test_a_batch_is_worked_off_later() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.add_contact("p2@example.org", firstName="Old", phone="1")
    async with asking(sandbox) as client:
        answer = await client.post(PATH, json=people(3, first_name="New"))
        assert answer.headers["content-type"] == "text/html; charset=UTF-8"
        said = answer.json()
        assert said == {
            "success": 1, "queued_contacts": 3, "batchId": said["batchId"], "message": "Contact import queued",
        }  # fmt: skip
        assert sandbox.find("p1@example.org") is None
        states = []
        for _ in range(8):
            states.append((await status(client, said["batchId"]))["status"])
            await anyio.sleep(1)
        assert states == [False, "waiting", "claimed", "active", "active", "active", "completed", "completed"]
        done = await status(client, said["batchId"])
        ids = [sandbox.find(f"p{n}@example.org") for n in (1, 2, 3)]
        assert done == {"status": "completed", "success": [str(id) for id in ids], "failure": []}
        contact = sandbox.contact(ids[1] or 0)
        assert contact is not None
        assert (contact["firstName"], contact["phone"]) == ("New", "1")
        assert (await status(client, "nobody's"))["status"] is False
        missing = await client.get("/import/info")
        assert (missing.status_code, missing.json()["message"]) == (400, "'batchId' is a required field.")


@covers("imports.all_or_nothing", "imports.named", "imports.most")
async def test_one_that_is_refused_spoils_all() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.imports.refuse = lambda contact: "no such phone" if contact.get("phone") == "?" else None
    body = people(5)
    body["contacts"][1]["email"] = "nobody"
    body["contacts"][3]["phone"] = "?"
    async with asking(sandbox) as client:
        for named, wanted in {
            "all": [
                {"contact": 2, "failureReason": "Field 'email' incorrect format"},
                {"contact": 4, "failureReason": "no such phone"},
            ],
            "first": [{"contact": 2, "failureReason": "Field 'email' incorrect format"}],
            "none": ["One or more contacts did not pass validation."],
        }.items():
            sandbox.imports.named = named  # type: ignore[assignment]  # one of its words
            answer = await client.post(PATH, json=body)
            assert (answer.status_code, answer.json()["success"]) == (400, 0)
            assert answer.json()["failureReasons"] == wanted
        bodies: list[Any] = [{}, {"contacts": []}, {"contacts": ["x"]}, people(251)]
        for wrong in bodies:
            assert (await client.post(PATH, json=wrong)).status_code == 400
        assert (await client.post(PATH, json=people(250))).status_code == 200
    assert len(sandbox.imports.batches) == 1
    sandbox.imports.refuse = lambda _: "never"
    async with asking(sandbox) as client:
        synced = await client.post("/contact/sync", json={"contact": {"email": "a@b.example"}})
        assert (synced.status_code, synced.json()["errors"][0]["title"]) == (422, "never")


@covers("imports.dropped", "imports.unknown", "imports.tags", "imports.left", "imports.automations")
async def test_what_is_written() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.add_tag("VIP")
    sandbox.add_field("Colour", id=3)
    sandbox.add_list("News", id=1)
    sandbox.add_list("Old", id=2)
    sandbox.imports.automation = sandbox.add_automation("Welcome")
    left = sandbox.add_contact("p1@example.org")
    sandbox.subscribe(left, 1, 2)
    more = {
        "tags": ["vip", "VPI"], "fields": [{"id": 3, "value": "red"}, {"id": 9, "value": "x"}, "x"],
        "subscribe": [{"listid": 1}, {"listid": "7"}], "unsubscribe": [{"listid": "2"}], "firstName": "camel",
        "customer_acct_name": "Acme",
    }  # fmt: skip
    body = people(2, **more)
    body["contacts"][1]["exclude_automations"] = True
    async with asking(sandbox) as client:
        assert (await client.post(PATH, json=body)).status_code == 200
        await anyio.sleep(7)
        await client.get("/users/me")
    other = sandbox.find("p2@example.org")
    assert [tag["tag"] for tag in sandbox.rows("tags")] == ["VIP", "VPI"]
    assert [(row["contact"], row["tag"]) for row in sandbox.rows("contactTags")] == [
        (str(id), tag) for id in (left, other) for tag in ("1", "2")
    ]
    assert [(row["field"], row["value"]) for row in sandbox.rows("fieldValues")] == [("3", "red")] * 2
    lists = {(row["contact"], row["list"], row["status"]) for row in sandbox.rows("contactLists")}
    assert lists == {(str(left), "1", "2"), (str(left), "2", "2"), (str(other), "1", "1"), (str(other), "2", "2")}
    assert [row["contact"] for row in sandbox.rows("contactAutomations")] == [str(left)]
    contact = sandbox.contact(left)
    assert contact is not None
    assert (contact["firstName"], contact["orgname"]) == ("", "Acme")
    assert sandbox.written("contacts", left) == 1


@covers("imports.limit", "imports.single", "imports.window")
async def test_the_limits_of_a_minute() -> None:
    sandbox = Sandbox(rate=None)
    async with asking(sandbox) as client:
        many = [(await client.post(PATH, json=people(2))).status_code for _ in range(101)]
        single = [(await client.post(PATH, json=people(1))).status_code for _ in range(21)]
        assert (many, single) == ([200] * 100 + [400], [200] * 20 + [400])
        refused = (await client.post(PATH, json=people(2))).json()
        assert refused["message"] == "Rate limit exceeded."
        assert refused["failureReasons"][0].startswith("Up to 100 imports may be requested per minute.")
        await anyio.sleep(59)
        assert (await client.post(PATH, json=people(2))).status_code == 400
        await anyio.sleep(1)
        sandbox.imports.refuse = lambda _: "never"
        said = [(await client.post(PATH, json=people(2))).json()["message"][:4] for _ in range(101)]
        assert said == ["JSON"] * 100 + ["Rate"]


@covers("imports.overview")
async def test_the_overview() -> None:
    sandbox = Sandbox(rate=None)
    async with asking(sandbox) as client:
        await client.post(PATH, json=people(2))
        await anyio.sleep(7)
        await client.post(PATH, json=people(3))
        said = (await client.get(PATH)).json()
    assert said == {
        "outstanding": [{"forDate": "2026-01-05", "batches": "1", "contacts": "3"}],
        "recentlyCompleted": [{"forDate": "2026-01-05", "batches": "1", "contacts": "2"}],
    }


async def test_what_can_go_wrong_on_request() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.imports.fail = lambda contact: contact["email"] == "p2@example.org"
    sandbox.imports.shuffled = True
    async with asking(sandbox) as client:
        id = (await client.post(PATH, json=people(3))).json()["batchId"]
        await anyio.sleep(7)
        assert await status(client, id) == {"status": "completed", "success": ["2", "1"], "failure": ["p2@example.org"]}
        sandbox.imports.ending = lambda batch: "interrupted" if batch.number == 2 else "failed"
        for ending in ("interrupted", "failed"):
            id = (await client.post(PATH, json=people(4))).json()["batchId"]
            await anyio.sleep(7)
            said = await status(client, id)
            assert (said["status"], len(said["success"]), len(said["failure"])) == (ending, 1, 1)
        sandbox.imports.stores, sandbox.imports.ending = False, None
        before = len(sandbox.contact_ids())
        await client.post(PATH, json={"contacts": [{"email": "n@example.org"}, {"email": "m@example.org"}]})
        await anyio.sleep(7)
        await client.get("/users/me")
    assert len(sandbox.contact_ids()) == before
    assert sandbox.imports.imported == 2 + 1 + 1 + 2
