"""How much of the import limit a long import uses, what bad rows cost, and the memory of a million rows.

share = rows / (250 x 100 a minute x seconds of the whole call, until each row is told). In virtual time, over the
sandbox in process; the memory over HTTPS, the sandbox in another process, in real time.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import anyio
from attrs import define, frozen

from activecampaign_async.jobs import ReportFile, StateFile
from activecampaign_async.resources.imports import MOST, ImportPace, ImportReport
from activecampaign_async.sandbox import Sandbox
from benchmarks import _virtual
from benchmarks._figures import BACKENDS, Bound, Figure, at_least, at_most
from benchmarks._server import serving
from benchmarks.memory import GROWTH, Gauge, of_a_fresh_process

PER_MINUTE, RATE = 100, 5
SHARE = at_least(0.97)
VISIBLE, ALL, FIRST = at_most(1.05), at_most(2.0), at_most(3.6)  # times the requests of a clean import

Bad = Literal["none", "seen by us", "all named", "first named"]
Spread = Literal["evenly", "at random"]


@frozen(kw_only=True)
class Result:
    """What an import came to."""

    rows: int
    seconds: float
    batches: int
    """Requests that were sent to import."""
    requests: int
    refused: int
    """By a limit."""
    wrong: int
    """Good rows that are not in, and bad ones that were not told."""

    @property
    def share(self) -> float:
        return self.rows / (MOST * PER_MINUTE / 60 * self.seconds)


@define
class Kept:
    """A checkpoint without threads, of which virtual time does not know."""

    state: Mapping[str, Any] | None = None

    async def load(self) -> Mapping[str, Any] | None:
        return self.state

    async def save(self, state: Mapping[str, Any]) -> None:
        self.state = state


@frozen(kw_only=True)
class Case:
    """One import in virtual time."""

    rows: int
    latency: float
    bad: Bad = "none"
    spread: Spread = "evenly"
    backend: Literal["asyncio", "trio"] = "trio"

    def run(self) -> Result:
        return _virtual.run(self.backend, self.measure)

    @property
    def bad_rows(self) -> set[int]:
        """1 % of them."""
        if self.bad == "none":
            return set()
        if self.spread == "evenly":
            return set(range(50, self.rows, 100))
        return set(random.Random(11).sample(range(self.rows), self.rows // 100))

    def given(self) -> Iterator[dict[str, Any]]:
        bad = self.bad_rows
        for number in range(self.rows):
            row = {"email": f"person{number}@example.org", "first_name": f"First {number}", "phone": "555"}
            if number in bad:
                row |= {"emial": "x"} if self.bad == "seen by us" else {"phone": "bad"}
            yield row

    async def measure(self) -> Result:
        sandbox = Sandbox(rate=RATE, latency=self.latency)
        sandbox.imports.named = "first" if self.bad == "first named" else "all"
        sandbox.imports.refuse = lambda contact: "bad phone" if contact.get("phone") == "bad" else None
        told, bad = set[int](), self.bad_rows
        async with _virtual.client(sandbox, RATE) as ac:
            begun = anyio.current_time()
            await ac.contacts.import_many(
                self.given(),
                run_automations=False,
                outcomes=lambda one: None if one.status == "imported" else told.add(one.row - 1),
                checkpoint=Kept(),
                pace=ImportPace(PER_MINUTE, clock=anyio.current_time),
            )
            seconds = anyio.current_time() - begun
        out = sum(sandbox.find(f"person{number}@example.org") is None for number in range(self.rows))
        batches = sum(asked.path == "/import/bulk_import" for asked in sandbox.requests)
        limited = sum(asked.status == 429 for asked in sandbox.requests)
        limited += sandbox.imports.refused
        return Result(
            rows=self.rows,
            seconds=seconds,
            batches=batches,
            requests=len(sandbox.requests),
            refused=limited,
            wrong=abs(out - len(bad)) + len(told ^ bad),
        )


def main(small: bool) -> Iterator[Figure]:
    rows = 25_000 if small else 100_000
    for latency in (50, 300, 1000):
        for backend in BACKENDS[-1:] if small else BACKENDS:
            yield from clean(Case(rows=rows, latency=latency, backend=backend))
    least = Case(rows=rows, latency=300).run()
    bounds: dict[Bad, Bound] = {"seen by us": VISIBLE, "all named": ALL, "first named": FIRST}
    spreads: tuple[Spread, ...] = ("evenly", "at random")
    for spread in spreads:
        for bad, bound in bounds.items():
            yield from with_bad_ones(Case(rows=rows, latency=300, bad=bad, spread=spread), least, bound)
    yield memory(*(20_000, 100_000) if small else (50_000, 1_000_000))


def clean(case: Case) -> Iterator[Figure]:
    what, run = f"import of {case.rows:,} rows, {case.latency:g} ms, {case.backend}", case.run()
    one_by_one = case.rows / RATE  # seconds
    yield Figure(
        what=f"share: {what}",
        ours=f"{run.seconds:.0f} s",
        peer=f"limit {case.rows / MOST / PER_MINUTE * 60:.0f} s, by contact/sync {one_by_one:.0f}",
        value=run.share,
        bound=SHARE,
        steady=True,
    )
    yield Figure(
        what=f"refused by a limit: {what}",
        ours=f"{run.refused} requests",
        peer=f"of {run.requests}, {run.batches} to import",
        value=run.refused,
        bound=at_most(0),
        steady=True,
    )


def with_bad_ones(case: Case, least: Result, bound: Bound) -> Iterator[Figure]:
    what, run = f"1 % bad rows {case.spread}, {case.bad}", case.run()
    yield Figure(
        what=f"requests, times those of a clean import: {what}",
        ours=f"{run.batches} to import",
        peer=f"clean {least.batches}; in all {run.requests / least.requests:.2f}",
        value=run.batches / least.batches,
        bound=bound,
        steady=True,
    )
    yield Figure(
        what=f"good rows not in, bad ones not told: {what}",
        ours=f"{run.wrong} of {run.rows:,}",
        value=run.wrong,
        bound=at_most(0),
        steady=True,
    )


def memory(first: int, last: int) -> Figure:
    run = of_a_fresh_process("benchmarks.bulk_import", first, last)
    return Figure(
        what=f"MB that an import grows, rows {first:,} to {last:,}",
        ours=f"{run['then']:.0f} MB",
        peer=f"at row {first:,}: {run['at_first']:.0f} MB, peak {run['peak']:.0f}",
        value=run["peak"] - run["at_first"],
        bound=GROWTH,
    )


async def child(first: int, last: int) -> dict[str, float]:
    """A million rows, as fast as it goes. The sandbox counts them, and forgets them."""
    gauge = Gauge(first, last)

    def look(report: ImportReport) -> None:
        gauge.look(report.imported)

    rows = ({"email": f"person{n}@example.org", "first_name": f"First {n}", "last_name": "Last"} for n in range(last))
    imports = {"per_minute": None, "stores": False, "seconds": 1.0}
    with serving(rate=None, imports=imports) as server, TemporaryDirectory() as folder:
        async with server.client(read_only=False) as ac:
            report = await ac.contacts.import_many(
                rows,
                run_automations=False,
                outcomes=ReportFile(Path(folder, "report.ndjson")),
                progress=look,
                checkpoint=StateFile(Path(folder, "checkpoint")),
                pace=ImportPace(10**9),
            )
    assert report.imported == last, report
    return gauge.said()


if __name__ == "__main__":
    print(json.dumps(anyio.run(child, int(sys.argv[1]), int(sys.argv[2]))))
