"""The in-process transport: timeouts, streaming, cancellation."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext
from typing import Any

import anyio
import httpx
import pytest

from activecampaign_async import DeadlineError, OutcomeUnknownError, TransportError
from activecampaign_async.sandbox import Sandbox
from activecampaign_async.sandbox._clock import EventLoopClock
from tests.support import client_of

from .support import asking

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


@pytest.mark.parametrize(
    ("kind", "error", "after"),
    [
        ("hang", httpx.ReadTimeout, 4),
        ("no_connect", httpx.ConnectTimeout, 1),
        ("no_write", httpx.WriteTimeout, 3),
        ("no_pool", httpx.PoolTimeout, 2),
    ],
)
async def test_each_phase_has_its_timeout(kind: str, error: type[Exception], after: float) -> None:
    sandbox = Sandbox(rate=None)
    sandbox.fail(kind)
    async with asking(sandbox, timeout=httpx.Timeout(connect=1, pool=2, write=3, read=4)) as client:
        start = anyio.current_time()
        with pytest.raises(error):
            await client.get("/tags")
        assert anyio.current_time() - start == pytest.approx(after)


@pytest.mark.parametrize("latency", [1500, 4000])
async def test_a_late_answer_is_a_read_timeout_and_the_request_arrives(latency: float) -> None:
    sandbox = Sandbox(rate=None, latency=latency)
    async with asking(sandbox, timeout=1.0) as client:
        start = anyio.current_time()
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/tags", json={"tag": {"tag": "A"}})
        assert anyio.current_time() - start == pytest.approx(1.0)
    assert len(sandbox.rows("tags")) == 1
    assert sandbox.requests[0].time == pytest.approx(start + latency / 2000)


async def test_without_a_timeout_a_hang_lasts() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.fail("hang")
    async with asking(sandbox, timeout=None) as client:
        with anyio.move_on_after(1_000_000) as scope:
            await client.get("/tags")
    assert scope.cancelled_caught


async def test_the_body_is_streamed() -> None:
    sandbox = Sandbox(contacts=20, rate=None)
    sandbox.fail("slow", seconds=2)
    start = anyio.current_time()
    async with asking(sandbox) as client, client.stream("GET", "/contacts") as answer:
        assert anyio.current_time() == start
        arrivals = [anyio.current_time() - start async for _ in answer.aiter_raw()]
    assert arrivals == pytest.approx([2 * n for n in range(1, 9)])


async def test_half_a_body_is_an_error() -> None:
    sandbox = Sandbox(contacts=20, rate=None)
    sandbox.fail("truncated")
    async with asking(sandbox) as client, client.stream("GET", "/contacts") as answer:
        pieces = answer.aiter_raw()
        assert len(await anext(pieces)) == int(answer.headers["content-length"]) // 2
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            await anext(pieces)


async def test_a_streamed_request_body() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b'{"tag": '
        await anyio.sleep(1)
        yield b'{"tag": "A", "tagType": "contact"}}'

    sandbox = Sandbox(rate=None)
    async with asking(sandbox) as client:
        assert (await client.post("/tags", content=body())).status_code == 201


MAKES = "connection.start_tls.started"
DEPARTS = "http11.send_request_headers.started"


@pytest.mark.parametrize(
    ("kind", "events"),
    [
        (None, [MAKES, DEPARTS]),
        ("hang", [MAKES, DEPARTS]),
        ("refused", []),
        ("no_pool", []),
        ("no_connect", [MAKES]),
        ("no_write", [MAKES, DEPARTS]),
    ],
)
async def test_the_trace_hook_is_told_how_far_a_request_has_come(kind: str | None, events: list[str]) -> None:
    told: list[str] = []

    async def hook(event: str, info: Mapping[str, Any]) -> None:
        told.append(event)
        if event == MAKES:
            assert info["ssl_context"].verify_mode == ssl.CERT_REQUIRED
        if event == DEPARTS:
            assert info["request"].method == b"POST"
            assert not sandbox.requests
            await anyio.sleep(10)  # as a client that waits for its turn: no part of any timeout

    sandbox = Sandbox(rate=None)
    if kind is not None:
        sandbox.fail(kind)
    async with asking(sandbox, timeout=1.0) as client:
        with nullcontext() if kind is None else pytest.raises(httpx.HTTPError):
            await client.post("/tags", json={"tag": {"tag": "A"}}, extensions={"trace": hook})
    assert told == ["sandbox.request.started", *events]


async def test_what_the_trace_hook_raises_ends_the_request_before_it_departs() -> None:
    async def hook(event: str, info: Mapping[str, Any]) -> None:
        if event == DEPARTS:
            raise LookupError

    sandbox = Sandbox(rate=None)
    async with asking(sandbox) as client:
        with pytest.raises(LookupError):
            await client.get("/tags", extensions={"trace": hook})
    assert sandbox.requests == []


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize(
    ("kind", "error", "may_have"),
    [
        ("no_pool", DeadlineError, False),
        ("no_connect", DeadlineError, False),
        ("no_write", OutcomeUnknownError, True),
        ("hang", OutcomeUnknownError, True),
    ],
)
async def test_a_client_whose_time_is_up_knows_whether_the_request_has_left(
    kind: str, error: type[TransportError], may_have: bool, warm: bool
) -> None:
    sandbox = Sandbox(contacts=1, rate=None)
    async with client_of(sandbox, timeout=2) as ac:
        if warm:
            await ac.contacts.get(1)
        sandbox.fail(kind, always=True)
        with pytest.raises(error) as caught:
            await ac.contacts.create(email="ann@example.org")
    assert type(caught.value) is error
    assert caught.value.may_have_been_processed is may_have
    assert sandbox.processed["POST /contacts"] == 0


class _Cancelling(EventLoopClock):
    """Cancels a scope at the n-th sleep."""

    def __init__(self, scope: anyio.CancelScope, turn: int) -> None:
        self._scope, self._left = scope, turn

    async def sleep(self, seconds: float) -> None:
        self._left -= 1
        if self._left == 0:
            self._scope.cancel()
        await super().sleep(seconds)


async def test_cancelled_at_each_checkpoint() -> None:
    """Cancelled before it is sent nothing arrives, afterwards it does; the next request is none the worse."""
    processed: list[bool] = []
    for turn in range(1, 20):
        with anyio.CancelScope() as scope:
            sandbox = Sandbox(rate=None, latency=20, clock=_Cancelling(scope, turn))
            async with asking(sandbox) as client:
                await client.post("/tags", json={"tag": {"tag": "A"}})
        processed.append(len(sandbox.rows("tags")) == 1)
        if not scope.cancelled_caught:
            break
        async with asking(sandbox) as client:
            assert (await client.get("/tags")).status_code == 200
    assert processed == [False, True, True, True]
