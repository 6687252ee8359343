"""One request over HTTPX: the only file that awaits it. Nothing of HTTPX leaves here, neither object nor exception."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import anyio
import httpx

from ._auth import ApiTokenAuth
from ._body import TooLarge, read
from ._hush import sending
from ._pools import Places, pools
from ._settings import checked
from ._trip import NotPublic, Stale, Trip, Unverified
from ._version import __version__
from .errors import (
    ActiveCampaignError,
    ConfigurationError,
    ConnectFailedError,
    ResponseTooLargeError,
    TLSError,
    TransportError,
)
from .keys import Key, kind_of

if TYPE_CHECKING:
    from ._trip import Time

PHASES = httpx.Timeout(connect=5.0, pool=5.0, read=45.0, write=45.0)  # calls were seen to hang for 45 s, and to heal
MOST_HEADERS = 200
SCOUTING = 0.1  # seconds; the first trace event of a real connection comes before anything is waited for
HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"activecampaign_async/{__version__}",
}
_NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
# Of a connection that breaks or hangs in the handshake; on asyncio, waiting for it goes on within SSLWantReadError.
_NO_TLS_PROBLEM = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

Query = Mapping[str, str | Sequence[str]]


class Raw(NamedTuple):
    """An answer as it came. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    cookies: tuple[str, ...]
    """Values of cookies that were set: never stored, and scrubbed from what is kept of a body."""


