"""What the road costs: CPU for a call, over bare `httpx.AsyncClient` that sends and parses the same."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import anyio
import httpx

from activecampaign_async import AsyncClient, LocalLimiter, _json
from activecampaign_async._http import HEADERS
from benchmarks._figures import BACKENDS, Figure, at_most, interleaved
from benchmarks._server import Server, serving

ROAD, ADDED = at_most(1.15), at_most(60)  # times; microseconds
USER = {"user": {"id": "1", "username": "ann", "firstName": "Ann", "lastName": "Lee", "email": "ann@example.org"}}

Call = Callable[[], Awaitable[object]]


def main(small: bool) -> Iterator[Figure]:
    rounds, times = (5, 60) if small else (21, 200)
    with serving(contacts=1000, rate=None) as server:
        for backend in BACKENDS:
            yield from anyio.run(over_https, server, backend, rounds, times, backend=backend)
    for backend in BACKENDS:
        yield from anyio.run(without_network, backend, rounds, times * 4, backend=backend)


async def over_https(server: Server, backend: str, rounds: int, times: int) -> list[Figure]:
    figures = []
    peer = bare(server.url, server.key, verify=server.ssl_context())
    async with peer, server.client() as ac:
        page: dict[str, Any] = {"limit": "100"}
        rows: list[tuple[str, Call, Call, int]] = [
            ("GET /users/me", ac.users.me, lambda: get(peer, "/users/me"), times),
            (
                "a page of 100, as wire rows",
                lambda: ac.request("GET", "/contacts", params=page),
                lambda: get(peer, "/contacts", page),
                times // 4,
            ),
        ]
        for what, ours, theirs, count in rows:
            a, b, ratio = await interleaved(ours, theirs, rounds=rounds, times=count)
            figures.append(told(f"CPU of a call, {what}, HTTPS, {backend}", a, b, ratio, bound=True))
        a, b, ratio = await interleaved(
            lambda: models(ac), lambda: get(peer, "/contacts", page), rounds=rounds, times=times // 4
        )
        figures.append(told(f"CPU of a page of 100 models, HTTPS, {backend}", a, b, ratio, bound=False))
    return figures


def bare(url: str, key: str, **options: Any) -> httpx.AsyncClient:
    """What a careful user would write: the same headers, no cookies kept."""
    cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    headers = {**HEADERS, "Api-Token": key}
    return httpx.AsyncClient(base_url=f"{url}/api/3", headers=headers, cookies=cookies, **options)


async def models(ac: AsyncClient) -> None:
    await ac.contacts.list(limit=100)


async def get(client: httpx.AsyncClient, path: str, params: dict[str, Any] | None = None) -> Any:
    response = await client.get(path, params=params)
    response.raise_for_status()
    return _json.loads(response.content)  # response.json() with the parser that ours has: orjson where it is installed


def told(what: str, ours: float, bare: float, ratio: float, *, bound: bool) -> Figure:
    return Figure(
        what=what,
        ours=f"{ours * 1e6:.0f} us",
        peer=f"bare HTTPX {bare * 1e6:.0f} us",
        value=ratio,
        bound=ROAD if bound else None,
    )


class NoNetwork(httpx.AsyncBaseTransport):
    """Answers at once."""

    content = json.dumps(USER).encode()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Type": "application/json"}, content=self.content)


async def without_network(backend: str, rounds: int, times: int) -> list[Figure]:
    url, key = "https://bench.api.example", "key-that-opens-nothing"
    peer = bare(url, key, transport=NoNetwork())
    ours = AsyncClient(url, key, transport=NoNetwork(), rate_limiter=LocalLimiter(1e9))
    async with peer, ours as ac:
        a, b, _ = await interleaved(ac.users.me, lambda: get(peer, "/users/me"), rounds=rounds, times=times)
    return [
        Figure(
            what=f"us added to a call without a network, {backend}",
            ours=f"{a * 1e6:.0f} us",
            peer=f"bare HTTPX {b * 1e6:.0f} us",
            value=(a - b) * 1e6,
            bound=ADDED,
        )
    ]
