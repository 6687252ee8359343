"""One request over HTTPX: the only file that awaits it. Nothing of HTTPX leaves here, neither object nor exception."""

from __future__ import annotations

import os
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, NamedTuple

import anyio
import httpx

from ._auth import ApiTokenAuth
from ._settings import checked, weakness
from ._version import __version__
from .errors import ConfigurationError, ConnectFailedError, TLSError, TransportError

CONNECTIONS = 20
PHASES = httpx.Timeout(connect=5.0, pool=5.0, read=45.0, write=45.0)  # calls were seen to hang for 45 s, and to heal
STALE = 3.0  # seconds after which a connection that waited for its turn may have been closed by the other side
SCOUTING = 0.1  # seconds; the first trace event of a real connection comes before anything is waited for
CLOSING = 2.0  # seconds for closing connections that may no longer answer
HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"activecampaign_async/{__version__}",
}
_NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)

Query = Mapping[str, str | Sequence[str]]


class Raw(NamedTuple):
    """An answer as it came. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    cookies: tuple[str, ...]
    """Values of cookies that were set: never stored, and scrubbed from what is kept of a body."""


class Trip:
    """How far one request has come, told by the trace events of its connection."""

    __slots__ = (
        "_http",
        "_pace",
        "_stream",
        "begun",
        "connected",
        "departed",
        "failed_at",
        "failure",
        "paced",
        "seen",
        "set_up",
    )

    def __init__(self, http: Http, pace: Callable[[], Awaitable[None]]) -> None:
        self._http, self._pace = http, pace
        self._stream: Any = None
        self.failure: Exception | None = None
        """What the pace raised: the limiter's own error, or ours."""
        self.failed_at: TracebackType | None = None
        self.paced = False
        self.begun = False
        """HTTPX was asked."""
        self.seen = False
        """A trace event came: there will be one when the request departs, too."""
        self.set_up = False
        """A connection was made for this request; until it is verified."""
        self.connected = False
        """A connection took the request on, and will clear up after itself."""
        self.departed = False

    @property
    def sent(self) -> bool:
        """Whether ActiveCampaign may have got the request."""
        return self.departed if self.seen else self.begun

    async def pace(self) -> None:
        """Wait for the turn at the rate limit, once."""
        if self.paced:
            return
        try:
            await self._pace()
        except Exception as exc:
            self.failure, self.failed_at = exc, exc.__traceback__
            raise
        self.paced = True

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """HTTPX's trace hook: https://www.encode.io/httpcore/extensions/#trace"""
        if not self.seen:
            self.seen = True
            self._http.learn(True)
        if event.endswith(".send_request_headers.started"):
            if info["request"].method != b"CONNECT":  # to a proxy: the request itself is still to come
                await self._depart()
        elif event.endswith((".connect_tcp.complete", ".connect_unix_socket.complete")):
            self._stream, self.set_up = info.get("return_value"), True
        elif event.endswith(".start_tls.started"):
            await self._check(info.get("ssl_context"))

    async def _depart(self) -> None:
        self.connected = True
        if self.set_up or not self._http.verified:
            await self._refuse("the connection was not seen to be set up with TLS")
        asked = anyio.current_time()
        await self.pace()  # here, since setting up a connection before would be jitter behind the pace
        if anyio.current_time() - asked > STALE:
            raise _Stale
        self.departed = True

    async def _check(self, context: Any) -> None:
        """TLS is checked where it happens: a context can be weakened after it was given, or come with a transport."""
        why = weakness(context) if hasattr(context, "verify_mode") else "its context cannot be inspected"
        if why:
            await self._refuse(why)
        self.set_up, self._http.verified = False, True

    async def _refuse(self, why: str) -> None:
        await self.hang_up()
        raise _Unverified(why)

    async def hang_up(self) -> None:
        """Close a connection that is still being set up: HTTPX leaves that to the garbage collector."""
        if self._stream is not None and not self.connected:
            with anyio.move_on_after(CLOSING, shield=True):
                await self._stream.aclose()


class _Stale(Exception):
    """The turn came, but the connection may be dead by now."""


class _Unverified(Exception):
    """The TLS context in use would not prove who the server is."""


class _Pool:
    """A generation of connections, closed when it was retired and its last request has ended."""

    __slots__ = ("client", "requests", "retired")

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client, self.requests, self.retired = client, 0, False


