from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from math import ceil
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import assume, given, settings, strategies as st

from activecampaign_async._paging import Pager, pager
from activecampaign_async.errors import PaginationError, ServerError
from tests.lists import MISSING, Endpoint, lies, numbered, row_id, things, visible
from tests.support import examples

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

every = pytest.mark.parametrize(
    ("keyset", "ordered"),
    [(True, True), (True, False), (False, True)],
    ids=["by id", "by id, any order", "by offset"],
)


async def drain(list_: Pager[Any], n: int = 8, *, ordered: bool = True) -> list[Any]:
    async with list_.ahead(n, ordered=ordered) as items:
        return [item async for item in items]


async def into(got: list[Any], ahead: AbstractAsyncContextManager[AsyncIterator[Any]]) -> None:
    """What comes before an error is kept."""
    async with ahead as items:
        async for item in items:
            got.append(item)  # noqa: PERF401  # a comprehension would lose it


def with_holes(count: int, holes: float) -> list[dict[str, Any]]:
    return things(*sorted(random.Random(5).sample(range(1, int(count / (1 - holes)) + 1), count)))


def ids(end: Endpoint) -> list[int]:
    return [int(row["id"]) for row in end.rows]


@every
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 199, 200, 250, 1000, 3333])
@pytest.mark.parametrize("n", [1, 3, 8])
async def test_the_same_items(keyset: bool, ordered: bool, count: int, n: int) -> None:
    end = Endpoint(numbered(count), latency=0.3)
    got = await drain(end.pager(keyset=keyset), n, ordered=ordered)
    assert (got if ordered else sorted(got)) == list(range(1, count + 1))
    assert end.most_running <= n
    assert len(end.calls) <= ceil(count / 100) + 2 + n * (not ordered)
    assert end.running == 0


@every
async def test_lanes_go_side_by_side(keyset: bool, ordered: bool) -> None:
    end = Endpoint(numbered(8000), latency=1.0)
    begun = anyio.current_time()
    await drain(end.pager(keyset=keyset), 8, ordered=ordered)
    assert anyio.current_time() - begun <= 16
    assert end.most_running == 8


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("holes", [0.0, 0.2, 0.95])
async def test_few_requests_are_wasted(ordered: bool, holes: float) -> None:
    end = Endpoint(with_holes(60_000, holes), latency=0.3, tidy=True)
    got = await drain(end.pager(keyset=True), ordered=ordered)
    assert (got if ordered else sorted(got)) == ids(end)
    most = 1.01 if not holes else 1.12 if ordered else 1.04
    assert len(end.calls) <= most * 600


def clusters() -> list[int]:
    """Dense stretches far apart, thin stretches, and a lone last row."""
    dense = [*range(1, 4001), *range(10**6, 10**6 + 4000), *range(5 * 10**7, 5 * 10**7 + 3000)]
    return sorted({*dense, *range(2 * 10**6, 4 * 10**6, 1000), 10**9})


@pytest.mark.parametrize("ordered", [True, False])
async def test_ids_in_clusters(ordered: bool) -> None:
    end = Endpoint(things(*clusters()), latency=0.3, tidy=True)
    got = await drain(end.pager(keyset=True), ordered=ordered)
    assert (got if ordered else sorted(got)) == clusters()
    assert len(end.calls) <= 2 * ceil(len(clusters()) / 100)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("holes", [0.0, 0.2, 0.95])
async def test_rows_come_and_go(ordered: bool, holes: float) -> None:
    dice = random.Random(3)
    end = Endpoint(with_holes(10_000, holes), latency=0.3, tidy=True)
    throughout = set(ids(end))

    def change(end: Endpoint) -> None:
        for _ in range(5):
            throughout.discard(int(end.rows.pop(dice.randrange(len(end.rows)))["id"]))
        last = int(end.rows[-1]["id"])
        end.rows += things(*range(last + 1, last + 6))

    end.after = change
    got = await drain(end.pager(keyset=True), ordered=ordered)
    assert len(got) == len(set(got))
    assert throughout <= set(got)
    if ordered:
        assert got == sorted(got)
    # as the sequential way does, it went on with the rows that were added
    assert max(got) > 10_000 / (1 - holes)


