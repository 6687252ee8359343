"""The sandbox as an httpx transport: no socket, but timeouts, half bodies, broken connections."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx

from ._clock import Clock
from ._wire import Answer, Ask, Pause

if TYPE_CHECKING:
    from ._sandbox import Sandbox

_STOPPED: dict[str, tuple[str, type[httpx.TimeoutException]]] = {
    "no_connect": ("connect", httpx.ConnectTimeout),
    "no_write": ("write", httpx.WriteTimeout),
    "no_pool": ("pool", httpx.PoolTimeout),
}

Trace = Callable[[str, Mapping[str, Any]], Awaitable[object]]


class SandboxTransport(httpx.AsyncBaseTransport):
    """Hands each request to the sandbox, and back what comes: an answer, or what a broken wire raises."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        clock = self._sandbox.clock
        trace: Trace = request.extensions.get("trace", _untold)
        await trace("sandbox.request.started", {})  # httpcore has no event for a place in the pool, or its lack
        timeouts: dict[str, float | None] = request.extensions.get("timeout", {})
        body = await request.aread()
        url = request.url
        ask = Ask(
            request.method,
            url.raw_path.partition(b"?")[0].decode("ascii"),
            url.query.decode("ascii"),
            {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers.raw},
            body,
            f"{url.scheme}://{url.netloc.decode('ascii')}",
        )
        await clock.sleep(0)  # cancelled up to here, nothing was sent
        stopped = self._sandbox.before_sending(ask)
        if stopped == "refused":
            raise httpx.ConnectError("All connection attempts failed", request=request)
        if stopped != "no_pool":
            await trace("connection.start_tls.started", {"ssl_context": _tls(), "server_hostname": url.host})
        if stopped in (None, "no_write"):
            await trace("http11.send_request_headers.started", {"request": _departing(request)})
        if stopped is not None:
            phase, error = _STOPPED[stopped]
            await _patience(clock, timeouts.get(phase), error, request)(float("inf"))
        pause = _patience(clock, timeouts.get("read"), httpx.ReadTimeout, request)
        answer = await self._sandbox.handle(ask, pause)
        if answer.ending == "hang":
            await pause(float("inf"))
        if answer.ending == "drop":
            text = "Server disconnected without sending a response."
            raise httpx.RemoteProtocolError(text, request=request)
        if answer.ending == "reset":
            raise httpx.ReadError("Connection reset by peer", request=request)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer, clock, timeouts.get("read"), request),
            extensions={"http_version": b"HTTP/1.1"},
        )


async def _untold(event: str, info: Mapping[str, Any]) -> None:
    """Nobody asked to be told."""


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """What a connection would be set up with, were there one: nothing leaves the process."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _departing(request: httpx.Request) -> SimpleNamespace:
    """As httpcore tells of it, whose method is bytes."""
    return SimpleNamespace(method=request.method.encode(), url=request.url, headers=request.headers.raw)


class _Body(httpx.AsyncByteStream):
    """The body as it trickles in; an error where it ends before its length."""

    def __init__(self, answer: Answer, clock: Clock, timeout: float | None, request: httpx.Request) -> None:
        self._parts = iter(answer.parts())
        self._cut = answer.ending == "cut"
        self._clock = clock
        self._timeout = timeout
        self._request = request

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        # no generator: one that is left in the middle would be cleaned up by the garbage collector
        for wait, piece in self._parts:
            if wait:
                await _patience(self._clock, self._timeout, httpx.ReadTimeout, self._request)(wait)
            if piece:
                return piece
        if self._cut:
            text = "peer closed connection without sending complete message body"
            raise httpx.RemoteProtocolError(text, request=self._request)
        raise StopAsyncIteration


def _patience(
    clock: Clock, seconds: float | None, error: type[httpx.TimeoutException], request: httpx.Request
) -> Pause:
    """A pause that raises `error` once so many seconds are used up; no cancel scope: on any clock."""
    left = float("inf") if seconds is None else seconds

    async def pause(wait: float) -> None:
        nonlocal left
        if wait > left:
            await clock.sleep(left)
            raise error("", request=request)
        left -= wait
        await clock.sleep(wait)

    return pause
