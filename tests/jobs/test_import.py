"""Imports against the sandbox, in virtual time: each row is accounted for, whatever is wrong with it or the wire."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from activecampaign_async import LocalLimiter
from activecampaign_async.errors import (
    OutcomeUnknownError,
    PaymentRequiredError,
    RateLimitError,
    ReadOnlyError,
    ServerError,
)
from activecampaign_async.resources.imports import ImportReport
from activecampaign_async.sandbox import Sandbox
from tests.jobs.importing import Change, Disk, pace, row, run
from tests.support import client_of

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


def asked(sandbox: Sandbox, path: str = "/import/bulk_import") -> list[Any]:
    return [one for one in sandbox.requests if (one.method, one.path) == ("POST", path)]


def spent(sandbox: Sandbox) -> Counter[str]:
    return Counter(f"{one.method} {one.path}" for one in sandbox.requests)


def reasons(disk: Disk) -> dict[int, str]:
    return {one.row: one.reason for one in disk.outcomes if one.status != "imported"}


async def test_many_rows_in_few_requests() -> None:
    sandbox, disk = Sandbox(rate=None, latency=100), Disk()
    report = await run(sandbox, map(row, range(1, 1001)), disk)
    assert report == ImportReport(rows=1000, imported=1000, failed=0, unknown=0, batches=4)
    assert [len(one.body["contacts"]) for one in asked(sandbox)] == [250] * 4
    assert spent(sandbox) == {
        "POST /import/bulk_import": 4,
        "GET /import/info": spent(sandbox)["GET /import/info"],
        "GET /users/me": 1,
        "GET /contacts": 1,
    }
    assert spent(sandbox)["GET /import/info"] <= 8
    for number, one in disk.told.items():
        assert one.id is not None
        assert one.id == sandbox.find(f"person{number}@example.org")
        assert sandbox.contact(one.id)["firstName"] == f"First {number}"  # type: ignore[index]  # it is there


async def test_automations_run_only_where_they_are_told_to() -> None:
    for run_automations in (False, True):
        sandbox = Sandbox(rate=None)
        sandbox.imports.automation = sandbox.add_automation("Welcome")
        await run(sandbox, map(row, range(20)), run_automations=run_automations)
        assert len(sandbox.rows("contactAutomations")) == (20 if run_automations else 0)
    async with client_of(Sandbox()) as ac:
        with pytest.raises(TypeError, match="run_automations"):
            await ac.contacts.import_many([row(1)])  # type: ignore[call-arg]  # the mistake
        with pytest.raises(TypeError, match="run_automations"):
            await ac.contacts.import_many([row(1)], run_automations=None)  # type: ignore[arg-type]  # the mistake


# -- what our own checks see

BAD: list[tuple[Any, str]] = [
    ({"first_name": "Ann"}, "email: is missing"),
    ({"email": ""}, "email: is empty"),
    ({"email": None, "first_name": "Ann"}, "email: is missing"),
    ({"Email": "b@example.org"}, "unknown argument 'Email': did you mean email"),
    ({"email": "ann"}, "has no @"),
    ({"email": "ann@localhost"}, "no domain"),
    ({"email": "an n@example.org"}, "no mailbox"),
    ({"email": "ann@exa_mple..org"}, "no domain"),
    ({"email": "a..nn@example.org"}, "dot out of place"),
    ({"email": "\ufeffann@example.org"}, r"email: holds U\+FEFF, a control or invisible character"),
    ({"email": "b@example.org", "firstName": "Ann"}, "did you mean first_name"),
    ({"email": "b@example.org", "fields": {0: "x"}}, "fields: field id"),
    ({"email": "b@example.org", "fields": {" ": "x"}}, "fields: is empty"),
    ({"email": "b@example.org", "fields": {"Color": "x"}}, "there is no custom field 'Color'"),
    ({"email": "b@example.org", "fields": {"Size": "x"}}, "several custom fields are called 'Size': give the id"),
    ({"email": "b@example.org", "fields": {"COLOUR": "x", 1: "y"}}, "fields: the same custom field twice"),
    ({"email": "b@example.org", "fields": {"Colour": 1.5}}, r"fields\[Colour\]: str, int"),
    ({"email": "b@example.org", "fields": ["Colour", "x"]}, "fields: pairs of field id and value"),
    ({"email": "b@example.org", "fields": {99: "x"}}, "there is no custom field '99'"),
    ({"email": "b@example.org", "tags": "vip"}, "tags: several names"),
    ({"email": "b@example.org", "tags": ["vpi"]}, r"there is no tag 'vpi' \(create_tags=True"),
    ({"email": "b@example.org", "subscribe": [7]}, "there is no list '7'"),
    ({"email": "b@example.org", "subscribe": [True]}, "subscribe: an int"),
    ({"email": "b@example.org", "first_name": 5}, "first_name: str was expected"),
    ({"email": "b@example.org", "last_name": "x" * 400_000}, "more than a whole request"),
    ({"email": "PERSON1@example.ORG "}, "a row before has the same address"),
    ({"email": "b@example.org", None: ["x"]}, "None is no key of a contact"),
    (["email"], "a mapping was expected, not list"),
    (None, "a mapping was expected, not NoneType"),
]


async def test_what_can_be_seen_beforehand_never_leaves() -> None:
    sandbox, disk = Sandbox(rate=None), Disk()
    sandbox.add_tag("VIP")
    sandbox.add_field("Colour")
    sandbox.add_field("Size")
    sandbox.add_field("Size")
    sandbox.add_list("News", id=1)
    good = [row(n, tags=["vip"], fields={1: "red"}, subscribe=[1], unsubscribe=["1"]) for n in range(1, 31)]
    report = await run(sandbox, [*good, *(bad for bad, _ in BAD)], disk)
    assert (report.rows, report.imported, report.failed) == (30 + len(BAD), 30, len(BAD))
    for number, (_, reason) in enumerate(BAD, 31):
        assert re.search(reason, reasons(disk)[number]), (number, reasons(disk)[number])
    (batch,) = asked(sandbox)
    assert len(batch.body["contacts"]) == 30
    assert batch.body["contacts"][0] == {
        "email": "person1@example.org",
        "first_name": "First 1",
        "tags": ["vip"],
        "fields": [{"id": 1, "value": "red"}],
        "subscribe": [{"listid": 1}],
        "unsubscribe": [{"listid": "1"}],
        "exclude_automations": True,
    }
    assert [tag["tag"] for tag in sandbox.rows("tags")] == ["VIP"]
    assert report.problems[0].email is None
    assert "person" not in repr(report.problems[-3])


@pytest.mark.parametrize("run_automations", [False, True])
async def test_custom_fields_by_name_and_what_is_none(run_automations: bool) -> None:
    sandbox = Sandbox(rate=None)
    colour, size = sandbox.add_field("Colour"), sandbox.add_field("Shoe size", id=77)
    named = [
        {" colour ": "red", "SHOE_SIZE": 43},
        (("Shoe size", "43"), (colour, "red"), ("Hat", None)),
        {str(colour): "red", 77: 43},
    ]
    given: list[Any] = [{"email": f"p{n}@example.org", "fields": fields} for n, fields in enumerate(named)]
    nothing = dict.fromkeys(("first_name", "phone", "customer_acct_name", "tags", "subscribe", "unsubscribe"))
    given.append({"email": "p3@example.org", **nothing, "fields": {"Colour": "red", size: None}})
    given.append({"email": "p4@example.org", "fields": None})
    report = await run(sandbox, given, run_automations=run_automations)
    assert report.imported == 5, report.problems
    values = Counter((row["field"], row["value"]) for row in sandbox.rows("fieldValues"))
    assert values == {(str(colour), "red"): 4, (str(size), "43"): 3}
    assert spent(sandbox)["GET /fields"] == 1
    if run_automations:
        sent = [one.body["contact"] for one in asked(sandbox, "/contact/sync")]
    else:
        sent = asked(sandbox)[0].body["contacts"]
    assert [body.keys() & {*nothing, "firstName"} for body in sent] == [set()] * 5


async def test_a_name_longer_or_shorter_than_its_id_keeps_within_the_bytes() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.add_field("A", id=123_456_789)
    report = await run(sandbox, [row(n, fields={"a": "x" * 20}) for n in range(300)], batch_bytes=2_000)
    assert report.imported == 300
    assert max(int(one.headers["content-length"]) for one in asked(sandbox)) <= 2_000


async def test_a_good_row_is_not_lost_to_a_bad_one_of_the_same_address() -> None:
    disk = Disk()
    bad = [{"email": "a@b.example", "nonsense": 1}, {"email": "a@b.example", "tags": ["none"]}]
    await run(Sandbox(rate=None), [*bad, *map(row, range(20)), {"email": "a@b.example"}], disk)
    assert reasons(disk).keys() == {1, 2}


async def test_tags_are_made_where_that_is_wanted() -> None:
    sandbox = Sandbox(rate=None)
    report = await run(sandbox, [row(n, tags=["Nëw tag"]) for n in range(20)], create_tags=True)
    assert report.imported == 20
    assert [tag["tag"] for tag in sandbox.rows("tags")] == ["Nëw tag"]
    assert "GET /tags" not in spent(sandbox)


async def test_bytes_bound_a_request() -> None:
    sandbox = Sandbox(rate=None)
    report = await run(sandbox, [row(n, last_name="é" * 500) for n in range(300)])
    assert report.imported == 300
    sizes = [int(one.headers["content-length"]) for one in asked(sandbox)]
    assert max(sizes) <= 400_000
    assert len(sizes) == 3


# -- what only ActiveCampaign sees


def refusing(named: Any, *, bad: set[int]) -> Sandbox:
    sandbox = Sandbox(rate=None, latency=50)
    emails = {f"person{number}@example.org" for number in bad}
    sandbox.imports.named = named
    sandbox.imports.refuse = lambda contact: "is on a list of spammers" if contact["email"] in emails else None
    return sandbox


@pytest.mark.parametrize("named", ["all", "first", "none"])
@pytest.mark.parametrize("run_automations", [False, True])
async def test_all_or_nothing_on_their_side_is_not_so_on_ours(named: str, run_automations: bool) -> None:
    bad = {3, 250, 251, 499, 500}
    sandbox, disk = refusing(named, bad=bad), Disk()
    report = await run(sandbox, map(row, range(1, 601)), disk, run_automations=run_automations)
    assert (report.imported, report.failed, report.unknown) == (595, 5, 0)
    assert reasons(disk).keys() == bad
    if named != "none":
        assert set(reasons(disk).values()) == {"is on a list of spammers"}
        assert all(len(one.body["contacts"]) > 1 for one in asked(sandbox)), "never one of one"
    elif run_automations:
        assert set(reasons(disk).values()) == {"is on a list of spammers"}, "as the 422 of contact/sync says"
        assert all(len(one.body["contacts"]) >= 10 for one in asked(sandbox))
    written = Counter(sandbox.written("contacts", id) for id in sandbox.contact_ids())
    assert written == {1: 595}


async def test_a_refusal_that_names_what_was_not_sent_names_nothing() -> None:
    sandbox, disk = refusing("all", bad={7}), Disk()

    def shifted(answer: Any) -> Any:
        for reason in answer.get("failureReasons", ()):
            reason["contact"] += 10_000
        return answer

    sandbox.fail("edit", path="/import/bulk_import", edit=shifted, always=True)
    report = await run(sandbox, map(row, range(1, 101)), disk, run_automations=True)
    assert (report.imported, report.failed) == (99, 1)
    assert reasons(disk).keys() == {7}


async def test_what_is_refused_later_is_told_too() -> None:
    sandbox, disk = Sandbox(rate=None), Disk()
    sandbox.imports.fail = lambda contact: contact["email"] in ("person7@example.org", "person90@example.org")
    report = await run(sandbox, map(row, range(1, 101)), disk)
    assert (report.imported, report.failed) == (98, 2)
    assert reasons(disk) == dict.fromkeys((7, 90), "refused when its batch was worked off")
    assert disk.told[8].id == sandbox.find("person8@example.org")
    assert disk.told[7].batch_id


@pytest.mark.parametrize(("ending", "status"), [("failed", "failed"), ("interrupted", "unknown")])
async def test_a_batch_that_ends_badly(ending: Any, status: str) -> None:
    sandbox, disk = Sandbox(rate=None), Disk()
    sandbox.imports.ending = lambda batch: ending if batch.number == 2 else "completed"
    report = await run(sandbox, map(row, range(1, 61)), disk, batch_size=20)
    assert report.imported == 50, "half of it was done, and says so"
    assert getattr(report, status) == 10
    assert all(one.id == sandbox.find(str(one.email)) for one in disk.outcomes if one.status == "imported")
    assert ending in reasons(disk)[40]


async def test_ids_in_another_order_are_found_out() -> None:
    sandbox, disk = Sandbox(rate=None), Disk()
    sandbox.imports.shuffled = True
    report = await run(sandbox, map(row, range(1, 1001)), disk)
    assert report.imported == 1000
    assert all(one.id == sandbox.find(str(one.email)) for one in disk.outcomes)
    assert spent(sandbox)["GET /contacts"] <= 1 + 4 * 3


async def test_another_order_in_one_batch_is_a_doubt_about_all() -> None:
    """Of the second, no sample shows it."""
    sandbox, disk = Sandbox(rate=None), Disk()

    def change(answer: Any) -> Any:
        ids = list(answer.get("success", ()))
        if "1" in ids:
            ids.reverse()
        else:
            ids[1:3] = reversed(ids[1:3])
        return answer | {"success": ids}

    sandbox.fail("edit", path="/import/info", edit=change, always=True)
    report = await run(sandbox, map(row, range(500)), disk)
    assert report.imported == 500
    assert all(one.id == sandbox.find(str(one.email)) for one in disk.outcomes)


async def test_a_contact_that_is_gone_by_then_spoils_nothing() -> None:
    sandbox, disk = Sandbox(rate=None), Disk()

    def delete(asked: Any) -> None:
        if asked.path == "/import/info" and (gone := sandbox.find("person1@example.org")):
            sandbox.delete_contact(gone)

    sandbox.after(delete)
    report = await run(sandbox, map(row, range(1, 101)), disk)
    assert report.imported == 100
    assert all(one.id == sandbox.find(str(one.email)) for one in disk.outcomes if one.row > 1)


def _with_others(**more: Any) -> Sandbox:
    """An account with more contacts than a page holds, before the imported ones."""
    sandbox = Sandbox(rate=None, **more)
    for number in range(300):
        sandbox.add_contact(f"other{number}@example.org")
    return sandbox


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("known", [False, True])
async def test_no_id_of_another_contact_where_ids_are_ignored(shuffled: bool, known: bool) -> None:
    sandbox, disk = _with_others(), Disk()
    sandbox.ignores, sandbox.imports.shuffled = {"ids[]"}, shuffled
    rows = [{"email": f"other{n}@example.org"} for n in range(0, 300, 2)] if known else list(map(row, range(500)))
    report = await run(sandbox, rows, disk)
    assert report.imported == len(rows)
    assert all(one.id == sandbox.find(str(one.email)) for one in disk.outcomes)
    looked: float = 1 + 3 * report.batches  # for samples; whoever is new by the page, others by the id
    looked += (report.batches + len(rows) * (1 if known else 0.02)) if shuffled else 1
    assert spent(sandbox)["GET /contacts"] <= looked


@pytest.mark.parametrize("shuffled", [False, True])
async def test_an_interrupted_batch_is_told_apart_where_ids_are_ignored(shuffled: bool) -> None:
    sandbox, disk = _with_others(), Disk()
    sandbox.ignores, sandbox.imports.shuffled = {"ids[]"}, shuffled
    sandbox.imports.ending = lambda batch: "interrupted" if batch.number == 2 else "completed"
    report = await run(sandbox, map(row, range(1, 501)), disk)
    assert (report.imported, report.unknown) == (375, 125)
    assert all(one.id == sandbox.find(str(one.email)) for one in disk.outcomes)


async def test_where_contacts_can_be_asked_for_by_no_id_rows_are_imported_without_one() -> None:
    sandbox, disk = _with_others(), Disk()
    sandbox.ignores = {"ids[]", "id_greater", "id_less", "orders[id]"}
    report = await run(sandbox, map(row, range(500)), disk)
    assert (report.imported, report.pending) == (500, 0)
    assert {one.id for one in disk.outcomes} == {None}
    assert spent(sandbox)["GET /contacts"] <= 2 * (1 + report.batches)


async def test_an_id_that_cannot_be_spoils_nothing() -> None:
    sandbox, disk = Sandbox(rate=None), Disk()

    def spoil(answer: Any) -> Any:
        return answer | {"success": ["0", *answer["success"][1:]]} if answer.get("success") else answer

    sandbox.fail("edit", path="/import/info", edit=spoil, always=True)
    report = await run(sandbox, map(row, range(20)), disk)
    assert report.imported == 20
    assert all(one.id == sandbox.find(str(one.email)) for one in disk.outcomes if one.row > 1)
    assert disk.told[1].id is None


async def test_samples_that_are_gone_confirm_nothing() -> None:
    sandbox, disk = Sandbox(rate=None), Disk()
    sandbox.imports.shuffled = True
    rows = list(map(row, range(250)))

    def delete(asked: Any) -> None:
        for number in (0, 124, 125, 249):
            if asked.path == "/import/info" and (gone := sandbox.find(f"person{number}@example.org")):
                sandbox.delete_contact(gone)

    sandbox.after(delete)
    report = await run(sandbox, rows, disk)
    assert report.imported == 250
    assert all(one.id == sandbox.find(str(one.email)) for one in disk.outcomes)


async def test_a_sample_that_is_gone_costs_its_own_batch_alone() -> None:
    sandbox, disk = Sandbox(rate=None), Disk()

    def delete(asked: Any) -> None:
        if asked.path == "/import/info" and (gone := sandbox.find("person0@example.org")):
            sandbox.delete_contact(gone)

    sandbox.after(delete)
    report = await run(sandbox, map(row, range(2_000)), disk)
    assert report.imported == 2_000
    assert disk.told[1].id is None
    assert spent(sandbox)["GET /contacts"] <= 1 + 3


# -- few rows


async def test_a_few_rows_go_one_by_one() -> None:
    sandbox, disk = Sandbox(rate=None), Disk()
    vip = sandbox.add_tag("VIP")
    sandbox.add_field("Colour", id=3)
    sandbox.add_list("News", id=1)
    sandbox.add_list("Old", id=2)
    given = [
        row(n, tags=["vip"], fields={3: ["red", "blue"]}, subscribe=[1], unsubscribe=[2], phone="1") for n in range(9)
    ]
    report = await run(sandbox, given, disk, run_automations=True)
    assert (report.imported, report.batches) == (9, 0)
    assert len(asked(sandbox, "/contact/sync")) == 9
    assert asked(sandbox) == []
    for number in range(9):
        id = sandbox.find(f"person{number}@example.org")
        assert disk.told[number + 1].id == id
    contacts = {str(id) for id in sandbox.contact_ids()}
    assert {(r["contact"], r["tag"]) for r in sandbox.rows("contactTags")} == {(c, str(vip)) for c in contacts}
    assert {(r["contact"], r["list"], r["status"]) for r in sandbox.rows("contactLists")} == {
        (c, list_, status) for c in contacts for list_, status in (("1", "1"), ("2", "2"))
    }
    assert {(r["contact"], r["value"]) for r in sandbox.rows("fieldValues")} == {(c, "||red||blue||") for c in contacts}


@pytest.mark.parametrize(("count", "batches"), [(5, 0), (12, 1)])
async def test_whoever_has_left_a_list_is_not_subscribed_again(count: int, batches: int) -> None:
    sandbox = Sandbox(rate=None)
    sandbox.add_list("News", id=1)
    before = [2, 1, 0, None, 2]
    for number, status in enumerate(before):
        contact = sandbox.add_contact(f"person{number}@example.org")
        if status is not None:
            sandbox.subscribe(contact, 1, status)
    given = [row(n, subscribe=[1]) for n in range(count)]
    report = await run(sandbox, given, run_automations=True)
    assert (report.imported, report.batches) == (count, batches)
    after = {str(one["contact"]): one["status"] for one in sandbox.rows("contactLists")}
    assert [after[str(sandbox.find(f"person{n}@example.org"))] for n in range(5)] == ["2", "1", "1", "1", "2"]


async def test_nothing_is_spent_on_lists_that_stay_as_they_are() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.add_list("News", id=1)
    for number, status in enumerate([1, 2, 3]):
        sandbox.subscribe(sandbox.add_contact(f"person{number}@example.org"), 1, status)
    rows = [*(row(n, subscribe=[1]) for n in range(3)), row(3, unsubscribe=[1]), row(4)]
    await run(sandbox, rows, run_automations=True)
    assert sorted(str(one["status"]) for one in sandbox.rows("contactLists")) == ["1", "2", "2", "3"]
    assert len(asked(sandbox, "/contactLists")) == 1
    assert sum(one.path.endswith("/contactLists") and one.method == "GET" for one in sandbox.requests) == 3


async def test_a_list_that_was_left_is_found_behind_a_page_of_others() -> None:
    sandbox = Sandbox(rate=None)
    contact = sandbox.add_contact("person1@example.org")
    for id in range(1, 131):
        sandbox.add_list(f"List {id}", id=id)
        sandbox.subscribe(contact, id, 2 if id in (1, 130) else 1)
    report = await run(sandbox, [row(1, subscribe=[1, 130])], run_automations=True)
    assert report.imported == 1
    assert asked(sandbox, "/contactLists") == []


async def test_a_tag_that_is_new_is_made_once_for_them() -> None:
    sandbox = Sandbox(rate=None, latency=100)
    report = await run(sandbox, [row(n, tags=["new"]) for n in range(5)], run_automations=True, create_tags=True)
    assert report.imported == 5
    assert [(tag["tag"], tag["subscriber_count"]) for tag in sandbox.rows("tags")] == [("new", "5")]
    assert (spent(sandbox)["GET /tags"], spent(sandbox)["POST /tags"]) == (1, 1)


async def test_a_template_s_tag_is_none_of_contacts() -> None:
    sandbox, disk = Sandbox(rate=None), Disk()
    sandbox.add_tag("promo", "template")
    sandbox.add_tag("vip", "template")
    sandbox.add_tag("VIP")
    sandbox.add_tag("Vips", "template")
    report = await run(sandbox, [row(1, tags=["promo"]), row(2, tags=["vip"])], disk, run_automations=True)
    assert (report.imported, report.failed) == (1, 1)
    assert reasons(disk) == {1: "tags: there is no tag 'promo' (create_tags=True or --create-tags makes it)"}
    await run(sandbox, [row(1, tags=["promo"])], run_automations=True, create_tags=True)
    tied = {one["tag"] for one in sandbox.rows("contactTags")}
    names = [(one["tag"], one["tagType"]) for one in sandbox.rows("tags") if one["id"] in tied]
    assert names == [("VIP", "contact"), ("promo", "contact")]


async def test_one_by_one_a_refusal_names_its_row() -> None:
    sandbox, disk = refusing("none", bad={2}), Disk()
    report = await run(sandbox, map(row, range(1, 6)), disk, run_automations=True)
    assert (report.imported, report.failed) == (4, 1)
    assert reasons(disk) == {2: "is on a list of spammers"}


@pytest.mark.parametrize("count", [1, 9])
async def test_without_automations_a_few_rows_stay_a_batch(count: int) -> None:
    """`contact/sync` cannot leave them out."""
    sandbox = Sandbox(rate=None)
    report = await run(sandbox, map(row, range(count)), run_automations=False)
    assert report.imported == count
    assert [len(one.body["contacts"]) for one in asked(sandbox)] == [count]
    assert asked(sandbox, "/contact/sync") == []


async def test_a_row_with_an_account_stays_in_a_batch() -> None:
    sandbox = Sandbox(rate=None)
    await run(sandbox, [row(n, customer_acct_name="Acme") for n in range(3)], run_automations=True)
    assert [len(one.body["contacts"]) for one in asked(sandbox)] == [3]


async def test_single_ones_keep_their_own_limit() -> None:
    sandbox, disk = refusing("none", bad=set(range(1, 31))), Disk()
    began = anyio.current_time()
    report = await run(sandbox, map(row, range(1, 31)), disk)
    assert report.failed == 30
    singles = [one.time for one in asked(sandbox) if len(one.body["contacts"]) == 1]
    assert len(singles) == 30
    assert 60 < anyio.current_time() - began < 130
    assert {one.status for one in asked(sandbox)} == {400}
    assert not any("Rate" in reason for reason in reasons(disk).values())


# -- limits and a bad wire


async def test_a_hundred_a_minute_and_none_refused() -> None:
    sandbox = Sandbox(rate=5, latency=300)
    began = anyio.current_time()
    async with client_of(sandbox, rate_limiter=LocalLimiter(clock=anyio.current_time)) as ac:
        report = await ac.contacts.import_many(
            map(row, range(2_500)), run_automations=False, batch_size=10, pace=pace(), checkpoint=Disk()
        )
    seconds = anyio.current_time() - began
    assert report.imported == 2_500
    assert {one.status for one in asked(sandbox)} == {200}
    assert seconds < 250 * 0.6 / 0.97, "as fast as the limit lets it"


async def test_their_rate_limit_in_a_400_is_waited_out() -> None:
    sandbox, disk = Sandbox(rate=None, latency=50), Disk()
    for _ in range(90):
        sandbox.imports.many.take(0.0, None)  # somebody else imports, too
    report = await run(sandbox, map(row, range(1000)), disk, batch_size=50)
    assert (report.imported, report.failed) == (1000, 0)
    assert sum(one.status == 400 for one in asked(sandbox)) <= 15


async def test_a_limit_that_never_opens_ends_the_run() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.imports.per_minute = 0
    with pytest.raises(RateLimitError) as caught:
        await run(sandbox, map(row, range(100)))
    assert caught.value.report == ImportReport(rows=100, imported=0, failed=0, unknown=0, pending=100)
    assert "100 not through" in caught.value.__notes__[0]


@pytest.mark.parametrize("kind", ["429", "503", "empty200", "html200", "truncated", "reset", "drop_after", "as_html"])
@pytest.mark.parametrize("path", ["/import/bulk_import", "/import/info", "/contacts", "/users/me"])
async def test_a_fault_in_the_middle_costs_no_row(kind: str, path: str) -> None:
    sandbox, disk = Sandbox(rate=None, latency=100), Disk()
    sandbox.fail(kind, path=path, skip=0 if path in ("/users/me", "/contacts") else 1)
    report = await run(sandbox, map(row, range(1, 101)), disk, batch_size=20, resend_unknown=True)
    assert (report.imported, report.unknown, report.failed) == (100, 0, 0)
    assert all(one.id == sandbox.find(str(one.email)) for one in disk.outcomes)
    assert {sandbox.written("contacts", id) for id in sandbox.contact_ids()} == {1}


async def test_a_server_that_is_down_ends_the_run_after_a_few() -> None:
    sandbox, disk = Sandbox(rate=None), Disk()
    sandbox.fail("html500", method="POST", always=True)
    with pytest.raises(OutcomeUnknownError) as caught:
        await run(sandbox, map(row, range(1000)), disk, batch_size=20)
    assert len(asked(sandbox)) <= 12
    assert caught.value.report is not None
    assert caught.value.report.imported == 0
    sandbox.heal()
    report = await run(sandbox, map(row, range(1000)), disk, batch_size=20, resend_unknown=True)
    assert (report.imported, report.pending) == (1000, 0)


@pytest.mark.parametrize("again", [False, True])
async def test_without_their_clock_nobody_can_say_what_arrived(again: bool) -> None:
    """No `Date` stands in any answer: what is there may have been there for years."""
    sandbox, disk = Sandbox(rate=None), Disk()
    for number in range(30):
        sandbox.add_contact(f"person{number}@example.org")
    await anyio.sleep(600)
    sandbox.fail("html500", method="POST", path="/import/bulk_import")

    def change(_: httpx.Request, response: httpx.Response) -> httpx.Response:
        del response.headers["date"]
        return response

    report = await run(sandbox, map(row, range(30)), disk, change=change, resend_unknown=again)
    assert (report.imported, report.unknown) == ((30, 0) if again else (0, 30))
    if not again:
        assert "no Date" in disk.told[1].reason


async def test_an_unpaid_account_ends_the_run_and_it_goes_on_later() -> None:
    from activecampaign_async._account import accounts

    sandbox, disk = Sandbox(rate=None, latency=50), Disk()
    sandbox.fail("402", skip=6, always=True)
    with pytest.raises(PaymentRequiredError):
        await run(sandbox, map(row, range(1, 301)), disk, batch_size=20, account="imports-unpaid")
    sandbox.heal()
    accounts.of("imports-unpaid")._unpaid = None
    report = await run(sandbox, map(row, range(1, 301)), disk, batch_size=20, account="imports-unpaid")
    assert (report.imported, report.unknown, len(disk.told)) == (300, 0, 300)
    assert {sandbox.written("contacts", id) for id in sandbox.contact_ids()} == {1}


async def test_a_batch_that_is_never_done_is_given_up() -> None:
    sandbox, disk = Sandbox(rate=None), Disk()
    sandbox.imports.seconds = 1e9
    began = anyio.current_time()
    report = await run(sandbox, map(row, range(40)), disk, batch_size=20, patience=600)
    assert (report.unknown, report.pending) == (40, 0)
    assert 600 < anyio.current_time() - began < 800
    assert "false" not in reasons(disk)[1].lower()
    assert "new" in reasons(disk)[1]
    assert spent(sandbox)["GET /import/info"] < 60, "sparingly"


def without_answer(ids: list[str], place: int, answer: httpx.Response) -> Change:
    """The batch of that place among those asked for is never told of. `ids`: takes note of all."""

    def change(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if (batch := request.url.params.get("batchId")) is None:
            return response
        if batch not in ids:
            ids.append(batch)
        return answer if batch == ids[place] else response

    return change


GONE, BROKEN = httpx.Response(404, json={"message": "No Result found"}), httpx.Response(500, text="<h1>Oops</h1>")


@pytest.mark.parametrize("answer", [GONE, BROKEN])
async def test_a_batch_that_is_not_told_of_costs_its_own_rows_alone(answer: httpx.Response) -> None:
    sandbox, disk = Sandbox(rate=None), Disk()
    sandbox.imports.seconds = 200
    change = without_answer([], 1, answer)
    began = anyio.current_time()
    report = await run(sandbox, map(row, range(1, 1001)), disk, change=change)
    assert (report.imported, report.unknown, report.pending) == (750, 250, 0)
    assert {one.reason for one in disk.outcomes if one.status == "unknown"} == {
        "ActiveCampaign answers, and does not tell what became of its batch"
    }
    assert 30 < anyio.current_time() - began < 600, "nobody waits for the patience to end"


async def test_where_nobody_answers_what_is_through_is_told_all_the_same() -> None:
    sandbox, disk, ids = Sandbox(rate=None), Disk(), list[str]()
    change = without_answer(ids, 3, BROKEN)
    with pytest.raises(ServerError) as caught:
        await run(sandbox, map(row, range(1, 1001)), disk, change=change)
    assert caught.value.report == ImportReport(rows=1000, imported=750, failed=0, unknown=0, pending=250, batches=4)
    assert len(disk.told) == 750
    report = await run(sandbox, map(row, range(1, 1001)), disk)
    assert (report.imported, len(disk.told)) == (1000, 1000)
    assert {sandbox.written("contacts", id) for id in sandbox.contact_ids()} == {1}


async def test_batches_that_take_long_are_asked_for_sparingly() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.imports.seconds = 90
    report = await run(sandbox, map(row, range(2000)), batch_size=20)
    assert report.imported == 2000
    assert spent(sandbox)["GET /import/info"] < 100 * 12


# -- rows that come from anywhere


async def test_rows_from_an_async_iterator() -> None:
    async def people() -> AsyncIterator[dict[str, Any]]:
        for number in range(30):
            await anyio.sleep(0.1)
            yield row(number)

    sandbox = Sandbox(rate=None)
    async with client_of(sandbox) as ac:
        report = await ac.contacts.import_many(people(), run_automations=False, pace=pace())
    assert report.imported == 30


@pytest.mark.parametrize("given", ["a@b.example", {"email": "a@b.example"}, 5, b"x"])
async def test_what_is_no_list_of_rows(given: Any) -> None:
    with pytest.raises(TypeError, match="an iterable of rows was expected"):
        await run(Sandbox(), given)


@pytest.mark.parametrize("given", ["people.csv", Path("people.csv")])
async def test_a_path_is_told_what_reads_it(given: Any) -> None:
    with pytest.raises(TypeError, match=r"not \w+; RowFile\(path\) reads a file"):
        await run(Sandbox(), given)


async def test_an_iterator_that_fails_leaves_nothing_untold() -> None:
    def people() -> Iterator[dict[str, Any]]:
        yield from map(row, range(1, 51))
        raise LookupError("line 51 is torn")

    sandbox, disk = Sandbox(rate=None), Disk()
    with pytest.raises(LookupError, match="line 51") as caught:
        await run(sandbox, people(), disk, batch_size=20)
    assert "50 rows were read: 50 imported" in caught.value.__notes__[0]
    assert len(disk.told) == 50
    assert len(sandbox.contact_ids()) == 50
    report = await run(sandbox, map(row, range(1, 61)), disk, batch_size=20)  # mended
    assert (report.rows, report.imported) == (60, 60)
    assert {sandbox.written("contacts", id) for id in sandbox.contact_ids()} == {1}


async def test_an_endless_iterator_is_read_as_it_is_sent() -> None:
    sandbox, disk = Sandbox(rate=None, latency=100), Disk()
    read = 0

    def people() -> Iterator[dict[str, Any]]:
        nonlocal read
        for read in count(1):
            yield row(read)

    with anyio.move_on_after(200):
        await run(sandbox, people(), disk, batch_size=25)
    sent = sum(len(one.body["contacts"]) for one in asked(sandbox))
    assert sent > 5_000
    assert read < sent + 250, "not far ahead"
    assert disk.state is not None
    assert len(disk.told) > 4_000


async def test_what_is_held_is_bounded_where_batches_take_long() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.imports.seconds, sandbox.imports.per_minute = 10_000, None
    read = 0

    def people() -> Iterator[dict[str, Any]]:
        nonlocal read
        for read in range(1, 10_001):
            yield row(read)

    with anyio.move_on_after(400):
        await run(sandbox, people(), batch_size=10, patience=20_000)
    assert read <= 10 * 220


async def test_progress_is_told() -> None:
    told: list[ImportReport] = []
    await run(Sandbox(rate=None), map(row, range(100)), batch_size=20, progress=told.append)
    assert told[-1].imported == 100
    assert [one.imported for one in told] == sorted(one.imported for one in told)


@pytest.mark.parametrize("refused", [False, True])
async def test_a_batch_counts_as_soon_as_it_is_through(refused: bool) -> None:
    sandbox, disk, told = Sandbox(rate=None), Disk(), list[tuple[float, ImportReport]]()
    sandbox.imports.seconds = 8
    if refused:
        sandbox.imports.fail = lambda contact: contact["email"] == "person7@example.org"

    async def people() -> AsyncIterator[dict[str, Any]]:
        for number in range(200):
            await anyio.sleep(1)
            yield row(number)

    began = anyio.current_time()
    await run(
        sandbox, people(), disk, batch_size=20, progress=lambda one: told.append((anyio.current_time() - began, one))
    )
    for seconds, report in told:
        assert report.imported + report.failed >= min(seconds - 50, 190), (
            "ten are kept back, and each takes eight seconds"
        )
        assert report.failed <= refused
    assert [one.imported for _, one in told] == sorted(one.imported for _, one in told)
    assert told[-1][1].failed == refused
    assert spent(sandbox)["GET /contacts"] <= 200 / 30 + 1


async def test_what_is_through_is_written_down_before_long() -> None:
    sandbox, disk = Sandbox(rate=None), Disk()

    async def people() -> AsyncIterator[dict[str, Any]]:
        for number in range(50):
            yield row(number)
        await anyio.sleep_forever()

    with anyio.move_on_after(60):
        await run(sandbox, people(), disk, batch_size=20)
    assert len(disk.told) == 40
    assert disk.state is not None
    assert disk.state["state"]["sent"] == []


async def test_one_that_is_stopped_tells_what_is_through_at_once() -> None:
    sandbox, disk = Sandbox(rate=None), Disk()
    sandbox.imports.seconds = 0

    async def people() -> AsyncIterator[dict[str, Any]]:
        for number in range(100):
            yield row(number)
        await anyio.sleep(10)
        sandbox.imports.seconds = 600
        for number in range(100, 160):
            yield row(number)
        raise LookupError("stopped")

    with anyio.move_on_after(18) as scope:
        await run(sandbox, people(), disk, batch_size=20)
    assert scope.cancelled_caught
    assert disk.state is not None
    assert len(disk.told) == 80
    assert sum(last - first + 1 for sent in disk.state["state"]["sent"] for first, last in sent["rows"]) == 80


async def test_outcomes_may_be_told_to_a_function() -> None:
    told: list[Any] = []
    async with client_of(Sandbox(rate=None)) as ac:
        report = await ac.contacts.import_many(
            map(row, range(40)), run_automations=False, outcomes=told.append, pace=pace()
        )
    assert report.imported == len(told) == 40


async def test_nothing_is_sent_where_nothing_may_be() -> None:
    sandbox = Sandbox(rate=None)
    async with client_of(sandbox, read_only=True) as ac:
        with pytest.raises(ReadOnlyError):
            await ac.contacts.import_many(map(row, range(40)), run_automations=False, pace=pace())
    assert asked(sandbox) == []


@pytest.mark.parametrize("options", [{"batch_size": 1}, {"batch_size": 251}, {"batch_size": True}, {"batch_bytes": 10}])
async def test_sizes_that_cannot_be(options: Any) -> None:
    with pytest.raises(ValueError, match="batch_"):
        await run(Sandbox(), [row(1)], **options)


async def test_nothing_to_import() -> None:
    sandbox = Sandbox(rate=None)
    assert await run(sandbox, []) == ImportReport(rows=0, imported=0, failed=0, unknown=0)
    assert sandbox.requests == []
