"""Share of the account's budget that a long list uses, and whether it comes whole while rows come and go.

share = rows delivered / (rows a page x 5 a second x seconds from the first send to the last row). Beside it stands the
sequential `async for`. In virtual time, which charges no CPU to the client, over the sandbox in process with the real
client and limiter; one row in real time, over HTTPS to a sandbox in another process.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import chain
from math import ceil
from typing import TYPE_CHECKING, Literal, NamedTuple

import anyio
from attrs import evolve, frozen

from activecampaign_async import AsyncClient
from activecampaign_async.sandbox import Sandbox
from benchmarks import _virtual
from benchmarks._figures import BACKENDS, Bound, Figure, at_least, at_most
from benchmarks._server import Record, serving
from benchmarks.memory import of_a_fresh_process, rss

if TYPE_CHECKING:
    from activecampaign_async import Page
    from activecampaign_async.resources.contacts import Contact
    from activecampaign_async.sandbox._rates import Kind

RATE, LANES, CHURN = 5, 8, 5
HELD = at_most(6 * LANES)  # pages fetched and not given yet: in order, what comes early waits for what comes late
GROWTH = at_most(30)  # MB
DENSE = {50: 0.97, 300: 0.97, 1000: 0.95}  # milliseconds of latency: share
LATENCY = 300  # of the row in real time
HOLES, WASTE = 0.88, at_most(1.12)
JITTERED: dict[Kind, float] = {"sliding": 0.90, "fixed": 0.92, "bucket": 0.98}
JITTER, REFUSED, REFUSED_IN_JITTER = 80, at_most(0.2), at_most(0.25)  # milliseconds; per cent of the requests

Way = Literal["loop", "ordered", "any order", "gathered"]
Backend = Literal["asyncio", "trio"]


class Result(NamedTuple):
    """What a run came to."""

    rows: int
    share: float
    requests: int
    refused: int
    held: int
    """The most pages answered and not yet given."""
    wrong: int
    """Rows that were there throughout and did not come, and rows that came twice."""

    @property
    def waste(self) -> float:
        return self.requests / ceil(self.rows / 100)

    @property
    def refusals(self) -> float:
        return 100 * self.refused / self.requests


@frozen(kw_only=True)
class Case:
    """One run in virtual time."""

    pages: int
    latency: float
    jitter: float = 0
    limiter: Kind = "sliding"
    holes: float = 0
    churn: int = 0
    page: int = 100
    way: Way = "any order"
    backend: Backend = "trio"

    def run(self) -> Result:
        return _virtual.run(self.backend, self.measure)

    async def measure(self) -> Result:
        sandbox = Sandbox(
            contacts=self.pages * self.page,
            rate=RATE,
            limiter=self.limiter,
            latency=self.latency,
            jitter=self.jitter,
            holes=self.holes,
            keep=0,
        )
        throughout, record = set(sandbox.contact_ids()), Record(sandbox, churn=self.churn)
        client = _virtual.client(sandbox, RATE)
        got: list[int] = []
        given = held = 0
        begun = end = anyio.current_time()
        async with client as ac, ways(ac, self.way, self.page, self.pages) as pages:
            async for page in pages:
                end, given = anyio.current_time(), given + 1
                got.extend(page)
                held = max(held, record.requests - record.refused - given)
        share = len(got) / (self.page * RATE * (end - begun))
        wrong = lost_or_doubled(got, throughout, record.gone)
        return Result(len(got), share, record.requests, record.refused, held, wrong)


@asynccontextmanager
async def ways(ac: AsyncClient, way: Way, size: int, pages: int = 0) -> AsyncIterator[AsyncIterator[list[int]]]:
    """The ids of a list, page by page."""
    contacts = ac.contacts.list(limit=size)
    if way == "loop":
        yield ids_of(contacts.pages())
    elif way == "gathered":
        async with gathered(ac, size, pages) as lists:
            yield lists
    else:
        async with contacts.ahead_pages(LANES, ordered=way == "ordered") as ahead:
            yield ids_of(ahead)


async def ids_of(pages: AsyncIterator[Page[Contact]]) -> AsyncIterator[list[int]]:
    async for page in pages:
        yield [contact.id for contact in page.items]


@asynccontextmanager
async def gathered(ac: AsyncClient, size: int, pages: int) -> AsyncIterator[AsyncIterator[list[int]]]:
    """The usual way to be fast: the number of pages from `meta.total`, then all of them by offset, side by side."""
    send, receive = anyio.create_memory_object_stream[list[int]](pages)
    left = iter(range(pages))

    async def lane() -> None:
        for number in left:
            params = {"limit": str(size), "offset": str(number * size), "orders[id]": "ASC"}
            reply = await ac.request("GET", "/contacts", params=params)
            await send.send([int(row["id"]) for row in reply.data["contacts"]])

    async def lanes() -> None:
        async with send, anyio.create_task_group() as tasks:
            for _ in range(LANES):
                tasks.start_soon(lane)

    async with receive, anyio.create_task_group() as tasks:
        tasks.start_soon(lanes)
        yield receive


def lost_or_doubled(got: list[int], throughout: set[int], gone: Iterable[int]) -> int:
    once = set(got)
    return len(got) - len(once) + len(throughout - once - set(gone))


def main(small: bool) -> Iterator[Figure]:
    """In the small form shares and refusals are only told: a beginning and an end weigh too much there."""
    pages = 150 if small else 1000
    for figure in chain(
        dense(pages, small),
        with_holes(pages),
        jittered(600 if small else 3000, small),
        in_real_time(60 if small else 1000),
    ):
        yield figure if figure.steady or not small else evolve(figure, bound=None)


def dense(pages: int, small: bool) -> Iterator[Figure]:
    """Ids without gaps, 5 rows deleted and 5 made after every page."""
    for latency, least in DENSE.items():
        loop = Case(pages=pages, latency=latency, churn=CHURN, way="loop").run()
        usual = Case(pages=pages, latency=latency, churn=CHURN, way="gathered").run()
        peer = f"gathered offsets {usual.wrong}, share {usual.share:.3f}"
        for backend in BACKENDS[-1:] if small else BACKENDS:
            what = f"dense, {latency} ms, churn, {backend}"
            run = Case(pages=pages, latency=latency, churn=CHURN, backend=backend).run()
            yield from whole(what, run, loop, least, peer)
            yield held(what, run)
        what = f"dense, {latency} ms, churn, in order"
        run = Case(pages=pages, latency=latency, churn=CHURN, way="ordered").run()
        yield from whole(what, run, loop, least, peer)
        yield held(what, run)
        bucket = Case(pages=pages, latency=latency, churn=CHURN, limiter="bucket")
        what, loop = f"dense, {latency} ms, churn, token bucket", evolve(bucket, way="loop").run()
        yield from whole(what, bucket.run(), loop, least)


def held(what: str, run: Result) -> Figure:
    """Memory, in virtual time: the sandbox that keeps the rows that came is in this process, too."""
    return Figure(
        what=f"pages held: {what}",
        ours=f"{run.held} at most",
        peer=f"of {run.requests}",
        value=run.held,
        bound=HELD,
        steady=True,
    )


def whole(what: str, run: Result, loop: Result, least: float, peer: str = "") -> Iterator[Figure]:
    yield share(what, run, f"loop {loop.share:.3f}", at_least(least))
    yield refusals(what, run, REFUSED)
    yield Figure(
        what=f"rows lost or doubled: {what}",
        ours=f"{run.wrong} of {run.rows}",
        peer=peer,
        value=run.wrong,
        bound=at_most(0),
        steady=True,
    )


def with_holes(pages: int) -> Iterator[Figure]:
    for holes in (0.2, 0.95):
        for latency in (50, 300):
            loop = Case(pages=pages, latency=latency, holes=holes, way="loop").run()
            run = Case(pages=pages, latency=latency, holes=holes).run()
            what = f"{holes * 100:.0f} % holes, {latency} ms"
            yield share(what, run, f"loop {loop.share:.3f}", at_least(HOLES))
            yield Figure(
                what=f"requests, times the least: {what}",
                ours=f"{run.requests} requests",
                peer=f"{ceil(run.rows / 100)} full pages, held {run.held}",
                value=run.waste,
                bound=WASTE,
                steady=True,
            )


def jittered(requests: int, small: bool) -> Iterator[Figure]:
    """0 to 80 ms more on the way out. Pages of 10: the pace is what is measured."""
    for limiter, least in JITTERED.items():
        for latency in (300,) if small else (50, 300):
            what = f"jitter, {limiter}, {latency} ms"
            run = Case(pages=requests, page=10, latency=latency, jitter=JITTER, limiter=limiter).run()
            loop = Case(
                pages=requests // 10, page=10, latency=latency, jitter=JITTER, limiter=limiter, way="loop"
            ).run()
            yield share(what, run, f"loop {loop.share:.3f}", at_least(least))
            yield refusals(what, run, REFUSED_IN_JITTER)


def share(what: str, run: Result, peer: str, bound: Bound) -> Figure:
    return Figure(what=f"share: {what}", ours=f"{run.share:.3f}", peer=peer, value=run.share, bound=bound)


def refusals(what: str, run: Result, bound: Bound) -> Figure:
    return Figure(
        what=f"429s, %: {what}",
        ours=f"{run.refused} requests",
        peer=f"of {run.requests}",
        value=run.refusals,
        bound=bound,
    )


def in_real_time(pages: int) -> Iterator[Figure]:
    """The clock on the wall, and the memory of a process that did nothing else."""
    what = f"real time, HTTPS, {LATENCY} ms, {pages} pages"
    said = of_a_fresh_process("benchmarks.share", pages)
    run, loop, memory = Result(*said["run"]), Result(*said["loop"]), said["memory"]
    at_a_tenth = memory[len(memory) // 10]
    yield from whole(what, run, loop, DENSE[LATENCY])
    yield Figure(
        what=f"MB grown: {what}",
        ours=f"{max(memory):.0f} MB",
        peer=f"{at_a_tenth:.0f} MB at a tenth",
        value=max(memory) - at_a_tenth,
        bound=GROWTH,
    )


async def child(pages: int) -> dict[str, object]:
    """Over HTTPS, the sandbox in another process."""
    throughout = set(range(1, pages * 100 + 1))
    with serving(contacts=pages * 100, rate=RATE, latency=LATENCY, churn=CHURN) as server:
        async with server.client(RATE) as ac, ways(ac, "any order", 100) as listed:
            got, share_of_it, memory = await watched(listed)
        said = server.report()
    with serving(contacts=20 * 100, rate=RATE, latency=LATENCY) as server:
        async with server.client(RATE) as ac, ways(ac, "loop", 100) as listed:
            _, share_of_loop, _ = await watched(listed)
    wrong = lost_or_doubled(got, throughout, said["gone"])
    run = Result(len(got), share_of_it, said["requests"], said["refused"], 0, wrong)
    return {"run": run, "loop": Result(2000, share_of_loop, 20, 0, 0, 0), "memory": memory}


async def watched(listed: AsyncIterator[list[int]]) -> tuple[list[int], float, list[float]]:
    """The ids, the share of the budget, and this process' memory after every page."""
    got: list[int] = []
    memory: list[float] = []
    begun = end = anyio.current_time()
    async for page in listed:
        end = anyio.current_time()
        got.extend(page)
        memory.append(rss())
    return got, len(got) / (100 * RATE * (end - begun)), memory


if __name__ == "__main__":
    print(json.dumps(anyio.run(child, int(sys.argv[1]))))
