"""What a server can do to us with an answer: each ends in a typed error, soon, and in little memory. Real TLS."""

from __future__ import annotations

import gzip
import json
import random
import ssl
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterable
from itertools import chain, repeat
from typing import Any

import anyio
import anyio.lowlevel
import pytest
import trustme

from activecampaign_async import AsyncClient, LocalLimiter, RetryPolicy, _json, errors as e
from activecampaign_async._body import LARGEST, PIECES, ROUND, STEP, read

from .hostile import Hostile, answer, authority, hostile, trusting

pytestmark = pytest.mark.anyio

MB = 2**20
GZIP = "Content-Encoding: gzip"
GZIP_HEAD = {flags: b"\x1f\x8b\x08%c" % flags + bytes(5) + b"\x03" for flags in (0, 8)}  # 8: a file's name follows
ZEROS = gzip.compress(bytes(62 * MB))
PACKED = gzip.compress(b'{"contacts": [], "x": "' + b"lorem ipsum " * 2000 + b'"}')


def in_chunks(*chunks: bytes, headers: Iterable[str] = ()) -> bytes:
    head = "\r\n".join(["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", *headers, "", ""]).encode()
    return head + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)


def endless(*headers: str, piece: bytes = bytes(MB), first: bytes = b"") -> Callable[[bytes], Iterable[bytes]]:
    def script(_: bytes) -> Iterable[bytes]:
        yield in_chunks(*filter(None, [first]), headers=headers)
        while True:
            yield b"%x\r\n%b\r\n" % (len(piece), piece)

    return script


def once(said: bytes) -> Callable[[bytes], Iterable[bytes | float]]:
    """And then hangs up."""
    return lambda _: [said, -1.0]


def of_zeros(of: int) -> bytes:
    """A stream of deflate that unpacks to so many MB, as `ZEROS`."""
    return gzip.compress(bytes(of * MB))