class Http:
    """The connections to one account's origin."""

    def __init__(
        self,
        origin: str,
        auth: ApiTokenAuth,
        *,
        ssl_context: ssl.SSLContext | None,
        proxy: str | None,
        trust_env: bool,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self._base, self._auth, self._transport = f"{origin}/api/3", auth, transport
        self._host = origin.removeprefix("https://")
        # Whether trace events come: not from every transport, nor from mocks. Of HTTPX's own they are expected, of
        # another the first request tells.
        expected = transport is None or isinstance(transport, httpx.AsyncHTTPTransport)
        self._traced: bool | None = True if expected else None
        self.verified = False
        """A connection was set up with TLS that verifies: a later request may go over it."""
        self._scout: Trip | None = None
        self._known = anyio.Event()
        if transport is not None and not isinstance(transport, httpx.AsyncBaseTransport):
            raise ConfigurationError(f"transport: an httpx.AsyncBaseTransport, not {type(transport).__name__}")
        context: ssl.SSLContext | bool = True
        if ssl_context is not None:
            context = checked(ssl_context)
        elif transport is None:
            context = _default_context(trust_env)
        self._options: dict[str, Any] = {
            "verify": context,
            "proxy": proxy,
            "trust_env": trust_env,
            "transport": transport,
            "timeout": PHASES,
            "headers": HEADERS,
            "limits": httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            "event_hooks": {"response": [_take_location]},
        }
        self._pool = self._make()

    def _make(self) -> _Pool:
        try:
            return _Pool(httpx.AsyncClient(cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())), **self._options))
        except (ValueError, TypeError, ImportError, AttributeError, httpx.InvalidURL) as exc:
            reason = f"proxy, as given or in the environment: {type(exc).__name__}: {exc}"
        raise ConfigurationError(reason)

    def trip(self, pace: Callable[[], Awaitable[None]]) -> Trip:
        """A request that is about to be made."""
        return Trip(self, pace)

    async def exchange(self, method: str, path: str, query: Query, body: bytes | None, trip: Trip) -> Raw:
        """Make one request. TransportError, or what it is, where no answer came."""
        await self._prepare(trip)
        pool, lost = self._pool, False
        request = self._request(pool.client, method, path, query, body, trip)
        pool.requests += 1
        try:
            trip.begun = True
            raw = await self._send(pool.client, request)
            if not trip.seen:
                self.learn(False)
                await trip.pace()  # late, but it counts
            return raw
        except Exception as exc:  # noqa: BLE001 - the one place where whatever HTTPX raises becomes ours
            failure, lost = trip.failure or self._failure(exc, trip), isinstance(exc, httpx.PoolTimeout)
            if not trip.seen:
                self.learn(False)
        except BaseException:
            # encode/httpcore 1093: what is cancelled while its connection is being set up keeps its place for ever.
            lost = not trip.connected
            self._dismiss(trip)
            await trip.hang_up()
            raise
        finally:
            pool.requests -= 1
            await self._tidy(pool, lost)
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

    async def _send(self, client: httpx.AsyncClient, request: httpx.Request) -> Raw:
        send = partial(client.send, request, auth=self._auth, stream=True, follow_redirects=False)
        try:
            response = await send()
        except _Stale:  # nothing was sent; the turn is kept, and another connection taken
            response = await send()
        try:
            content = await _content(response)
        finally:
            await response.aclose()
        headers = {name: value for name, value in response.headers.items() if name != "set-cookie"}
        if (location := response.extensions.get("location")) is not None:
            headers["location"] = location
        cookies = tuple(c.partition(";")[0].partition("=")[2] for c in response.headers.get_list("set-cookie"))
        return Raw(response.status_code, headers, content, cookies)

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

    async def _tidy(self, pool: _Pool, lost: bool) -> None:
        """Let a new pool take over from one that lost a place. Closing that at once would cut its other requests."""
        if lost and self._transport is None and not pool.retired:
            pool.retired = True
            self._pool = self._make()
        if pool.retired and not pool.requests:
            with anyio.move_on_after(CLOSING, shield=True):
                await pool.client.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.client.aclose()

    def _failure(self, exc: Exception, trip: Trip) -> TransportError:
        """Our error for whatever HTTPX raised."""
        if isinstance(exc, _Unverified):
            return TLSError(f"refused before the key was sent: {exc}")
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
    """The body. Decompressed here: HTTPX's decoder leaves its generators hanging when the data is bad (trio warns)."""
    if response.is_stream_consumed:  # a mock transport's
        return response.content
    content = b"".join([chunk async for chunk in response.aiter_raw()])
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if not content or encoding in ("", "identity"):
        return content
    if encoding not in ("gzip", "x-gzip"):
        raise ValueError(f"an encoding that was not asked for: {encoding}")
    parts = []
    while content:
        decompressor = zlib.decompressobj(31)
        parts.append(decompressor.decompress(content))
        if not decompressor.eof:
            raise EOFError("half a gzip stream")
        content = decompressor.unused_data
    return b"".join(parts)


def _default_context(trust_env: bool) -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context(trust_env=trust_env)  # another one would ignore SSL_CERT_FILE
    except (OSError, ValueError) as exc:
        given = {name: os.environ[name] for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if name in os.environ}
        reason = f"the certificates cannot be read, with {given or 'no variable set'}: {exc}"
    raise ConfigurationError(reason)


def _tls_problem(exc: BaseException | None) -> str | None:
    """What TLS found wrong, where that is what an exception goes back to."""
    for _ in range(10):
        if exc is None:
            return None
        if isinstance(exc, ssl.SSLCertVerificationError):
            return f"the certificate does not verify: {exc.verify_message}"
        if isinstance(exc, ssl.CertificateError):
            return f"the certificate does not verify: {exc}"
        if isinstance(exc, ssl.SSLError) and not isinstance(exc, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return f"TLS could not be set up: {exc.reason or type(exc).__name__}"
        exc = exc.__cause__ or exc.__context__
    return None
