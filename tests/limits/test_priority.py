"""Who waits for an answer goes before who does not, in one process. Over Redis: `test_redis.py`."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from attrs import define, field

from activecampaign_async import AsyncClient, LocalLimiter, priority as priority_of
from activecampaign_async.limits import Priority, prioritised
from activecampaign_async.sandbox import Sandbox
from tests.jobs.importing import pace, row
from tests.support import client_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Mapping

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

GAP = 0.201


def limiter() -> LocalLimiter:
    return LocalLimiter(clock=anyio.current_time)


async def test_interactive_goes_before_bulk_and_waits_for_one_of_its_turns_at_most() -> None:
    line, got = limiter(), list[tuple[str, float]]()
    begun = anyio.current_time()

    async def one(name: str, priority: Priority) -> None:
        await line.acquire(priority=priority)
        got.append((name, anyio.current_time() - begun))

    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(one, f"bulk {number}", "bulk")
            await anyio.lowlevel.checkpoint()
        await anyio.sleep(GAP + 0.15)  # the third of bulk sleeps until its turn
        for number in range(2):
            tasks.start_soon(one, f"interactive {number}", "interactive")
            await anyio.lowlevel.checkpoint()
    order = ["bulk 0", "bulk 1", "interactive 0", "interactive 1", "bulk 2", "bulk 3", "bulk 4"]
    assert [name for name, _ in got] == order
    assert [at for _, at in got] == pytest.approx([number * GAP for number in range(7)])


async def test_who_was_overtaken_can_leave_and_nobody_is_held_up() -> None:
    line, got = limiter(), list[str]()

    async def one(name: str, priority: Priority, scope: anyio.CancelScope) -> None:
        with scope:
            await line.acquire(priority=priority)
            got.append(name)

    scopes = {name: anyio.CancelScope() for name in ("first", "overtaken", "quick", "last")}
    async with anyio.create_task_group() as tasks:
        for name, scope in scopes.items():
            priority: Priority = "interactive" if name == "quick" else "bulk"
            tasks.start_soon(one, name, priority, scope)
            await anyio.sleep(0.05)
        scopes["quick"].cancel()
        await anyio.lowlevel.checkpoint()
        scopes["overtaken"].cancel()
    assert got == ["first", "last"]
    assert anyio.current_time() == pytest.approx(GAP)


async def test_what_a_newcomer_would_wait_behind_its_own_kind() -> None:
    line = limiter()
    async with anyio.create_task_group() as tasks:
        for priority in ("interactive", "bulk", "bulk", "bulk", "interactive"):
            tasks.start_soon(lambda which: line.acquire(priority=which), priority)
            await anyio.wait_all_tasks_blocked()
        assert line.delay() == pytest.approx(2 * GAP)
        assert line.delay(priority="bulk") == pytest.approx(5 * GAP)
        assert line.delay(1, priority="bulk") == pytest.approx(6 * GAP)


async def test_a_turn_had_elsewhere_is_counted() -> None:
    line = limiter()
    line.postpone(1)
    line.postpone(0.5)  # sooner: nothing changes
    assert line.delay() == pytest.approx(GAP)
    line.follow(0.25)
    await line.acquire()
    assert line.delay() == pytest.approx(0.25)
    line.follow(0.1)  # never below our own
    await line.acquire()
    assert line.delay() == pytest.approx(GAP)


async def test_a_limiter_of_your_own_need_not_know_priorities() -> None:
    class Simple:
        async def acquire(self) -> None: ...

        def observe(self, status: int, headers: Mapping[str, str]) -> None: ...

    class Counting(LocalLimiter):
        async def acquire(self) -> None:  # type: ignore[override]  # as it was written before there were priorities
            await super().acquire()

    assert prioritised(Simple()) is None
    assert prioritised(Counting()) is None
    line = limiter()
    assert prioritised(line) is line


# -- who is which


class Noting(LocalLimiter):
    """Takes note of who comes."""

    def __init__(self) -> None:
        super().__init__(1e6, clock=anyio.current_time)
        self.noted: list[Priority] = []

    async def acquire(self, *, priority: Priority = "interactive") -> None:
        self.noted.append(priority)
        await super().acquire(priority=priority)


async def every(items: AsyncIterable[Any]) -> None:
    async for _ in items:
        pass


async def within(block: Any) -> None:
    async with block as items:
        await every(items)


LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
BULK: dict[str, Callable[[AsyncClient], Awaitable[Any]]] = {
    "async for": lambda ac: every(ac.contacts.list()),
    "pages": lambda ac: every(ac.contacts.list().pages()),
    "collect": lambda ac: ac.contacts.list().collect(),
    "collect, by offset": lambda ac: ac.tags.list().collect(),
    "ahead": lambda ac: within(ac.contacts.list().ahead(4)),
    "ahead, in any order": lambda ac: within(ac.contacts.list().ahead(4, ordered=False)),
    "ahead, by offset": lambda ac: within(ac.tags.list().ahead(4)),
    "ahead_pages": lambda ac: within(ac.contacts.list().ahead_pages(4)),
    "joined": lambda ac: every(ac.contacts.joined(field_values=False, lists=False)),
    "joined, ahead": lambda ac: within(ac.contacts.joined(field_values=False, lists=False).ahead(4)),
    "changed": lambda ac: every(ac.contacts.changed(LONG_AGO)),
    "changed, ahead": lambda ac: within(ac.contacts.changed(LONG_AGO).ahead(4)),
    "get_many, of many": lambda ac: ac.contacts.get_many(range(1, 1002)),
    "find_many, of many": lambda ac: ac.contacts.find_many([f"nobody{n}@example.org" for n in range(11)]),
    "import_many": lambda ac: ac.contacts.import_many(map(row, range(600)), run_automations=False, pace=pace()),
    "import_many, of a few": lambda ac: ac.contacts.import_many([row(1)], run_automations=True, pace=pace()),
}
INTERACTIVE: dict[str, Callable[[AsyncClient], Awaitable[Any]]] = {
    "a verb": lambda ac: ac.contacts.get(1),
    "a verb that writes": lambda ac: ac.contacts.sync(email="ann@example.org"),
    "a first page": lambda ac: ac.contacts.list()._first(),
    "find": lambda ac: ac.contacts.find("ann@example.org"),
    "get_many, of few": lambda ac: ac.contacts.get_many(range(1, 1001)),
    "find_many, of few": lambda ac: ac.contacts.find_many([f"nobody{n}@example.org" for n in range(10)]),
}


async def noted(call: Callable[[AsyncClient], Awaitable[Any]]) -> Counter[Priority]:
    """As which its requests come to the limiter."""
    sandbox, line = Sandbox(contacts=550, rate=None), Noting()
    for number in range(250):
        sandbox.add_tag(f"tag {number}")
    async with client_of(sandbox, rate_limiter=line) as ac:
        await call(ac)
    assert len(line.noted) == len(sandbox.requests) > 0
    return Counter(line.noted)


@pytest.mark.parametrize("name", BULK)
async def test_nobody_waits_for_it(name: str) -> None:
    assert set(await noted(BULK[name])) == {"bulk"}


@pytest.mark.parametrize("name", INTERACTIVE)
async def test_somebody_waits_for_it(name: str) -> None:
    assert set(await noted(INTERACTIVE[name])) == {"interactive"}


async def test_somebody_waits_for_a_plan() -> None:
    planned = await noted(lambda ac: ac.contacts.joined(field_values=False, lists=False).plan())
    assert planned == {"interactive": 1, "bulk": 3}, "the first page of the contacts; all tags"


# -- slots


@define(eq=False)
class Counted(httpx.AsyncBaseTransport):
    """How many requests are under way, by the area that they ask for."""

    real: httpx.AsyncBaseTransport
    now: Counter[str] = field(factory=Counter)
    most: Counter[str] = field(factory=Counter)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        area = request.url.path.split("/")[3]
        for name in (area, "all"):
            self.now[name] += 1
            self.most[name] = max(self.most[name], self.now[name])
        try:
            return await self.real.handle_async_request(request)
        finally:
            self.now.subtract((area, "all"))


async def test_of_the_sixteen_requests_under_way_twelve_are_bulk() -> None:
    sandbox = Sandbox(contacts=40, rate=None, latency=10_000)
    tag, wire = sandbox.add_tag("vip"), Counted(sandbox.transport())
    async with client_of(sandbox, transport=wire) as ac, anyio.create_task_group() as tasks:
        with priority_of("bulk"):
            for id in sandbox.contact_ids():
                tasks.start_soon(ac.contacts.get, id)
        await anyio.sleep(1)
        assert wire.now == {"contacts": 12, "all": 12}
        for _ in range(6):
            tasks.start_soon(ac.tags.get, tag)
        await anyio.sleep(1)
        assert wire.now == {"contacts": 12, "tags": 4, "all": 16}
    assert (wire.most["contacts"], wire.most["all"]) == (12, 16)
    assert len(sandbox.requests) == 46
