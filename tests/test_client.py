from __future__ import annotations

from typing import Any

import anyio
import pytest
import respx

from activecampaign_async import AsyncClient, LocalLimiter, Reply, errors as e
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of, fast

pytestmark = pytest.mark.anyio
HOME = "https://acme.api-us1.com"


async def test_areas_are_loaded_when_used() -> None:
    ac = AsyncClient(HOME, "some-key")
    assert "contacts" not in vars(ac)
    assert {"contacts", "tags", "users", "request"} <= set(dir(ac))
    assert ac.contacts is ac.contacts
    with pytest.raises(AttributeError, match=r"no area 'contatcs'; there are .*, contacts, "):
        ac.contatcs  # type: ignore[attr-defined]  # noqa: B018 - the point


async def test_opened_in_one_task_and_closed_in_another() -> None:
    account, opened, done = Sandbox(contacts=3, rate=None), anyio.Event(), anyio.Event()
    async with account.serve() as server:
        ac = AsyncClient(server.url, account.key, ssl_context=server.ssl_context(), rate_limiter=LocalLimiter(1e6))

        async def open_it() -> None:
            await ac.__aenter__()
            await ac.contacts.get(1)
            opened.set()
            await done.wait()

        async def use_and_close_it() -> None:
            await opened.wait()
            await ac.contacts.get(2)
            await ac.__aexit__(None, None, None)
            done.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(open_it)
            tasks.start_soon(use_and_close_it)


@respx.mock
async def test_anything_else_goes_down_the_same_road() -> None:
    road = respx.post(f"{HOME}/api/3/goals/a%2Fb", params={"x": "1", "many": ["2", "3"], "yes": "true"}).respond(
        202, headers={"X-Thing": "t", "Set-Cookie": "a=b"}
    )
    async with AsyncClient(HOME, "some-key", account="respx", rate_limiter=fast()) as ac:
        reply = await ac.request(
            "POST", "/goals/a%2Fb", params={"x": 1, "many": [2, "3"], "yes": True}, json={"goal": 1}
        )
    assert reply == Reply(202, {"x-thing": "t"}, None) or reply.data is None
    assert reply.headers["x-thing"] == "t"
    assert "set-cookie" not in reply.headers
    assert road.calls.last.request.headers["Api-Token"] == "some-key"
    assert road.calls.last.request.content == b'{"goal":1}'


@respx.mock
async def test_an_address_in_the_query_keeps_its_plus() -> None:
    road = respx.get(f"{HOME}/api/3/contacts").respond(json={"contacts": [], "meta": {"total": "0"}})
    async with AsyncClient(HOME, "some-key", account="respx", rate_limiter=fast()) as ac:
        await ac.contacts.find("ann+news@example.org")
    assert b"email=ann%2Bnews%40example.org" in road.calls.last.request.url.query


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/api/3/contacts",
        "contacts",
        "//evil.example/x",
        "https://evil.example/",
        "/contacts?x=1",
        "/contacts#x",
        "/../admin",
        "/contacts/..",
        "/contacts/%2e%2e/x",
        "/contacts/.%2E",
        "/./contacts",
        "/con tacts",
        "/",
        "/contacts/",
        "/contacts//fieldValues",
        "/..%2fadmin",
        "/contacts/%252e%252e/x",
        "/a/..%5cb",
        "/con\ntacts",
        "/con\\tacts",
        "/kontäkte",
    ],
)
async def test_a_path_leads_nowhere_else(path: str) -> None:
    async with AsyncClient(HOME, "some-key") as ac:
        with pytest.raises(ValueError, match="path"):
            await ac.request("GET", path)
        with pytest.raises(ValueError, match="path"):
            await ac.rows(path, "rows")


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (ValueError, {"method": "get"}),
        (ValueError, {"method": "GET /"}),
        (TypeError, {"path": 3}),
        (TypeError, {"params": {"x": object()}}),
        (TypeError, {"params": "x=1"}),
        (TypeError, {"params": {1: "x"}}),
        (ValueError, {"params": {"ids[]": []}}),
        (ValueError, {"params": {"x": float("nan")}}),
        (ValueError, {"params": {"since": __import__("datetime").datetime(2026, 1, 1)}}),
        (TypeError, {"json": {"x": object()}}),
        (ValueError, {"json": float("nan")}),
    ],
)
async def test_nonsense_is_refused_before_anything_is_sent(kind: type[Exception], given: dict[str, Any]) -> None:
    account = Sandbox(rate=None)
    async with client_of(account) as ac:
        with pytest.raises(kind):
            await ac.request(**{"method": "POST", "path": "/goals"} | given)
    assert account.requests == []


async def test_rows_of_any_list() -> None:
    account = Sandbox(rate=None)
    for number in range(250):
        account.add_tag(f"tag {number}")
    async with client_of(account) as ac:
        names = [row["tag"] async for row in ac.rows("/tags", "tags")]
        page = await ac.rows("/tags", "tags", {"search": "tag 24"}, limit=5)
        with pytest.raises(ValueError, match="limit"):
            await ac.rows("/tags", "tags", {"limit": 5})
        with pytest.raises(e.DecodeError):
            await ac.rows("/tags", "labels")
    assert sorted(names) == sorted(f"tag {number}" for number in range(250))
    assert len(page.items) == 5
    assert page.total == 11


async def test_clients_of_one_account_share_its_budget() -> None:
    one, two = AsyncClient(HOME, "some-key"), AsyncClient("https://acme.activehosted.com/admin", "some-key")
    other = AsyncClient(HOME, "some-key", account="other")
    assert one._sender.line.limiter is two._sender.line.limiter
    assert one._sender.line.limiter is not other._sender.line.limiter


async def test_repr() -> None:
    assert "AsyncClient('https://acme.api-us1.com')" in repr(AsyncClient(HOME, "some-key"))
