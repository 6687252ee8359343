"""How far one request has come, told by HTTPX's trace events, and what is looked at on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

import anyio

from ._settings import weakness

if TYPE_CHECKING:
    from typing import Protocol

    class Road(Protocol):
        """What a trip finds out for those that follow."""

        verified: bool
        public_only: bool

        def learn(self, traced: bool) -> None:
            """Whether trace events come."""

    class Time(Protocol):
        """How long the other side may take."""

        def hurries(self) -> None:
            """From now on, not for ever."""

        def take_time(self) -> None:
            """As long as the call has."""


STALE = 3.0  # seconds after which a connection that waited for its turn may have been closed by the other side
_BY_PROXY = "is reached by a proxy, which resolves names for itself"
_INWARD = "leads to an address that is not public"
CLOSING = 2.0  # seconds for closing connections that may no longer answer


class Stale(Exception):
    """The turn came, but the connection may be dead by now."""


class Unverified(Exception):
    """The TLS context in use would not prove who the server is."""


class NotPublic(Exception):
    """The host's address is none of the public internet's, or is not to be seen."""


class Trip:
    """One request, on its way."""

    __slots__ = (
        "_pace",
        "_road",
        "_stream",
        "_time",
        "begun",
        "bulk",
        "connected",
        "departed",
        "failed_at",
        "failure",
        "paced",
        "seen",
        "set_up",
    )

    def __init__(self, road: Road, pace: Callable[[], Awaitable[None]], time: Time, *, bulk: bool = False) -> None:
        self._road, self._pace, self._time = road, pace, time
        self.bulk = bulk
        """Nobody waits for its answer."""
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

    @property
    def tried(self) -> bool:
        """Whether HTTPX was to send it. What the pace refuses was no try."""
        return self.begun and self.failure is None

    async def pace(self) -> None:
        """Wait for the turn at the rate limit, once."""
        if self.paced:
            self._time.hurries()
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
            self._road.learn(True)
        if event.endswith(".send_request_headers.started"):
            if info["request"].method != b"CONNECT":
                await self._depart()
            elif self._road.public_only:  # to a proxy, in spite of all; else the request itself is still to come
                await self._keep_from(_BY_PROXY)
            else:
                self._time.hurries()  # a byte now and then outlasts every read timeout
        elif event.endswith(".connect_tcp.started") and self._road.public_only:
            await self._look_where_it_would_lead(info["host"], info["port"])
        elif event.endswith((".connect_tcp.complete", ".connect_unix_socket.complete")):
            self._stream, self.set_up = info.get("return_value"), True
            if self._road.public_only:
                await self._look_where_it_leads()
        elif event.endswith(".start_tls.started"):
            await self._check(info.get("ssl_context"))
        elif event.endswith(".setup_socks5_connection.started") and self._road.public_only:
            await self._keep_from(_BY_PROXY)

    async def _look_where_it_would_lead(self, host: str, port: int) -> None:
        from ._strangers import leads_inward  # few need it

        if await leads_inward(host, port):
            await self._keep_from(_INWARD)

    async def _look_where_it_leads(self) -> None:
        """Again: a name may lead elsewhere the second time."""
        from ._strangers import is_public

        if not is_public(self._stream):
            await self._keep_from(_INWARD)

    async def _keep_from(self, what: str) -> None:
        await self.hang_up()
        raise NotPublic(what)

    async def _depart(self) -> None:
        self.connected = True
        if self.set_up or not self._road.verified:
            await self._refuse("the connection was not seen to be set up with TLS")
        asked = anyio.current_time()
        await self.pace()  # here, since setting up a connection before would be jitter behind the pace
        if anyio.current_time() - asked > STALE:
            raise Stale
        self.departed = True

    async def _check(self, context: Any) -> None:
        """TLS is checked where it happens: a context can be weakened after it was given, or come with a transport."""
        self._time.take_time()  # behind a proxy: it has answered
        why = weakness(context) if hasattr(context, "verify_mode") else "its context cannot be inspected"
        if why:
            await self._refuse(why)
        self.set_up, self._road.verified = False, True

    async def _refuse(self, why: str) -> None:
        await self.hang_up()
        raise Unverified(why)

    async def hang_up(self) -> None:
        """Close a connection that is still being set up: HTTPX leaves that to the garbage collector."""
        if self._stream is not None and not self.connected:
            with anyio.move_on_after(CLOSING, shield=True):
                await self._stream.aclose()
