"""Share of the account's budget that four processes use together, on one real Redis, in real time.

share = good answers / (5 a second x seconds), over HTTPS, the sandbox in another process; undisturbed, with one process
killed with -9 in the middle, and with Redis restarted in the middle. Two of the processes run on asyncio, two on trio.
Beside it stands what `LocalLimiter(share=0.25)` in each comes to when one is killed: its quarter is lost.
"""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Literal, NamedTuple

import anyio
from attrs import evolve

from activecampaign_async import AsyncClient, LocalLimiter, RateLimiter
from activecampaign_async.limits.redis import RedisLimiter
from benchmarks._figures import BACKENDS, Bound, Figure, at_least, at_most
from benchmarks._server import Server, serving

if TYPE_CHECKING:
    from activecampaign_async.sandbox._rates import Kind

RATE, PROCESSES, LANES, LATENCY = 5, 4, 4, 300  # a second; -; calls at a time in each; milliseconds
TOGETHER: dict[Kind, Bound] = {"bucket": at_least(0.95), "sliding": at_least(0.90)}
REFUSED, SLOWEST = at_most(0.2), at_least(0.7)  # per cent; of a fair share
DOWN = 1.0  # seconds for which Redis is away
Event = Literal["undisturbed", "one killed", "Redis restarted"]


class Result(NamedTuple):
    """What a run came to."""

    share: float
    slowest: float
    """The least that a process got which was there to the end, in units of what these got on average."""
    requests: int
    refused: int


class Redis:
    """A server that keeps nothing on disk."""

    def __init__(self, folder: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"
        self._command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        self.kill()
        time.sleep(DOWN)
        self.start()


class Worker:
    """A process that asks as fast as it may, and says when it was answered."""

    def __init__(self, server: Server, limiter: str, backend: str) -> None:
        program = [sys.executable, "-m", "benchmarks.redis_share"]
        arguments = [backend, limiter, server.url, server.key, server.ca_file]
        self._process = subprocess.Popen([*program, *arguments], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.said: IO[str] = self._process.stdout
        self.first = float(self.said.readline())

    def answered(self) -> list[float]:
        """`kill -9`; when it was answered well."""
        self._process.kill()
        return [self.first, *(float(line) for line in self.said.read().split("\n")[:-1])]

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self.said.close()


def run(kind: Kind, event: Event, seconds: float, *, local: bool = False) -> Result:
    """Four workers for so long; half way the event."""
    with ExitStack() as stack:
        redis = Redis(stack.enter_context(TemporaryDirectory()))
        stack.callback(redis.kill)
        server = stack.enter_context(serving(contacts=20, rate=RATE, limiter=kind, latency=LATENCY))
        workers = []
        for number in range(PROCESSES):
            workers.append(worker := Worker(server, "" if local else redis.url, BACKENDS[number % 2]))
            stack.callback(worker.end)
        before, begun = server.report(), time.monotonic()
        dead = happens(event, begun + seconds / 2, workers, redis)
        time.sleep(begun + seconds - time.monotonic())
        after, ended = server.report(), time.monotonic()
        each = [within(worker.answered(), begun, ended) for worker in workers]
        each += [within(dead, begun, ended)] if dead else []
    share = sum(each) / (RATE * (ended - begun))
    there = each[: len(workers)]
    slowest = min(there) / (sum(there) / len(there))
    counted = (after[name] - before[name] for name in ("requests", "refused"))
    return Result(share, slowest, *counted)


def happens(event: Event, at: float, workers: list[Worker], redis: Redis) -> list[float]:
    """When the one that was killed had been answered."""
    time.sleep(at - time.monotonic())
    if event == "Redis restarted":
        redis.restart()
    return workers.pop().answered() if event == "one killed" else []


def within(times: list[float], begun: float, ended: float) -> int:
    return sum(begun <= at < ended for at in times)


def main(small: bool) -> Iterator[Figure]:
    """In the small form nothing has a bound: too short to judge by."""
    if shutil.which("redis-server") is None:
        yield Figure(
            what="share of four processes on Redis", ours="not measured", peer="redis-server is missing", value=0
        )
        return
    seconds = 6.0 if small else 60.0
    quarters = run("bucket", "one killed", seconds, local=True)
    events: tuple[Event, ...] = ("undisturbed", "one killed", "Redis restarted")
    for kind, together in TOGETHER.items():
        for event in events:
            peer = f"quarters, local: {quarters.share:.3f}" if event == "one killed" else f"{RATE} a second"
            for figure in figures(f"4 processes, {kind}, {event}", run(kind, event, seconds), together, peer):
                yield evolve(figure, bound=None) if small else figure


def figures(what: str, result: Result, together: Bound, peer: str) -> Iterator[Figure]:
    share, slowest, requests, refused = result
    yield Figure(what=f"share: {what}", ours=f"{share:.3f}", peer=peer, value=share, bound=together)
    rate = 100 * refused / requests
    yield Figure(what=f"429s, %: {what}", ours=f"{refused} requests", peer=f"of {requests}", value=rate, bound=REFUSED)
    fair = f"of {PROCESSES}, 1 is fair"
    yield Figure(what=f"slowest: {what}", ours=f"{slowest:.2f}", peer=fair, value=slowest, bound=SLOWEST)


# -- in a worker -------------------------------------------------------------------------------------------------


async def work(arguments: list[str]) -> None:
    redis_url, url, key, ca_file = arguments
    context = ssl.create_default_context(cafile=ca_file)
    async with AsyncExitStack() as stack:
        limiter: RateLimiter = LocalLimiter(RATE, 1 / PROCESSES)
        if redis_url:
            shared = RedisLimiter(redis_url, account="benchmark", rate=RATE, share=1 / PROCESSES)
            limiter = await stack.enter_async_context(shared)
        ac = AsyncClient(url, key, ssl_context=context, rate_limiter=limiter)
        await ask(await stack.enter_async_context(ac))


async def ask(ac: AsyncClient) -> None:
    async def lane() -> None:
        while True:
            await ac.request("GET", "/contacts", params={"limit": "1"})
            print(time.monotonic(), flush=True)  # one clock for all processes of a machine

    async with anyio.create_task_group() as lanes:
        for _ in range(LANES):
            lanes.start_soon(lane)


if __name__ == "__main__":
    anyio.run(work, sys.argv[2:], backend=sys.argv[1])