async def test_offset_pages_dedupe_rows_that_shift() -> None:
    def insert(end: Endpoint) -> None:
        new = len(end.rows) + 10_000
        end.rows[0:0] = things(new, new + 1, new + 2)

    end = Endpoint(numbered(2000), latency=0.3, after=insert)
    got = await drain(end.pager())
    assert len(got) == len(set(got))
    assert set(range(1, 2001)) <= set(got)


@every
async def test_the_users_bounds_and_filters_stay(keyset: bool, ordered: bool) -> None:
    end = Endpoint(numbered(3000), latency=0.1)
    got = await drain(end.pager(keyset=keyset, id_greater="500", id_less="2501", status="1"), ordered=ordered)
    assert sorted(got) == list(range(501, 2501))
    assert set(end.asked("status")) == {"1"}


@pytest.mark.parametrize("ordered", [True, False])
async def test_a_bound_far_above_all_rows_costs_nothing(ordered: bool) -> None:
    end = Endpoint(numbered(5000), latency=0.1, tidy=True)
    got = await drain(end.pager(keyset=True, id_less=str(10**12)), ordered=ordered)
    assert sorted(got) == list(range(1, 5001))
    assert len(end.calls) <= 60


# Cursors and errors


@every
async def test_every_pages_cursor_is_what_is_left(keyset: bool, ordered: bool) -> None:
    end = Endpoint(with_holes(3000, 0.2), latency=0.3)
    list_ = end.pager(keyset=keyset)
    given: list[int] = []
    async with list_.ahead_pages(4, ordered=ordered) as pages:
        async for page in pages:
            given += page.items
            assert page.has_more == (page.cursor is not None)
            assert page.total == 3000
            if page.cursor:
                sequential = [item async for item in list_.resume(page.cursor)]
                assert sorted(given + sequential) == ids(end)
                side_by_side = await drain(list_.resume(page.cursor), 3, ordered=ordered)
                assert sorted(given + side_by_side) == ids(end)
                if ordered:
                    assert sequential == side_by_side == ids(end)[len(given) :]
    assert sorted(given) == ids(end)


@every
@pytest.mark.parametrize("at", [0, 1, 2, 5, 17, 28])
async def test_an_error_comes_bare_with_a_cursor_of_what_is_left(keyset: bool, ordered: bool, at: int) -> None:
    end = Endpoint(numbered(3000), latency=0.3, faults={at: ServerError("503")})
    list_ = end.pager(keyset=keyset)
    got: list[int] = []
    with pytest.raises(ServerError) as caught:
        await into(got, list_.ahead(4, ordered=ordered))
    assert end.running == 0
    assert caught.value.cursor is not None
    rest = [item async for item in list_.resume(caught.value.cursor)]
    assert sorted(got + rest) == list(range(1, 3001))
    if ordered:
        assert got + rest == list(range(1, 3001))


@every
async def test_errors_of_the_block_come_bare(keyset: bool, ordered: bool) -> None:
    for error in (LookupError("mine"), KeyboardInterrupt(), StopAsyncIteration(), ServerError("mine")):
        end = Endpoint(numbered(3000), latency=0.3)

        async def use(end: Endpoint = end, error: BaseException = error) -> None:
            async with end.pager(keyset=keyset).ahead(ordered=ordered) as items:
                async for item in items:
                    if item > 150:
                        raise error

        with pytest.raises(type(error)) as caught:
            await use()
        assert caught.value is error
        assert end.running == 0


