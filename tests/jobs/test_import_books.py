"""What an import writes down: rows as they were, each outcome once, and a checkpoint before all else."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from types import MappingProxyType
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from attrs import define

from activecampaign_async.jobs import ResumeError
from activecampaign_async.resources import _import_books
from activecampaign_async.resources._import_books import Books, Sent
from activecampaign_async.resources._import_outcomes import outlet
from activecampaign_async.resources._import_rows import Row
from activecampaign_async.resources._import_state import ranges
from activecampaign_async.resources.imports import RowOutcome
from activecampaign_async.sandbox import Sandbox
from tests.jobs.importing import Disk, crash, row, run

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


def digest(given: object) -> str:
    books = Books(None, outlet(None), list)
    books.see(given)
    found: str = books.state()["digest"]
    return found


def it_holds_itself() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


OTHERS: list[tuple[Any, Any]] = [
    ({"fields": {"Colour": "red", 7: ["a", "b"]}}, {"fields": {"Colour": "blue", 7: ["a", "b"]}}),
    ({"fields": {"Colour": "red", 7: ["a"]}}, {"fields": {"Colour": "red", 8: ["a"]}}),
    ({"fields": {"Colour": "red", 7: ["a"]}}, {"fields": {"Color": "red", 7: ["a"]}}),
    ({"email": "a@b.example", None: ["x"]}, {"email": "c@b.example", None: ["x"]}),
    ({"email": "a@b.example", None: ["x"]}, {"email": "a@b.example", None: ["y"]}),
    ({"a": [{"b": {1: "x", "y": [{2: 3, "z": 4}]}}]}, {"a": [{"b": {1: "x", "y": [{2: 3, "z": 5}]}}]}),
    ({(1, 2): "x"}, {(1, 3): "x"}),
    (MappingProxyType({"email": "a@b.example"}), MappingProxyType({"email": "c@b.example"})),
    (MappingProxyType({"fields": {1: "x", "a": 2}}), MappingProxyType({"fields": {1: "x", "a": 3}})),
    ({"tags": {"a", "b"}}, {"tags": {"a", "c"}}),
]


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_rows_that_are_others_differ(one: Any, other: Any) -> None:
    assert digest(one) != digest(other)
    assert digest(one) == digest(one)


def test_in_whatever_order_the_keys_stand() -> None:
    assert digest({"fields": {7: "a", "x": "b"}, "email": "c"}) == digest({"email": "c", "fields": {"x": "b", 7: "a"}})
    assert digest(it_holds_itself()) == digest(it_holds_itself())


def test_it_is_the_same_in_another_process() -> None:
    code = """
