"""`/contactDeals`: further contacts of deals."""

from typing import Any

import pytest

from activecampaign_async import NotFoundError
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of

from .support import asking, covers

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


def with_deals(*titles: str) -> Sandbox:
    """Three contacts, and deals of the first one."""
    sandbox = Sandbox(contacts=3, rate=None)
    for title in titles:
        sandbox.add_row("deals", {"contact": "1", "title": title})
    return sandbox


def body(**values: Any) -> dict[str, Any]:
    return {"contactDeal": values}


@covers("contact_deals.create", "contact_deals.update", "contact_deals.missing", "contacts.echo")
async def test_from_the_first_to_the_last() -> None:
    sandbox = with_deals("Big", "Small")
    async with asking(sandbox) as client:
        made = await client.post("/contactDeals", json=body(contact=2, deal="2"))
        row = made.json()["contactDeal"]
        assert (made.status_code, set(made.json())) == (200, {"deals", "contactDeal"})
        assert [deal["title"] for deal in made.json()["deals"]] == ["Small"]
        assert set(row) == {"contact", "deal", "cdate", "links", "id"}
        assert (row["contact"], row["deal"], row["id"]) == (2, "2", "1")
        listed = (await client.get("/contactDeals")).json()
        assert [(one["contact"], one["deal"], one["role"]) for one in listed["contactDeals"]] == [("2", "2", None)]
        assert listed["meta"] == {"total": "1"}
        changed = (await client.put("/contactDeals/1", json=body(contact=3, role=7, cdate="x"))).json()
        assert [deal["title"] for deal in changed["deals"]] == ["Small"]
        assert [changed["contactDeal"][name] for name in ("contact", "deal", "role")] == [3, "2", 7]
        read = (await client.get("/contactDeals/1")).json()["contactDeal"]
        assert ([read[name] for name in ("contact", "deal", "role")], read["cdate"]) == (["3", "2", "7"], row["cdate"])
        assert [len((await client.get(f"/contacts/{n}/contactDeals")).json()["contactDeals"]) for n in (2, 3)] == [0, 1]
        assert (await client.delete("/contactDeals/1")).json() == {}
        for verb in ("GET", "PUT", "DELETE"):
            gone = await client.request(verb, "/contactDeals/1", json=body(role=1))
            assert (gone.status_code, gone.json()["message"]) == (404, "No Result found for SubscriberDeal with id 1")
    assert sandbox.written("contactDeals", 1) == 3


@covers("contact_deals.refused", "contact_deals.related", "contact_deals.deal")
@pytest.mark.parametrize(
    ("values", "code", "pointer"),
    [
        ({"deal": 1}, "field_missing", "contact"),
        ({"contact": 3}, "field_missing", "deal"),
        ({"contact": 2, "deal": 1}, "field_invalid", "contact"),
        ({"contact": 9, "deal": 1}, "related_missing", "contact"),
        ({"contact": 3, "deal": 9}, "related_missing", "deal"),
    ],
)
async def test_refused(values: dict[str, int], code: str, pointer: str) -> None:
    sandbox = with_deals("Big")
    sandbox.add_row("contactDeals", {"contact": "2", "deal": "1"})
    sandbox.add_row("contactDeals", {"contact": "3", "deal": "1"})
    async with asking(sandbox) as client:
        asked = [await client.post("/contactDeals", json=body(**values))]
        if code != "field_missing":  # which a change has from its row
            asked.append(await client.put("/contactDeals/2", json=body(**values)))
    for refused in asked:
        (entry,) = refused.json()["errors"]
        assert (refused.status_code, entry["code"]) == (422, code)
        assert entry["source"] == {"pointer": f"/data/attributes/{pointer}"}
    assert [row["contact"] for row in sandbox.rows("contactDeals")] == ["2", "3"]


@covers("contact_deals.refused")
async def test_a_change_to_the_same_is_none() -> None:
    sandbox = with_deals("Big")
    sandbox.add_row("contactDeals", {"contact": "2", "deal": "1"})
    async with asking(sandbox) as client:
        assert (await client.put("/contactDeals/1", json=body(contact=2, deal=1))).status_code == 200


@covers("contact_deals.create", "contact_deals.update", "contact_deals.missing")
async def test_a_client_does_the_same() -> None:
    sandbox = with_deals("Big")
    async with client_of(sandbox) as ac:
        made = await ac.contact_deals.create(contact=2, deal=1)
        assert made.included.deals[0].title == "Big"
        assert (await ac.contact_deals.update(made.id, role=3)).role == 3
        assert [one.role for one in await ac.contact_deals.list().collect()] == [3]
        assert [one.deal for one in await ac.contacts.contact_deals(2).collect()] == [1]
        await ac.contact_deals.delete(made.id)
        await ac.contact_deals.delete(made.id)
        with pytest.raises(NotFoundError):
            await ac.contact_deals.get(made.id)
