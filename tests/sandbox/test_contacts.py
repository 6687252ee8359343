"""`GET /contacts` and one contact."""

import pytest

from activecampaign_async.sandbox import Sandbox
from tests.support import client_of

from .support import asking, covers, ids

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


@covers("list.limit", "list.cut", "list.offset", "contacts.order")
async def test_pages_by_offset() -> None:
    async with asking(Sandbox(contacts=250, rate=None)) as client:
        assert await ids(client) == list(range(250, 230, -1))
        assert len(await ids(client, limit=9999)) == 100
        assert len(await ids(client, limit=0)) == 20
        assert await ids(client, limit=100, offset=200) == list(range(50, 0, -1))
        assert await ids(client, limit=3, offset=249) == [1]
        assert await ids(client, offset=250) == []


@covers("contacts.keyset", "contacts.keyset_total", "list.total", "contacts.orders")
async def test_pages_by_id() -> None:
    sandbox = Sandbox(contacts=500, holes=0.5, rate=None)
    everyone = sandbox.contact_ids()
    async with asking(sandbox) as client:
        found: list[int] = []
        while True:
            after = found[-1] if found else 0
            page = await ids(client, **{"limit": 100, "orders[id]": "ASC", "id_greater": after})
            if not page:
                break
            found += page
        assert found == everyone
        between: dict[str, str | int] = {
            "id_greater": everyone[9],
            "id_less": everyone[20],
            "orders[id]": "ASC",
            "limit": 100,
        }
        assert await ids(client, **between) == everyone[10:20]
        meta = (await client.get("/contacts", params=between)).json()["meta"]
        assert meta["total"] == "10"
        assert await ids(client, id_greater=everyone[-1]) == []
        assert await ids(client, id_less=everyone[0]) == []


@covers("contacts.orders", "contacts.score")
async def test_orders() -> None:
    sandbox = Sandbox(rate=None)
    for name, last in (("Bo", "Z"), ("Al", "Y"), ("Bo", "A"), ("Cy", "Z")):
        sandbox.add_contact(f"{name}{last}@example.org", firstName=name, lastName=last)
    async with asking(sandbox) as client:
        assert await ids(client, **{"orders[first_name]": "ASC", "orders[last_name]": "DESC"}) == [2, 1, 3, 4]
        assert await ids(client, **{"orders[last_name]": "DESC", "orders[id]": "DESC"}) == [4, 1, 2, 3]
        assert await ids(client, **{"orders[name]": "ASC"}) == [2, 3, 1, 4]
        assert await ids(client, **{"orders[email]": "DESC"}) == [4, 1, 3, 2]
        assert await ids(client, **{"orders[cdate]": "ASC", "orders[id]": "ASC"}) == [1, 2, 3, 4]
        assert await ids(client, **{"orders[score]": "ASC", "sortId": "1"}) == [4, 3, 2, 1]


@covers("contacts.ids")
async def test_many_ids() -> None:
    async with asking(Sandbox(contacts=10, rate=None)) as client:
        assert await ids(client, **{"ids[]": ["3", "99", "7", "3"], "orders[id]": "ASC"}) == [3, 7]
        assert await ids(client, **{"ids[]": "99"}) == []


@covers("contacts.email", "contacts.email_case")
async def test_address() -> None:
    sandbox = Sandbox(contacts=10, rate=None)
    sandbox.add_contact("a+b@example.org")
    sandbox.update_contact(4, email="moved@example.org")
    async with asking(sandbox) as client:
        assert await ids(client, email="CONTACT7@example.com") == [7]
        assert await ids(client, email="contact4@example.com") == []
        assert await ids(client, email="moved@example.org") == [4]
        assert await ids(client, email="contact") == []
        assert await ids(client, email="a+b@example.org") == [11]
        assert (await client.get("/contacts?email=a+b@example.org")).json()["contacts"] == []


