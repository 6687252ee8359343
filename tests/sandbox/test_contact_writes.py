"""Writing contacts."""

from typing import Any

import pytest

from activecampaign_async.sandbox import Sandbox

from .support import asking, covers

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

MADE = {"email", "phone", "firstName", "lastName", "cdate", "udate", "orgid", "orgname", "links", "id"}
MADE |= {"organization"}


def contact(**values: Any) -> dict[str, Any]:
    return {"contact": values}


@covers("contacts.create", "contacts.echo", "contacts.stored")
async def test_create() -> None:
    sandbox = Sandbox(contacts=5, rate=None)
    async with asking(sandbox) as client:
        body = contact(email="Ann@example.org", firstName="Ann", phone=12345, deleted=True, nonsense=1)
        answer = await client.post("/contacts", json=body)
        made = answer.json()["contact"]
        read = (await client.get(f"/contacts/{made['id']}")).json()["contact"]
    assert answer.status_code == 201
    assert set(made) == MADE | {"deleted"}
    assert (made["organization"], made["orgid"]) == (None, "0")
    assert (made["id"], made["email"], made["phone"], made["deleted"]) == ("6", "Ann@example.org", 12345, 1)
    assert (read["phone"], read["deleted"], read["lastName"]) == ("12345", "1", "")
    assert sandbox.written("contacts", 6) == 1
    assert sandbox.processed == {"POST /contacts": 1, "GET /contacts/6": 1}


@covers("contacts.duplicate", "contacts.address")
async def test_refused() -> None:
    sandbox = Sandbox(contacts=5, rate=None)
    async with asking(sandbox) as client:
        for email in ("contact3@example.com", " Contact3@Example.com"):
            answer = await client.post("/contacts", json=contact(email=email))
            assert answer.status_code == 422
            assert answer.json() == {
                "errors": [
                    {
                        "title": "Email address already exists in the system",
                        "code": "duplicate",
                        "source": {"pointer": "/data/attributes/email"},
                    }
                ]
            }
        for values in ({}, {"email": ""}, {"email": "nobody"}, {"email": 5}):
            answer = await client.post("/contacts", json={"contact": values})
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["source"] == {"pointer": "/data/attributes/email"}
        assert (await client.post("/contacts", content=b"not json")).status_code == 422
        assert (await client.put("/contacts/1", json=contact(email="contact2@example.com"))).status_code == 422
        assert (await client.put("/contacts/9", json=contact(phone="1"))).status_code == 404
    assert sandbox.contact_ids() == [1, 2, 3, 4, 5]


@covers("contacts.update", "contacts.kept", "contacts.echo", "answer.stamps")
async def test_update() -> None:
    sandbox = Sandbox(contacts=5, rate=None)
    before = sandbox.contact(5)
    assert before is not None
    async with asking(sandbox) as client:
        answer = await client.put("/contacts/5", json=contact(phone=99, lastName=""))
        after = (await client.get("/contacts/5")).json()["contact"]
    shown = answer.json()["contact"]
    assert answer.status_code == 200
    assert len(shown) == 39
    assert (shown["phone"], after["phone"]) == (99, "99")
    assert after["lastName"] == ""
    assert after["firstName"] == before["firstName"] != ""
    assert after["cdate"] == before["cdate"]
    assert after["udate"] == "2026-01-05T04:00:00-06:00"
    assert after["updated_timestamp"] == "2026-01-05 04:00:00"


@covers("contacts.filled")
async def test_a_put_fills_what_is_null() -> None:
    sandbox = Sandbox(contacts=2, rate=None)
    blank = ["", "0", "0", "0", "0", "0000-00-00 00:00:00"]
    async with asking(sandbox) as client:

        async def read(id: int) -> list[object]:
            row = (await client.get(f"/contacts/{id}")).json()["contact"]
            names = ("ua", "created_by", "updated_by", "best_send_hour", "sms_consent", "sms_consent_updated_at")
            return [row[name] for name in (*names, "adate")]

        await client.post("/contact/sync", json=contact(email="contact1@example.com", phone="1"))
        assert await read(1) == [None] * 7
        put = await client.put("/contacts/1", json=contact(phone="2"))
        assert (put.json()["contact"]["ua"], put.json()["contact"]["sms_consent"]) == ("", "0")
        await client.post("/contact/sync", json=contact(email="contact1@example.com", phone="3"))
        assert await read(1) == [*blank, None]
        sandbox.update_contact(2, phone="4")
        assert await read(2) == [*blank, None]