@every
async def test_left_early_it_leaves_nothing_behind(keyset: bool, ordered: bool) -> None:
    end = Endpoint(numbered(3000), latency=0.3)
    async with end.pager(keyset=keyset).ahead(ordered=ordered) as items:
        async for _ in items:
            break
    assert end.running == 0
    asked = len(end.calls)
    await anyio.sleep(5)
    assert len(end.calls) == asked
    for _ in range(99):
        await anext(items)  # the page that was begun
    with pytest.raises(RuntimeError, match="async with"):
        await anext(items)


@every
@pytest.mark.parametrize("seconds", [0.1, 0.4, 0.7, 1.0, 2.2])
async def test_cancelled_it_leaves_nothing_behind(keyset: bool, ordered: bool, seconds: float) -> None:
    end = Endpoint(numbered(9000), latency=0.3)
    with anyio.move_on_after(seconds) as scope:
        async with end.pager(keyset=keyset).ahead(ordered=ordered) as items:
            async for _ in items:
                pass
    assert scope.cancelled_caught
    assert end.running == 0


async def test_cancelled_by_asyncio_itself(anyio_backend_name: str) -> None:
    if anyio_backend_name != "asyncio":
        pytest.skip("asyncio's own way")
    end = Endpoint(numbered(9000), latency=0.3)
    task = asyncio.ensure_future(drain(end.pager(keyset=True)))
    await anyio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()
    assert end.running == 0


@every
async def test_a_wait_that_was_cut_short_loses_no_page(keyset: bool, ordered: bool) -> None:
    end = Endpoint(numbered(3000), latency=0.3)
    got: list[int] = []
    async with end.pager(keyset=keyset).ahead_pages(4, ordered=ordered) as pages:
        while True:
            with anyio.move_on_after(0.05):
                try:
                    got += (await anext(pages)).items
                except StopAsyncIteration:
                    break
    assert sorted(got) == list(range(1, 3001))


@every
async def test_a_slow_consumer_holds_the_lanes(keyset: bool, ordered: bool) -> None:
    end = Endpoint(numbered(60_000), latency=0.1, tidy=keyset)
    most = 4 * (6 if keyset and ordered else 3) + 4
    taken = 0
    async with end.pager(keyset=keyset).ahead_pages(4, ordered=ordered) as pages:
        async for _ in pages:
            taken += 1
            await anyio.sleep(5)
            assert len(end.calls) <= taken + most
            if taken == 40:
                break


@every
async def test_used_once_at_a_time_but_as_often_as_wanted(keyset: bool, ordered: bool) -> None:
    list_ = Endpoint(numbered(500), latency=0.1).pager(keyset=keyset)
    async with list_.ahead(ordered=ordered) as one, list_.ahead(ordered=ordered) as two:
        first = [item async for item in one]
        assert sorted(first) == sorted([item async for item in two]) == list(range(1, 501))


@pytest.mark.parametrize(("n", "error"), [(0, ValueError), (-1, ValueError), (True, TypeError), (1.5, TypeError)])
async def test_lanes_are_checked_before_anything_is_sent(n: Any, error: type[Exception]) -> None:
    end = Endpoint(numbered(5))
    with pytest.raises(error, match="n:"):
        await drain(end.pager(), n)
    assert end.calls == []


@every
async def test_an_empty_list_has_one_empty_page(keyset: bool, ordered: bool) -> None:
    async with Endpoint([]).pager(keyset=keyset).ahead_pages(ordered=ordered) as pages:
        assert [(page.items, page.total, page.cursor) async for page in pages] == [((), 0, None)]


@every
async def test_pages_that_take_too_long_get_smaller(keyset: bool, ordered: bool) -> None:
    end = Endpoint(numbered(1200), latency=0.1, slow_above=30)
    assert sorted(await drain(end.pager(keyset=keyset), 4, ordered=ordered)) == list(range(1, 1201))
    assert len(end.calls) <= 1.5 * 1200 / 25 + 8


