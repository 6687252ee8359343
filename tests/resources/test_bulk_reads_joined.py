"""`joined`: what belongs to each contact, whichever way it comes, at the requests that were planned."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from math import ceil
from typing import Any

import anyio
import pytest
from hypothesis import given, settings, strategies as st

from activecampaign_async import ListStatus, LocalLimiter, NotFoundError, PaginationError
from activecampaign_async.resources._joined import JoinedContact, ListMembership
from activecampaign_async.resources._ties import Ties
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of, examples

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

WAYS = {
    "all along": (),
    "none along": ("include",),
}
KINDS = {"Birthday": "date", "Budget": "number", "Colours": "checkbox", "Town": "text"}
VALUES = {"Birthday": "1815-12-10", "Budget": "1.50", "Colours": "||red||blue||", "Town": "Zürich"}
PARSED = {
    "Birthday": date(1815, 12, 10),
    "Budget": Decimal("1.50"),
    "Colours": ("red", "blue"),
    "Town": "Zürich",
}


def account(contacts: int, *, holes: float = 0, ties: float = 0.5, seed: int = 1, **options: Any) -> Sandbox:
    """Contacts of which some have values, tags and subscriptions."""
    sandbox, dice = Sandbox(contacts=contacts, rate=None, holes=holes, **options), random.Random(seed)
    fields = [sandbox.add_field(title, kind) for title, kind in KINDS.items()]
    tags = [sandbox.add_tag(name) for name in ("vip", "new", "old")]
    lists = [sandbox.add_list(name) for name in ("News", "Offers")]
    ids = sandbox.contact_ids()
    dice.shuffle(ids)
    for id in ids:
        for field, value in zip(fields, VALUES.values(), strict=True):
            if dice.random() < ties:
                sandbox.set_field_value(id, field, value)
        for tag in tags:
            if dice.random() < ties:
                sandbox.tag_contact(id, tag)
        for list_ in lists:
            if dice.random() < ties:
                sandbox.subscribe(id, list_, dice.choice((1, 2)))
    return sandbox


def truth(sandbox: Sandbox) -> dict[int, tuple[dict[str, Any], list[str], list[ListMembership]]]:
    """What each contact has, as the sandbox itself knows it."""
    titles = {row["id"]: str(row["title"]) for row in sandbox.rows("fields")}
    tags = {row["id"]: str(row["tag"]) for row in sandbox.rows("tags")}
    lists = {row["id"]: str(row["name"]) for row in sandbox.rows("lists")}
    found: dict[int, Any] = {id: ({}, [], []) for id in sandbox.contact_ids()}
    for row in sandbox.rows("fieldValues"):
        title = titles[row["field"]]
        found[int(str(row["contact"]))][0][title] = PARSED[title]
    for row in sandbox.rows("contactTags"):
        found[int(str(row["contact"]))][1].append((int(str(row["tag"])), tags[row["tag"]]))
    for row in sandbox.rows("contactLists"):
        entry = ListMembership(int(str(row["list"])), lists[row["list"]], ListStatus(int(str(row["status"]))))
        found[int(str(row["contact"]))][2].append(entry)
    return {
        id: (fields, [name for _, name in sorted(tagged)], sorted(entries, key=lambda entry: entry.id))
        for id, (fields, tagged, entries) in found.items()
    }


def seen(people: Sequence[JoinedContact]) -> dict[int, Any]:
    got = {person.id: (dict(person.fields), list(person.tags), list(person.lists)) for person in people}
    assert len(got) == len(people)
    return got


@pytest.mark.parametrize("ignored", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("ahead", [False, True])
async def test_everything_that_belongs_to_each(ignored: Sequence[str], ahead: bool) -> None:
    sandbox = account(530, holes=0.3)
    sandbox.ignores = set(ignored)
    async with client_of(sandbox) as ac:
        if ahead:
            async with ac.contacts.joined().ahead(4, ordered=False) as people:
                got = [person async for person in people]
        else:
            got = [person async for person in ac.contacts.joined()]
    assert seen(got) == truth(sandbox)
    assert not any(asked.path.startswith("/contacts/") for asked in sandbox.requests)


async def test_where_include_is_honoured_it_costs_no_more_than_the_contacts() -> None:
    sandbox = account(1200, ties=0.2)
    async with client_of(sandbox) as ac:
        async with ac.contacts.joined().ahead(8, ordered=False) as people:
            assert len([person async for person in people]) == 1200
        joined = len(sandbox.requests)
        sandbox.requests.clear()
        async with ac.contacts.list().ahead(8, ordered=False) as contacts:
            assert len([contact async for contact in contacts]) == 1200
    assert joined == len(sandbox.requests) + 3  # the names of fields, tags and lists


@pytest.mark.parametrize("ignored", WAYS.values(), ids=WAYS)
async def test_the_plan_is_right(ignored: Sequence[str]) -> None:
    sandbox = account(1130, ties=0.3)
    sandbox.ignores = set(ignored)
    ties = sum(len(sandbox.rows(kind)) for kind in ("fieldValues", "contactTags", "contactLists"))
    async with client_of(sandbox, rate_limiter=LocalLimiter(5, clock=anyio.current_time)) as ac:
        joined = ac.contacts.joined()
        plan = await joined.plan(ahead=False)
        assert plan.spent == len(sandbox.requests) <= 7
        assert plan.contacts == 1130
        assert set(plan.ways.values()) == ({"table"} if ignored else {"included"})
        assert plan.memory is not None
        assert (plan.memory > 9 * ties) == bool(ignored)
        assert await joined.plan(ahead=False) == plan
        assert len(sandbox.requests) == plan.spent
        begun = anyio.current_time()
        assert seen([person async for person in joined]) == truth(sandbox)
        assert plan.requests == pytest.approx(len(sandbox.requests), rel=0.05)
        assert plan.seconds == pytest.approx(anyio.current_time() - begun, rel=0.05)


@pytest.mark.parametrize("ignored", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("contacts", [1, 100, 150, 199, 200, 250, 400, 990, 1_500])
async def test_the_plan_counts_each_request(contacts: int, ahead: bool, ignored: Sequence[str]) -> None:
    sandbox = account(contacts, ties=0.3)
    sandbox.ignores = set(ignored)
    async with client_of(sandbox) as ac:
        joined = ac.contacts.joined()
        plan = await (joined.plan() if ahead else joined.plan(ahead=False))
        if ahead:
            async with joined.ahead(8, ordered=False) as people:
                assert len([person async for person in people]) == contacts
        else:
            assert len([person async for person in joined]) == contacts
    assert plan.requests == len(sandbox.requests)


async def test_a_plan_of_nothing_more_takes_no_time() -> None:
    async with client_of(account(3)) as ac:
        plan = await ac.contacts.joined().plan()
        assert plan.requests == plan.spent
        assert plan.seconds == 0.0


async def test_what_is_read_ahead_is_a_block() -> None:
    async with client_of(account(0)) as ac:
        blocks: list[tuple[str, Any]] = [
            ("joined", ac.contacts.joined().ahead(2)),
            ("changes", ac.contacts.changed(datetime(2026, 1, 1, tzinfo=UTC)).ahead(2)),
        ]
        for name, block in blocks:
            with pytest.raises(TypeError, match=rf"^write: async with {name}\.ahead\(n\) as"):
                aiter(block)


@pytest.mark.parametrize(("seconds", "old"), [(59, False), (61, True)])
async def test_the_pages_of_a_plan_are_asked_for_again_when_they_are_old(seconds: int, old: bool) -> None:
    sandbox = account(150)
    sandbox.ignores = {"include"}
    async with client_of(sandbox) as ac:
        joined = ac.contacts.joined(field_values=False, lists=False)
        plan = await joined.plan()
        await ac.contacts.update(sandbox.contact_ids()[0], first_name="Meanwhile")
        await anyio.sleep(seconds)
        people = [person async for person in joined]
    assert (people[0].contact.first_name == "Meanwhile") is old
    assert plan.requests is not None
    again = len(sandbox.requests) - 1 - plan.requests
    assert again == (2 if old else 0), "the first page of the contacts, and of the tags"


async def test_some_come_along_and_some_do_not() -> None:
    sandbox = account(230)

    def hide(data: Any) -> Any:
        data.pop("contactTags", None)
        return data

    sandbox.fail("edit", path="/contacts", always=True, edit=hide)
    async with client_of(sandbox) as ac:
        joined = ac.contacts.joined()
        plan = await joined.plan()
        assert plan.ways == {"field_values": "included", "tags": "table", "lists": "included"}
        assert seen([person async for person in joined]) == truth(sandbox)


async def test_what_comes_along_in_part_does_not_come_along() -> None:
    sandbox = account(230)

    def cut(data: Any) -> Any:
        data["fieldValues"] = data["fieldValues"][:20]
        return data

    sandbox.fail("edit", path="/contacts", always=True, edit=cut)
    async with client_of(sandbox) as ac:
        joined = ac.contacts.joined()
        assert (await joined.plan()).ways["field_values"] == "table"
        assert seen([person async for person in joined]) == truth(sandbox)


async def test_what_came_along_at_first_and_does_no_more() -> None:
    sandbox = account(530)

    def hide(data: Any) -> Any:
        data.pop("contactLists", None)
        return data

    sandbox.fail("edit", path="/contacts", skip=2, always=True, edit=hide)
    async with client_of(sandbox) as ac:
        with pytest.raises(PaginationError, match="contactLists along"):
            async for _ in ac.contacts.joined():
                pass


async def test_what_comes_along_in_part_on_a_later_page() -> None:
    sandbox = account(530, ties=1)

    def cut(data: Any) -> Any:
        data["fieldValues"] = []
        return data

    sandbox.fail("edit", path="/contacts", skip=2, always=True, edit=cut)
    async with client_of(sandbox) as ac:
        pages = (await ac.contacts.joined(tags=False, lists=False).pager()).pages()
        for _ in range(2):
            assert all(len(person.fields) == 4 for person in (await anext(pages)).items)
        with pytest.raises(PaginationError, match=r"contact 201 has 4 fieldValues, and 0 came along"):
            await anext(pages)


async def test_an_account_without_contacts() -> None:
    sandbox = Sandbox(rate=None)
    async with client_of(sandbox) as ac:
        joined = ac.contacts.joined()
        assert (await joined.plan()).requests == 4
        assert [person async for person in joined] == []
    assert len(sandbox.requests) == 4


async def test_a_table_that_there_is_none_of() -> None:
    sandbox = account(10)
    sandbox.ignores = {"include"}
    sandbox.fail("custom", path="/contactTags", status=404, body='{"message": "no"}', always=True)
    async with client_of(sandbox) as ac:
        with pytest.raises(NotFoundError, match="contactTags"):
            await ac.contacts.joined().plan()


# What is asked for


async def test_only_some() -> None:
    sandbox = account(230)
    async with client_of(sandbox) as ac:
        people = [person async for person in ac.contacts.joined(field_values=False, lists=False)]
        assert {asked.path for asked in sandbox.requests} == {"/contacts", "/tags"}
        assert [(dict(person.fields), person.lists) for person in people] == [({}, ())] * 230
        bare = ac.contacts.joined(field_values=False, lists=False, tags=False)
        assert len([person async for person in bare]) == 230
        assert (await bare.plan()).ways == {}


@pytest.mark.parametrize("ignored", [(), ("include",), ("include", "filters[fieldid]")])
async def test_few_fields_take_only_their_own_values(ignored: Sequence[str]) -> None:
    sandbox = account(800, ties=0.6)
    sandbox.ignores = set(ignored)
    async with client_of(sandbox) as ac:
        joined = ac.contacts.joined(field_values=["Budget", "TOWN"], tags=False, lists=False)
        plan = await joined.plan()
        got = seen([person async for person in joined])
        assert plan.requests == pytest.approx(len(sandbox.requests), rel=0.1)
    wanted = {"Budget", "Town"}
    assert {id: fields for id, (fields, _, _) in got.items()} == {
        id: {title: value for title, value in fields.items() if title in wanted}
        for id, (fields, _, _) in truth(sandbox).items()
    }
    if ignored == ("include",):
        table = sum(asked.path == "/fieldValues" for asked in sandbox.requests)
        assert table < ceil(len(sandbox.rows("fieldValues")) / 100)


async def test_fields_that_there_are_none_of() -> None:
    sandbox = account(10)
    async with client_of(sandbox) as ac:
        with pytest.raises(LookupError, match="'Nowhere'"):
            await ac.contacts.joined(field_values=["Nowhere"]).plan()


async def test_by_perstag_and_two_fields_of_one_title() -> None:
    sandbox = Sandbox(contacts=1, rate=None)
    first, second = sandbox.add_field("Size"), sandbox.add_field("Size")
    sandbox.set_field_value(1, first, "S")
    sandbox.set_field_value(1, second, "L")
    async with client_of(sandbox) as ac:
        (person,) = [person async for person in ac.contacts.joined()]
        assert person.fields == {"Size": "S", f"Size #{second}": "L"}
        (person,) = [person async for person in ac.contacts.joined(fields_by="perstag")]
        assert "SIZE" in person.fields


async def test_filters_and_limits_and_what_else_is_to_come_along() -> None:
    sandbox = account(300)
    async with client_of(sandbox) as ac:
        joined = ac.contacts.joined(list_id=1, limit=20, include="contact_automations")
        people = [person async for person in joined]
    expected = {int(str(row["contact"])) for row in sandbox.rows("contactLists") if row["list"] == "1"}
    assert {person.id for person in people} == expected
    asked = dict(sandbox.requests[0].query)
    assert asked["include"] == "contactAutomations,fieldValues,contactTags,contactLists"
    assert (asked["listid"], asked["limit"]) == ("1", "20")
    assert "contactAutomations" in people[0].contact.included


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"field_values": "Town"}, TypeError),
        ({"field_values": 3}, TypeError),
        ({"fields_by": "id"}, ValueError),
        ({"limit": 0}, ValueError),
        ({"list_id": "x"}, ValueError),
        ({"nonsense": 1}, TypeError),
    ],
)
async def test_what_is_refused(given: dict[str, Any], error: type[Exception]) -> None:
    sandbox = Sandbox()
    async with client_of(sandbox) as ac:
        with pytest.raises(error):
            ac.contacts.joined(**given)
    assert sandbox.requests == []


async def test_as_json_and_without_a_word_about_anybody() -> None:
    sandbox = account(40, ties=1)
    async with client_of(sandbox) as ac:
        person = await anext(aiter(ac.contacts.joined()))
    assert repr(person) == f"JoinedContact(id={person.id})"
    row = person.to_dict()
    assert row["email"] == person.contact.email
    assert row["fields"] == {**VALUES, "Colours": ["red", "blue"]}
    assert row["tags"] == ["vip", "new", "old"]
    assert row["lists"][0] == {"id": 1, "name": "News", "status": int(person.lists[0].status or 0)}


async def test_pages_and_cursors() -> None:
    sandbox = account(250)
    sandbox.ignores = {"include"}
    async with client_of(sandbox) as ac:
        pager = await ac.contacts.joined().pager()
        page = await pager
        assert (len(page.items), page.total, page.has_more) == (100, 250, True)
        assert page.cursor is not None
        other = await ac.contacts.joined().pager()
        rest = await other.resume(page.cursor).collect()
    assert seen([*page.items, *rest]) == truth(sandbox)


async def test_rows_that_come_and_go_meanwhile() -> None:
    sandbox = account(1500, ties=0.3)
    sandbox.ignores = {"include"}
    before = truth(sandbox)
    dice, gone = random.Random(2), set[int]()
    ids = sandbox.contact_ids()

    def churn(_: Any) -> None:
        for _ in range(3):
            gone.add(leaving := ids.pop(dice.randrange(len(ids))))
            sandbox.delete_contact(leaving)
            sandbox.tag_contact(sandbox.add_contact(), 1)

    sandbox.after(churn)
    async with client_of(sandbox) as ac:
        async with ac.contacts.joined().ahead(4, ordered=False) as people:
            got = seen([person async for person in people])
    assert {id: got[id] for id in before if id not in gone} == {id: before[id] for id in before if id not in gone}


async def test_pages_that_take_too_long_are_halved_and_come_back() -> None:
    sandbox = account(1500, ties=0.2)
    sandbox.ignores, sandbox.slow_above = {"include"}, 60

    def hurry(_: Any) -> None:
        sandbox.slow_above = 60 if len(sandbox.requests) < 12 else None

    sandbox.after(hurry)
    async with client_of(sandbox) as ac:
        assert seen([person async for person in ac.contacts.joined()]) == truth(sandbox)
    sizes = [dict(asked.query)["limit"] for asked in sandbox.requests if asked.path == "/contacts"]
    assert (sizes[0], sizes[-1]) == ("100", "100")


# Ties


@settings(max_examples=examples(200), deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 600) | st.integers(1, 10**12), st.integers(1, 2**32 - 1), st.none() | st.text(max_size=5)
        )
    )
)
def test_ties_are_kept(added: list[tuple[int, int, str | None]]) -> None:
    ties = Ties()
    for tie in added:
        ties.add(*tie)
    for contact in {*(contact for contact, _, _ in added), 7}:
        assert ties.of(contact) == [(other, text) for owner, other, text in added if owner == contact]
    assert ties.size == sum(9 + len((text or "").encode()) for _, _, text in added)
