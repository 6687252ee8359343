"""Virtual time: as soon as every task sleeps, the clock jumps to the next deadline. No sockets, no threads."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeVar

import anyio
import trio.testing

from activecampaign_async import AsyncClient, LocalLimiter
from activecampaign_async.sandbox import Sandbox

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Moves the clock on where it would have waited."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self.now += timeout
        return ready


class _Loop(asyncio.SelectorEventLoop):
    """asyncio's counterpart of trio's autojump clock."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


def client(sandbox: Sandbox, rate: float) -> AsyncClient:
    """Ours, in process, paced by that clock."""
    limiter = LocalLimiter(rate, clock=anyio.current_time)
    return AsyncClient(sandbox.url, sandbox.key, transport=sandbox.transport(), rate_limiter=limiter)


def run(backend: Literal["asyncio", "trio"], main: Callable[..., Awaitable[T]], *args: Any) -> T:
    """What `main(*args)` comes to, without waiting."""
    options: dict[str, Any] = {"loop_factory": _Loop}
    if backend == "trio":
        options = {"clock": trio.testing.MockClock(autojump_threshold=0)}
    return anyio.run(main, *args, backend=backend, backend_options=options)
