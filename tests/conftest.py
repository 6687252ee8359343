"""The backends of every test: asyncio and trio, in real or in virtual time.

An async module says `pytestmark = pytest.mark.anyio` and each of its tests runs on both. One that waits
says `pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]`: as soon as every task sleeps, the clock
jumps to the next deadline, so that `anyio.sleep(3600)` takes no time. Such a module hands
`anyio.current_time` on as the clock of what it tests. Sockets have no place in it: the clock does not wait
for them. Nor would it for a worker thread, whose work is therefore done in the loop's own. Each test begins
at 0; on trio, Hypothesis's examples share one clock.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
from typing import TYPE_CHECKING, Any

import anyio.lowlevel
import anyio.to_thread
import pytest
import trio.testing
from hypothesis import HealthCheck, settings

from activecampaign_async._account import accounts
from activecampaign_async.resources._contact_imports import paces
from tests.support import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


# A busy machine is no failure.
settings.register_profile(
    "unhurried", max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")


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


class _NoThreads:
    """Stands in for anyio's backend where `run_sync` looks for one."""

    @staticmethod
    async def run_sync_in_worker_thread(work: Callable[..., object], args: tuple[Any, ...], **_: object) -> object:
        await anyio.lowlevel.checkpoint()
        return work(*args)


@pytest.fixture(autouse=True)
def _threads_take_no_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """Else the clock, which knows of no thread, jumps to the next deadline while one is at work."""
    virtual = request.node.get_closest_marker("virtual_time") and "anyio_backend" in request.fixturenames
    with pytest.MonkeyPatch.context() as patch:
        if virtual:
            patch.setattr(anyio.to_thread, "get_async_backend", _NoThreads)
        yield


@pytest.fixture(autouse=True)
def _accounts_are_new() -> None:
    """Ports come again: one may be that of an account which, a moment ago, had to pay first."""
    for kept in (accounts, paces):
        kept._alive, kept._kept = type(kept._alive)(), {}


@pytest.fixture(scope="session", autouse=True)
def _nothing_from_outside() -> Iterator[None]:
    """No test sees a developer's own account, proxy or CA; no pytest that a test starts sees this one's options."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("AC_API_", "SSL_CERT_", "PYTEST_ADDOPTS")) or name.upper().endswith("_PROXY"):
                patch.delenv(name)
        yield


def pytest_configure() -> None:
    """A job in the background ignores SIGINT, and so would every command that a test starts and interrupts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have to tell, once: by `user_properties`, since other processes may run them."""
    reports = terminalreporter.stats.get("passed", ())
    told = {text: report.nodeid for report in reports for name, text in report.user_properties if name == "told"}
    for text, test in told.items():
        terminalreporter.section(test)
        terminalreporter.write_line(text)


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Refuse the mark where it has no effect: the backend is chosen once for a module. With `AC_BUSY`, what waits for
    processes and sockets has two more tries: other things use the machine, too.
    """
    for item in items:
        module = item.getparent(pytest.Module) or item
        if item.get_closest_marker("virtual_time") and not module.get_closest_marker("virtual_time"):
            raise pytest.UsageError(f"{item.nodeid}: mark the module `virtual_time`, not the test")
        if os.environ.get("AC_BUSY") and waits(item):
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=5))


def waits(item: pytest.Item) -> bool:
    """Whether a busy machine may be why it fails. Hypothesis has its own time, and a key that leaks does so once."""
    own_time = item.get_closest_marker("virtual_time") or hasattr(getattr(item, "obj", None), "hypothesis")
    return not own_time and "security" not in item.path.parts
