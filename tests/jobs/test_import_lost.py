"""Rows whose request got no answer: which of them are taken to be there, and that a long import goes on with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest

from activecampaign_async.errors import TransportError
from activecampaign_async.resources import _import_run
from activecampaign_async.resources.imports import ImportReport
from activecampaign_async.sandbox import Sandbox
from tests.jobs.importing import Change, Disk, crash, row, run

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

SAYS: list[tuple[dict[str, Any], str]] = [
    ({"tags": ["VIP"]}, "tags"),
    ({"fields": {1: "red"}, "subscribe": [1]}, "fields, subscribe"),
    ({"unsubscribe": [1]}, "unsubscribe"),
    ({"customer_acct_name": "Acme"}, "customer_acct_name"),
    ({}, ""),
    ({"tags": []}, ""),
    ({"phone": "1", "last_name": "Lee"}, ""),
]


def account(**options: Any) -> Sandbox:
    sandbox = Sandbox(rate=None, **options)
    sandbox.add_tag("VIP")
    sandbox.add_field("Colour", id=1)
    sandbox.add_list("News", id=1)
    return sandbox


async def with_contacts(numbers: range) -> Sandbox:
    """They say what the rows do, and have been there for ten minutes."""
    sandbox = account()
    for number in numbers:
        sandbox.add_contact(f"person{number}@example.org", firstName=f"First {number}", phone="1", lastName="Lee")
    await anyio.sleep(600)
    return sandbox


def touch(sandbox: Sandbox) -> None:
    """Somebody else changes whatever is there once the import was sent."""

    def others(asked: Any) -> None:
        if asked.path == "/import/bulk_import":
            for id in sandbox.contact_ids():
                sandbox.update_contact(id, orgname="Else")

    sandbox.after(others)


@pytest.mark.parametrize(("says", "open_"), SAYS)
async def test_a_contact_that_others_touched_is_not_taken_for_an_imported_one(says: dict[str, Any], open_: str) -> None:
    sandbox, disk = await with_contacts(range(30)), Disk()
    touch(sandbox)
    sandbox.fail("html500", method="POST", path="/import/bulk_import")
    report = await run(sandbox, [row(n, **says) for n in range(30)], disk)
    assert sandbox.processed["POST /import/bulk_import"] == 0
    assert (report.imported, report.unknown) == ((0, 30) if open_ else (30, 0))
    if open_:
        assert {one.reason for one in disk.outcomes} == {_import_run.UNSURE.format(open_)}


async def test_where_that_is_wanted_it_is_sent_again() -> None:
    sandbox, disk = await with_contacts(range(30)), Disk()
    touch(sandbox)
    sandbox.fail("html500", method="POST", path="/import/bulk_import")
    report = await run(sandbox, [row(n, tags=["VIP"]) for n in range(30)], disk, resend_unknown=True)
    assert (report.imported, report.unknown) == (30, 0)
    assert len(sandbox.rows("contactTags")) == 30


@pytest.mark.parametrize("says", [says for says, _ in SAYS])
async def test_a_contact_that_is_new_was_imported(says: dict[str, Any]) -> None:
    sandbox, disk = account(), Disk()
    sandbox.fail("drop_after", method="POST", path="/import/bulk_import")
    report = await run(sandbox, [row(n, **says) for n in range(30)], disk)
    assert (report.imported, report.unknown) == (30, 0)
    assert {sandbox.written("contacts", id) for id in sandbox.contact_ids()} == {1}


@pytest.mark.parametrize(("says", "unknown"), [({"tags": ["VIP"]}, 12), ({"subscribe": [1]}, 12), ({}, 0)])
async def test_one_that_came_just_before_may_lack_what_nobody_compares(says: dict[str, Any], unknown: int) -> None:
    sandbox = account()
    for number in range(1, 13):
        sandbox.add_contact(f"person{number}@example.org", firstName=f"First {number}")
    await anyio.sleep(1.5)
    sandbox.fail("drop_before", method="POST", path="/import/bulk_import")
    report = await run(sandbox, [row(number, **says) for number in range(1, 13)], look_for=1.0)
    assert report.unknown == unknown


async def test_one_that_came_long_after_is_another_ones() -> None:
    sandbox, disk = account(), Disk()

    def rows() -> Iterator[Any]:
        return (row(n, tags=["VIP"]) for n in range(30))

    sandbox.fail("hang", method="POST", path="/import/bulk_import")
    with anyio.move_on_after(5):
        await run(sandbox, rows(), disk)
    await anyio.sleep(7200)
    for number in range(30):
        sandbox.add_contact(f"person{number}@example.org", firstName=f"First {number}")
    report = await run(sandbox, rows(), disk)
    assert (report.imported, report.unknown) == (0, 30)


async def test_one_by_one_tags_follow_once_the_contact_fits() -> None:
    sandbox, disk = await with_contacts(range(3)), Disk()
    sandbox.fail("drop_after", method="POST", path="/contact/sync", times=50)
    sandbox.fail("drop_after", method="POST", path="/contactTags", times=50)
    given = [row(0, tags=["VIP"]), row(1, fields={1: "red"})]
    with pytest.raises(TransportError):
        await run(sandbox, given, disk, run_automations=True)
    sandbox.heal()
    report = await run(sandbox, given, disk, run_automations=True)
    assert (report.imported, report.unknown) == (1, 1)
    assert disk.told[2].reason == _import_run.UNSURE.format("fields")
    assert [tied["contact"] for tied in sandbox.rows("contactTags")] == [str(disk.told[1].id)]


def every(second: int) -> Change:
    """Each so many imports get no answer, though they arrived."""
    seen = 0

    def change(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        nonlocal seen
        if request.url.path.endswith("/import/bulk_import"):
            seen += 1
            if seen % second == 0:
                raise httpx.ReadTimeout("no answer", request=request)
        return response

    return change


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_import_run, "OUTSTANDING", 6)
    monkeypatch.setattr(_import_run, "MOST_LOST", 4, raising=False)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("again", [False, True])
async def test_many_requests_without_an_answer_do_not_stop_it(again: bool) -> None:
    sandbox, disk = Sandbox(rate=None, latency=100), Disk()
    with anyio.fail_after(3600):
        report = await run(sandbox, map(row, range(800)), disk, batch_size=20, change=every(2), resend_unknown=again)
    assert report == ImportReport(rows=800, imported=800, failed=0, unknown=0, batches=report.batches)
    assert {sandbox.written("contacts", id) for id in sandbox.contact_ids()} == {1}
    assert len(disk.told) == 800


@pytest.mark.usefixtures("small")
async def test_what_never_arrived_is_unknown_and_stops_nothing_either() -> None:
    sandbox, disk = Sandbox(rate=None, latency=100), Disk()
    for skip in range(1, 40, 2):  # each second one
        sandbox.fail("reset", method="POST", path="/import/bulk_import", skip=skip // 2 + 1)
    with anyio.fail_after(3600):
        report = await run(sandbox, map(row, range(800)), disk, batch_size=20)
    assert report.pending == 0
    assert report.unknown == 400
    assert all(sandbox.find(str(one.email)) is None for one in disk.outcomes if one.status == "unknown")


async def test_a_run_that_left_many_without_an_answer_can_be_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_import_run, "MOST_LOST", 100, raising=False)
    sandbox, disk = Sandbox(rate=None, latency=100), Disk()

    def rows() -> Iterator[Any]:
        return map(row, range(800))

    await crash(sandbox, rows, disk, at_request=70, batch_size=20, change=every(2))
    assert disk.state is not None
    assert sum(not sent["id"] for sent in disk.state["state"]["sent"]) > 10
    monkeypatch.setattr(_import_run, "OUTSTANDING", 6)
    monkeypatch.setattr(_import_run, "MOST_LOST", 4, raising=False)
    with anyio.fail_after(3600):
        report = await run(sandbox, rows(), disk, batch_size=20)
    assert (report.imported, report.pending) == (800, 0)
    assert {sandbox.written("contacts", id) for id in sandbox.contact_ids()} == {1}


async def test_batches_whose_ids_are_looked_for_together_do_not_hold_others_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_import_run, "OUTSTANDING", 6)
    sandbox, disk = Sandbox(rate=None, latency=100), Disk()
    began = anyio.current_time()
    with anyio.fail_after(3600):
        report = await run(sandbox, map(row, range(800)), disk, batch_size=20)
    assert report.imported == 800
    assert anyio.current_time() - began < 80
    matched = [one for one in sandbox.requests if one.path == "/contacts"]
    assert len(matched) <= 4
