"""An import that is killed at any moment, and run again: each row is told once, and none is sent twice for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import anyio
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from activecampaign_async import LocalLimiter
from activecampaign_async.jobs import ResumeError
from activecampaign_async.resources._import_state import Left
from activecampaign_async.sandbox import Sandbox
from tests.jobs.importing import Disk, crash, row, run
from tests.support import client_of, examples

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

COUNT, SIZE = 143, 20
SERVER_SEES = {17, 18, 61, 99, 120}
WE_SEE = {5, 42}


def rows(count: int = COUNT) -> Iterator[dict[str, Any]]:
    for number in range(1, count + 1):
        more: dict[str, Any] = {"phone": "bad"} if number in SERVER_SEES else {}
        yield row(number, **more) | ({"emial": "x"} if number in WE_SEE else {})


def account(named: Any = "all", latency: float = 100) -> Sandbox:
    sandbox = Sandbox(rate=None, latency=latency)
    sandbox.imports.named = named
    sandbox.imports.refuse = lambda contact: "bad phone" if contact.get("phone") == "bad" else None
    sandbox.imports.automation = sandbox.add_automation("Welcome")
    return sandbox


def result(disk: Disk) -> dict[int, tuple[str, str | None, bool]]:
    """What an undisturbed run says, too. Ids and batches are others."""
    return {number: (one.status, one.email, one.id is not None) for number, one in disk.told.items()}


def twice(sandbox: Sandbox) -> list[int]:
    """Contacts that were processed more than once."""
    return [id for id in sandbox.contact_ids() if sandbox.written("contacts", id) != 1]


async def undisturbed(**options: Any) -> tuple[Disk, Sandbox]:
    sandbox, disk = account(), Disk()
    await run(sandbox, rows(), disk, batch_size=SIZE, **options)
    return disk, sandbox


@pytest.mark.parametrize("automations", [False, True])
@pytest.mark.parametrize("named", ["all", "first", "none"])
@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_killed_again_and_again(named: str, automations: bool, data: st.DataObject) -> None:
    wanted, _ = await undisturbed(run_automations=automations)
    sandbox, disk = account(named), Disk()
    options: dict[str, Any] = {"batch_size": SIZE, "run_automations": automations, "resend_unknown": True}
    kills = data.draw(st.lists(st.tuples(st.sampled_from(["at_request", "at_save"]), st.integers(1, 25)), max_size=4))
    report = None
    for how, at in kills:
        report = await crash(sandbox, rows, disk, **options | {how: at})
        assert len(disk.told) <= COUNT
        if report is not None:
            break
    if report is None:
        report = await run(sandbox, rows(), disk, **options)
    assert report.rows == COUNT
    assert (report.pending, report.unknown) == (0, 0)
    assert result(disk) == result(wanted)
    for one in disk.outcomes:
        assert one.status != "imported" or sandbox.find(str(one.email)) == one.id
    assert twice(sandbox) == [], "what was there was found, and not sent again"


@pytest.mark.parametrize("part", range(5, 100, 5))
async def test_killed_between_send_and_answer(part: int) -> None:
    wanted, quiet = await undisturbed()
    sandbox, disk = account(), Disk()
    at = max(len(quiet.requests) * part // 100, 1)
    assert await crash(sandbox, rows, disk, at_request=at, batch_size=SIZE) is None
    report = await run(sandbox, rows(), disk, batch_size=SIZE, resend_unknown=True)
    assert (report.imported, report.failed, report.unknown) == (COUNT - 7, 7, 0)
    assert result(disk) == result(wanted)
    assert twice(sandbox) == []


async def test_what_is_not_found_is_unknown_unless_it_is_to_be_sent_again() -> None:
    for again in (False, True):
        sandbox, disk = account(), Disk()
        sandbox.fail("reset", method="POST", path="/import/bulk_import", skip=1)
        report = await run(sandbox, rows(), disk, batch_size=SIZE, resend_unknown=again)
        assert report.rows == COUNT == len(disk.told)
        unknown = [one for one in disk.outcomes if one.status == "unknown"]
        assert len(unknown) == report.unknown == (0 if again else SIZE)
        assert all(sandbox.find(str(one.email)) is None and "neither made nor changed" in one.reason for one in unknown)
        assert report.imported == COUNT - 7 - report.unknown
        assert twice(sandbox) == []


async def test_what_arrived_without_an_answer_is_found() -> None:
    sandbox, disk = account(), Disk()
    sandbox.fail("drop_after", method="POST", path="/import/bulk_import", skip=1)
    report = await run(sandbox, rows(), disk, batch_size=SIZE)
    assert (report.unknown, report.imported) == (0, COUNT - 7)
    assert all(one.id == sandbox.find(str(one.email)) for one in disk.outcomes if one.status == "imported")
    assert twice(sandbox) == []


async def test_a_finished_import_spends_nothing() -> None:
    sandbox, disk = account(), Disk()
    first = await run(sandbox, rows(), disk, batch_size=SIZE)
    asked = len(sandbox.requests)
    again = await run(sandbox, rows(), disk, batch_size=SIZE)
    assert (again.rows, again.imported, again.failed) == (first.rows, first.imported, first.failed)
    assert len(sandbox.requests) == asked


def changed() -> Iterator[dict[str, Any]]:
    return ({**one, "first_name": "X"} for one in rows())


def torn() -> Iterator[dict[str, Any]]:
    yield from rows()
    raise LookupError("the file is torn")


OTHERS = [
    (changed, ResumeError, "other rows"),
    (lambda: rows(10), ResumeError, f"10 rows, and it was begun with {COUNT}"),
]


@pytest.mark.parametrize(("others", "error", "said"), OTHERS)
async def test_other_rows_are_refused(others: Any, error: Any, said: str) -> None:
    sandbox, disk = account(), Disk()
    await crash(sandbox, lambda: map(row, range(COUNT)), disk, at_save=COUNT, batch_size=2)
    assert disk.state is not None
    asked, kept = len(sandbox.requests), disk.state
    with pytest.raises(error, match=said):
        await run(sandbox, others(), disk, batch_size=2)
    assert (len(sandbox.requests), disk.state) == (asked, kept)


@pytest.mark.parametrize(
    ("others", "error", "said"),
    [*OTHERS, (lambda: rows(COUNT + 1), ResumeError, "finished, and these are more rows"), (torn, LookupError, "torn")],
)
async def test_a_finished_import_is_one_of_those_rows_alone(others: Any, error: Any, said: str) -> None:
    sandbox, disk = account(), Disk()
    await run(sandbox, rows(), disk, batch_size=SIZE)
    asked, kept = len(sandbox.requests), disk.state
    with pytest.raises(error, match=said):
        await run(sandbox, others(), disk, batch_size=SIZE)
    assert (len(sandbox.requests), disk.state) == (asked, kept)
    assert len(disk.told) == COUNT


DAMAGE: dict[str, list[Any]] = {
    "read": [None, -1, "5", True, 3],
    "digest": [None, 5],
    "unsent": [None, 5, [[1]], [[1, 2, 3]], [["1", "2"]], [[0, 1]], [[1, 10**12]]],
    "sent": [None, 5, [5], [{}], [{"rows": [[1, 2]], "since": 5, "id": ""}],
             [{"rows": [[1, 2]], "since": "yesterday", "id": ""}], [{"rows": [[1, 2]], "since": None, "id": 7}],
             [{"rows": [[1, 2]], "since": "2026-01-05T10:00:00", "id": ""}]],
    "counts": [None, {}, {"imported": 1, "failed": 0}, {"imported": "1", "failed": 0, "unknown": 0}],
    "queued": [None, "x"],
    "done": [None, 1],
    "mark": [None, "x", -1],
}  # fmt: skip


@pytest.mark.parametrize("key", DAMAGE)
async def test_a_damaged_checkpoint_is_refused(key: str) -> None:
    sandbox, disk = account(), Disk()
    await crash(sandbox, rows, disk, at_request=6, batch_size=SIZE)
    assert disk.state is not None
    asked, kept = len(sandbox.requests), disk.state
    others = [{name: value for name, value in kept["state"].items() if name != key}]
    others += [{**kept["state"], key: value} for value in DAMAGE[key]]
    for other in others:
        disk.state = {**kept, "state": other}
        with pytest.raises(ResumeError, match="damaged"):
            await run(sandbox, rows(), disk, batch_size=SIZE)
    assert len(sandbox.requests) == asked


async def test_another_query_another_account_another_version_are_refused() -> None:
    sandbox, disk = account(), Disk()
    await crash(sandbox, rows, disk, at_request=6, batch_size=SIZE)
    assert disk.state is not None
    with pytest.raises(ResumeError, match="run_automations"):
        await run(sandbox, rows(), disk, run_automations=True)
    with pytest.raises(ResumeError, match="account"):
        await run(account(), rows(), disk, account="another")
    disk.state = {**disk.state, "version": 99}
    with pytest.raises(ResumeError, match="version 99"):
        await run(sandbox, rows(), disk)
    disk.state = {"kind": "bulk.map", "state": {}}
    with pytest.raises(ResumeError, match=r"bulk\.map"):
        await run(sandbox, rows(), disk)
    disk.state = {"anything": 1}
    with pytest.raises(ResumeError, match="none of this import"):
        await run(sandbox, rows(), disk)


def good_rows() -> Iterator[dict[str, Any]]:
    return (row(number) for number in range(1, COUNT + 1))


@pytest.mark.parametrize("at", [3, 8, 13])
async def test_at_the_accounts_own_pace_only_what_had_left_is_unknown(at: int) -> None:
    """Six batches at a time wait for the account's turn: a crash leaves those alone in doubt whose turn had come."""
    sandbox, disk = account(latency=300), Disk()
    limiter = LocalLimiter(5, clock=anyio.current_time)
    assert await crash(sandbox, good_rows, disk, at_request=at, limiter=limiter, batch_size=5) is None
    assert disk.state is not None
    left = [number for sent in Left.of(disk.state["state"]).sent for number in sent.numbers]
    batches = [one for one in sandbox.requests if one.path.endswith("/bulk_import")]
    assert len(left) == 5 * len(batches) > 0, "what waits in line was not sent"


async def test_what_a_row_names_may_be_gone_when_it_is_gone_on_with() -> None:
    sandbox, disk = account(latency=300), Disk()
    sandbox.add_field("Plan", id=1)

    def planned() -> Iterator[dict[str, Any]]:
        return (row(number, fields={"Plan": "gold"}) for number in range(1, 61))

    limiter = LocalLimiter(5, clock=anyio.current_time)
    assert await crash(sandbox, planned, disk, at_request=6, limiter=limiter, batch_size=10) is None
    async with client_of(sandbox) as ac:
        await ac.fields.delete(1)
    report = await run(sandbox, planned(), disk, batch_size=10, resend_unknown=True)
    assert report.pending == 0
    failed = {one.row: one.reason for one in disk.outcomes if one.status == "failed"}
    assert set(failed.values()) == {"fields: there is no custom field 'Plan'"}
    bodies: list[Any] = [
        cast("Any", one.body)["contacts"] for one in sandbox.requests if one.path.endswith("/bulk_import")
    ]
    assert all(type(field["id"]) is int for body in bodies for each in body for field in each["fields"])
    assert len(failed) == 60 - sum(map(len, bodies))
