"""`examples/taskiq_export.py`: real Redis, real workers, one killed while it is at a shard, and the union exact."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from activecampaign_async.sandbox import Sandbox
from tests.limits.redis_server import RedisServer

from .support import ROOT, served, until

pytest.importorskip("taskiq_redis", reason="taskiq and taskiq-redis are not installed")

CONTACTS, RATE, SHARDS = 12_000, 25, 6
STREAM, GROUP = "activecampaign:export", "exporters"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


class Worker:
    """`taskiq worker` with one process, and a log."""

    def __init__(self, env: Mapping[str, str], log: Path) -> None:
        self.log = log
        command = [sys.executable, "-m", "taskiq", "worker", "examples.taskiq_export:broker", "--workers", "1"]
        with log.open("wb") as said:
            self.process = subprocess.Popen(
                [*command, "--max-async-tasks", "8"],
                cwd=ROOT,
                env=env,
                stdout=said,
                stderr=said,
                start_new_session=True,  # taskiq's own process, and the one that works
            )

    def kill(self) -> None:
        """`kill -9`, both."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def shards(self) -> list[str]:
        """What it took up."""
        return [line.split("after-")[1].split(":")[0] for line in self.log.read_text().splitlines() if "after-" in line]


@contextmanager
def working(env: Mapping[str, str], folder: Path, count: int) -> Iterator[list[Worker]]:
    with ExitStack() as stack:
        workers = []
        for number in range(count):
            workers.append(worker := Worker(env, folder / f"worker{number}.log"))
            stack.callback(end, worker)
        yield workers


def end(worker: Worker) -> None:
    if worker.process.poll() is None:
        worker.kill()


@contextmanager
def account(sandbox: Sandbox, redis: RedisServer, lost_after: float, rate: float = RATE) -> Iterator[dict[str, str]]:
    with served(sandbox) as env:
        told = {"REDIS_URL": redis.url, "WORKERS": "2", "AC_RATE": str(rate), "LOST_AFTER": str(lost_after)}
        yield {**env, **told}


def handing_out(env: Mapping[str, str], path: Path, count: int = SHARDS) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "examples.taskiq_export", str(path), "--shards", str(count)]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ids(path: Path) -> list[int]:
    return [int(json.loads(line)["id"]) for line in path.read_bytes().splitlines()]


def within_a_second(sandbox: Sandbox) -> int:
    """The most requests that were let through in any second."""
    times = sorted(asked.time for asked in sandbox.requests if asked.processed)
    return max(sum(start <= time < start + 1 for time in times) for start in times)


def whole(out: Path) -> set[str]:
    """Shards that are done."""
    folder = out.with_name(out.name + ".parts")
    marks = (mark for mark in folder.glob("*.part.checkpoint") if json.loads(mark.read_bytes())["done"])
    return {mark.name.split("after-")[1].split(".")[0] for mark in marks}


def check(sandbox: Sandbox, out: Path, requests: float) -> None:
    assert Counter(ids(out)) == Counter(sandbox.contact_ids())
    assert not out.with_name(out.name + ".parts").exists()
    assert within_a_second(sandbox) <= RATE
    assert sum(asked.status == 429 for asked in sandbox.requests) <= 3
    assert len(sandbox.requests) < requests * CONTACTS / 100


def test_a_worker_is_killed_and_the_union_is_exact(redis: RedisServer, tmp_path: Path) -> None:
    sandbox, out = Sandbox(contacts=CONTACTS, rate=RATE, holes=0.2), tmp_path / "contacts.ndjson"
    with account(sandbox, redis, 2) as env, working(env, tmp_path, 2) as (first, second):
        boss = handing_out(env, out)
        until(lambda: first.shards() and second.shards() and len(sandbox.requests) > 40, 30)
        first.kill()
        killed_at, lost = time.monotonic(), set(first.shards()) - whole(out)
        assert lost, "it was at something"
        until(lambda: lost <= set(second.shards()), 15)
        assert time.monotonic() - killed_at < 8, "taken up within seconds"
        said, complaint = boss.communicate(timeout=60)
        assert (boss.returncode, complaint) == (0, "")
    assert said == f"{CONTACTS} contacts in {out}\n"
    check(sandbox, out, 1.4)  # what is there is not fetched again


def test_the_last_ones_to_be_handed_out_are_taken_up_as_well(redis: RedisServer, tmp_path: Path) -> None:
    """Nothing new comes to make taskiq look, but for the nudges."""
    sandbox, out = Sandbox(contacts=CONTACTS, rate=RATE), tmp_path / "contacts.ndjson"
    with account(sandbox, redis, 2) as env, working(env, tmp_path, 2) as (first, second):
        boss = handing_out(env, out, 2)
        until(lambda: len(first.shards()) + len(second.shards()) == 2, 30)
        victim, heir = (first, second) if first.shards() else (second, first)
        victim.kill()
        lost = set(victim.shards())
        until(lambda: lost <= set(heir.shards()), 10)
        boss.communicate(timeout=60)
        assert boss.returncode == 0
    check(sandbox, out, 1.4)


def test_a_shard_that_takes_long_is_nobody_elses(redis: RedisServer, tmp_path: Path) -> None:
    """Though it takes more than twice as long as a sign of life may be late."""
    sandbox, out = Sandbox(contacts=CONTACTS, rate=RATE / 2), tmp_path / "contacts.ndjson"
    with account(sandbox, redis, 4, RATE / 2) as env, working(env, tmp_path, 2) as workers:
        boss = handing_out(env, out, 3)
        boss.communicate(timeout=60)
        assert boss.returncode == 0
        taken = Counter(name for worker in workers for name in worker.shards())
    assert sorted(taken.values()) == [1, 1, 1], [worker.log.read_text() for worker in workers]
    check(sandbox, out, 1.2)


def test_who_hands_out_may_be_killed_and_goes_on(redis: RedisServer, tmp_path: Path) -> None:
    sandbox, out = Sandbox(contacts=CONTACTS, rate=RATE), tmp_path / "contacts.ndjson"
    with account(sandbox, redis, 2) as env, working(env, tmp_path, 2) as (first, second):
        boss = handing_out(env, out)
        until(lambda: len(first.shards()) + len(second.shards()) == 4, 30)
        boss.kill()
        boss.communicate()
        boss = handing_out(env, out)
        _, complaint = boss.communicate(timeout=60)
        assert (boss.returncode, complaint) == (0, "")
    check(sandbox, out, 1.2)


def test_what_fails_is_told_and_gone_on_with(redis: RedisServer, tmp_path: Path) -> None:
    sandbox, out = Sandbox(contacts=1_000, rate=RATE), tmp_path / "contacts.ndjson"
    with account(sandbox, redis, 2) as env, working(env, tmp_path, 2):
        sandbox.fail("403", path="/contacts", skip=6, always=True)
        boss = handing_out(env, out, 2)
        said, complaint = boss.communicate(timeout=60)
        assert (boss.returncode, said) == (1, "")
        assert "shards failed; the same command goes on: after-" in complaint
        assert sandbox.key not in complaint
        sandbox.heal()
        boss = handing_out(env, out, 2)
        said, complaint = boss.communicate(timeout=60)
        assert (boss.returncode, complaint) == (0, "")
    assert sorted(ids(out)) == sandbox.contact_ids()