@covers("contacts.text", "contacts.exclude", "list.unknown")
async def test_text_filters() -> None:
    sandbox = Sandbox(contacts=12, rate=None)
    sandbox.add_contact("zoe@example.org", firstName="Zoe", phone="+49170")
    async with asking(sandbox) as client:
        assert await ids(client, email_like="contact1") == [12, 11, 10, 1]
        assert await ids(client, search="zO") == [13]
        assert await ids(client, phone="+49") == [13]
        assert await ids(client, phone="49") == []
        assert await ids(client, email_like="contact1", exclude=11) == [12, 10, 1]
        assert len(await ids(client, favourite="blue", **{"filters[favourite]": "blue"})) == 13


@covers("contacts.related", "contacts.members", "contacts.status")
async def test_filters_by_what_hangs_on_a_contact() -> None:
    sandbox = Sandbox(contacts=10, rate=None)
    tag, list_, automation = sandbox.add_tag("A"), sandbox.add_list("B"), sandbox.add_automation("C")
    sandbox.tag_contact(2, tag)
    sandbox.subscribe(3, list_)
    sandbox.subscribe(4, list_, 2)
    sandbox.enrol(5, automation)
    sandbox.add_members("segmentid", 7, [6])
    sandbox.add_members("formid", 8, [7])
    sandbox.add_members("waitid", 9, [8])
    async with asking(sandbox) as client:
        assert await ids(client, tagid=tag) == [2]
        assert await ids(client, listid=list_) == [4, 3]
        assert await ids(client, listid=list_, status=2) == [4]
        assert len(await ids(client, status=-1)) == 10
        assert await ids(client, seriesid=automation) == [5]
        assert await ids(client, segmentid=7) == [6]
        assert await ids(client, formid=8) == [7]
        assert await ids(client, waitid=9) == [8]
        sandbox.tag_contact(9, tag)
        assert await ids(client, tagid=tag) == [9, 2]
        sandbox.delete_contact(2)
        assert await ids(client, tagid=tag) == [9]


@covers("contacts.dates", "contacts.border", "contacts.zone")
async def test_dates() -> None:
    sandbox = Sandbox(contacts=10, rate=None)
    fifth = sandbox.contact(5)
    assert fifth is not None
    made = str(fifth["cdate"])
    async with asking(sandbox) as client:
        assert await ids(client, **{"filters[created_after]": made}) == [10, 9, 8, 7, 6]
        assert await ids(client, **{"filters[created_before]": made}) == [4, 3, 2, 1]
        assert await ids(client, **{"filters[created_after]": made[:19]}) == [10, 9, 8, 7, 6]
        assert await ids(client, **{"filters[created_after]": "2025-01-01"}) == []
        assert len(await ids(client, **{"filters[created_after]": "yesterday"})) == 10
        sandbox.update_contact(3, phone="1")
        assert await ids(client, **{"filters[updated_after]": "2025-01-01"}) == [3]
        assert await ids(client, **{"filters[updated_before]": made, "id_greater": 2}) == [4]


@covers("contacts.columns", "contacts.stored", "answer.stamps", "answer.links")
async def test_a_listed_row() -> None:
    sandbox = Sandbox(contacts=1, rate=None)
    async with asking(sandbox) as client:
        row = (await client.get("/contacts")).json()["contacts"][0]
    assert len(row) == 46
    assert row["id"] == "1"
    assert row["email"] == "contact1@example.com"
    assert row["cdate"] == "2020-01-01T00:00:07-06:00"
    assert row["created_utc_timestamp"] == row["created_timestamp"] == "2020-01-01 00:00:07"
    assert row["links"]["fieldValues"] == f"{sandbox.url}/api/3/contacts/1/fieldValues"
    texts = {name: value for name, value in row.items() if not isinstance(value, list | dict)}
    assert all(value is None or isinstance(value, str) for value in texts.values())


async def test_written_rows_list_like_generated_ones() -> None:
    sandbox = Sandbox(contacts=2, rate=None)
    sandbox.update_contact(1, phone="1")
    async with asking(sandbox) as client:
        second, first = (await client.get("/contacts")).json()["contacts"]
    assert list(first) == list(second)


