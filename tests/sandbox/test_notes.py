"""`/notes`, `/activities`, `/scores`."""

from typing import Any

import pytest

from activecampaign_async.sandbox import Sandbox

from .support import asking, covers

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


def note(**values: Any) -> dict[str, Any]:
    return {"note": values}


@covers("notes.create", "notes.draft", "notes.total", "notes.refused")
async def test_notes() -> None:
    sandbox = Sandbox(contacts=3, rate=None)
    deal = sandbox.add_row("deals", {"title": "Big"})
    async with asking(sandbox) as client:
        made = await client.post("/notes", json=note(note="Hi", reltype="Subscriber", relid=2))
        row = made.json()["note"]
        assert (made.status_code, made.json()["contacts"][0]["id"]) == (201, "2")
        assert (row["relid"], row["owner"], row["is_draft"]) == (2, {"type": "contact", "id": 2}, "")
        read = (await client.get("/notes/1")).json()["note"]
        assert (read["relid"], read["owner"], read["is_draft"]) == ("2", {"type": "contact", "id": "2"}, "0")
        about = (await client.post("/notes", json=note(note="Hi", reltype="Deal", relid=deal))).json()
        assert (about["deals"][0]["title"], about["note"]["owner"]) == ("Big", {"type": "deal", "id": deal})
        assert (await client.get("/notes")).json()["meta"] == {"total": 2}
        for refused in ({}, {"note": "Hi"}, {"note": "Hi", "reltype": "Planet", "relid": 1}):
            answer = await client.post("/notes", json=note(**refused))
            assert (answer.status_code, answer.json()) == (400, {})
        assert (await client.post("/notes", json=note(note="Hi", reltype="Subscriber", relid=9))).status_code == 404
        moved = (await client.put("/notes/1", json=note(note="Ho", relid=3))).json()["note"]
        assert (moved["note"], moved["relid"], moved["owner"]["id"]) == ("Ho", 3, "3")
        assert (await client.get("/contacts/2/notes")).json() == {"notes": []}
        assert (await client.get("/contacts/3/notes")).json()["notes"][0]["note"] == "Ho"
        assert (await client.delete("/notes/1")).json() == {}
        assert (await client.put("/notes/1", json=note(note="x"))).status_code == 404
        assert (await client.delete("/notes/1")).json() == {"message": "No Result found for Note with id 1"}
        assert (await client.get("/contacts/3/notes")).json() == {"notes": []}
        sandbox.add_row("notes", {"reltype": "Deal", "relid": "1"}, 9)
        assert (await client.get("/notes/9")).json()["note"]["owner"] == {"type": "deal", "id": "1"}


@covers("activities.contact", "activities.after", "activities.seeded")
async def test_activities() -> None:
    sandbox = Sandbox(contacts=2, rate=None)
    for month in ("03", "01", "02"):
        sandbox.add_row("activities", {"subscriberid": "1", "tstamp": f"2026-{month}-01T00:00:00-06:00"})
    sandbox.add_row("activityRecipients", {"relid": "1", "activityid": "2"})
    sandbox.add_row("notes", {"reltype": "Activity", "relid": "2"})
    async with asking(sandbox) as client:

        async def ids(**params: str) -> list[str]:
            rows = (await client.get("/activities", params={"contact": "1", **params})).json()["activities"]
            return [row["id"] for row in rows]

        assert await ids() == ["2", "3", "1"]
        assert await ids(**{"orders[tstamp]": "DESC", "limit": "1"}) == ["1"]
        assert await ids(after="2026-01-15T00:00:00-06:00") == ["3", "1"]
        assert await ids(contact="2") == []
        refused = await client.get("/activities")
        assert (refused.status_code, refused.json()) == (400, {})
        bare = (await client.get("/activities?contact=1")).json()
        assert (set(bare), bare["meta"]) == ({"contacts", "activities", "meta"}, {"total": "3"})
        full = (await client.get("/activities?contact=1&include=notes,recipients,user")).json()
    assert [len(full[name]) for name in ("contacts", "notes", "activityRecipients")] == [1, 1, 1]
    assert (full["activities"][0]["notes"], full["activities"][0]["recipients"]) == (["1"], ["1"])


@covers("scores.read")
async def test_scores() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.add_row("scores", {"name": "Engaged"})
    async with asking(sandbox) as client:
        listed = (await client.get("/scores")).json()
        assert (listed["scores"][0]["name"], listed["meta"]) == ("Engaged", {"total": "1"})
        assert (await client.get("/scores/1")).json()["score"] == listed["scores"][0]
        assert (await client.get("/scores/2")).json() == {"message": "No Result found for Score with id 2"}
