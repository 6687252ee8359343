"""No key leaves over a connection that does not prove who is there. Real sockets, real TLS."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import trustme

from activecampaign_async import AsyncClient, LocalLimiter, RetryPolicy, TLSError, errors as e
from activecampaign_async.sandbox import Sandbox
from tests.support import everything_said

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def served(**options: Any) -> AsyncIterator[tuple[Sandbox, Any]]:
    account = Sandbox(contacts=3, rate=None)
    async with account.serve(**options) as server:
        yield account, server


def client(account: Sandbox, url: str, **options: Any) -> AsyncClient:
    return AsyncClient(url, account.key, rate_limiter=LocalLimiter(1e6), account=account.url, **options)


async def refused(account: Sandbox, ac: AsyncClient, says: str, kind: type[e.TransportError] = TLSError) -> None:
    """The call fails as it should, is tried once, and no request arrived."""
    async with ac:
        with pytest.raises(kind, match=says) as caught:
            await ac.contacts.get(1)
    if kind is TLSError:
        assert caught.value.attempts == 1
        assert not caught.value.may_have_been_processed
    assert account.requests == []
    assert account.key not in everything_said(caught.value)


async def test_a_server_that_proves_itself() -> None:
    async with served() as (account, server), client(account, server.url, ssl_context=server.ssl_context()) as ac:
        assert (await ac.contacts.get(2)).id == 2
        assert account.requests[0].key == account.key


async def test_ssl_cert_file(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served() as (account, server):
        monkeypatch.setenv("SSL_CERT_FILE", server.ca_file)
        async with client(account, server.url) as ac:
            assert (await ac.contacts.get(2)).id == 2
        await refused(
            account_without_requests(account), client(account, server.url, trust_env=False), "does not verify"
        )


def account_without_requests(account: Sandbox) -> Sandbox:
    account.requests.clear()
    return account


async def test_a_truststore_context(monkeypatch: pytest.MonkeyPatch) -> None:
    truststore = pytest.importorskip("truststore")
    async with served() as (account, server):
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(server.ca_file)
        async with client(account, server.url, ssl_context=context) as ac:
            assert (await ac.contacts.get(2)).id == 2


async def test_an_unknown_authority() -> None:
    async with served() as (account, server):
        await refused(account, client(account, server.url), "does not verify")


async def test_another_host_name() -> None:
    async with served(names=("other.example",)) as (account, server):
        await refused(account, client(account, server.url, ssl_context=server.ssl_context()), "ostname mismatch")


async def test_an_expired_certificate() -> None:
    async with served(not_after=datetime.now(UTC) - timedelta(days=1)) as (account, server):
        await refused(account, client(account, server.url, ssl_context=server.ssl_context()), "expired")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
async def test_tls_1_1_hung_up_on() -> None:
    """asyncio's server hangs up without a word: as a network may, so it is tried again, in vain."""
    async with served(tls_1_1=True) as (account, server):
        ac = client(account, server.url, ssl_context=server.ssl_context(), retry=RetryPolicy(2, base=0))
        await refused(account, ac, "no connection", e.ConnectFailedError)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
async def test_tls_1_1_said_so() -> None:
    """OpenSSL's server says which version it wants."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    trustme.CA().issue_cert("localhost").configure_cert(context)
    seen = []

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.settimeout(5)
        try:
            with context.wrap_socket(connection, server_side=True) as stream:
                seen.append(stream.recv(1000))
        except ssl.SSLError:
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener], daemon=True)
        thread.start()
        async with AsyncClient(f"https://localhost:{listener.getsockname()[1]}", "some-key") as ac:
            with pytest.raises(TLSError, match="TLS could not be set up"):
                await ac.contacts.get(1)
        thread.join()
    assert seen == []


async def test_plain_http() -> None:
    async with served(tls=False) as (account, server):
        with pytest.raises(e.ConfigurationError, match="unencrypted"):
            client(account, server.url)
        url = server.url.replace("http://", "https://")
        await refused(account, client(account, url, ssl_context=server.ssl_context()), "TLS could not be set up")


async def test_a_context_weakened_after_it_was_given() -> None:
    async with served() as (account, server):
        context = server.ssl_context()
        ac = client(account, server.url, ssl_context=context)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        await refused(account, ac, "refused before the key was sent: it does not verify certificates")


async def test_a_transport_that_does_not_verify() -> None:
    async with served() as (account, server):
        transport = httpx.AsyncHTTPTransport(verify=False)
        await refused(account, client(account, server.url, transport=transport), "does not verify certificates")


async def test_a_transport_around_one_that_does_not_verify() -> None:
    class Around(httpx.AsyncBaseTransport):
        inner = httpx.AsyncHTTPTransport(verify=False)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return await self.inner.handle_async_request(request)

        async def aclose(self) -> None:
            await self.inner.aclose()

    async with served() as (account, server):
        await refused(account, client(account, server.url, transport=Around()), "does not verify certificates")


async def test_a_redirect_to_another_origin() -> None:
    async with served() as (account, server), served() as (stranger, strange):
        account.fail("redirect", location=f"{strange.url}/api/3/contacts/1")
        async with client(account, server.url, ssl_context=server.ssl_context()) as ac:
            with pytest.raises(e.RedirectError):
                await ac.contacts.get(1)
        assert stranger.requests == []


async def test_nobody_there() -> None:
    async with served() as (account, server):
        pass
    ac = client(account, server.url, ssl_context=server.ssl_context(), retry=RetryPolicy(2, base=0))
    await refused(account, ac, "no connection", e.ConnectFailedError)


class PlainHttp(httpx.AsyncBaseTransport):
    """Sends elsewhere than it was told: over no TLS at all."""

    def __init__(self) -> None:
        self.inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http")
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self.inner.aclose()


async def test_a_transport_that_speaks_plain_http() -> None:
    async with served(tls=False) as (account, server):
        url = server.url.replace("http://", "https://")
        await refused(account, client(account, url, transport=PlainHttp()), "not seen to be set up with TLS")


async def test_a_connection_that_was_opened_before_by_somebody_else() -> None:
    async with served() as (account, server):
        transport = httpx.AsyncHTTPTransport(verify=False)
        async with httpx.AsyncClient(transport=transport) as http:
            await http.get(server.url)
            account.requests.clear()
            ac = client(account, server.url, transport=transport)
            with pytest.raises(TLSError, match="not seen to be set up with TLS"):
                await ac.contacts.get(1)
            assert account.requests == []
