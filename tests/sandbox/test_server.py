"""The sandbox over real HTTPS: the same faults, on a wire that really breaks; TLS; an orderly end."""

import socket
import ssl
import threading
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import pytest

from activecampaign_async.sandbox import Sandbox
from activecampaign_async.sandbox._server import Server

from .support import covers
from .weather import CASES, check, outcome

pytestmark = pytest.mark.anyio


def over(server: Server, **settings: object) -> httpx.AsyncClient:
    settings = {"verify": server.ssl_context(), "timeout": 5.0, "base_url": f"{server.url}/api/3", **settings}
    return httpx.AsyncClient(headers={"Api-Token": server.key}, **settings)  # type: ignore[arg-type] # settings of any kind


@covers("users.me", "answer.links")
async def test_serves() -> None:
    sandbox = Sandbox(contacts=300, rate=None)
    async with sandbox.serve() as server, over(server) as client:
        answer = await client.get("/contacts", params={"limit": 100, "orders[id]": "ASC"})
        assert [int(row["id"]) for row in answer.json()["contacts"]] == list(range(1, 101))
        assert answer.json()["contacts"][0]["links"]["deals"] == f"{server.url}/api/3/contacts/1/deals"
        made = await client.post("/contacts", json={"contact": {"email": "ann@example.org"}})
        assert made.status_code == 201
        assert (await client.get("/users/me")).headers["x-request-id"]
        assert sandbox.contact(301) is not None
    assert sandbox.requests[0].params["limit"] == "100"
    assert sandbox.requests[0].origin == server.url


async def test_each_fault_over_https() -> None:
    sandbox = Sandbox(rate=None)
    async with sandbox.serve() as server, over(server) as client:
        for case in CASES:
            sandbox.fail(case.kind, edit=lambda data: data)
            client.timeout = 0.15 if "hang" in case.kind else 5.0
            met = await outcome(client)
            check(case, met, len(sandbox.contact_ids()))
            for id in sandbox.contact_ids():
                sandbox.delete_contact(id)
            if case.kind in ("reset", "reset_after"):
                assert isinstance(met, httpx.ReadError)
            if case.kind in ("drop_before", "drop_after"):
                assert isinstance(met, httpx.RemoteProtocolError)
            assert (await client.get("/users/me")).status_code == 200


async def test_half_a_body_arrives() -> None:
    sandbox = Sandbox(contacts=100, rate=None)
    sandbox.fail("truncated")
    async with sandbox.serve() as server, over(server) as client:
        async with client.stream("GET", "/contacts") as answer:
            got = 0
            with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):  # noqa: PT012 - what came before it counts
                async for piece in answer.aiter_raw():
                    got += len(piece)
    assert got == int(answer.headers["content-length"]) // 2


async def test_connections_are_kept() -> None:
    async with Sandbox(rate=None).serve() as server, over(server) as client:
        ports: set[object] = set()
        for _ in range(3):
            answer = await client.get("/tags")
            ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
    assert len(ports) == 1


async def test_an_answer_is_not_held_back() -> None:
    """Without TCP_NODELAY each of these takes 40 ms."""
    sandbox = Sandbox(rate=None)
    async with sandbox.serve() as server, over(server) as client:
        await client.get("/tags")
        start = anyio.current_time()
        for _ in range(10):
            await client.post("/tags", json={"tag": {"tag": "A"}})
        assert anyio.current_time() - start < 0.3


def _story(error: BaseException | None) -> str:
    """What it says, and what led to it: on trio the reason stands in the context."""
    return f"{error!r} {_story(error.__cause__ or error.__context__)}" if error else ""


def _old_handshake(server: Server) -> str | None:
    """What a client that takes anything agrees on with the server."""
    context = server.ssl_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    with socket.create_connection(("127.0.0.1", server.port)) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as stream:
            return stream.version()