@every
async def test_their_size_recovers(keyset: bool, ordered: bool) -> None:
    end = Endpoint(numbered(8000), latency=0.1, slow_above=30)

    def heal(end: Endpoint) -> None:
        if len(end.calls) >= 30:
            end.slow_above = None

    end.after = heal
    assert sorted(await drain(end.pager(keyset=keyset), 4, ordered=ordered)) == list(range(1, 8001))
    assert end.asked("limit")[-20:].count("100") >= 18
    assert len(end.calls) <= 80 + 30 + 30


SPARSE = {
    "a million, 95 % holes": with_holes(50_000, 0.95),
    "ten million, 95 % holes": with_holes(500_000, 0.95),
    "ten million, 99 % holes": with_holes(100_000, 0.99),
    "at both ends of ten million": things(*range(1, 30_001), *range(9_970_000, 10_000_000)),
    "in blocks": things(*(start + id for start in range(1, 10**7, 10**6) for id in range(5000))),
}


@pytest.mark.parametrize("rows", SPARSE.values(), ids=SPARSE)
async def test_sparse_ids_cost_few_requests(rows: list[dict[str, Any]]) -> None:
    end = Endpoint(rows, latency=0.3, tidy=True)
    got = 0
    async with end.pager(keyset=True).ahead(8, ordered=False) as items:
        async for _ in items:
            got += 1
    assert got == len(rows)
    assert len(end.calls) <= 1.12 * ceil(len(rows) / 100)


# Endpoints that are wrong

WRONG_META = {
    "missing": lambda total: MISSING,
    "a list": lambda total: [],
    "null": lambda total: {"total": None},
    "zero": lambda total: {"total": 0},
    "low": lambda total: {"total": "200"},
    "high": lambda total: {"total": 10**9},
    "float": lambda total: {"total": 2.5},
}


@every
@pytest.mark.parametrize("meta", WRONG_META.values(), ids=WRONG_META)
@pytest.mark.parametrize("cap", [100, 20, 33])
async def test_any_meta_and_any_cap(keyset: bool, ordered: bool, meta: Any, cap: int) -> None:
    end = Endpoint(with_holes(3000, 0.5), latency=0.1, meta=meta, cap=cap)
    assert sorted(await drain(end.pager(keyset=keyset), ordered=ordered)) == ids(end)
    assert len(end.calls) <= 2 * 3000 / cap + 20


TOTALS = {
    "none": {"meta": lambda total: MISSING},
    "rest": {"counts_hidden": False},
    "rest and hidden": {},
    "whole": {"counts": "whole", "counts_hidden": False},
    "whole and hidden": {"counts": "whole"},
}


@every
@pytest.mark.parametrize("totals", TOTALS.values(), ids=TOTALS)
@pytest.mark.parametrize("hidden", [{150, 333, 666, 901}, {3000}, {901, 902, 1000}, set(range(30, 100)), {2990}])
async def test_short_pages_in_the_middle_lose_nothing(
    keyset: bool, ordered: bool, totals: Any, hidden: set[int]
) -> None:
    end = Endpoint(numbered(3000), latency=0.1, hides=hidden.__contains__, **totals)
    got = await drain(end.pager(keyset=keyset), 4, ordered=ordered)
    assert (got if ordered else sorted(got)) == visible(end)
    assert len(end.calls) <= 60


@pytest.mark.parametrize(("ordered", "most"), [(True, 1.2), (False, 1.1)])
async def test_what_it_costs_where_no_total_confirms_an_end(ordered: bool, most: float) -> None:
    for meta, counts in ((lambda total: MISSING, "rest"), (lambda total: {"total": total}, "whole")):
        end = Endpoint(numbered(12_000), latency=0.3, meta=meta, counts=counts)
        assert len(await drain(end.pager(keyset=True), ordered=ordered)) == 12_000
        assert len(end.calls) <= most * 120


async def test_the_time_for_a_page_is_not_spent_in_its_own_queue() -> None:
    end = Endpoint(numbered(3000), latency=0.1)
    list_ = pager(end, "/things", "things", row_id, query={}, keyset=True, timeout=2)
    assert len(await drain(list_, 6)) == 3000
    assert {call.timeout for call in end.calls} == {12}