class Http:
    """The way to one account's origin."""

    def __init__(
        self,
        origin: str,
        *,
        ssl_context: ssl.SSLContext | None,
        proxy: str | None,
        trust_env: bool,
        transport: httpx.AsyncBaseTransport | None,
        public_only: bool = False,
    ) -> None:
        self._origin, self._base = origin, f"{origin}/api/3"
        self._host = origin.removeprefix("https://")
        self._auth: tuple[Key, ApiTokenAuth] | None = None
        self.public_only = public_only
        # Whether trace events come: not from every transport, nor from mocks. Of HTTPX's own they are expected, of
        # another the first request tells.
        expected = transport is None or isinstance(transport, httpx.AsyncHTTPTransport)
        self._traced: bool | None = True if expected else None
        self._scout: Trip | None = None
        self._known = anyio.Event()
        if transport is not None and not isinstance(transport, httpx.AsyncBaseTransport):
            raise ConfigurationError(f"transport: an httpx.AsyncBaseTransport was expected, not {kind_of(transport)}")
        try:
            self.pools = pools(
                ssl_context=None if ssl_context is None else checked(ssl_context),
                proxy=proxy,
                trust_env=trust_env,
                transport=transport,
                public_only=public_only,
                headers=HEADERS,
                timeout=PHASES,
                on_answer=_take_location,
            )
        finally:
            del proxy  # error reporters show the locals of this frame
        self._share: Places | None = None

    @property
    def verified(self) -> bool:
        """A connection was set up with TLS that verifies: a later request may go over it."""
        return self.pools.verified

    @verified.setter
    def verified(self, seen: bool) -> None:
        self.pools.verified = seen

    def trip(self, pace: Callable[[], Awaitable[None]], time: Time, *, bulk: bool) -> Trip:
        """A request that is about to be made."""
        return Trip(self, pace, time, bulk=bulk)

    async def exchange(self, method: str, path: str, query: Query, body: bytes | None, key: Key, trip: Trip) -> Raw:
        """Make one request. TransportError, or what it is, where no answer came."""
        await self._prepare(trip)
        if (share := self._share) is None:  # an event loop is known only now
            self.pools = self.pools.joined(self)
            share = self._share = self.pools.share(self._origin)
        pool, lost = await self.pools.take(trip, share), False
        try:
            request = self._request(pool.client, method, path, query, body, trip)
            trip.begun = True
            hushed = sending.set(key)
            try:
                raw = await self._send(pool.client, request, key)
            finally:
                sending.reset(hushed)
            if not trip.seen:
                self.learn(False)
                await trip.pace()  # late, but it counts
            return raw
        except Exception as exc:  # noqa: BLE001 - the one place where whatever HTTPX raises becomes ours
            failure, lost = trip.failure or self._failure(exc, trip), isinstance(exc, httpx.PoolTimeout)
            if not trip.seen:
                self.learn(False)
        except BaseException as exc:
            # encode/httpcore 1093: what is cancelled while its connection is being set up keeps its place for ever.
            lost = not trip.connected
            self._dismiss(trip)
            await trip.hang_up()
            exc.__traceback__ = exc.__context__ = None  # frames of HTTPX, which hold the header
            raise
        finally:
            await self.pools.give_back(trip, share, pool, lost=lost)
        # Out here: even `from None` would keep HTTPX's error, whose request holds the key, as __context__. And without
        # the frames of HTTPX, which hold the header.
        raise failure.with_traceback(trip.failed_at)

    def _request(
        self, client: httpx.AsyncClient, method: str, path: str, query: Query, body: bytes | None, trip: Trip
    ) -> httpx.Request:
        return client.build_request(
            method,
            self._base + path,
            params=query or None,
            content=body,
            headers={"Content-Type": "application/json"} if body is not None else None,
            extensions={"trace": trip.trace},
        )

    async def _send(self, client: httpx.AsyncClient, request: httpx.Request, key: Key) -> Raw:
        send = partial(client.send, request, auth=self._holding(key), stream=True, follow_redirects=False)
        try:
            response = await send()
        except Stale:  # nothing was sent; the turn is kept, and another connection taken
            response = await send()
        try:
            if len(response.headers) > MOST_HEADERS:
                raise TooLarge(f"an answer of more than {MOST_HEADERS} headers")
            content = await _content(response)
        finally:
            await response.aclose()
        headers = {name: value for name, value in response.headers.items() if name != "set-cookie"}
        if (location := response.extensions.get("location")) is not None:
            headers["location"] = location
        cookies = tuple(c.partition(";")[0].partition("=")[2] for c in response.headers.get_list("set-cookie"))
        return Raw(response.status_code, headers, content, cookies)

    def _holding(self, key: Key) -> ApiTokenAuth:
        if self._auth is None or self._auth[0] is not key:
            self._auth = key, ApiTokenAuth(self._origin, key)
        return self._auth[1]

    async def _prepare(self, trip: Trip) -> None:
        """Pace before sending where no trace event will tell the right moment. The first request finds that out."""
        if self._traced is None and self._scout is not None:
            with anyio.move_on_after(SCOUTING):
                await self._known.wait()
        if self._traced:
            return
        if self._traced is None and self._scout is None:
            self._scout = trip
        try:
            await trip.pace()
        except BaseException:
            self._dismiss(trip)
            raise

    def learn(self, traced: bool) -> None:
        """Whether trace events come."""
        self._traced = traced
        self._dismiss(self._scout)

    def _dismiss(self, trip: Trip | None) -> None:
        """The scout is back: let all go ahead, or the next one find out."""
        if trip is not None and trip is self._scout:
            self._scout = None
            self._known.set()
            self._known = anyio.Event()

    async def aclose(self) -> None:
        """Close the connections, unless another client uses them, too."""
        await self.pools.leave(self)

    def _failure(self, exc: Exception, trip: Trip) -> ActiveCampaignError:
        """Our error for whatever HTTPX raised."""
        if isinstance(exc, Unverified):
            return TLSError(f"refused before the key was sent: {exc}")
        if isinstance(exc, NotPublic):
            return ConfigurationError(f"base_url: {self._host} {exc}: public_only refuses that; nothing was sent")
        if isinstance(exc, TooLarge):
            return ResponseTooLargeError(f"{exc}; not read on", may_have_been_processed=True)
        never_connected = isinstance(exc, _NOT_CONNECTED)
        if (never_connected or not trip.sent) and (problem := _tls_problem(exc)):
            return TLSError(problem)
        kind = type(exc).__name__
        if never_connected:
            return ConnectFailedError(f"no connection to {self._host} ({kind}){f': {exc}' if str(exc) else ''}")
        if not trip.sent:
            return ConnectFailedError(f"broke before anything was sent ({kind})")
        timed_out = isinstance(exc, httpx.TimeoutException)
        what = "no answer in time" if timed_out else "the connection or the answer broke"
        return TransportError(f"{what} ({kind})", may_have_been_processed=True, timed_out=timed_out)


async def _take_location(response: httpx.Response) -> None:
    """Keep HTTPX from making the request that a redirect asks for, which fails where the address is malformed."""
    if "location" in response.headers:
        response.extensions["location"] = response.headers.pop("location")


async def _content(response: httpx.Response) -> bytes:
    if response.is_stream_consumed:  # a mock transport's
        return response.content
    told = response.headers
    return await read(response.aiter_raw(), told.get("content-encoding", ""), told.get("content-length", ""))


def _tls_problem(exc: BaseException | None) -> str | None:
    """What TLS found wrong, where that is what an exception goes back to."""
    for _ in range(10):
        if exc is None:
            return None
        if isinstance(exc, ssl.SSLCertVerificationError):
            return f"the certificate does not verify: {exc.verify_message}"
        if isinstance(exc, ssl.CertificateError):
            return f"the certificate does not verify: {exc}"
        if isinstance(exc, ssl.SSLError) and not isinstance(exc, _NO_TLS_PROBLEM):
            return f"TLS could not be set up: {exc.reason or type(exc).__name__}"
        exc = exc.__cause__ or exc.__context__
    return None
