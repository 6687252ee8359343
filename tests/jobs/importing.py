"""What the tests of imports share: stores and outlets that a crash leaves as they were, and runs that crash."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from typing import Any

import anyio
import anyio.lowlevel
import httpx
from attrs import define, field

from activecampaign_async import LocalLimiter
from activecampaign_async.resources.imports import ImportPace, ImportReport, RowOutcome
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of, fast


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"email": f"person{number}@example.org", "first_name": f"First {number}", **more}


def pace() -> ImportPace:
    return ImportPace(clock=anyio.current_time)


@define
class Disk:
    """A `Store` and an `Outcomes` in one, without threads: virtual time does not wait for those."""

    state: Mapping[str, Any] | None = None
    outcomes: list[RowOutcome] = field(factory=list)
    saves: int = 0
    gone: bool = False
    """Whether the process that writes has crashed: nothing reaches the disk any more."""
    die: Callable[[], None] = lambda: None
    die_at: int = -1

    async def load(self) -> Mapping[str, Any] | None:
        return copy.deepcopy(self.state)

    async def save(self, state: Mapping[str, Any]) -> None:
        if self.saves + 1 == self.die_at:
            self.die()
            await anyio.lowlevel.checkpoint()
        if not self.gone:
            self.state, self.saves = copy.deepcopy(dict(state)), self.saves + 1

    async def begin(self, mark: int | None) -> None:
        del self.outcomes[mark or 0 :]

    async def write(self, outcomes: Sequence[RowOutcome], mark: int) -> int:
        if not self.gone:
            del self.outcomes[mark:]
            self.outcomes += outcomes
        return mark + len(outcomes)

    @property
    def told(self) -> dict[int, RowOutcome]:
        """By number; each is there once."""
        numbers = [one.row for one in self.outcomes]
        assert len(numbers) == len(set(numbers)), "a row is told twice"
        return {one.row: one for one in self.outcomes}


Change = Callable[[httpx.Request, httpx.Response], httpx.Response]


@define(eq=False)
class Changed(httpx.AsyncBaseTransport):
    """The sandbox, and what becomes of its answers on the way."""

    real: httpx.AsyncBaseTransport
    change: Change

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.change(request, await self.real.handle_async_request(request))


async def run(
    sandbox: Sandbox,
    rows: Iterable[Any] | AsyncIterable[Any],
    disk: Disk | None = None,
    *,
    account: str | None = None,
    limiter: LocalLimiter | None = None,
    change: Change = lambda request, response: response,
    **options: Any,
) -> ImportReport:
    """An import into the sandbox, in virtual time."""
    disk = disk or Disk()
    given: dict[str, Any] = {"run_automations": False, "pace": pace(), "outcomes": disk, "checkpoint": disk}
    transport = Changed(sandbox.transport(), change)
    async with client_of(sandbox, account=account, transport=transport, rate_limiter=limiter or fast()) as ac:
        return await ac.contacts.import_many(rows, **given | options)


async def crash(
    sandbox: Sandbox,
    rows: Callable[[], Iterable[Any]],
    disk: Disk,
    *,
    at_request: int | None = None,
    at_save: int | None = None,
    **options: Any,
) -> ImportReport | None:
    """The same, by a process that is gone once that request has been carried out and before its answer came, or when
    it would have written for that time. None where it came to that.
    """
    seen = 0
    scope = anyio.CancelScope()

    def die() -> None:
        disk.gone = True
        scope.cancel()

    def note(_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == at_request:
            die()

    sandbox._hooks.append(note)
    disk.die, disk.die_at = die, -1 if at_save is None else disk.saves + at_save
    try:
        with scope:
            return await run(sandbox, rows(), disk, **options)
    finally:
        sandbox._hooks.remove(note)
        disk.gone, disk.die_at = False, -1
    return None
