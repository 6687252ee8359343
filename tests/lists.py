"""A list endpoint to page through, right or wrong in every way a test may want. It is the `send` of a pager."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import anyio
from attrs import define, field

from activecampaign_async._answer import Answer
from activecampaign_async._call import Call
from activecampaign_async._paging import Pager, pager
from activecampaign_async._walk import row_total
from activecampaign_async.errors import TransportError

T = TypeVar("T")
MISSING = object()


@define
class Endpoint:
    """Rows, and what is wrong with how they are given."""

    rows: list[dict[str, Any]]
    cap: int = 100
    ignores: Sequence[str] = ()
    """Of limit (then `cap` rows come), offset, id_greater, id_less, orders."""
    meta: Callable[[int], Any] = lambda total: {"total": str(total)}
    faults: dict[int, Exception] = field(factory=dict)
    """By number of the request, from 0."""
    slow_above: int | None = None
    """Pages of more rows than this time out."""
    latency: float = 0.0
    after: Callable[[Endpoint], None] | None = None
    """Runs after every page."""
    beside: dict[str, Any] = field(factory=dict)
    strict: bool = False
    hides: Callable[[int], bool] | None = None
    """Rows left out of a page after `limit` was applied: those that the key's user may not see."""
    counts: str = "rest"
    """What `total` counts by id: "rest", what matches with the bounds on ids; "whole", the whole list."""
    counts_hidden: bool = True
    tidy: bool = False
    """Whether the rows are, and stay, in the order of ids, and nothing is wrong: asked by id, it is fast."""
    calls: list[Call[Any]] = field(factory=list)
    home: str = "https://a.example"
    overlap: int = 0
    """Rows that the pager's pages share."""
    running: int = 0
    most_running: int = 0

    async def __call__(self, call: Call[T], /) -> T:
        number = len(self.calls)
        self.calls.append(call)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await anyio.sleep(self.latency)
            if number in self.faults:
                raise self.faults[number]
            if self.slow_above is not None and int(str(call.query["limit"])) > self.slow_above:
                raise TransportError("read timed out", timed_out=True)
            data = self.answer(call.query)
            if self.after is not None:
                self.after(self)
            return call.read(Answer(200, {}, data, strict=self.strict))
        finally:
            self.running -= 1

    def answer(self, query: Any) -> dict[str, Any]:
        said = {k: v for k, v in query.items() if not any(k.startswith(name) for name in self.ignores)}
        if self.tidy:
            return self.by_id(query)
        whole = rows = list(self.rows)
        if "id_greater" in said:
            rows = [row for row in rows if int(row["id"]) > int(said["id_greater"])]
        if "id_less" in said:
            rows = [row for row in rows if int(row["id"]) < int(said["id_less"])]
        counted = whole if self.counts == "whole" else rows
        total = len(counted if self.counts_hidden else self.seen(counted))
        if "orders[id]" in said:
            rows.sort(key=lambda row: int(row["id"]), reverse=said["orders[id]"] == "DESC")
        first = int(said.get("offset", 0))
        rows = rows[first : first + min(int(said.get("limit", self.cap)), self.cap)]
        rows = self.seen(rows)
        data = {"things": rows, **self.beside}
        meta = self.meta(total)
        return data if meta is MISSING else {**data, "meta": meta}

    def seen(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row for row in rows if self.hides is None or not self.hides(number(row))]

    def by_id(self, query: Any) -> dict[str, Any]:
        """The same, fast enough for long lists."""
        low = bisect_right(self.rows, int(query.get("id_greater", -1)), key=number)
        high = bisect_left(self.rows, int(query.get("id_less", 10**12)), key=number)
        limit = int(query["limit"])
        if query["orders[id]"] == "DESC":
            rows = self.rows[max(low, high - limit) : high][::-1]
        else:
            rows = self.rows[low : min(high, low + limit)]
        return {"things": rows, "meta": {"total": str(high - low)}}

    def pager(
        self, limit: int | None = None, more: dict[str, str] | None = None, *, keyset: bool = False, **query: Any
    ) -> Pager[Any]:
        query.update(more or {})
        return pager(self, "/things", "things", row_id, query=query, limit=limit, keyset=keyset, overlap=self.overlap)

    def asked(self, name: str) -> list[Any]:
        """What every request said for a parameter."""
        return [call.query.get(name) for call in self.calls]


def row_id(row: Any, included: Any, strict: bool) -> Any:
    """The item of a test: the row's id, or the row."""
    return int(row["id"]) if isinstance(row, dict) and "id" in row else row


def number(row: dict[str, Any]) -> int:
    return int(row["id"])


def visible(end: Endpoint) -> list[int]:
    return [number(row) for row in end.seen(end.rows)]


def lies(end: Endpoint, data: dict[str, Any], size: int, given: set[int]) -> bool:
    """Whether a page is short and said to be all though more follow: nobody could know better."""
    page = [int(row["id"]) for row in data["things"]]
    given.update(page)
    said = row_total(data.get("meta"))
    follow = bool(page) and max(page) < max(visible(end))
    return follow and len(page) < size and said in (len(page), len(given))


def things(*ids: int) -> list[dict[str, Any]]:
    return [{"id": str(i)} for i in ids]


def numbered(count: int) -> list[dict[str, Any]]:
    return things(*range(1, count + 1))
