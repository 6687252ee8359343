"""How long an interactive call waits for its turn beside a running export: p99, in seconds.

The wait is what the call took, less the latency. In one process in virtual time, which charges no CPU; and over Redis
in real time, HTTPS: two processes export, a third one asks now and then.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import anyio
from attrs import evolve, frozen

from activecampaign_async import AsyncClient
from activecampaign_async.limits.redis import RedisLimiter
from activecampaign_async.sandbox import Sandbox
from benchmarks import _virtual
from benchmarks._figures import BACKENDS, Figure, at_most
from benchmarks._server import Server, serving
from benchmarks.redis_share import Redis

if TYPE_CHECKING:
    from activecampaign_async.sandbox._rates import Kind

RATE, LANES, LATENCY = 5, 8, 300  # a second; -; milliseconds, over Redis
TWO_SLOTS = at_most(2 / RATE)
PAUSE = 0.5, 3.0  # seconds between interactive calls, at random
EXPORTING = 2  # processes


@frozen(kw_only=True)
class Case:
    """An export in this process, and so many interactive calls."""

    calls: int
    latency: float
    limiter: Kind
    backend: str

    def run(self) -> list[float]:
        """Their waits, in order."""
        return _virtual.run("trio" if self.backend == "trio" else "asyncio", self.measure)

    async def measure(self) -> list[float]:
        account = Sandbox(contacts=200_000, rate=RATE, limiter=self.limiter, latency=self.latency, keep=0)
        async with _virtual.client(account, RATE) as ac, exporting(ac):
            return await waits(ac, self.calls, self.latency / 1000)


@asynccontextmanager
async def exporting(ac: AsyncClient) -> AsyncIterator[None]:
    async def export() -> None:
        while True:
            async with ac.contacts.list().ahead_pages(LANES, ordered=False) as pages:
                async for _ in pages:
                    pass

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(export)
        await anyio.sleep(5)  # under way
        yield
        tasks.cancel_scope.cancel()


async def waits(ac: AsyncClient, calls: int, alone: float) -> list[float]:
    dice, waited = Random(8), []
    for _ in range(calls):
        await anyio.sleep(dice.uniform(*PAUSE))
        asked = anyio.current_time()
        await ac.contacts.get(1)
        waited.append(anyio.current_time() - asked - alone)
    return sorted(waited)


def main(small: bool) -> Iterator[Figure]:
    for limiter in ("sliding", "bucket"):
        for latency in (300,) if small else (50, 300, 1000):
            for backend in BACKENDS[-1:] if small else BACKENDS:
                case = Case(calls=50 if small else 300, latency=latency, limiter=limiter, backend=backend)
                yield told(f"one process, {limiter}, {latency} ms, {backend}", case.run())
    if shutil.which("redis-server") is None:
        yield Figure(
            what="wait beside an export, on Redis", ours="not measured", peer="redis-server is missing", value=0
        )
        return
    figure = told(f"{EXPORTING} exporting processes on Redis, real time", on_redis(6 if small else 120))
    yield evolve(figure, bound=None) if small else figure


def told(what: str, waited: list[float]) -> Figure:
    at = waited[len(waited) * 99 // 100]
    return Figure(
        what=f"s that a call waits beside an export, p99: {what}",
        ours=f"{at:.2f} s of {len(waited)}",
        peer=f"two turns {2 / RATE:.2f} s; median {waited[len(waited) // 2]:.2f}",
        value=at,
        bound=TWO_SLOTS,
    )


# -- over Redis ----------------------------------------------------------------------------------------------------


def on_redis(calls: int) -> list[float]:
    with ExitStack() as stack:
        redis = Redis(stack.enter_context(TemporaryDirectory()))
        stack.callback(redis.kill)
        server = stack.enter_context(serving(contacts=20_000, rate=RATE, latency=LATENCY))
        for number in range(EXPORTING):
            command = [sys.executable, "-m", "benchmarks.beside", redis.url, server.url, server.key, server.ca_file]
            stack.callback(subprocess.Popen([*command, BACKENDS[number % 2]]).kill)
        time.sleep(3)
        return anyio.run(asking, redis.url, server, calls)


async def asking(redis_url: str, server: Server, calls: int) -> list[float]:
    async with joined(redis_url, server.url, server.key, server.ca_file) as ac:
        for _ in range(3):  # opens the connections
            await ac.contacts.get(1)
        return await waits(ac, calls, LATENCY / 1000)


@asynccontextmanager
async def joined(redis_url: str, url: str, key: str, ca_file: str) -> AsyncIterator[AsyncClient]:
    context = ssl.create_default_context(cafile=ca_file)
    limiter = RedisLimiter(redis_url, account="benchmark", rate=RATE, share=1 / (EXPORTING + 1))
    async with limiter, AsyncClient(url, key, ssl_context=context, rate_limiter=limiter) as ac:
        yield ac


async def child(arguments: list[str]) -> None:
    async with joined(*arguments) as ac, exporting(ac):
        await anyio.sleep_forever()


if __name__ == "__main__":
    anyio.run(child, sys.argv[1:5], backend=sys.argv[5])
