"""The road under fire, for minutes: one percent of each fault at full budget, every call accounted for, memory flat.

    python -m tests.reliability.soak [wire|sockets] [asyncio|trio] [SECONDS]

`wire` is a network in memory, in virtual time, at the real five requests a second: hours in minutes. `sockets` is HTTPS
on loopback in real time, at 200 requests a second. `nox -s soak` runs all four.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, NamedTuple

import anyio
import httpx
import pytest

from activecampaign_async import AsyncClient, LocalLimiter, _account, _http, errors as e
from activecampaign_async.limits import local
from activecampaign_async.sandbox import FAULTS, Sandbox
from activecampaign_async.sandbox._faults import BEFORE_SENDING
from activecampaign_async.sandbox._wire import Asked
from benchmarks import _virtual
from benchmarks.memory import rss

from .beds import Bed, sockets, wire
from .network import CONNECTING, SECURING, WRITING

SHARE = 0.01  # of the requests, for each kind of fault; of the calls, for each way to leave them early
CALLERS = 24
ADDRESSES = 500  # whose contacts are upserted, over and over
LOOKS = 8  # at the memory; the first half of the time is for warming up
MOST_OBJECTS, MOST_MB = 2500, 5.0  # more at the end than in the middle: what is in flight differs from look to look
KINDS = [kind for kind in FAULTS if kind not in (*BEFORE_SENDING, "edit", "custom")]


class Kind(NamedTuple):
    """A call, made so that the account can tell which one it was."""

    call: Callable[[AsyncClient, int, int], Awaitable[Any]]
    repeatable: bool = True


CALLS: dict[str, Kind] = {
    "GET": Kind(lambda ac, n, tag: ac.request("GET", "/tags/1", params={"call": n})),
    "PUT": Kind(lambda ac, n, tag: ac.request("PUT", "/tags/1", json={"tag": {"description": str(n)}})),
    "DELETE": Kind(lambda ac, n, tag: ac.tags.delete(tag)),
    "upsert": Kind(lambda ac, n, tag: ac.contacts.sync(email=f"{n % ADDRESSES}@example.org", first_name=str(n))),
    "POST": Kind(lambda ac, n, tag: ac.tags.create(tag=str(n)), repeatable=False),
}


class Ledger:
    """What was asked for, what became of it, and what the account did."""

    def __init__(self, account: Sandbox) -> None:
        self.account = account
        self.outcomes = Counter[str]()
        self.begun = self.ended = 0
        self.arrived = 0
        self.wrong = list[str]()
        self._processed: dict[int, int] = {}
        self._late: OrderedDict[int, tuple[str, str, int]] = OrderedDict()
        self._tags: dict[int, int] = {}
        account.after(self._look)

    def begin(self, kind: str) -> tuple[int, int]:
        """The number of a new call, and a tag of its own."""
        self.begun += 1
        self._processed[self.begun] = 0
        tag = self.account.add_tag(f"to go {self.begun}") if kind == "DELETE" else 0
        self._tags[tag] = self.begun
        return self.begun, tag

    def end(self, kind: str, number: int, tag: int, sees: str, error: BaseException | None) -> None:
        self.ended += 1
        self.outcomes[f"{kind} {sees}"] += 1
        processed = self._processed.pop(number)
        self._judge(kind, number, sees, processed, error)
        self._late[number] = kind, sees, processed  # what was given up may still arrive
        if len(self._late) > 1000:
            self._late.popitem(last=False)
        if tag:
            del self._tags[tag]
            self._forget("tags", tag)

    def _judge(self, kind: str, number: int, sees: str, processed: int, error: BaseException | None) -> None:
        may_be = range(5) if CALLS[kind].repeatable else range(2)
        if error is None and sees == "done":
            may_be = may_be[1:]
        elif isinstance(error, e.TransportError):
            may_be = may_be if error.may_have_been_processed or kind == "GET" else range(1)
        elif isinstance(error, e.ActiveCampaignError) and not CALLS[kind].repeatable:
            may_be = range(1)
        if processed not in may_be:
            self.wrong.append(f"{kind} {number} ({sees}) was processed {processed} times: {error!r}")

    def _look(self, asked: Asked) -> None:
        self.arrived += 1
        self.account._account.written.clear()  # would grow with every tag
        if not asked.processed or (number := self._number_of(asked)) is None:
            return
        if asked.method == "POST" and asked.path == "/tags":
            self._forget("tags", self.account._account.tags._last)
        if number in self._processed:
            self._processed[number] += 1
        elif number in self._late:
            kind, sees, processed = self._late[number]
            self._late[number] = kind, sees, processed + 1
            if sees == "done" or (processed and not CALLS[kind].repeatable):
                self.wrong.append(f"{kind} {number} ({sees}) was processed after all")

    def _number_of(self, asked: Asked) -> int | None:
        body: Any = asked.body
        match asked.method, asked.path:
            case "GET", "/tags/1":
                return int(asked.params["call"])
            case "PUT", "/tags/1":
                return int(body["tag"]["description"])
            case "POST", "/contact/sync":
                return int(body["contact"]["firstName"])
            case "POST", "/tags":
                return int(body["tag"]["tag"])
            case "DELETE", path:
                return self._tags.get(int(path.rpartition("/")[2]))
        return None

    def _forget(self, plural: str, id: int) -> None:
        table = self.account._account.tables[plural]
        with self.account._lock:
            if table.get(id) is not None:
                table.remove(id)


class Soak:
    """One run."""

    def __init__(self, bed: Bed, rate: float) -> None:
        self.bed, self.rate = bed, rate
        self.ledger = Ledger(bed.account)
        self.random = Random(10)
        self.objects, self.memory = list[int](), list[float]()
        self.patience = 2 * CALLERS / rate
        """Seconds within which those who leave early do so: about what two calls take."""

    async def run(self, is_over: Callable[[int], float]) -> dict[str, Any]:
        """Until `is_over`, which says how much of it is done, says 1."""
        begun = anyio.current_time()
        for kind in KINDS:
            self.bed.account.fail(kind, share=SHARE, retry_after=0 if kind == "429" else None)
        if self.bed.network is not None:
            self.bed.network.fail_now_and_then(SHARE, (*CONNECTING, *SECURING, *WRITING))
        async with anyio.create_task_group() as tasks:
            for _ in range(CALLERS):
                tasks.start_soon(self._caller, is_over)
        seconds = anyio.current_time() - begun
        left = await self.bed.left_behind()
        left.pop("threads", None)
        self.bed.heal()
        return self._told(seconds, left)

    async def _caller(self, is_over: Callable[[int], float]) -> None:
        while (done := is_over(self.ledger.begun)) < 1:
            if done * LOOKS >= len(self.objects):
                self._look_at_the_memory()
            await self._call(self.random.choice(list(CALLS)))

    async def _call(self, kind: str) -> None:
        number, tag = self.ledger.begin(kind)
        leaves, error = self.random.random(), None
        with anyio.move_on_after(self.random.random() * self.patience if leaves < SHARE else None) as scope:
            try:
                await CALLS[kind].call(self.bed.ac, number, tag)
            except e.ActiveCampaignError as exc:
                error = exc
        sees = "cancelled" if scope.cancelled_caught else type(error).__name__ if error else "done"
        self.ledger.end(kind, number, tag, sees, error)

    def _look_at_the_memory(self) -> None:
        gc.collect()
        self.objects.append(len(gc.get_objects()))
        self.memory.append(round(rss(), 1))

    def _told(self, seconds: float, left: dict[str, int]) -> dict[str, Any]:
        ledger, usage = self.ledger, self.bed.ac.usage
        lost = self.bed.network.lost if self.bed.network is not None else 0
        more, more_mb = self.objects[-1] - self.objects[LOOKS // 2], self.memory[-1] - self.memory[LOOKS // 2]
        wrong = list(ledger.wrong[:10])
        if ledger.begun != ledger.ended:
            wrong.append(f"{ledger.begun} calls begun, {ledger.ended} ended")
        cancelled = sum(many for sees, many in ledger.outcomes.items() if sees.endswith(" cancelled"))
        if not 0 <= usage.requests - ledger.arrived - lost <= cancelled:  # what was cancelled may have left, or not
            wrong.append(f"usage counts {usage.requests} requests; {ledger.arrived} arrived, {lost} were lost")
        if left:
            wrong.append(f"left behind: {left}")
        if more > MOST_OBJECTS or more_mb > MOST_MB:
            wrong.append(f"{more} objects and {more_mb:.1f} MB more: {self.objects}, {self.memory}")
        return {
            "wrong": wrong,
            "calls": ledger.ended,
            "requests": usage.requests,
            "seconds": round(seconds),
            "share of the budget": round(usage.requests / seconds / self.rate, 3),
            "outcomes": dict(sorted(ledger.outcomes.items())),
            "objects": self.objects,
            "MB": self.memory,
        }


def sandbox(rate: float) -> Sandbox:
    made = Sandbox(rate=rate, latency=30, keep=200)
    made.add_tag("one")
    for number in range(ADDRESSES):
        made.add_contact(f"{number}@example.org")
    return made


async def on_a_wire(is_over: Callable[[int], float]) -> dict[str, Any]:
    """At five requests a second, in virtual time."""
    limiter = LocalLimiter(clock=anyio.current_time)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_account, "UNPAID_FOR", 0.0)  # which is real time
        async with wire(sandbox(5), rate_limiter=limiter) as bed:
            return await Soak(bed, 5).run(is_over)


async def on_sockets(is_over: Callable[[int], float], rate: float = 200) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_account, "UNPAID_FOR", 0.0)  # else nothing else would happen
        patch.setattr(_http, "PHASES", httpx.Timeout(5, read=2))
        patch.setattr(local, "BLIND_PAUSE", {429: 0.02, 503: 0.02})  # else there would be little else than pauses
        async with sockets(sandbox(rate), rate_limiter=LocalLimiter(rate)) as bed:
            return await Soak(bed, rate).run(is_over)


def main(road: str = "wire", backend: str = "asyncio", seconds: str = "60") -> int:
    begun = time.monotonic()

    def is_over(_: int) -> float:
        return (time.monotonic() - begun) / float(seconds)

    if road == "wire":
        told = _virtual.run("trio" if backend == "trio" else "asyncio", on_a_wire, is_over)
    else:
        told = anyio.run(on_sockets, is_over, backend=backend)
    print(json.dumps({"road": road, "backend": backend, **told}, indent=1))
    return bool(told["wrong"])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