@covers("contacts.values", "contacts.beside", "contacts.no_field")
async def test_field_values_ride_along() -> None:
    sandbox = Sandbox(contacts=1, rate=None)
    colour, size = sandbox.add_field("Colour"), sandbox.add_field("Size")
    async with asking(sandbox) as client:
        first = await client.put("/contacts/1", json=contact(fieldValues=[{"field": colour, "value": "red"}]))
        values = [{"field": str(size), "value": 7}, {"field": 99, "value": "?"}]
        second = await client.put("/contacts/1", json=contact(fieldValues=values))
        beside = {"contact": {"phone": "1"}, "fieldValues": [{"field": colour, "value": "blue"}]}
        third = await client.put("/contacts/1", json=beside)
        all_ = (await client.get("/contacts/1/fieldValues")).json()
    assert first.json()["contact"]["fieldValues"] == ["1"]
    assert [row["value"] for row in second.json()["fieldValues"]] == ["7"]
    assert second.json()["contact"]["fieldValues"] == ["2"]
    assert set(third.json()) == {"contact"}
    assert [(row["field"], row["value"]) for row in all_["fieldValues"]] == [("1", "red"), ("2", "7")]


@covers("contacts.sync", "contacts.sync_bare", "contacts.sync_plural")
async def test_sync() -> None:
    sandbox = Sandbox(contacts=5, rate=None)
    async with asking(sandbox) as client:
        new = await client.post("/contact/sync", json=contact(email="new@example.org", firstName="New"))
        again = await client.post("/contact/sync", json=contact(email="NEW@example.org", phone="1"))
        generated = await client.post("/contact/sync", json=contact(email="contact2@example.com", phone="1"))
        bare = await client.post("/contact/sync", json=contact(phone="1"))
        odd = await client.post("/contact/sync", json=contact(email="odd"))
        plural = await client.post("/contacts/sync", json=contact(email="contact2@example.com"))
    assert (new.status_code, set(new.json()["contact"])) == (201, MADE)
    assert (again.status_code, len(again.json()["contact"])) == (200, 39)
    assert again.json()["contact"]["id"] == new.json()["contact"]["id"] == "6"
    assert again.json()["contact"]["firstName"] == "New"
    assert generated.json()["contact"]["id"] == "2"
    assert (bare.status_code, bare.json()["errors"][0]["status"]) == (400, 400)
    assert odd.status_code == 422
    assert (plural.status_code, plural.json()["errors"][0]["code"]) == (422, "duplicate")
    assert sandbox.written("contacts", 6) == 2


@covers("contacts.delete", "contacts.orphans")
async def test_delete() -> None:
    sandbox = Sandbox(contacts=5, rate=None)
    tag = sandbox.add_tag("A")
    sandbox.tag_contact(3, tag)
    async with asking(sandbox) as client:
        gone = await client.delete("/contacts/3")
        again = await client.delete("/contacts/3")
        made = await client.post("/contacts", json=contact(email="contact3@example.com"))
    assert (gone.status_code, gone.json()) == (200, {})
    assert (again.status_code, again.json()) == (404, {"message": "No Result found for Subscriber with id 3"})
    assert made.json()["contact"]["id"] == "6"
    assert sandbox.rows("contactTags") == []


async def test_an_address_is_free_again_when_it_is_left() -> None:
    sandbox = Sandbox(contacts=2, rate=None)
    async with asking(sandbox) as client:
        await client.put("/contacts/1", json=contact(email="else@example.org"))
        assert sandbox.find("contact1@example.com") is None
        made = await client.post("/contacts", json=contact(email="contact1@example.com"))
        assert made.status_code == 201
    assert (sandbox.find("Contact1@example.com"), sandbox.find("else@example.org")) == (3, 1)


async def test_seeding() -> None:
    sandbox = Sandbox(contacts=3, holes=0.9, seed=4)
    free = next(id for id in range(1, 30) if id not in sandbox.contact_ids())
    assert sandbox.add_contact(id=free, firstName="Between") == free
    assert free in sandbox.contact_ids()
    with pytest.raises(ValueError, match="is there already"):
        sandbox.add_contact(id=free)
    with pytest.raises(ValueError, match="address"):
        sandbox.add_contact(f"added{free}@example.org")
    with pytest.raises(ValueError, match="Contact not found"):
        sandbox.tag_contact(999, 1) if sandbox.add_tag("A") else None
