"""Real processes on one real Redis: together within the limit, in fair shares, and whatever happens to one of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.limits.redis_server import RedisServer

if TYPE_CHECKING:
    from pathlib import Path

RATE = 20.0
PROGRAM = """
import sys, time, anyio
from activecampaign_async.limits.redis import RedisLimiter

async def main(url, rate, share):
    async with RedisLimiter(url, account="acme", rate=float(rate), share=float(share)) as limiter:
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(lane, limiter)

async def lane(limiter):
    while True:
        await limiter.acquire(priority="bulk")
        print(time.monotonic(), flush=True)  # one clock for all processes of a machine

anyio.run(main, *sys.argv[2:], backend=sys.argv[1])
"""
FORKED = """
import os, sys, anyio
from activecampaign_async.limits.redis import RedisLimiter

limiter = RedisLimiter(sys.argv[2], account="acme", rate=50)
backend = sys.argv[1]

async def refused():
    try:
        await limiter.acquire()
    except RuntimeError as error:
        assert "same event loop and process" in str(error)
        async with limiter:
            await limiter.acquire()
        os._exit(7)

async def main():
    async with limiter:
        await limiter.acquire()
        ends = []
        child = os.fork()
        if child == 0:
            import threading  # a new loop in a new thread: this one's is the parent's
            thread = threading.Thread(target=lambda: anyio.run(refused, backend=backend))
            thread.start()
            thread.join()
            os._exit(1)
        await limiter.acquire()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        await limiter.acquire()
        assert not limiter._away

anyio.run(main, backend=backend)
"""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


class Worker:
    """A process that takes all the turns that it gets."""

    def __init__(self, url: str, backend: str, share: float) -> None:
        command = [sys.executable, "-c", PROGRAM, backend, url, str(RATE), str(share)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.said = self.process.stdout
        self.first = float(self.said.readline())

    def kill(self) -> list[float]:
        """`kill -9`; when it had its turns."""
        self.process.kill()
        return [self.first, *(float(line) for line in self.said.read().split("\n")[:-1])]


@contextmanager
def working(url: str, *backends: str) -> Iterator[list[Worker]]:
    with ExitStack() as stack:
        workers = []
        for backend in backends:
            workers.append(worker := Worker(url, backend, 1 / len(backends)))
            stack.callback(worker.process.wait)
            stack.callback(worker.process.kill)
            stack.callback(worker.said.close)
        yield workers


def within(times: list[float], begin: float, end: float) -> list[float]:
    return sorted(at for at in times if begin <= at < end)


def test_processes_on_both_backends_share_one_budget_fairly(redis: RedisServer) -> None:
    with working(redis.url, "asyncio", "trio", "asyncio") as workers:
        begin = time.monotonic()
        time.sleep(2)
        end = time.monotonic()
        each = [within(worker.kill(), begin, end) for worker in workers]
    together = sorted(at for times in each for at in times)
    assert len(together) <= RATE * (end - begin) + 1
    assert len(together) > 0.85 * RATE * (end - begin)
    assert min(map(len, each)) > 0.7 * len(together) / 3
    assert all(b - a > 4 / RATE - 0.05 for a, b in zip(together, together[4:], strict=False))


def test_one_that_is_killed_costs_nothing(redis: RedisServer) -> None:
    with working(redis.url, "asyncio", "trio", "asyncio") as workers:
        time.sleep(0.5)
        begin = time.monotonic()
        workers[0].kill()
        time.sleep(2)
        end = time.monotonic()
        left = sorted(at for worker in workers[1:] for at in within(worker.kill(), begin, end))
    assert len(left) > 0.85 * RATE * (end - begin)
    assert max(b - a for a, b in pairwise(left)) < 3 / RATE + 0.1 + 0.1


def test_redis_restarted_in_the_middle(redis: RedisServer) -> None:
    with working(redis.url, "asyncio", "trio", "asyncio") as workers:
        begin = time.monotonic()
        time.sleep(0.7)
        redis.kill()
        time.sleep(0.7)
        redis.start()
        time.sleep(2.5)
        end = time.monotonic()
        together = sorted(at for worker in workers for at in within(worker.kill(), begin, end))
    assert len(together) > 0.85 * RATE * (end - begin)
    worst = max(sum(1 for other in together if at <= other < at + 1) for at in together)
    assert worst <= RATE + 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_fork(redis: RedisServer, backend: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKED, backend, redis.url]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 0, ran.stderr