async def test_tls() -> None:
    sandbox = Sandbox(rate=None)

    async def refused(server: Server, **settings: object) -> str:
        async with over(server, **settings) as client:
            with pytest.raises(httpx.ConnectError) as caught:
                await client.get("/tags")
        return _story(caught.value)

    async with sandbox.serve() as server:
        assert "unable to get local issuer" in await refused(server, verify=ssl.create_default_context())
        context = ssl.create_default_context(cafile=server.ca_file)
        async with over(server, verify=context) as client:
            assert (await client.get(f"https://127.0.0.1:{server.port}/api/3/tags")).status_code == 200
    async with sandbox.serve(names=("elsewhere.example",)) as server:
        assert "ostname mismatch" in await refused(server)
    async with sandbox.serve(not_after=datetime.now(UTC) - timedelta(days=1)) as server:
        assert "expired" in await refused(server)
    async with sandbox.serve(tls_1_1=True) as server:
        await refused(server)
        assert await anyio.to_thread.run_sync(_old_handshake, server) == "TLSv1.1"
    async with sandbox.serve(tls=False) as server:
        assert server.url.startswith("http://")
        await refused(server, base_url=server.url.replace("http", "https"))
        async with over(server) as client:
            assert (await client.get("/tags")).status_code == 200
    assert len(sandbox.requests) == 2


def there(path: str) -> bool:
    return Path(path).exists()


async def test_an_orderly_end() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.fail("hang")
    async with sandbox.serve() as server, over(server, timeout=0.05) as client:
        assert there(server.ca_file)
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/tags")
    assert not there(server.ca_file)
    assert "activecampaign-sandbox" not in {thread.name for thread in threading.enumerate()}
    async with over(server) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("/tags")
    # and again, with its state
    async with sandbox.serve() as server, over(server) as client:
        assert (await client.get("/tags")).status_code == 200


async def test_ends_while_somebody_waits() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.fail("hang", always=True)
    arrived = threading.Event()
    sandbox.after(lambda _: arrived.set() if len(sandbox.requests) == 3 else None)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            async with sandbox.serve() as server, over(server, timeout=None) as client:
                for _ in range(3):
                    tasks.start_soon(_lost, client)
                await anyio.to_thread.run_sync(arrived.wait)


async def _lost(client: httpx.AsyncClient) -> None:
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, httpx.CloseError)):
        await client.get("/tags")


async def test_a_port_of_ones_own() -> None:
    sandbox = Sandbox(rate=None)
    async with sandbox.serve() as server:
        with pytest.raises(OSError, match="in use"):
            async with Sandbox().serve(port=server.port):
                pass


async def test_any_asgi_server_will_do() -> None:
    sandbox = Sandbox(contacts=3, rate=None)
    transport = httpx.ASGITransport(sandbox.app)
    async with httpx.AsyncClient(transport=transport, headers={"Api-Token": sandbox.key}) as client:
        answer = await client.get(f"{sandbox.url}/api/3/contacts/2")
        assert answer.json()["contact"]["id"] == "2"
        sandbox.fail("drop_before")
        with pytest.raises(ConnectionAbortedError):
            await client.get(f"{sandbox.url}/api/3/contacts/2")


async def test_latency_over_https() -> None:
    sandbox = Sandbox(rate=None, latency=40)
    async with sandbox.serve() as server, over(server) as client:
        await client.get("/tags")
        start = anyio.current_time()
        await client.get("/tags")
        took = anyio.current_time() - start
    assert 0.04 <= took < 0.2
    assert sandbox.requests[1].time - sandbox.requests[0].time >= 0.04


async def test_rows_change_under_it_from_another_thread() -> None:
    sandbox = Sandbox(contacts=100, rate=None)
    stop = threading.Event()

    def churn() -> None:
        while not stop.wait(0.002):
            sandbox.delete_contact(sandbox.add_contact())
            sandbox.delete_contact(sandbox.contact_ids()[0])
            sandbox.add_contact()

    thread = threading.Thread(target=churn)
    async with sandbox.serve() as server, over(server) as client:
        thread.start()
        try:
            for n in range(30):
                answer = await client.get("/contacts", params={"limit": 100, "offset": n % 7, "search": "o"})
                assert answer.status_code == 200
                assert all(row["id"] for row in answer.json()["contacts"])
        finally:
            stop.set()
            thread.join()
    assert len(sandbox.contact_ids()) == 100


async def test_time_goes_on_whatever_the_clock_of_the_test() -> None:
    """trio's clock begins anywhere, and the server's loop has another one."""
    sandbox = Sandbox(rate=None)
    sandbox.add_contact("early@example.org")  # looks at this loop's clock
    async with sandbox.serve() as server, over(server) as client:
        told = []
        sandbox.after(lambda _: told.append(sandbox.imports.clock()))
        for _ in range(3):
            await client.get("/users/me")
            await anyio.sleep(0.05)
    assert told[-1] - told[0] >= 0.1
