"""The backends of every test: asyncio and trio, in real or in virtual time.

An async module says `pytestmark = pytest.mark.anyio` and each of its tests runs on both. One that waits
says `pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]`: as soon as every task sleeps, the clock
jumps to the next deadline, so that `anyio.sleep(3600)` takes no time. Such a module hands
`anyio.current_time` on as the clock of what it tests. Sockets and worker threads have no place in it: the
clock does not wait for them. Each test begins at 0; on trio, Hypothesis's examples share one clock.
"""

from __future__ import annotations

import asyncio
import os
import selectors
from typing import TYPE_CHECKING, Any

import pytest
import trio.testing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class _Selector(selectors.DefaultSelector):
    """Polls, and moves the clock on where it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # no timer is set: only a socket or a thread can go on
            return super().select(None)
        ready = super().select(0)
        if not ready and timeout > 0:
            self.now += timeout
        return ready


class _VirtualTimeLoop(asyncio.SelectorEventLoop):
    """asyncio's counterpart of `trio.testing.MockClock(autojump_threshold=0)`."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    name: str = request.param
    if request.node.get_closest_marker("virtual_time") is None:
        return name, {}
    if name == "asyncio":
        return name, {"loop_factory": _VirtualTimeLoop}
    return name, {"clock": trio.testing.MockClock(autojump_threshold=0)}


@pytest.fixture(autouse=True)
def _time_begins_at_zero(request: pytest.FixtureRequest) -> None:
    """Each test has a clock of its own, though the backend is chosen once for a module."""
    if "anyio_backend" in request.fixturenames:
        _, options = request.getfixturevalue("anyio_backend")
        if "clock" in options:
            options["clock"] = trio.testing.MockClock(autojump_threshold=0)


@pytest.fixture(scope="session", autouse=True)
def _nothing_from_outside() -> Iterator[None]:
    """No test sees a developer's own account, proxy or CA."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("AC_API_", "SSL_CERT_")) or name.upper().endswith("_PROXY"):
                patch.delenv(name)
        yield


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Refuse the mark where it has no effect: the backend is chosen once for a module."""
    for item in items:
        module = item.getparent(pytest.Module) or item
        if item.get_closest_marker("virtual_time") and not module.get_closest_marker("virtual_time"):
            raise pytest.UsageError(f"{item.nodeid}: mark the module `virtual_time`, not the test")