TOO_LARGE = e.ResponseTooLargeError
LARGE: dict[str, Callable[[bytes], Iterable[bytes | float]]] = {
    "64 kB of gzip that are 62 MB": once(answer(ZEROS, GZIP)),
    "the same, in one chunk": once(in_chunks(ZEROS, b"", headers=[GZIP])),
    "the same, byte by byte at first": once(
        in_chunks(*(ZEROS[i : i + 1] for i in range(50)), ZEROS[50:], b"", headers=[GZIP])
    ),
    "the same, by its other name": once(answer(ZEROS, "Content-Encoding: X-GZip ")),
    "many small bombs in a row": once(answer(of_zeros(2) * 30, GZIP)),
    "a gzip's own file name, without end": endless(GZIP, first=GZIP_HEAD[8], piece=b"a" * MB),
    "gzip blocks of nothing": endless(GZIP, first=GZIP_HEAD[0], piece=b"\x00\x00\x00\xff\xff" * 200_000),
    "gzips of nothing": endless(GZIP, piece=gzip.compress(b"") * 50_000),
    "chunks of two bytes": lambda _: chain([in_chunks()], repeat(b"2\r\n  \r\n" * 10_000)),
    "announced": once(answer(b"{", length=10**12)),
    "announced, and packed": once(answer(PACKED, GZIP, length=10**12)),
    "never ends": endless(),
    "never ends, packed": endless(GZIP, piece=ZEROS),
    "until the connection is closed": lambda _: [b"HTTP/1.1 200 OK\r\n\r\n", *[bytes(MB)] * 40, -1.0],
    "a refusal that never ends": lambda _: [b"HTTP/1.1 500 Oops\r\n\r\n", *[bytes(MB)] * 40, -1.0],
    "headers": once(answer(b"{}", *(f"X-{n}: x" for n in range(201)))),
    "cookies": once(answer(b"{}", *(f"Set-Cookie: a{n}=x" for n in range(201)))),
}
BROKEN: dict[str, Callable[[bytes], Iterable[bytes | float]]] = {
    "one header of 1 MB": once(answer(b"{}", f"X: {'x' * MB}")),
    "headers that never end": lambda _: [b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n" * 10_000] * 10, -1.0],
    "a reason that never ends": lambda _: [b"HTTP/1.1 200 ", *[b"OK" * 10_000] * 20, -1.0],
    "a chunk's length that never ends": lambda _: [in_chunks(), *[b"0" * 10_000] * 20, -1.0],
    "trailers that never end": lambda _: [in_chunks() + b"0\r\n", *[b"X: y\r\n" * 10_000] * 20, -1.0],
    "an encoding that was not asked for": once(answer(b"{}", "Content-Encoding: br")),
    "packed twice": once(answer(gzip.compress(ZEROS), "Content-Encoding: gzip, gzip")),
    "deflate": once(answer(zlib.compress(bytes(62 * MB)), "Content-Encoding: deflate")),
    "no gzip": once(answer(b"\x1f\x8b\x08\x00nonsense", GZIP)),
    "half a gzip": once(answer(PACKED[:-20], GZIP)),
    "a gzip whose sum is wrong": once(answer(PACKED[:-8] + b"12345678", GZIP)),
    "half a body": once(answer(b"{}", length=50)),
    "no HTTP": once(b"SSH-2.0-OpenSSH\r\n"),
    "a NUL in a header": once(b"HTTP/1.1 200 OK\r\nX: \x00\r\n\r\n"),
    "two lengths": once(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\n{}"),
    "a length below zero": once(b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}"),
    "another protocol": once(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
}


def client(server: Hostile, **options: Any) -> AsyncClient:
    options.setdefault("retry", RetryPolicy(1))
    limiter = LocalLimiter(1e6)
    return AsyncClient(server.url, "key", ssl_context=trusting(), account=server.url, rate_limiter=limiter, **options)


class Cost:
    """Time and memory of a block, and how long it held up the event loop."""

    seconds = megabytes = 0.0
    held = 0.0

    async def beat(self) -> None:
        while True:
            begun = time.perf_counter()
            await anyio.sleep(0.001)
            self.held = max(self.held, time.perf_counter() - begun - 0.001)

    async def of(self, call: Callable[[], Any]) -> BaseException | None:
        """What it raises."""
        error: BaseException | None = None
        tracemalloc.start()
        begun = time.perf_counter()
        try:
            await call()
        except e.ActiveCampaignError as exc:
            error = exc
        self.seconds = time.perf_counter() - begun
        self.megabytes = tracemalloc.get_traced_memory()[1] / MB
        tracemalloc.stop()
        return error


@pytest.mark.parametrize("name", [*LARGE, *BROKEN])
async def test_an_answer_beyond_bounds(name: str) -> None:
    cost, kind = Cost(), TOO_LARGE if name in LARGE else e.TransportError
    with hostile((LARGE | BROKEN)[name]) as server:
        async with client(server) as ac:
            error = await cost.of(lambda: ac.contacts.get(1))
            assert type(error) is kind, error
            assert cost.megabytes < (20 if "the same" in name or "62 MB" in name else 40)
            assert cost.seconds < 10
        if kind is TOO_LARGE:  # not asked for again, whatever the policy says
            asked = len(server.heard)
            async with client(server, retry=RetryPolicy(4, base=0.0)) as ac:
                with pytest.raises(e.ResponseTooLargeError) as caught:
                    await ac.contacts.get(1)
            assert len(server.heard) == asked + 1
            assert caught.value.attempts == 1


async def test_a_write_whose_answer_is_too_large_may_have_happened() -> None:
    with hostile(once(answer(ZEROS, GZIP))) as server:
        async with client(server) as ac:
            with pytest.raises(e.OutcomeUnknownError) as caught:
                await ac.tags.create(tag="new")
    assert isinstance(caught.value.__cause__, e.ResponseTooLargeError)
    assert len(server.heard) == 1


SMALL_ROWS = b'{"contacts": [' + b",".join(b'{"id":"%d"}' % n for n in range(1, 100_002)) + b"]}"
MANY = {
    "empty objects": b'{"contacts": [' + b"{}," * 2_000_000 + b"{}]}",
    "empty lists": b'{"contacts": [' + b"[]," * 2_000_000 + b"[]]}",
    "numbers": b'{"contacts": [' + b"1," * 3_000_000 + b"1]}",
}


@pytest.mark.parametrize("name", MANY)
async def test_more_values_than_memory_is_spent_on(name: str) -> None:
    """Within the bound for bytes, each of them may take thirty times its size."""
    assert _json._LARGE < len(MANY[name]) < LARGEST
    with hostile(once(answer(MANY[name]))) as server:
        async with client(server) as ac:
            with pytest.raises(e.ResponseTooLargeError, match="more than 2,000,000 values") as caught:
                await ac.contacts.list()
    assert caught.value.attempts == 1
    assert not caught.value.may_have_been_processed


async def test_more_rows_than_any_list_has() -> None:
    with hostile(once(answer(SMALL_ROWS))) as server:
        async with client(server) as ac:
            with pytest.raises(e.DecodeError, match="contacts: more than 100,000 rows in one answer"):
                await ac.contacts.list()


async def test_the_largest_that_is_taken() -> None:
    """Just below the bound, packed and plain; the rows of honest pages are never near."""
    words = [f"{random.Random(n).random()}" for n in range(1000)]
    body = json.dumps({"contact": {"id": "1", "x": words * ((LARGEST - 100) // len(json.dumps(words)))}}).encode()
    assert len(body) > LARGEST - MB
    packed = gzip.compress(body, 1)
    assert len(body) < 200 * len(packed)
    for said in (answer(body), answer(packed, GZIP)):
        with hostile(once(said)) as server:
            async with client(server) as ac:
                assert (await ac.contacts.get(1)).id == 1


@pytest.mark.parametrize("name", ["honest", "bomb", "empty members", "one byte each"])
async def test_unpacking_does_not_hold_up_the_loop(name: str) -> None:
    text = b"".join(b"%d," % random.Random(n).getrandbits(40) for n in range(200_000)) * 8
    packed = {
        "honest": gzip.compress(text, 1),
        "bomb": ZEROS,
        "empty members": gzip.compress(b"") * 20_000,
        "one byte each": gzip.compress(b" ") * 20_000,
    }[name]
    assert STEP < len(text) < LARGEST
    cost, best = Cost(), 1.0
    with hostile(lambda _: [answer(packed, GZIP, status="500 No")]) as server:  # whose body is not parsed, nearly
        async with client(server) as ac, anyio.create_task_group() as tasks:
            await Cost().of(ac.users.me)
            tasks.start_soon(cost.beat)
            for _ in range(5):  # others use this machine, too
                cost.held = 0.0
                with pytest.raises(e.ActiveCampaignError):
                    await ac.users.me()
                best = min(best, cost.held)
            tasks.cancel_scope.cancel()
    assert best < 0.05


async def test_small_chunks_let_others_run() -> None:
    """Where all of them are there already, nothing else would."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await anyio.lowlevel.checkpoint()
            turns += 1

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(PIECES):
            yield b" "

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(others)
        assert await read(chunks(), "") == b" " * PIECES
        tasks.cancel_scope.cancel()
    assert turns > PIECES / ROUND / 4


DEEP = 100_000
NESTED = {
    "lists": b'{"contact": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "objects": b'{"contact": ' + b'{"a":' * DEEP + b"1" + b"}" * (DEEP + 1),
    "not closed": b"[" * DEEP,
    "in an extra": b'{"contact": {"id": "1", "x": ' + b"[" * 900 + b"]" * 900 + b"}}",
}


@pytest.mark.parametrize("status", ["200 OK", "422 No", "500 Oops", "403 No"])
@pytest.mark.parametrize("name", NESTED)
async def test_json_nested_too_deep(name: str, status: str) -> None:
    """A typed error, or a result that can be printed and copied."""
    with hostile(lambda _: [answer(NESTED[name], status=status)]) as server:
        async with client(server) as ac:
            if name == "in an extra" and status == "200 OK":
                found = await ac.contacts.get(1)
                assert found.to_dict()["id"] == "1"
                assert repr(found)
                return
            with pytest.raises(e.ActiveCampaignError) as caught:
                await ac.contacts.get(1)
            assert isinstance(caught.value, e.DecodeError if status == "200 OK" else e.APIError)
            assert repr(caught.value)


WHERE = [
    "https://elsewhere.example/",
    "//elsewhere.example",
    "/api/3/contacts/1",
    "http://localhost:1/",
    "https://[",
    "javascript:alert(1)",
    "https://\x7f/",
    "https://user:password@elsewhere.example:99999/",
    "x" * 60_000,
    "",
]


@pytest.mark.parametrize("code", [300, 301, 302, 303, 304, 305, 307, 308, 399])
async def test_no_redirect_is_followed(code: int) -> None:
    for where in WHERE:
        with hostile(once(answer(b"", f"Location: {where}", status=f"{code} x"))) as server:
            async with client(server, retry=RetryPolicy(4, base=0.0)) as ac:
                with pytest.raises(e.RedirectError) as caught:
                    await ac.contacts.get(1)
        assert len(server.heard) == server.taken == 1
        assert len(str(caught.value)) < 2000
        assert "password" not in str(caught.value)


async def test_no_cookie_is_kept() -> None:
    with hostile(lambda _: [answer(b'{"contact": {"id": "1"}}', "Set-Cookie: a=tracked; path=/")]) as server:
        async with client(server) as ac:
            for _ in range(3):
                await ac.contacts.get(1)
    assert len(server.heard) == 3
    assert not any(b"ookie" in asked for asked in server.heard)


async def test_a_certificate_that_no_longer_verifies() -> None:
    """The connection is made anew, and somebody else is there: nothing is sent, and nothing is tried again."""
    stranger = trustme.CA()
    with hostile(lambda _: [answer(b'{"contact": {"id": "1"}}', "Connection: close"), -1.0]) as server:
        server.context = fresh = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority().issue_cert("localhost").configure_cert(fresh)
        async with client(server, retry=RetryPolicy(4, base=0.0)) as ac:
            assert (await ac.contacts.get(1)).id == 1
            stranger.issue_cert("localhost").configure_cert(fresh)
            with pytest.raises(e.TLSError, match="does not verify") as caught:
                await ac.tags.create(tag="new")
            assert caught.value.attempts == 1
            assert not caught.value.may_have_been_processed
            authority().issue_cert("localhost").configure_cert(fresh)
            assert (await ac.contacts.get(1)).id == 1
    assert [asked.partition(b" ")[0] for asked in server.heard] == [b"GET", b"GET"]
