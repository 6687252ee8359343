"""Connections, shared by the clients of an event loop that would make them alike: one TLS context, and one ceiling."""

from __future__ import annotations

import os
import ssl
from collections.abc import Awaitable, Callable, Hashable, Mapping
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.request import getproxies
from weakref import WeakSet, WeakValueDictionary

import anyio
import httpx
from anyio.lowlevel import RunVar

from ._trip import CLOSING, Trip
from .errors import ConfigurationError

CEILING = 200
"""Requests under way at a time, of all accounts together: forty, at their limit and a second for each answer."""
OF_ONE = 20
"""And of one account: one whose answers hang holds up no other. A client takes 16, and one to ask about its key."""
BULK, BULK_OF_ONE = 0.8, 0.6
"""At most so much of each is bulk. A request holds its place while it waits for its turn, and bulk waits long."""
SPARE = 20  # places that httpcore may lose before it makes anybody wait for one
_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")

_FLAW = (
    "http://host:port was expected, https:// or socks5://; a user's name and password stand before the host, "
    "percent-encoded"
)

_SHARED = RunVar[dict[Hashable, "Pools"]]("activecampaign_async._pools")


class Pool:
    """A generation of connections, closed when it was retired and its last request has ended."""

    __slots__ = ("client", "requests", "retired")

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client, self.requests, self.retired = client, 0, False


class Places:
    """For so many requests at a time."""

    def __init__(self, most: int, bulk: float) -> None:
        self._all, self._bulk = anyio.CapacityLimiter(most), anyio.CapacityLimiter(max(int(most * bulk), 1))

    @property
    def taken(self) -> int:
        """How many are."""
        return int(self._all.borrowed_tokens)

    async def take(self, trip: Trip) -> None:
        """Wait for one."""
        if trip.bulk:
            await _take(self._bulk, trip)
        try:
            await _take(self._all, trip)
        except BaseException:
            if trip.bulk:
                self._bulk.release_on_behalf_of(trip)
            raise

    def give_back(self, trip: Trip) -> None:
        """Let another one have it."""
        self._all.release_on_behalf_of(trip)
        if trip.bulk:
            self._bulk.release_on_behalf_of(trip)


class Pools:
    """The pool in use, and those who use it. The last one to leave closes it."""

    def __init__(self, options: Mapping[str, Any], alike: Hashable | None) -> None:
        """`alike` is the same for those who may share; None for what belongs to one alone."""
        limits = httpx.Limits(max_connections=CEILING + SPARE, max_keepalive_connections=CEILING)
        self._options, self._alike = {**options, "limits": limits}, alike
        self._places = Places(CEILING, BULK)
        self._shares = WeakValueDictionary[str, Places]()
        self._users = WeakSet[Any]()
        self.verified = False
        """A connection was set up with TLS that verifies: a later request may go over it."""
        del options, alike  # error reporters show the locals of this frame: a proxy's URL may hold a password
        self.pool = self.make()

    def make(self) -> Pool:
        """Another generation."""
        try:
            return Pool(httpx.AsyncClient(cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())), **self._options))
        except ImportError as exc:  # of what SOCKS takes
            reason = str(exc)
        except (ValueError, TypeError, AttributeError, httpx.InvalidURL) as exc:
            reason = f"{_FLAW} ({type(exc).__name__})"  # whose text may hold a password
        raise ConfigurationError(f"proxy, as given or in the environment: {reason}")

    def joined(self, user: object) -> Pools:
        """Those that the clients of this event loop share, with one user more."""
        pools = self
        if self._alike is not None:
            shared = _SHARED.get(None)
            if shared is None:
                _SHARED.set(shared := {})
            pools = shared.setdefault(self._alike, self)
        pools._users.add(user)
        return pools

    def share(self, origin: str) -> Places:
        """Those of one account, for all its clients."""
        return self._shares.setdefault(origin, Places(OF_ONE, BULK_OF_ONE))

    async def take(self, trip: Trip, share: Places) -> Pool:
        """A place below the ceiling, of those that the account has."""
        if self._alike is not None:
            await share.take(trip)
            try:
                await self._places.take(trip)
            except BaseException:
                share.give_back(trip)
                raise
        self.pool.requests += 1
        return self.pool

    async def give_back(self, trip: Trip, share: Places, pool: Pool, *, lost: bool) -> None:
        """Let a new pool take over from one that lost a place. Closing that at once would cut its other requests."""
        pool.requests -= 1
        if self._alike is not None:
            self._places.give_back(trip)
            share.give_back(trip)
            if lost and not pool.retired:
                pool.retired = True
                self.pool = self.make()
        if pool.retired and not pool.requests:
            with anyio.move_on_after(CLOSING, shield=True):
                await pool.client.aclose()

    async def leave(self, user: object) -> None:
        """Close the connections, unless somebody else uses them."""
        self._users.discard(user)
        if self._users:
            return
        shared = _SHARED.get(None) if self._alike is not None else None
        if shared is not None and shared.get(self._alike) is self:
            del shared[self._alike]
        await self.pool.client.aclose()


async def _take(places: anyio.CapacityLimiter, trip: Trip) -> None:
    try:
        places.acquire_on_behalf_of_nowait(trip)
    except anyio.WouldBlock:
        await places.acquire_on_behalf_of(trip)


def pools(
    *,
    ssl_context: ssl.SSLContext | None,
    proxy: str | None,
    trust_env: bool,
    transport: httpx.AsyncBaseTransport | None,
    public_only: bool,
    headers: Mapping[str, str],
    timeout: httpx.Timeout,
    on_answer: Callable[[httpx.Response], Awaitable[None]],
) -> Pools:
    """Connections of this kind. ConfigurationError where there can be none."""
    try:
        context: ssl.SSLContext | bool = True
        if ssl_context is not None:
            context = ssl_context
        elif transport is None:
            context = _default_context(trust_env)
        options = {
            "verify": context,
            "trust_env": trust_env,
            "transport": transport,
            "timeout": timeout,
            "headers": headers,
            "event_hooks": {"response": [on_answer]},
        }
        alike = None if transport is not None else (context, trust_env, public_only)
        return Pools({**options, "proxy": proxy}, alike and (*alike, proxy, _surroundings(trust_env)))
    finally:
        del proxy  # error reporters show the locals of this frame


def _surroundings(trust_env: bool) -> Hashable:
    """The proxies of the environment."""
    return tuple(sorted(getproxies().items())) if trust_env else ()


def _default_context(trust_env: bool) -> ssl.SSLContext:
    file, *others = (os.environ.get(name) for name in _VARIABLES) if trust_env else (None,)
    try:
        return _made(trust_env, file, Path(file).stat().st_mtime_ns if file else 0, *others)
    except (OSError, ValueError) as exc:
        given = {name: os.environ[name] for name in _VARIABLES[:2] if name in os.environ}
        reason = f"the certificates cannot be read, with {given or 'no variable set'}: {exc}"
    raise ConfigurationError(reason)


@lru_cache(maxsize=4)  # reading the certificates takes 30 ms and a megabyte, each time
def _made(trust_env: bool, *_: object) -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=trust_env)  # another one would ignore SSL_CERT_FILE
