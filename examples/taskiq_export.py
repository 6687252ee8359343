"""A large export by worker processes: taskiq on Redis streams, one budget for all, and any of them may be killed.

REDIS_URL=… AC_API_URL=… AC_API_TOKEN=… taskiq worker examples.taskiq_export:broker --workers 4 --max-async-tasks 8
REDIS_URL=… AC_API_URL=… AC_API_TOKEN=… python -m examples.taskiq_export contacts.ndjson

The second command cuts the contacts into shards, hands them out, and puts their files together. Stopped, it is started
again and goes on. The workers write to the same folder, contacts.ndjson.parts: on several machines, a shared one.
Exit code: 0 all is there; 1 a shard failed, and the same command goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
from redis import RedisError
from redis.asyncio import Redis
from taskiq import AsyncTaskiqTask, TaskiqEvents, TaskiqState
from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

from activecampaign_async import ActiveCampaignError, AsyncClient, ConfigurationError
from activecampaign_async.jobs import Checkpoint, ResumeError, Shard, StateFile, export_shard, merge, shards
from activecampaign_async.limits.redis import RedisLimiter

REDIS = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
ACCOUNT = os.environ.get("AC_ACCOUNT", "main")  # the name of the budget: the same in every process
RATE = float(os.environ.get("AC_RATE", "5"))
WORKERS = int(os.environ.get("WORKERS", "4"))
LOST_AFTER = float(os.environ.get("LOST_AFTER", "5"))  # seconds without a sign of life: others take up its shards
LANES = 4  # requests of one shard side by side; all shards share the budget

log = logging.getLogger("export")

broker = RedisStreamBroker(
    REDIS,
    queue_name="activecampaign:export",
    consumer_group_name="exporters",
    consumer_name=f"exporter-{os.uname().nodename}-{os.getpid()}",
    consumer_id="0",  # what was handed out before the first worker came counts, too
    idle_timeout=int(LOST_AFTER * 1000),  # ten minutes by default
    unacknowledged_lock_timeout=LOST_AFTER,  # else one that is killed while it holds the lock keeps it for ever
    xread_count=1,  # by default the first worker takes a hundred, and the others have nothing to do
    xread_block=1000,
).with_result_backend(RedisAsyncResultBackend(REDIS, result_ex_time=86_400))


# -- a worker ----------------------------------------------------------------------------------------------------------


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def begin(state: TaskiqState) -> None:
    """taskiq begins and ends in different tasks, and the limiter is left in the task that entered it: so in its own."""
    opened: asyncio.Future[AsyncClient] = asyncio.get_running_loop().create_future()
    state.stop = asyncio.Event()
    state.own = [asyncio.create_task(hold(opened, state.stop)), asyncio.create_task(show_life())]
    state.ac = await opened


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN)
async def end(state: TaskiqState) -> None:
    state.stop.set()
    holding, alive = state.own
    alive.cancel()
    with suppress(asyncio.CancelledError):
        await alive
    await holding


async def hold(opened: asyncio.Future[AsyncClient], stop: asyncio.Event) -> None:
    try:
        async with (
            RedisLimiter(REDIS, account=ACCOUNT, rate=RATE, share=1 / WORKERS) as limiter,
            AsyncClient(rate_limiter=limiter, read_only=True) as ac,
        ):
            opened.set_result(ac)
            await stop.wait()
    except Exception as error:
        if opened.done():
            raise
        opened.set_exception(error)


async def show_life() -> None:
    """A shard may take long. What this process is at is not idle as long as it lives: nobody else is to take it up."""
    name, group, me = broker.queue_name, broker.consumer_group_name, broker.consumer_name
    async with Redis(connection_pool=broker.connection_pool) as redis:
        while True:
            await asyncio.sleep(LOST_AFTER / 4)  # first: taskiq makes the group only after WORKER_STARTUP
            try:
                mine = await redis.xpending_range(name, group, "-", "+", 100, consumername=me)
                if mine:
                    await redis.xclaim(name, group, me, 0, [entry["message_id"] for entry in mine], justid=True)
            except (OSError, RedisError) as error:  # Redis is away; shards are safe to take up twice
                log.warning("Redis: %s", type(error).__name__)


@broker.task("export")  # named: the one who hands out is another module, `__main__`
async def export(shard: dict[str, Any], folder: str) -> int:
    """One shard. It may be handed out twice: what is there is gone on with, and what is whole is not touched."""
    ours = Shard(**shard)
    log.info("%s: process %d", ours.name, os.getpid())
    while True:
        try:
            return await export_shard(broker.state.ac, ours, Path(folder), lanes=LANES)
        except BlockingIOError:  # somebody is at it who seemed dead
            await asyncio.sleep(1)  # to end here would take it off the list of what is due


@broker.task("nudge")
async def nudge() -> None:
    """taskiq looks for what the dead have left only after it was given something new."""


# -- who hands out -----------------------------------------------------------------------------------------------------


async def run(path: Path, count: int) -> int:
    folder = path.with_name(path.name + ".parts")
    async with (
        RedisLimiter(REDIS, account=ACCOUNT, rate=RATE, share=1 / WORKERS) as limiter,
        AsyncClient(rate_limiter=limiter, read_only=True) as ac,
    ):
        if (rows := put_together(path, folder, ac.base_url)) is None:
            todo = await planned(ac, folder, count)
            await broker.startup()
            try:
                failed = await hand_out(todo, folder)
            finally:
                await broker.shutdown()
            if failed:
                lost = f"{len(failed)} of {len(todo)} shards failed"
                print(f"{lost}; the same command goes on: {failed[0]}", file=sys.stderr)
                return 1
            parts = [shard.part(folder) for shard in todo]
            rows = await merge(parts, path, ac.contacts.list(), account=ac.base_url, plan=folder / "plan")
    shutil.rmtree(folder)
    print(f"{rows} contacts in {path}")
    return 0


def put_together(path: Path, folder: Path, account: str) -> int | None:
    """How many rows the file has that a run made which ended before it had cleaned up; None where there is none."""
    if not folder.exists() or (folder / "plan").exists():
        return None
    whole = Checkpoint.load(path.with_name(path.name + ".checkpoint"))
    return whole.rows if whole and whole.done and whole.account == account else None


async def planned(ac: AsyncClient, folder: Path, count: int) -> list[Shard]:
    """As it was planned the first time: shards of another plan would overlap with those that are there."""
    known = StateFile(folder / "plan").load()
    if known is None:
        made = await shards(ac, count)
        known = {"account": ac.base_url, "shards": [attrs.asdict(shard) for shard in made]}
        shutil.rmtree(folder, ignore_errors=True)
        new = folder.with_name(folder.name + ".new")
        new.mkdir(exist_ok=True)
        StateFile(new / "plan").save(known)
        new.rename(folder)  # with its plan: a folder without one is what a run has left that came to its end
    if known["account"] != ac.base_url:
        raise ResumeError(f"{folder} was begun from another account ({known['account']})")
    return [Shard(**shard) for shard in known["shards"]]


async def hand_out(todo: list[Shard], folder: Path) -> list[str]:
    """Two for each worker at a time, so that none takes all. What went wrong, by shard."""
    waiting, failed = list(todo), []
    under_way: dict[str, AsyncTaskiqTask[int]] = {}
    while waiting or under_way:
        while waiting and len(under_way) < 2 * WORKERS:
            shard = waiting.pop(0)
            under_way[shard.name] = await export.kiq(attrs.asdict(shard), str(folder))
        await asyncio.sleep(0.5)
        for name, task in list(under_way.items()):
            if await task.is_ready():
                del under_way[name]
                result = await task.get_result()
                if result.is_err:
                    failed.append(f"{name}: {result.error}")
        await nudge.kiq()
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description="Exports all contacts, by the workers that are there.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--shards", type=int, default=16, help="parts; several for each worker")
    asked = parser.parse_args()
    try:
        return asyncio.run(run(asked.file.resolve(), asked.shards))
    except (ActiveCampaignError, ConfigurationError, ResumeError, OSError) as error:
        print(f"export: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
