"""The matrix again where it is real: HTTPS on loopback, sockets that are refused, hang and break off."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from activecampaign_async import AsyncClient, RetryPolicy, _http, _progress, _retry
from activecampaign_async.sandbox import Sandbox
from activecampaign_async.sandbox._server import Server

from .beds import TRUSTING, Bed
from .matrix import EVERY, VERBS, Fault, Outcomes
from .test_scenarios import outcome

pytestmark = pytest.mark.anyio

SHORTER: dict[str, dict[str, Any]] = {"503": {"retry_after": 0}, "slow": {"seconds": 0.1}}


_numbers = count()


class Unpaced:
    """Never waits, learns nothing."""

    async def acquire(self) -> None:
        await anyio.lowlevel.checkpoint()

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        pass


def client(url: str, context: ssl.SSLContext, key: str = "some-key", proxy: str | None = None) -> AsyncClient:
    return AsyncClient(
        url,
        key,
        ssl_context=context,
        proxy=proxy,
        trust_env=False,
        rate_limiter=Unpaced(),
        retry=RetryPolicy(base=0),
        account=f"{url} {next(_numbers)}",  # else all on this host would share a 402
    )


async def of_every_verb(bed: Bed, numbers: Iterable[int] = range(len(VERBS))) -> Outcomes:
    """The five calls, side by side."""
    found = {}

    async def one(verb: str, number: int) -> None:
        found[verb] = await outcome(bed, verb, number)

    async with anyio.create_task_group() as tasks:
        for number, verb in zip(numbers, VERBS, strict=True):
            tasks.start_soon(one, verb, number)
    left = await bed.left_behind()
    left.pop("threads", None)  # what looks up names lives on
    assert not left
    return tuple(found[verb] for verb in VERBS)


@pytest.fixture(scope="module")
async def served(anyio_backend: Any) -> AsyncIterator[tuple[Sandbox, Server]]:
    account = Sandbox(rate=None)
    async with account.serve() as server:
        yield account, server


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in EVERY if f.on == "account"])
async def test_over_https(fault: Fault, served: tuple[Sandbox, Server], monkeypatch: pytest.MonkeyPatch) -> None:
    account, server = served
    monkeypatch.setattr(_retry, "STRAY_403", 0.0)
    if fault.kind.startswith("hang"):
        monkeypatch.setattr(_http, "PHASES", httpx.Timeout(5, read=0.4))
    if "90 s" in fault.said:
        monkeypatch.setattr(_progress, "ANSWERED", 0.4)
    account.heal()
    numbers = [account.add_tag(f"{fault.name} {verb}") for verb in VERBS]
    async with client(server.url, server.ssl_context(), account.key) as ac:
        await ac.users.me()
        bed = Bed(account, ac)
        for number, verb in zip(numbers, VERBS.values(), strict=True):
            account.fail(fault.kind, path=verb.path(number), **{**fault.options, **SHORTER.get(fault.kind, {})})
        assert await of_every_verb(bed, numbers) == fault.once


@contextmanager
def listening(says: bytes | None) -> Iterator[int]:
    """Somebody who says this to whoever connects, and hangs up; or says nothing, ever. No task of the loop's."""
    over, kept = threading.Event(), list[socket.socket]()

    def serve() -> None:
        while True:
            stream, _ = listener.accept()
            if over.is_set() or says is None:
                kept.append(stream)
            else:
                with stream, suppress(OSError):
                    if says:
                        stream.recv(65536)
                    stream.sendall(says)
            if over.is_set():
                break
        for stream in kept:
            stream.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            socket.create_connection(listener.getsockname()).close()  # wakes it
            thread.join()


@contextmanager
def nobody() -> Iterator[int]:
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


CONNECTIONS: dict[str, Any] = {
    "connection refused": nobody,
    "the TLS handshake breaks off": lambda: listening(b""),
    "the TLS handshake hangs": lambda: listening(None),
    "proxy: connection refused": nobody,
    "proxy: answers 502": lambda: listening(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
    "proxy: answers 407": lambda: listening(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n"),
    "proxy: hangs": lambda: listening(None),
    "proxy: hangs up": lambda: listening(b""),
}


@pytest.mark.parametrize("said", CONNECTIONS)
async def test_no_connection(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, "PHASES", httpx.Timeout(0.2))
    with CONNECTIONS[said]() as port:
        await no_connection(said, f"https://localhost:{port}", f"http://127.0.0.1:{port}")


async def test_no_such_name() -> None:
    await no_connection("the host's name is not found", "https://nowhere.invalid")


async def test_a_stranger(served: tuple[Sandbox, Server]) -> None:
    await no_connection("the certificate does not verify", served[1].url)


async def no_connection(said: str, url: str, proxy: str | None = None) -> None:
    (fault,) = (fault for fault in EVERY if fault.said == said)
    async with client(url, TRUSTING, proxy=proxy if fault.on == "proxy" else None) as ac:
        assert await of_every_verb(Bed(Sandbox(rate=None), ac)) == fault.always
