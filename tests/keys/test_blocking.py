"""Fetches in worker threads: one at a time, whoever is cancelled; silent; within the call's time."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from anyio.from_thread import start_blocking_portal

from activecampaign_async import ConfigurationError, Key
from activecampaign_async.errors import KeyProviderError
from activecampaign_async.keys import Credentials
from activecampaign_async.keys._blocking import Blocking, encrypted
from activecampaign_async.keys._source import KeySource
from tests.keys.support import KEY, NEXT, shows_nothing

pytestmark = pytest.mark.anyio


class Vault(Blocking):
    """Counts who reads at the same time."""

    _talkative = ("some.vault",)

    def __init__(self, read: Callable[[], Any], **times: float) -> None:
        super().__init__("a/path", "api_key", "base_url", **{"ttl": 300.0, "stale": 900.0, "timeout": 10.0, **times})
        self.read, self.lock = read, threading.Lock()
        self.times = self.now = self.most = 0

    def _read(self) -> object:
        with self.lock:
            self.times, self.now = self.times + 1, self.now + 1
            self.most = max(self.most, self.now)
        try:
            return self.read()
        finally:
            with self.lock:
                self.now -= 1


def slow(seconds: float, answer: object = KEY) -> Callable[[], object]:
    def read() -> object:
        time.sleep(seconds)
        return answer

    return read


async def test_the_event_loop_goes_on_meanwhile() -> None:
    vault = Vault(slow(0.1))
    steps = 0

    async def count() -> None:
        nonlocal steps
        while True:
            await anyio.sleep(0.005)
            steps += 1

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(count)
        assert await vault.key() == Credentials(KEY)
        tasks.cancel_scope.cancel()
    assert steps > 5


async def test_a_storm_of_cancels_costs_one_fetch() -> None:
    vault = Vault(slow(0.1))
    got = list[Credentials]()

    async def patient(scope: anyio.CancelScope) -> None:
        with scope:
            got.append(await vault.key())

    scopes = [anyio.CancelScope() for _ in range(101)]
    async with anyio.create_task_group() as tasks:
        for scope in scopes:
            tasks.start_soon(patient, scope)
        for scope in scopes[:100]:
            await anyio.lowlevel.checkpoint()
            scope.cancel()
    assert got == [Credentials(KEY)]
    assert (vault.times, vault.most) == (1, 1)


async def test_who_has_too_little_time_each_time_gets_it_in_the_end() -> None:
    """The thread goes on, and what it brings is kept."""
    vault = Vault(slow(0.6))
    for _ in range(4):
        with pytest.raises(KeyProviderError, match="no key within"), anyio.fail_after(0.1):
            await vault.key()
    await anyio.sleep(0.4)
    with anyio.fail_after(0.1):
        assert await vault.key() == Credentials(KEY)
    assert vault.times == 1


async def test_threads_that_are_busy_with_something_else_do_not_keep_the_key_from_coming() -> None:
    done = threading.Event()

    async def occupy() -> None:
        await anyio.to_thread.run_sync(done.wait)

    async with anyio.create_task_group() as tasks:
        for _ in range(45):
            tasks.start_soon(occupy)
        await anyio.sleep(0.05)
        with anyio.fail_after(2):
            await Vault(lambda: KEY).key()
        done.set()


async def test_a_library_that_hangs_in_spite_of_its_time_limits() -> None:
    done = threading.Event()
    vault = Vault(lambda: done.wait() and KEY, timeout=0.1)
    try:
        for _ in range(2):
            with pytest.raises(KeyProviderError, match=r"no key within 0\.1 s"):
                await vault.key()
            await anyio.sleep(1)  # it backs off
        for _ in range(10):
            with pytest.raises(KeyProviderError, match="still hangs: 2 threads"):
                await vault.key()
            await anyio.sleep(0.1)
        assert vault.times == 2, "a thread for each call"
    finally:
        done.set()
    await anyio.sleep(0.05)
    assert await vault.key() == Credentials(KEY), "what came late is taken"


async def test_what_comes_late_does_not_overwrite_what_is_newer() -> None:
    done = threading.Event()
    answers: list[Callable[[], object]] = [lambda: done.wait() and KEY, lambda: NEXT]
    vault = Vault(lambda: answers.pop(0)(), timeout=0.05)
    with pytest.raises(KeyProviderError):
        await vault.key()
    await anyio.sleep(0.5)  # it backs off
    assert await vault.key() == Credentials(NEXT)
    done.set()
    await anyio.sleep(0.05)
    assert vault.now == 0
    assert await vault.key() == Credentials(NEXT)


@pytest.mark.parametrize("backends", [["asyncio", "asyncio"], ["trio", "trio"], ["asyncio", "trio"]], ids=str)
def test_one_fetch_for_all_loops(backends: list[str]) -> None:
    vault = Vault(slow(0.05))
    with ExitStack() as stack:
        portals = [stack.enter_context(start_blocking_portal(name)) for name in backends]
        asked = [portal.start_task_soon(vault.key) for portal in portals for _ in range(50)]
        assert {one.result(5) for one in asked} == {Credentials(KEY)}
    assert vault.times == 1


def test_a_loop_that_ends_in_the_middle_of_a_fetch() -> None:
    vault = Vault(slow(0.1))

    async def hurried() -> None:
        with suppress(KeyProviderError), anyio.move_on_after(0.01):  # on a busy machine both are over at once
            await vault.key()
            raise AssertionError("the fetch takes longer")

    async def patient() -> Credentials:
        return await vault.key()

    for first, second in (("asyncio", "trio"), ("trio", "asyncio")):
        vault = Vault(slow(0.1))
        anyio.run(hurried, backend=first)
        assert anyio.run(patient, backend=second) == Credentials(KEY)
        assert vault.times == 1


async def test_loggers_of_the_library_are_silent_in_our_fetches_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def chatty() -> str:
        logging.getLogger("some.vault").debug("the answer: %s", KEY)
        return KEY

    await Vault(chatty).key()
    assert not caplog.records
    chatty()
    await anyio.to_thread.run_sync(chatty)
    assert len(caplog.records) == 2


class Leaky(Exception):
    def __init__(self) -> None:
        super().__init__(KEY)
        self.response = {"token": KEY}


async def test_an_error_of_the_library_is_told_without_what_it_says() -> None:
    def read() -> str:
        local = KEY
        try:
            raise KeyError(local)
        except KeyError as exc:
            raise Leaky from exc

    with pytest.raises(KeyProviderError, match=r"Vault\('a/path'\): Leaky") as caught:
        await Vault(read).key()
    assert caught.value.provider == "Vault('a/path')"
    assert shows_nothing(caught.value)


@pytest.mark.parametrize("bad", [b"\xff", None, "", f"{KEY}\n", f'{{"k": "{KEY}"}}', {"k": KEY}, 7, [KEY]], ids=repr)
async def test_content_that_is_no_key(bad: object) -> None:
    with pytest.raises(ConfigurationError, match=r"Vault\('a/path'\): ") as caught:
        await Vault(lambda: bad).key()
    assert shows_nothing(caught.value)


@pytest.mark.parametrize(
    "url", ["https://vault.example.org:8200", "http://127.0.0.1:8200", "http://localhost", "http://[::1]:1"]
)
def test_addresses_for_secrets(url: str) -> None:
    assert encrypted("url", url) == url


@pytest.mark.parametrize(
    "url", ["http://vault:8200", "http://10.0.0.1", "vault:8200", "", "ftp://127.0.0.1", None, "http://"]
)
def test_addresses_where_secrets_would_travel_in_the_clear(url: Any) -> None:
    with pytest.raises(ConfigurationError, match="url"):
        encrypted("url", url)


FORK = """
import os, threading, time, anyio
from tests.keys.test_blocking import Vault, slow, KEY, Credentials

