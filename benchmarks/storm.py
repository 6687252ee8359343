"""A storm of cancels over HTTPS: how many of a pool's connections can still be had afterwards."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator

import anyio
import httpx

from activecampaign_async._http import HEADERS
from benchmarks._figures import BACKENDS, Figure, at_most
from benchmarks._server import Server, serving

CANCELS, AT_ONCE = 500, 50
POOL, GATE = 20, 16
STORM, PROBE = 20, 1000  # milliseconds of latency
TOGETHER = 1.8  # times the latency: who waited for another's connection takes twice as long

Call = Callable[[], Awaitable[object]]


def main(small: bool) -> Iterator[Figure]:
    cancels = 200 if small else CANCELS
    with serving(contacts=200, rate=None) as server:
        for backend in BACKENDS:
            yield anyio.run(compared, server, backend, cancels, backend=backend)


async def compared(server: Server, backend: str, cancels: int) -> Figure:
    async with bare(server) as client:
        everything = await lost(server, lambda: client.get("/contacts/1"), POOL, cancels)
    async with bare(server) as client:
        gate = anyio.Semaphore(GATE)

        async def gated() -> None:
            async with gate:
                await client.get("/contacts/1")

        behind_gate = await lost(server, gated, GATE, cancels)
    async with server.client() as ac:
        ours = await lost(server, lambda: ac.contacts.get(1), GATE, cancels)
    return Figure(
        what=f"slots lost to {cancels} cancels, {backend}",
        ours=f"{ours} of {GATE}",
        peer=f"bare {everything} of {POOL}, gated {behind_gate} of {GATE}",
        value=ours,
        bound=at_most(0),
        steady=True,
    )


def bare(server: Server) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"{server.url}/api/3",
        headers={**HEADERS, "Api-Token": server.key},
        verify=server.ssl_context(),
        limits=httpx.Limits(max_connections=POOL, max_keepalive_connections=POOL),
        timeout=httpx.Timeout(10, pool=None),
    )


async def lost(server: Server, call: Call, slots: int, cancels: int) -> int:
    """How many of so many slots the storm cost. A lost one stays lost: the best of three looks is right."""
    server.latency(STORM)
    await storm(call, cancels)
    server.latency(PROBE)
    return slots - max([await side_by_side(call, slots) for _ in range(3)])


async def storm(call: Call, cancels: int) -> None:
    chance, cancelled = random.Random(8), 0

    async def one() -> None:
        nonlocal cancelled
        with anyio.move_on_after(chance.random() * 0.05) as scope:
            await call()
        cancelled += scope.cancelled_caught

    while cancelled < cancels:
        async with anyio.create_task_group() as tasks:
            for _ in range(AT_ONCE):
                tasks.start_soon(one)


async def side_by_side(call: Call, slots: int) -> int:
    """How many of so many calls are answered in the time that one takes."""
    answered = 0

    async def one() -> None:
        nonlocal answered
        await call()
        answered += 1

    with anyio.move_on_after(TOGETHER * PROBE / 1000):
        async with anyio.create_task_group() as tasks:
            for _ in range(slots):
                tasks.start_soon(one)
    return answered
