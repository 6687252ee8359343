"""How long the event loop is held while rows are moved at ten times the account's limit. HTTPS, the sandbox elsewhere.

A task wakes up every millisecond. What the loop's thread worked between two of its looks is CPU time, which another
process on the machine cannot lengthen, less that of Python's garbage collector, which goes through whatever anybody
holds; beside it, how much that was, and how late the task was by the clock.
"""

from __future__ import annotations

import gc
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

from activecampaign_async.jobs import FileOutput, ReportFile, StateFile, export_rows
from activecampaign_async.resources.imports import ImportPace
from benchmarks._figures import BACKENDS, Figure, at_most
from benchmarks._server import Server, serving
from benchmarks.memory import of_a_fresh_process

HELD = at_most(10)  # milliseconds
RATE = 50  # a second; as fast as it goes, eight answers would come at the same moment
TICK = 0.001


def main(small: bool) -> Iterator[Figure]:
    rows = 10_000 if small else 100_000
    for what in WAYS:
        for backend in BACKENDS[-1:] if small else BACKENDS:
            held, late, collector = of_a_fresh_process("benchmarks.loop", what, backend, rows)
            yield Figure(
                what=f"ms that the event loop is held: {what}, {rows:,} rows, {backend}",
                ours=f"{held[-1]:.1f} ms at most",
                peer=f"p99 {at(held, 0.99):.1f}; late by the clock, p99 {at(late, 0.99):.1f}; gc {collector:.1f}",
                value=held[-1],
                bound=HELD,
            )


def at(times: list[float], part: float) -> float:
    return times[int(len(times) * part)]


async def export(server: Server, rows: int) -> None:
    with TemporaryDirectory() as folder:
        async with server.client(RATE) as ac:
            file = FileOutput(Path(folder, "contacts.ndjson"), account=ac.base_url)
            assert await export_rows(ac.contacts.list(), file) == rows


async def models(server: Server, rows: int) -> None:
    async with server.client(RATE) as ac, ac.contacts.list().ahead(8) as contacts:
        got = count()
        async for _ in contacts:
            next(got)
    assert next(got) == rows


async def imported(server: Server, rows: int) -> None:
    people = ({"email": f"person{n}@example.org", "first_name": f"First {n}"} for n in range(rows))
    with TemporaryDirectory() as folder:
        async with server.client(RATE, read_only=False) as ac:
            report = await ac.contacts.import_many(
                people,
                run_automations=False,
                outcomes=ReportFile(Path(folder, "report.ndjson")),
                checkpoint=StateFile(Path(folder, "checkpoint")),
                pace=ImportPace(10**9),
            )
    assert report.imported == rows, report


WAYS: dict[str, Callable[[Server, int], Awaitable[None]]] = {
    "an export": export,
    "models by ahead(8)": models,
    "an import": imported,
}


class Collector:
    """Seconds of the loop's thread that Python's garbage collector took."""

    def __init__(self) -> None:
        self.spent = self.longest = self._begun = 0.0
        self._thread = threading.get_ident()
        gc.callbacks.append(self)

    def __call__(self, phase: str, _: object) -> None:
        if threading.get_ident() != self._thread:
            return
        if phase == "start":
            self._begun = time.thread_time()
        else:
            took = time.thread_time() - self._begun
            self.spent, self.longest = self.spent + took, max(self.longest, took)


async def child(what: str, rows: int) -> tuple[list[float], list[float], float]:
    held, late, collector = list[float](), list[float](), Collector()

    async def look() -> None:
        while True:
            worked, looked = time.thread_time() - collector.spent, time.perf_counter()
            await anyio.sleep(TICK)
            held.append(1000 * (time.thread_time() - collector.spent - worked))
            late.append(1000 * (time.perf_counter() - looked - TICK))

    imports = {"per_minute": None, "stores": False, "seconds": 1.0}
    people = 0 if what == "an import" else rows
    with serving(contacts=people, rate=None, imports=imports) as server:
        async with server.client(RATE) as ac:
            await ac.contacts.list(limit=1)  # loads what is loaded once
        gc.collect()
        gc.freeze()  # what was loaded before
        collector.longest = 0.0
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(look)
            await WAYS[what](server, rows)
            tasks.cancel_scope.cancel()
    return sorted(held), sorted(late), 1000 * collector.longest


if __name__ == "__main__":
    print(json.dumps(anyio.run(child, sys.argv[1], int(sys.argv[3]), backend=sys.argv[2])))
