"""How Redis is reached: the URL, and one connection of coredis with the script on it."""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import anyio
import anyio.abc

from ..errors import ConfigurationError
from ._script import SCRIPT

if TYPE_CHECKING:
    from coredis.connection import BaseConnection

Ask = Callable[[str], Awaitable[str]]
Connect = Callable[[float], AbstractAsyncContextManager[Ask]]


def connector(url: str, key: str, ssl_context: ssl.SSLContext | None) -> tuple[str, Connect]:
    """Where Redis is, without its password, and what connects to it within some seconds, again and again."""
    where, options = _options(url, ssl_context)
    connection_to = _connection_to(where, options)
    logging.getLogger("coredis").addFilter(_said_by_us)

    @asynccontextmanager
    async def connect(seconds: float) -> AsyncIterator[Ask]:
        # A connection of its own, no pool: that would connect anew by itself, where the limiter has to know of it.
        _ours.set(True)
        async with anyio.create_task_group() as tasks:
            with anyio.fail_after(seconds):
                await _reach(where, options.get("ssl_context"))
                connection = connection_to()
                await tasks.start(connection.run)
                sha = await connection.create_request(b"SCRIPT LOAD", SCRIPT, decode=True)

            async def ask(question: str) -> str:
                return str(await connection.create_request(b"EVALSHA", str(sha), 1, key, question, decode=True))

            try:
                yield ask
            finally:
                connection.invalidate()

    return where, connect


def _connection_to(where: str, options: dict[str, Any]) -> Callable[[], BaseConnection]:
    if find_spec("coredis") is None:
        raise ConfigurationError("RedisLimiter needs coredis: pip install 'activecampaign_async[redis]'")
    from coredis.connection import TCPConnection, TCPLocation, UnixDomainSocketConnection, UnixDomainSocketLocation

    if where.startswith("/"):
        return lambda: UnixDomainSocketConnection(UnixDomainSocketLocation(where), **options)
    host, _, port = where.rpartition(":")
    return lambda: TCPConnection(TCPLocation(host, int(port)), **options)


async def _reach(where: str, context: ssl.SSLContext | None) -> None:
    """OSError where nothing answers: coredis would leave its buffers to the garbage collector, which warns."""
    host, _, port = where.rpartition(":")
    if where.startswith("/"):
        stream: anyio.abc.ByteStream = await anyio.connect_unix(where)
    elif context:
        stream = await anyio.connect_tcp(host, int(port), ssl_context=context, tls_standard_compatible=False)
    else:
        stream = await anyio.connect_tcp(host, int(port))
    await stream.aclose()


_ours = ContextVar("_ours", default=False)


def _said_by_us(record: logging.LogRecord) -> bool:
    """coredis logs a traceback for every try of ours; what has to be said of it is said once, by the limiter."""
    return not _ours.get()


def _options(url: str, ssl_context: ssl.SSLContext | None) -> tuple[str, dict[str, Any]]:
    """What coredis takes. Its own reading of a URL leaves host names unchecked and lets a query change anything."""
    if not isinstance(url, str):
        raise _wrong(f"a str was expected, not {type(url).__name__}")
    try:
        parts = urlsplit(url)
        host, port, query = parts.hostname, parts.port or 6379, dict(parse_qsl(parts.query, strict_parsing=True))
    except ValueError:
        host, port, query = None, 0, {"malformed": ""}
        parts = urlsplit("")
    path, db = unquote(parts.path), query.pop("db", "")
    if parts.scheme in ("redis", "rediss") and not db:
        path, db = "", path.strip("/")
    if query or parts.fragment or not (db or "0").isdecimal() or parts.scheme not in ("redis", "rediss", "unix"):
        raise _wrong("it cannot be read")
    if (ssl_context is not None) != (parts.scheme == "rediss") and ssl_context is not None:
        raise _wrong("ssl_context goes with rediss://")
    options: dict[str, Any] = {"db": int(db or "0")}
    for name, given in (("username", parts.username), ("password", parts.password)):
        options[name] = unquote(given) if given else None
    if parts.scheme == "unix":
        if not path.startswith("/"):
            raise _wrong("unix:// is followed by the absolute path of a socket")
        return path, options
    if not host:
        raise _wrong("its host is missing or malformed")
    if parts.scheme == "rediss":
        options["ssl_context"] = ssl_context or ssl.create_default_context()
    return f"{host}:{port}", options


def _wrong(why: str) -> ConfigurationError:
    """Without the URL, which may hold a password."""
    forms = "redis://[user:password@]host[:port][/db], rediss:// or unix:///path[?db=0]"
    return ConfigurationError(f"the URL of Redis: {why}; write {forms}")