vault = Vault(slow(0.2))

async def hurried():
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(vault.key)
        await anyio.sleep(0.05)
        tasks.cancel_scope.cancel()

async def patient():
    with anyio.fail_after(2):
        assert await vault.key() == Credentials(KEY)

anyio.run(hurried)
vault._lock.acquire()  # as another thread may hold it
child = os.fork()
if child == 0:
    anyio.run(patient)
    os._exit(7)
vault._lock.release()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_in_the_middle_of_a_fetch() -> None:
    ran = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 0, ran.stderr


PACKAGES = [
    ("aws", "AWSSecret", "boto3"),
    ("google", "GoogleSecret", "google.cloud.secretmanager"),
    ("vault", "VaultSecret", "hvac"),
]


@pytest.mark.parametrize(("extra", "name", "library"), PACKAGES)
def test_a_missing_extra_is_named_when_the_provider_is_made(extra: str, name: str, library: str) -> None:
    program = f"""
import sys
sys.modules[{library!r}] = None
from activecampaign_async import ConfigurationError
from activecampaign_async.keys.{extra} import {name}
try:
    {name}("projects/p/secrets/s")
except ConfigurationError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert f"pip install 'activecampaign_async[{extra}]'" in ran.stdout, ran.stderr


@pytest.mark.parametrize(("extra", "name", "library"), PACKAGES)
def test_making_a_provider_loads_no_library(extra: str, name: str, library: str) -> None:
    pytest.importorskip(library)
    program = f"""
import sys
from activecampaign_async.keys.{extra} import {name}
{name}("projects/p/secrets/s")
loaded = {{"boto3", "botocore", "hvac", "requests", "google.cloud.secretmanager", "google.auth"}} & set(sys.modules)
print(loaded or "nothing")
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert ran.stdout == "nothing\n", ran.stdout + ran.stderr


async def test_a_refusal_that_the_thread_answers() -> None:
    answers = [KEY, NEXT]
    vault = Vault(lambda: answers.pop(0))
    await vault.key()
    assert await vault.key(Key(KEY)) == Credentials(NEXT)


async def test_a_provider_that_holds_up_the_event_loop(anyio_backend_name: str) -> None:
    """The call's end and the one before it, for the key, have both passed by the time anybody looks."""

    class Holding:
        async def key(self, refused: Key | None = None) -> Key:
            time.sleep(0.15)  # noqa: ASYNC251 - the point
            await anyio.sleep(1)
            return Key(KEY)

    source = KeySource(Holding(), str, "https://acme.api-us1.com")
    with pytest.raises(KeyProviderError, match="Holding gave no key within"), anyio.fail_after(0.1):
        await source.ask()
    await anyio.lowlevel.checkpoint()  # nothing is left of the cancellation
    if anyio_backend_name == "asyncio":
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0


async def test_a_call_that_was_cancelled_before_its_time_stays_so() -> None:
    source = KeySource(Vault(slow(0.1)), str, "https://acme.api-us1.com")
    with anyio.move_on_after(5) as scope:
        scope.cancel()
        await source.ask()
    assert scope.cancelled_caught
