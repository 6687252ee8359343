"""The sandbox over real HTTPS on loopback: uvicorn in a thread, a certificate authority of the day."""

import os
import socket
import ssl
import struct
import tempfile
import threading
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from ._asgi import WIRE

try:
    import trustme
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol
except ImportError as error:
    raise ImportError(
        "serving the sandbox needs uvicorn and trustme: pip install 'activecampaign_async[sandbox]'"
    ) from error

if TYPE_CHECKING:
    from ._sandbox import Sandbox

KEEP_ALIVE = 75  # seconds, as the vendor's edge keeps a connection


class _Protocol(H11Protocol):
    """Lends the application its connection, so that a fault can break it for real."""

    def connection_made(self, transport: Any) -> None:  # asyncio.Transport; nothing else here names asyncio
        super().connection_made(transport)
        serve = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:  # ASGI's own shapes
            scope["extensions"] = {**(scope.get("extensions") or {}), WIRE: _Connection(transport)}
            await serve(scope, receive, send)

        self.app = app


class _Connection:
    """Closes as a server does, or breaks as a wire does."""

    def __init__(self, transport: Any) -> None:  # asyncio.Transport
        self._transport = transport

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        # no lingering: the peer sees a reset, not an orderly end
        linger = struct.pack("ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._transport.abort()


class _Uvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready.set()


class Server:
    """A sandbox that is being served. Made by `Sandbox.serve`."""

    def __init__(
        self,
        sandbox: "Sandbox",
        *,
        port: int,
        tls: bool,
        names: tuple[str, ...],
        not_after: datetime | None,
        tls_1_1: bool,
    ) -> None:
        self._sandbox = sandbox
        self._ca = trustme.CA()
        context = self._context(names, not_after, tls_1_1) if tls else None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._uvicorn = _Uvicorn(_config(sandbox, context), self._ready)
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://localhost:{self.port}"
        self.ca_file = ""
        """The authority's certificate (PEM), for `SSL_CERT_FILE`; gone when the server is."""

    @property
    def key(self) -> str:
        return self._sandbox.key

    def ssl_context(self) -> ssl.SSLContext:
        """A client's context that trusts this server and nobody else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._ca.configure_trust(context)
        return context

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serves while the block runs; afterwards the thread, the socket and the CA file are gone."""
        number, self.ca_file = tempfile.mkstemp(prefix="activecampaign-sandbox-", suffix=".pem")
        with os.fdopen(number, "wb") as file:
            file.write(self._ca.cert_pem.bytes())
        thread = threading.Thread(target=self._run, name="activecampaign-sandbox", daemon=True)
        self._sandbox.move(self.url)
        try:
            thread.start()
            await anyio.to_thread.run_sync(self._ready.wait)
            if self._failure is not None:
                raise RuntimeError("the sandbox's server did not start") from self._failure
            yield
        finally:
            self._uvicorn.should_exit = True
            # whoever is still waiting for an answer that never comes must not hold up the end
            self._uvicorn.force_exit = True
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(thread.join)
            self._forget_ca()
            self._sandbox.move(self._sandbox.url)

    def _forget_ca(self) -> None:
        Path(self.ca_file).unlink(missing_ok=True)

    def _run(self) -> None:
        try:
            self._uvicorn.run(sockets=[self._socket])
        except BaseException as failure:  # noqa: BLE001 - told to whoever waits for the start
            self._failure = failure
        finally:
            self._ready.set()
            self._socket.close()

    def _context(self, names: tuple[str, ...], not_after: datetime | None, tls_1_1: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*names, not_after=not_after).configure_cert(context)
        if tls_1_1:
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():  # deprecated, which is the point
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        return context


def _listen(port: int) -> socket.socket:
    # IPPROTO_TCP named: asyncio sets TCP_NODELAY only then, and without it an answer takes 40 ms
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(("127.0.0.1", port))
    except OSError:
        found.close()
        raise
    return found


def _config(sandbox: "Sandbox", context: ssl.SSLContext | None) -> uvicorn.Config:
    config = uvicorn.Config(
        sandbox.app,
        http=_Protocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="critical",
        timeout_keep_alive=KEEP_ALIVE,
        date_header=False,
        server_header=False,
    )
    config.load()
    config.ssl = context  # uvicorn itself wants files; a factory for contexts is new there
    return config