@covers("contacts.organization", "contacts.accounts")
async def test_whom_a_contact_belongs_to() -> None:
    sandbox = Sandbox(contacts=3, rate=None)
    sandbox.update_contact(2, orgid=5)
    sandbox.add_row("accountContacts", {"contact": "2"}, 7)
    async with asking(sandbox) as client:
        for params in ({}, {"include": "fieldValues"}):
            rows = (await client.get("/contacts", params=params)).json()["contacts"]
            assert [row["organization"] for row in rows] == [None, "5", None]
            assert [row["accountContacts"] for row in rows] == [[], ["7"], []]
            assert list(rows[1]) == list(rows[0])
        changed = (await client.put("/contacts/2", json={"contact": {"orgid": 0}})).json()["contact"]
        assert (changed["orgid"], changed["organization"]) == (0, None)


@covers("list.include")
async def test_include() -> None:
    sandbox = Sandbox(contacts=3, rate=None)
    field, tag = sandbox.add_field("Colour"), sandbox.add_tag("A")
    sandbox.set_field_value(1, field, "red")
    sandbox.set_field_value(3, field, "blue")
    sandbox.tag_contact(3, tag)
    async with asking(sandbox) as client:
        answer = (await client.get("/contacts?include=fieldValues,contactTags,nonsense")).json()
    assert [row["value"] for row in answer["fieldValues"]] == ["blue", "red"]
    assert [row["contact"] for row in answer["contactTags"]] == ["3"]
    assert [row["fieldValues"] for row in answer["contacts"]] == [["2"], [], ["1"]]
    assert [row["contactTags"] for row in answer["contacts"]] == [["1"], [], []]
    assert answer["meta"]["total"] == "3"


@covers("contacts.get", "answer.missing")
async def test_one_contact() -> None:
    sandbox = Sandbox(contacts=3, rate=None)
    field, list_ = sandbox.add_field("Colour"), sandbox.add_list("News")
    sandbox.set_field_value(2, field, "red")
    sandbox.subscribe(2, list_)
    async with asking(sandbox) as client:
        answer = (await client.get("/contacts/2")).json()
        gone = await client.get("/contacts/4")
    assert set(answer) == {"contactAutomations", "contactLists", "deals", "fieldValues", "geoIps",
                           "accountContacts", "contact"}  # fmt: skip
    assert len(answer["contact"]) == 50
    assert answer["contact"]["fieldValues"] == ["1"]
    assert answer["fieldValues"][0]["value"] == "red"
    assert answer["contact"]["contactLists"] == ["1"]
    assert answer["contactLists"][0]["list"] == "1"
    assert gone.status_code == 404
    assert gone.json() == {"message": "No Result found for Subscriber with id 4"}


@covers("contacts.get_include")
async def test_one_contact_with_more() -> None:
    sandbox = Sandbox(contacts=2, rate=None)
    sandbox.tag_contact(2, sandbox.add_tag("A"))
    async with asking(sandbox) as client:
        plain = (await client.get("/contacts/2")).json()
        more = (await client.get("/contacts/2", params={"include": "contactTags,fieldValues,nonsense"})).json()
    assert set(more) - set(plain) == {"contactTags"}
    assert (more["contact"]["contactTags"], more["contactTags"][0]["tag"]) == (["1"], "1")
    async with client_of(sandbox) as ac:
        with_tags, without = [await ac.contacts.get(id, include="contact_tags") for id in (2, 1)]
        not_loaded = await ac.contacts.get(2)
    assert [tie.tag for tie in with_tags.included.contact_tags] == [1]
    assert without.included.contact_tags == not_loaded.included.contact_tags == ()
    assert ["contactTags" in one.included for one in (with_tags, without, not_loaded)] == [True, True, False]


async def test_rows_come_and_go_between_pages() -> None:
    sandbox = Sandbox(contacts=300, rate=None)
    there = set(sandbox.contact_ids())
    gone: set[int] = set()

    def change(_: object) -> None:
        for id in sandbox.contact_ids()[:2]:
            sandbox.delete_contact(id)
            gone.add(id)
        sandbox.add_contact()

    sandbox.after(change)
    found: list[int] = []
    async with asking(sandbox) as client:
        while page := await ids(client, **{"limit": 50, "orders[id]": "ASC", "id_greater": max(found or [0])}):
            found += page
            if len(sandbox.requests) > 20:
                break
    assert there - gone <= set(found)
    assert len(found) == len(set(found))
