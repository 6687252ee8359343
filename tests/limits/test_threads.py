"""One limiter, two threads with an event loop each, and a clock that only the test moves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, given, settings, strategies as st

from activecampaign_async import LocalLimiter

RATE = 5.0
Ops = list[tuple[str, Any]]


@pytest.fixture(scope="module", params=["asyncio", "trio", "both"])
def portals(request: pytest.FixtureRequest) -> Iterator[list[BlockingPortal]]:
    backends = ["asyncio", "trio"] if request.param == "both" else [request.param] * 2
    with ExitStack() as stack:
        yield [stack.enter_context(start_blocking_portal(name)) for name in backends]


class World:
    """Two loops, a clock, and what was granted when."""

    def __init__(self, portals: list[BlockingPortal]) -> None:
        self.portals, self.now, self.lock = portals, 0.0, threading.Lock()
        self.sleepers: list[tuple[float, Any, anyio.Event]] = []
        self.limiter = LocalLimiter(RATE, clock=lambda: self.now, sleep=self.sleep)
        self.asked: list[tuple[int, Future[None]]] = []
        self.granted: list[tuple[int, float]] = []

    async def sleep(self, seconds: float) -> None:
        native: Any = anyio.lowlevel.current_token().native_token
        call_soon = getattr(native, "call_soon_threadsafe", None) or native.run_sync_soon
        event = anyio.Event()
        with self.lock:
            self.sleepers.append((self.now + seconds, call_soon, event))
        await event.wait()

    def settle(self) -> None:
        async def run_what_is_ready() -> None:
            for _ in range(6):
                await anyio.lowlevel.checkpoint()

        for _ in range(2):
            for portal in self.portals:
                portal.call(run_what_is_ready)

    def acquire(self, which: int) -> None:
        number = len(self.asked)

        async def one() -> None:
            await self.limiter.acquire()
            self.granted.append((number, self.now))

        self.asked.append((number, self.portals[which].start_task_soon(one)))

    def waiting(self) -> list[int]:
        return [number for number, future in self.asked if not future.done()]

    def advance(self, until: float) -> None:
        while due := sorted((s for s in self.sleepers if s[0] <= until), key=lambda s: s[0]):
            self.now = max(self.now, due[0][0])
            with self.lock:
                self.sleepers.remove(due[0])
            due[0][1](due[0][2].set)
            self.settle()
            self.check()
        self.now = until

    def check(self) -> None:
        times = [at for _, at in self.granted]
        assert all(b - a >= 1 / RATE - 1e-6 for a, b in pairwise(times)), "a gap below the limit"
        order = [number for number, _ in self.granted]
        assert order == sorted(order), "somebody was overtaken"
        if self.waiting():
            due = max(self.limiter._next, self.limiter._resume)
            assert due > self.now - 1e-6, "an idle slot while somebody waits"


ops = st.lists(
    st.one_of(
        st.tuples(st.just("acquire"), st.integers(0, 1)),
        st.tuples(st.just("acquire"), st.integers(0, 1)),
        st.tuples(st.just("cancel"), st.integers(0, 30)),
        st.tuples(st.just("refuse"), st.sampled_from(["", "0", "1", "2"])),
        st.tuples(st.just("advance"), st.floats(0.001, 2)),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ops=ops)
def test_any_mix_from_two_threads(portals: list[BlockingPortal], ops: Ops) -> None:
    world = World(portals)
    for verb, value in ops:
        if verb == "acquire":
            world.acquire(value)
        elif verb == "cancel" and (waiting := world.waiting()):
            world.asked[waiting[value % len(waiting)]][1].cancel()
        elif verb == "refuse":
            world.limiter.observe(429, {"retry-after": value} if value else {})
        elif verb == "advance":
            world.advance(world.now + value)
        world.settle()
        world.check()
    world.advance(world.now + 100)
    assert not world.waiting()
    assert not world.limiter._line
