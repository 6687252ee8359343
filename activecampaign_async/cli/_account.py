"""Which account a command works on, and at whose pace."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrs import frozen

from .._observer import Observer
from .._settings import KEY_VARIABLE, URL_VARIABLE, account_of, origin_of
from ..client import AsyncClient
from ..errors import ConfigurationError
from ..limits import RateLimiter
from ..limits.local import LocalLimiter
from ._profiles import profile


@frozen
class Pace:
    """Requests a second: of this process, or through Redis of all that share the account."""

    rate: float
    redis: str | None = None
    share: float = 0.25
    """Of this process at most, while Redis is away."""
    account: str | None = None
    """Its name in Redis, where that is not what its URL tells."""

    @asynccontextmanager
    async def limiter(self, account: str) -> AsyncIterator[RateLimiter]:
        if self.redis is None:
            yield LocalLimiter(self.rate)
            return
        from ..limits.redis import RedisLimiter

        async with RedisLimiter(
            self.redis, account=self.account or account, rate=self.rate, share=self.share
        ) as limiter:
            yield limiter


class Account:
    """The account in AC_API_URL and AC_API_TOKEN, or that of a profile."""

    name: str | None = None
    """What a checkpoint calls it, where that is not its URL."""

    def __init__(self, profile: str | None = None, cursors: str | None = None) -> None:
        self.profile, self.cursors = profile, cursors
        self.env: dict[str, str] = {}
        """For another process that is to use it, while a client is open."""

    @asynccontextmanager
    async def client(self, pace: Pace, spent: Observer, *, read_only: bool = True) -> AsyncIterator[AsyncClient]:
        if self.profile is None:
            _refuse_none_given()
        url, key = (None, None) if self.profile is None else profile(self.profile)
        if url is None and key is not None:  # it stands beside the key
            given = await key.key()
            url = getattr(given, "base_url", None)
            if url is None:
                raise ConfigurationError(f"profile {self.profile!r}: url is missing, and the secret holds none, either")
        async with (
            pace.limiter(account_of(origin_of(url))) as limiter,
            AsyncClient(
                url, key, rate_limiter=limiter, observer=spent, read_only=read_only, account=self.cursors
            ) as client,
        ):
            yield client


def _refuse_none_given() -> None:
    for name in (URL_VARIABLE, KEY_VARIABLE):
        if not os.environ.get(name):
            raise ConfigurationError(
                f"{name} is not set: set {URL_VARIABLE} and {KEY_VARIABLE} as Settings > Developer shows them, or give "
                "--profile NAME; exports and imports can be tried with --sandbox N"
            )


class Sandboxed(Account):
    """A local account of so many contacts, that lives as long as the command."""

    def __init__(self, contacts: int, latency: float) -> None:
        name = f"sandbox of {contacts} contacts"  # its address is another one each time, its cursors are to stay good
        super().__init__(cursors=name)
        self.name = name
        self._contacts, self._latency = contacts, latency

    @asynccontextmanager
    async def client(self, pace: Pace, spent: Observer, *, read_only: bool = True) -> AsyncIterator[AsyncClient]:
        from ..sandbox import Sandbox

        sandbox = Sandbox(contacts=self._contacts, rate=pace.rate, latency=self._latency)
        sandbox.add_examples()
        async with (
            sandbox.serve() as server,
            pace.limiter(account_of(origin_of(server.url))) as limiter,
            AsyncClient(
                server.url,
                sandbox.key,
                ssl_context=server.ssl_context(),
                trust_env=False,  # a proxy has no business on loopback
                rate_limiter=limiter,
                read_only=read_only,
                observer=spent,
                account=self.cursors,
            ) as client,
        ):
            self.env = {"AC_API_URL": server.url, "AC_API_TOKEN": sandbox.key, "SSL_CERT_FILE": server.ca_file}
            self.env["NO_PROXY"] = "localhost"
            yield client