from activecampaign_async.resources._import_books import Books
from activecampaign_async.resources._import_outcomes import outlet
books = Books(None, outlet(None), list)
books.see({"tags": {"a", "b", "c", "d"}, 7: frozenset({"x", "y", "z"}), None: object(), "e": {2: ValueError("x")}})
print(books.state()["digest"])
"""

    def run_with(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(
            [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, check=True, text=True
        ).stdout

    assert run_with("1") == run_with("2")


async def test_other_values_of_fields_by_name_and_id_are_noticed() -> None:
    sandbox, disk = Sandbox(rate=None, latency=100), Disk()
    sandbox.add_field("Colour")
    sandbox.add_field("Sizes", id=7)

    def rows(colour: str) -> Callable[[], Iterable[Any]]:
        return lambda: (row(n, fields={"Colour": colour, 7: ["a", "b"]}) for n in range(100))

    await crash(sandbox, rows("red"), disk, at_request=5, batch_size=20)
    with pytest.raises(ResumeError, match="other rows"):
        await run(sandbox, rows("blue")(), disk, batch_size=20)
    assert (await run(sandbox, rows("red")(), disk, batch_size=20, resend_unknown=True)).imported == 100


# -- each outcome once


@define
class Failing(Disk):
    """A disk that fails once, or whose writer is cancelled once, and that goes on living."""

    at: str = ""
    """`write` or `save`: before it, `written` or `saved`: after it."""
    how: Callable[[], None] = lambda: None

    async def _fail(self, at: str, when: bool) -> None:
        if when and at == self.at:
            self.at = ""
            self.how()
            await anyio.lowlevel.checkpoint()

    async def save(self, state: Mapping[str, Any]) -> None:
        told = bool(self.outcomes)
        await self._fail("save", told)
        await super().save(state)
        await self._fail("saved", told)

    async def write(self, outcomes: Sequence[RowOutcome], mark: int) -> int:
        await self._fail("write", when=True)
        mark = await super().write(outcomes, mark)
        await self._fail("written", when=True)
        return mark


def full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def rows() -> Iterator[Any]:
    return (row(n) | ({"nonsense": 1} if n % 7 == 3 else {}) for n in range(200))


@pytest.mark.parametrize("at", ["write", "written", "save", "saved"])
@pytest.mark.parametrize("cancelled", [False, True])
async def test_what_fails_once_tells_no_row_twice(at: str, cancelled: bool) -> None:
    sandbox = Sandbox(rate=None, latency=100)
    with anyio.CancelScope() as scope:
        disk = Failing(at=at, how=scope.cancel if cancelled else full)
        with nullcontext() if cancelled else pytest.raises(OSError, match="No space"):
            await run(sandbox, rows(), disk, batch_size=20)
    assert scope.cancelled_caught is cancelled
    assert disk.at == "", "it came to that"
    assert disk.state is not None
    assert disk.state["state"]["mark"] <= len(disk.told)
    counts = disk.state["state"]["counts"]
    assert sum(counts.values()) == disk.state["state"]["mark"]
    report = await run(sandbox, rows(), disk, batch_size=20, resend_unknown=True)
    assert (report.rows, report.imported, report.failed) == (200, 171, 29)
    assert len(disk.told) == 200
    assert {sandbox.written("contacts", id) for id in sandbox.contact_ids()} == {1}


async def test_there_is_a_checkpoint_before_the_first_outcome() -> None:
    @define
    class Looking(Disk):
        async def begin(self, mark: int | None) -> None:
            assert self.state is None, "else a report of others would be lost to it"
            await Disk.begin(self, mark)

        async def write(self, outcomes: Sequence[RowOutcome], mark: int) -> int:
            assert self.state is not None
            return await Disk.write(self, outcomes, mark)

    disk = Looking()
    report = await run(Sandbox(rate=None), [{"nonsense": n} for n in range(2500)], disk)
    assert report.failed == 2500 == len(disk.told)


async def test_killed_between_the_first_outcomes_and_what_counts_them() -> None:
    disk = Failing(at="save", how=lambda: None)
    sandbox = Sandbox(rate=None)

    def gone() -> None:
        disk.gone = True
        scope.cancel()

    disk.how = gone
    with anyio.CancelScope() as scope:
        await run(sandbox, rows(), disk, batch_size=20)
    disk.gone = False
    assert disk.outcomes
    assert disk.state is not None
    assert disk.state["state"]["mark"] == 0
    await run(sandbox, rows(), disk, batch_size=20, resend_unknown=True)
    assert len(disk.told) == 200


# -- costs


async def test_what_is_under_way_is_counted_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = 0

    def note(numbers: Iterable[int]) -> list[list[int]]:
        nonlocal counted
        numbers = list(numbers)
        counted += len(numbers)
        return ranges(numbers)

    monkeypatch.setattr(_import_books, "ranges", note)
    books = Books(None, outlet(None), list)
    made = [Row(n, {"email": f"p{n}@example.org"}, 50) for n in range(1, 1001)]
    books.sent = {Sent(made[at : at + 100], None) for at in range(0, 1000, 100)}
    for _ in range(5):
        books.state()
    assert counted == 1000
    sent = next(iter(books.sent))
    sent.id = "x"
    sent.keep(sent.rows[:3])
    first = sent.rows[0].number
    assert {"rows": [[first, first + 2]], "since": None, "id": "x"} in books.state()["sent"]
