"""`contacts export --workers N`: several processes at one file, on one budget."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import IO, Any

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.to_thread import run_sync
from attrs import asdict, define, evolve

from .._observer import RequestInfo
from ..client import AsyncClient
from ..errors import ConfigurationError
from ..jobs import Checkpoint, Progress, Shard, StateFile, shards
from ..jobs._publish import mark_of, whole
from . import Failure
from ._progress import Display
from ._run import PLAN, Export, parts_of, refuse_other

EACH = 4  # shards for every worker, so that none is left with the longest one
DEATHS = 3  # of workers without a shard done between them, after which none is started any more
GRACE = 5.0  # seconds for a worker to end in order
LONGEST = 100_000  # bytes of a line
VERSION = 1  # of the plan


class _Ended(Exception):
    """A worker ended, and nobody had told it to."""


@define
class _Done:
    """A request of a worker's."""

    attempts: int
    waited: float
    sent: int
    received: int
    told: int | None


class SharedExport(Export):
    """An export by several processes: each writes one shard after the other, and at the end they are put together."""

    def __init__(self, *given: Any, workers: int, **options: Any) -> None:
        super().__init__(*given, **options)
        assert self._out is not None  # noqa: S101  # `export` has seen to it
        self._workers, self._path, self._parts = workers, self._out, parts_of(self._out)
        self._shards: dict[str, Progress] = {}
        self._total = 0
        self._failure: Failure | None = None

    @property
    def _rows(self) -> int:
        return sum(progress.rows for progress in self._shards.values())

    @property
    def _goes_on(self) -> bool:
        return True

    async def _export(self, stream: IO[bytes] | None) -> int:
        if self._pace.redis is None:
            raise ConfigurationError(
                "--workers needs --redis URL (or AC_REDIS_URL), through which they share the limit"
            )
        async with self._source.client(self._pace, self._spent) as client:
            self._spent.usage = client.usage
            name = self._source.name or client.base_url
            pager = client.contacts.list(**self._filters)
            ours = {"account": name, "list": pager._source.mark, "format": self._form.format().mark}
            state = await run_sync(self._look, name)
            if state is not None:
                refuse_other({"list": state.list, "format": state.format}, ours)
                await run_sync(shutil.rmtree, self._parts, True)
                return state.rows
            try:
                todo = await self._planned(client, StateFile(self._parts / PLAN), ours)
                self._spent.begin()  # the requests are made elsewhere
                with self._display() as shown:
                    await self._all(client, name, todo, shown)
            finally:
                if not any(self._parts.glob("*.part")):  # nothing is there that is worth going on with
                    shutil.rmtree(self._parts, ignore_errors=True)
            parts = [shard.part(self._parts) for shard in todo]
            rows = await self._form.merge(parts, self._path, pager, name, self._parts / PLAN)
        await run_sync(shutil.rmtree, self._parts, True)
        return rows

    def _look(self, name: str) -> Checkpoint | None:
        """The mark of a file that is whole; None where there is something to do. In a worker thread."""
        if self._force:
            shutil.rmtree(self._parts, ignore_errors=True)
        begun = (self._parts / PLAN).exists()
        if self._resume and not begun and (state := whole(self._path, name)) is not None:
            return state
        if not self._resume and not self._force and (begun or (self._path.exists() and self._path.stat().st_size)):
            raise FileExistsError
        if not begun:  # left of a file that was whole, and is not there any more
            shutil.rmtree(self._parts, ignore_errors=True)
        self._parts.mkdir(exist_ok=True)
        return None

    async def _planned(self, client: AsyncClient, plan: StateFile, ours: dict[str, Any]) -> list[Shard]:
        """All shards, as they were cut the first time: those of another plan would overlap with what is there."""
        known = await run_sync(plan.load)
        if known is None:
            made = await shards(client, self._workers * EACH, **self._filters)
            known = {"version": VERSION, **ours, "shards": [asdict(shard) for shard in made]}
            plan.path.parent.mkdir(exist_ok=True)
            await run_sync(plan.save, known)
        refuse_other(known, {"version": VERSION, **ours})
        todo = [Shard(**shard) for shard in known["shards"]]
        self._total = sum(shard.rows for shard in todo)
        return todo

    async def _all(self, client: AsyncClient, name: str, todo: list[Shard], shown: Display) -> None:
        left = []
        for shard in todo:
            state = await run_sync(Checkpoint.load, mark_of(shard.part(self._parts)))
            self._shards[shard.name] = Progress(rows=state.rows if state else 0, fresh=0, total=None)
            if state is None or not state.done:
                left.append(shard)
        asked = {
            "profile": self._source.profile,
            "account": self._source.cursors,
            "name": name,
            "pace": asdict(evolve(self._pace, share=1 / self._workers)),
            "form": asdict(self._form),
            "filters": {k: v.isoformat() if isinstance(v, datetime) else v for k, v in self._filters.items()},
            "folder": str(self._parts.absolute()),
            "lanes": self._lanes,
        }
        async with anyio.create_task_group() as group:
            for _ in range(min(self._workers, len(left))):
                group.start_soon(self._lane, asked, left, shown, group.cancel_scope)
        if self._failure is not None:
            raise self._failure

    async def _lane(self, asked: dict[str, Any], left: list[Shard], shown: Display, scope: anyio.CancelScope) -> None:
        deaths = 0
        while left and self._failure is None:
            try:
                async with self._worker(asked) as (process, lines):
                    while left:
                        shard = left.pop(0)
                        try:
                            await self._one(process, lines, shard, shown)
                        except BaseException:
                            left.insert(0, shard)
                            raise
                        deaths = 0
            except _Ended:
                deaths += 1
                if deaths == DEATHS:
                    self._failure = Failure(f"{DEATHS} workers ended one after the other{self._so_far()}")
            except Failure as failure:
                self._failure = self._failure or failure
        if self._failure is not None:
            scope.cancel()

    async def _one(self, process: Process, lines: BufferedByteReceiveStream, shard: Shard, shown: Display) -> None:
        assert process.stdin is not None  # noqa: S101  # a pipe
        try:
            await process.stdin.send(json.dumps(asdict(shard)).encode() + b"\n")
            while "done" not in (said := json.loads(await lines.receive_until(b"\n", LONGEST))):
                if "failed" in said:
                    raise Failure(f"{said['failed']}{self._so_far()}")
                if "request" in said:
                    self._note_request(RequestInfo(*said["request"]))
                if "shard" in said:
                    self._note_one(said, shown)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, anyio.IncompleteRead):
            raise _Ended from None

    def _note_request(self, info: RequestInfo) -> None:
        """Count a worker's request as one of our own."""
        done = _Done(info.attempt, info.waited, info.sent, info.received, info.remaining)
        self._spent.usage.count(info.area, info.error, done, left=bool(info.status or info.seconds))
        self._spent.request(info)

    def _note_one(self, said: dict[str, Any], shown: Display) -> None:
        was = self._shards[said["shard"]]
        fresh = was.fresh + said["rows"] - was.rows  # fewer, where a worker was killed: its last rows come again
        self._shards[said["shard"]] = Progress(rows=said["rows"], fresh=fresh, total=None)
        each = self._shards.values()
        total = max(self._total, self._rows)
        fresh = sum(progress.fresh for progress in each)
        self._note(Progress(rows=self._rows, fresh=fresh, total=total, waiting=said["waiting"]), shown)

    @asynccontextmanager
    async def _worker(self, asked: dict[str, Any]) -> AsyncIterator[tuple[Process, BufferedByteReceiveStream]]:
        """A process that is told to end by the end of its stdin; also by our own end, whatever that is."""
        command = [sys.executable, "-m", f"{__package__}._worker"]
        process = await anyio.open_process(
            command,
            stderr=None,
            env={**os.environ, **self._source.env},
            start_new_session=True,  # Ctrl-C is ours to tell it
        )
        assert process.stdin is not None  # noqa: S101  # pipes, both
        assert process.stdout is not None  # noqa: S101  # as above
        try:
            with anyio.CancelScope(shield=True):
                await process.stdin.send(json.dumps(asked).encode() + b"\n")
            yield process, BufferedByteReceiveStream(process.stdout)
        finally:
            with anyio.CancelScope(shield=True):
                with anyio.move_on_after(GRACE):
                    await process.stdin.aclose()
                    await process.wait()
                if process.returncode is None:
                    process.kill()
                await process.aclose()