async def test_a_page_that_is_not_needed_may_fail() -> None:
    class Frail(Endpoint):
        def answer(self, query: Any) -> dict[str, Any]:
            if int(query["offset"]) >= 300:
                raise ServerError("beyond the end")
            return super().answer(query)

    end = Frail(numbered(250), latency=0.1, meta=lambda total: {"total": 10**6})
    assert await drain(end.pager()) == list(range(1, 251))


@given(
    count=st.integers(0, 400),
    holes=st.sampled_from([0.0, 0.5, 0.9]),
    cap=st.sampled_from([3, 10, 20, 33]),
    size=st.sampled_from([3, 10, 20, 33]),
    way=st.sampled_from([(True, True), (True, False), (False, True)]),
    lanes=st.integers(1, 6),
    metas=st.lists(st.sampled_from(list(WRONG_META.values())), min_size=1, max_size=3),
    ignores=st.lists(st.sampled_from(["limit", "offset", "id_greater", "id_less", "orders"]), max_size=1),
    repeats=st.lists(st.integers(0, 9), max_size=3),
    hidden=st.none() | st.tuples(st.integers(4, 9), st.integers(0, 3)),
    counts=st.sampled_from(["rest", "whole"]),
    counts_hidden=st.booleans(),
)
@settings(deadline=None, max_examples=examples(150))
def test_no_endpoint_makes_it_loop_lose_or_double(
    count: int,
    holes: float,
    cap: int,
    size: int,
    way: tuple[bool, bool],
    lanes: int,
    metas: list[Any],
    ignores: list[str],
    repeats: list[int],
    hidden: tuple[int, int] | None,
    counts: str,
    counts_hidden: bool,
) -> None:
    # a fixed part of the rows, and no total: that is what a list without paging looks like
    keyset, ordered = way
    odd = hidden is not None or (cap != 20 and (cap < size or "limit" in ignores))
    assume(keyset or not (("offset" in ignores or repeats) and odd))
    assume(not hidden or not holes)  # a page of hidden rows only is the end
    before: dict[str, Any] = {}
    given: set[int] = set()

    class Adversary(Endpoint):
        def answer(self, query: Any) -> dict[str, Any]:
            self.meta = metas[len(self.calls) % len(metas)]
            if len(self.calls) in repeats and before:
                return dict(before)
            data = super().answer(query)
            if query.get("orders[id]") != "DESC":  # the highest row alone may well be a last page
                if lies(self, data, size + bool(repeats), given):
                    del data["meta"]
                if data["things"]:  # and an empty page the end of any part
                    before.update(data)
            return data

    end = Adversary(with_holes(count, holes), cap, ignores, counts=counts, counts_hidden=counts_hidden)
    if hidden is not None:
        end.hides = lambda id: id % hidden[0] == hidden[1]

    async def main() -> list[int]:
        return await drain(end.pager(keyset=keyset, limit=size), lanes, ordered=ordered)

    try:
        got = anyio.run(main)
    except PaginationError:
        got = None
    assert len(end.calls) <= 4 * (count // min(cap, size) + 5 + lanes)
    if got is None:
        # or the first page, short by its first rows, came twice: an endpoint that ignores offset looks the same
        twice = not keyset and hidden is not None and hidden[1] == 1
        assert ignores or repeats or twice, "an endpoint that pages rightly was refused"
    else:
        assert (got if ordered else sorted(got)) == visible(end)


async def test_more_lanes_than_a_client_has_cost_nothing() -> None:
    """Planning for lanes that never run once kept the event loop busy for half a minute."""
    end = Endpoint(numbered(3000))
    async with end.pager(keyset=True).ahead_pages(500) as pages:
        assert pages._pages._lanes == 16  # type: ignore[attr-defined]  # what is asked of the planner
        assert sum([len(page.items) async for page in pages]) == 3000
