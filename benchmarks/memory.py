"""Resident memory over HTTPS: of a long export and a long `ahead`, which stays where it was, and of `collect()`."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio

from activecampaign_async.jobs import FileOutput, export_rows
from benchmarks._figures import Figure, at_most
from benchmarks._server import serving

GROWTH = at_most(30)  # MB


def main(small: bool) -> Iterator[Figure]:
    first, last = (20_000, 100_000) if small else (50_000, 1_000_000)
    yield told("an export", measured("export", first, last))
    yield told("models by ahead(8), in order", measured("ahead", first // 2, last // 5))
    yield held(20_000 if small else 100_000)


def told(what: str, run: dict[str, float]) -> Figure:
    first, last = int(run["first"]), int(run["last"])
    return Figure(
        what=f"MB that {what} grows, rows {first:,} to {last:,}",
        ours=f"{run['then']:.0f} MB",
        peer=f"at row {first:,}: {run['at_first']:.0f} MB, peak {run['peak']:.0f}",
        value=run["peak"] - run["at_first"],
        bound=GROWTH,
    )


def held(rows: int) -> Figure:
    """A list that is wanted whole: models, and the wire objects that they keep."""
    run, plain = measured("collect", 0, rows), measured("collect_dicts", 0, rows)
    grown, peer = (each["then"] - each["at_first"] for each in (run, plain))
    return Figure(
        what=f"kB a contact that collect() keeps, {rows:,} contacts",
        ours=f"{grown:.0f} MB",
        peer=f"as dicts {peer:.0f} MB, {peer * 1000 / rows:.2f} kB",
        value=grown * 1000 / rows,
    )


def measured(how: str, first: int, last: int) -> dict[str, float]:
    run: dict[str, float] = of_a_fresh_process("benchmarks.memory", how, first, last)
    return run


def of_a_fresh_process(module: str, *arguments: object) -> Any:
    """What it says, as JSON. What others left behind is not counted there, nor filled up unseen."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)


def rss() -> float:
    """MB of this process that are in memory. Linux tells it; elsewhere the peak so far does."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


class Gauge:
    """Looks at the memory now and then, from row `first` on."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last
        self.at_first = self.peak = self.then = 0.0
        self._next = first

    def look(self, rows: int) -> None:
        if rows < self._next:
            return
        now = self.then = rss()
        self.at_first, self.peak = self.at_first or now, max(self.peak, now)
        self._next = rows + 1000

    def said(self) -> dict[str, float]:
        return {
            "first": self.first,
            "last": self.last,
            "at_first": self.at_first,
            "then": self.then,
            "peak": self.peak,
        }


async def export(server: Any, gauge: Gauge) -> None:
    with TemporaryDirectory() as folder:
        async with server.client() as ac:
            file = FileOutput(Path(folder, "contacts.ndjson"), account=ac.base_url)
            rows = await export_rows(ac.contacts.list(), file, progress=lambda done: gauge.look(done.rows))
    assert rows == gauge.last, rows


async def ahead(server: Any, gauge: Gauge) -> None:
    rows = 0
    async with server.client() as ac, ac.contacts.list().ahead(8) as contacts:
        async for _ in contacts:
            rows += 1
            gauge.look(rows)
    assert rows == gauge.last, rows


async def collect(server: Any, gauge: Gauge) -> None:
    async with server.client() as ac:
        await ac.contacts.list(limit=1)  # loads what models need, and sets up the connection
        gauge.look(0)
        contacts = await ac.contacts.list().collect()
        gc.collect()  # what the last pages came in
        gauge.look(len(contacts))
    assert len(contacts) == gauge.last, len(contacts)


async def collect_dicts(server: Any, gauge: Gauge) -> None:
    async with server.client() as ac:
        await ac.contacts.list(limit=1)
        gauge.look(0)
        rows = await ac.rows("/contacts", "contacts", {"orders[id]": "ASC"}).collect()
        gc.collect()
        gauge.look(len(rows))
    assert len(rows) == gauge.last, len(rows)


WAYS: dict[str, Callable[..., Any]] = {
    "export": export,
    "ahead": ahead,
    "collect": collect,
    "collect_dicts": collect_dicts,
}


def child(how: str, first: int, last: int) -> None:
    gauge = Gauge(first, last)
    with serving(contacts=last, rate=None) as server:
        anyio.run(WAYS[how], server, gauge)
    print(json.dumps(gauge.said()))


if __name__ == "__main__":
    child(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
