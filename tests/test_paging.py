from __future__ import annotations

import base64
import itertools
import json
import random
import tracemalloc
from collections.abc import AsyncIterable, Awaitable, Callable
from typing import Any

import anyio
import pytest
from hypothesis import assume, given, settings, strategies as st

from activecampaign_async import _page
from activecampaign_async._page import SMALLEST, PageSize
from activecampaign_async._paging import Page, Pager, pager
from activecampaign_async._walk import IdSet, KeySet
from activecampaign_async.errors import DecodeError, PaginationError, ServerError, TransportError
from tests.lists import MISSING, Endpoint, lies, numbered, row_id, things, visible
from tests.support import examples

pytestmark = pytest.mark.anyio

both = pytest.mark.parametrize("keyset", [False, True], ids=["by offset", "by id"])


async def drain(list_: Pager[Any]) -> list[Any]:
    return [item async for item in list_]


async def into(got: list[Any], items: AsyncIterable[Any]) -> None:
    """What comes before an error is kept."""
    async for item in items:
        got.append(item)  # noqa: PERF401  # a comprehension would lose it


async def test_awaited_it_is_the_first_page() -> None:
    end = Endpoint(numbered(250), beside={"others": [{"id": "7"}]})
    page = await end.pager()
    assert isinstance(page, Page)
    assert page.items == tuple(range(1, 101))
    assert (page.total, page.has_more) == (250, True)
    assert isinstance(page.cursor, str)
    assert page.included["others"] == [{"id": "7"}]
    assert len(end.calls) == 1


async def test_the_last_page_says_so() -> None:
    page = await Endpoint(numbered(3)).pager()
    assert (page.items, page.cursor, page.has_more) == ((1, 2, 3), None, False)


@pytest.mark.parametrize("use", [iter, len, list, bool, lambda page: page[0], lambda page: [*page]])
async def test_a_page_is_no_list(use: Callable[[Any], Any]) -> None:
    page = await Endpoint(numbered(3)).pager()
    with pytest.raises(TypeError, match=r"(?s)async for.*\.collect\(\).*\.items"):
        use(page)


@both
@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (99, 1), (100, 2), (101, 2), (250, 3)])
async def test_every_item_in_order_for_the_fewest_requests(keyset: bool, count: int, requests: int) -> None:
    end = Endpoint(numbered(count))
    assert await drain(end.pager(keyset=keyset)) == list(range(1, count + 1))
    assert len(end.calls) == requests


async def test_by_offset_asks_for_limit_and_offset() -> None:
    end = Endpoint(numbered(250))
    await drain(end.pager(status="1"))
    assert end.asked("offset") == ["0", "100", "200"]
    assert end.asked("limit") == ["100"] * 3
    assert end.asked("status") == ["1"] * 3


async def test_by_id_asks_for_the_order_from_the_first_page_on() -> None:
    rows = numbered(250)
    random.Random(1).shuffle(rows)
    end = Endpoint(rows)
    assert await drain(end.pager(keyset=True)) == list(range(1, 251))
    assert end.asked("orders[id]") == ["ASC"] * 3
    assert end.asked("id_greater") == [None, "100", "200"]
    assert end.asked("offset") == [None] * 3


async def test_by_id_keeps_the_users_bounds() -> None:
    end = Endpoint(numbered(500))
    assert await drain(end.pager(keyset=True, id_greater="50", id_less="301")) == list(range(51, 301))
    assert end.asked("id_greater") == ["50", "150", "250"]
    assert end.asked("id_less") == ["301"] * 3


@pytest.mark.parametrize("bound", ["x", "-1", "1.5", "", ["1", "2"]])
async def test_a_bound_that_is_no_id(bound: Any) -> None:
    with pytest.raises(ValueError, match="id_greater"):
        _ = Endpoint([]).pager(keyset=True, id_greater=bound)


async def test_iterated_twice_it_begins_twice() -> None:
    list_ = Endpoint(numbered(150)).pager()
    assert await drain(list_) == await drain(list_) == list(range(1, 151))


async def test_pages_come_with_the_first_even_when_empty() -> None:
    assert [p.items async for p in Endpoint([]).pager().pages()] == [()]
    sizes = [len(p.items) async for p in Endpoint(numbered(200)).pager().pages()]
    assert sizes == [100, 100]


async def test_left_early_it_leaves_nothing() -> None:
    end = Endpoint(numbered(500))
    async for item in end.pager():
        if item == 150:
            break
    assert len(end.calls) == 2
    assert end.running == 0


@pytest.mark.parametrize(("limit", "error"), [(0, ValueError), (101, ValueError), (-1, ValueError), (True, TypeError)])
@pytest.mark.parametrize("more", [{}, {"keyset": True}])
async def test_limit_is_checked(limit: Any, error: type[Exception], more: Any) -> None:
    with pytest.raises(error, match="limit"):
        _ = Endpoint([]).pager(limit=limit, **more)
    with pytest.raises(TypeError, match="limit"):
        _ = Endpoint([]).pager(limit="20", **more)  # type: ignore[arg-type]  # what a user may do


@pytest.mark.parametrize("name", ["limit", "offset"])
async def test_the_pagers_own_parameters_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        _ = pager(Endpoint([]), "/things", "things", row_id, query={name: "5"})


async def test_calls_carry_the_timeout_and_may_be_made_smaller() -> None:
    end = Endpoint(numbered(20))
    await pager(end, "/things", "things", row_id, query={}, timeout=7.0)
    await end.pager(limit=10)
    big, small = end.calls
    assert (big.timeout, big.shrinks) == (7.0, True)
    assert (small.timeout, small.shrinks) == (None, False)


async def test_strict_reaches_the_items() -> None:
    seen: list[bool] = []

    def item(row: Any, included: Any, strict: bool) -> None:
        seen.append(strict)

    await pager(Endpoint(numbered(1), strict=True), "/things", "things", item, query={})
    await pager(Endpoint(numbered(1)), "/things", "things", item, query={})
    assert seen == [True, False]


# collect


@both
async def test_collect_asks_for_no_more_than_it_needs(keyset: bool) -> None:
    end = Endpoint(numbered(500))
    assert await end.pager(keyset=keyset).collect(max_items=250) == list(range(1, 251))
    assert end.asked("limit") == ["100", "100", "50"]
    assert len(await end.pager(keyset=keyset).collect()) == 500


async def test_collect_of_nothing_asks_nothing() -> None:
    end = Endpoint(numbered(5))
    assert await end.pager().collect(max_items=0) == []
    assert end.calls == []


async def test_collect_from_an_endpoint_that_gives_more() -> None:
    assert await Endpoint(numbered(40), ignores=["limit"]).pager().collect(max_items=3) == [1, 2, 3]


@pytest.mark.parametrize(("most", "error"), [(-1, ValueError), (1.5, TypeError), (True, TypeError), ("3", TypeError)])
async def test_collect_checks_max_items(most: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="max_items"):
        await Endpoint([]).pager().collect(most)


# Cursors


@both
async def test_every_pages_cursor_goes_on_with_the_rest(keyset: bool) -> None:
    end = Endpoint(numbered(350))
    list_ = end.pager(keyset=keyset, limit=50)
    async for page in list_.pages():
        given = page.items[-1]
        if page.cursor:
            assert await drain(list_.resume(page.cursor)) == list(range(given + 1, 351))
            assert await drain(end.pager(keyset=keyset, limit=30).resume(page.cursor)) == list(range(given + 1, 351))


@both
async def test_an_errors_cursor_goes_on_with_exactly_what_is_left(keyset: bool) -> None:
    end = Endpoint(numbered(350), faults={2: ServerError("503")})
    list_ = end.pager(keyset=keyset)
    got: list[int] = []
    with pytest.raises(ServerError) as caught:
        await into(got, list_)
    assert got == list(range(1, 201))
    assert caught.value.cursor is not None
    assert got + await drain(list_.resume(caught.value.cursor)) == list(range(1, 351))


@both
async def test_an_error_on_the_first_page_has_a_cursor_too(keyset: bool) -> None:
    uses: list[Callable[[Pager[Any]], Awaitable[Any]]] = [Pager.collect, lambda p: anext(p.pages()), Pager._first]
    for use in uses:
        list_ = Endpoint(numbered(3), faults={0: ServerError("503")}).pager(keyset=keyset)
        with pytest.raises(ServerError) as caught:
            await use(list_)
        assert caught.value.cursor is not None
        assert await drain(list_.resume(caught.value.cursor)) == [1, 2, 3]


@both
async def test_after_an_error_the_same_loop_may_go_on(keyset: bool) -> None:
    pages = Endpoint(numbered(250), faults={1: ServerError("503")}).pager(keyset=keyset).pages()
    got = list((await anext(pages)).items)
    with pytest.raises(ServerError):
        await anext(pages)
    async for page in pages:
        got += page.items
    assert got == list(range(1, 251))


async def cursor_of(list_: Pager[Any]) -> str:
    page = await list_
    assert page.cursor is not None
    return page.cursor


async def test_a_cursor_of_another_list_is_refused() -> None:
    end = Endpoint(numbered(250))
    cursor = await cursor_of(end.pager(status="1"))
    orders = {"orders[name]": "ASC", "orders[email]": "ASC"}
    await end.pager(status="1", limit=10).resume(cursor)
    others = [
        end.pager(),
        end.pager(status="2"),
        end.pager(status="1", keyset=True),
        end.pager(None, {"status": "1", **orders}),
        pager(end, "/others", "things", row_id, query={"status": "1"}),
    ]
    for other in others:
        with pytest.raises(ValueError, match="another list"):
            _ = other.resume(cursor)
    one = await cursor_of(end.pager(None, orders))
    with pytest.raises(ValueError, match="another list"):
        _ = end.pager(None, dict(reversed(orders.items()))).resume(one)


def changed(cursor: str, **what: Any) -> str:
    state = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return base64.urlsafe_b64encode(json.dumps({**state, **what}).encode()).decode()


@both
async def test_a_cursor_that_is_none_is_refused(keyset: bool) -> None:
    list_ = Endpoint(numbered(250)).pager(keyset=keyset)
    good = await cursor_of(list_)
    bad = ["", "x", "é", "[]", good[:-5], "e30", changed(good, v=2), "W" * 9, "%%%"]
    name = "ids" if keyset else "rows"
    bad += [changed(good, **{name: value}) for value in ([], None, 5, [5], [["a", None]], [[1, 2, 3]], [[None, 1.5]])]
    bad += [changed(good, w="x"), changed(good, w=-1)]
    for cursor in bad:
        with pytest.raises(ValueError, match="cursor"):
            _ = list_.resume(cursor)
    with pytest.raises(TypeError, match="cursor"):
        _ = list_.resume(b"x")  # type: ignore[arg-type]  # what a user may do


async def test_a_cursor_holds_no_filter() -> None:
    cursor = await cursor_of(Endpoint(numbered(250)).pager(email="ann@example.com"))
    assert b"ann" not in base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


@given(st.lists(st.integers(-(10**6), 10**18) | st.integers(0, 600) | st.text(max_size=2)))
def test_keys_seen_are_told_from_new_ones(keys: list[int | str]) -> None:
    seen, known = KeySet(), set[int | str]()
    for key in keys:
        assert seen.add(key) == (key not in known)
        known.add(key)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 1500) | st.integers(0, 10**18))))
def test_a_set_of_ids_is_a_set(steps: list[tuple[bool, int]]) -> None:
    ids, known = IdSet(), set[int]()
    for put, id in steps:
        if put:
            assert ids.add(id) == (id not in known)
            known.add(id)
        else:
            ids.discard(id)
            known.discard(id)
    assert list(ids) == sorted(known)
    assert (len(ids), ids.highest) == (len(known), max(known, default=None))
    for id in [-1, *(id for _, id in steps)]:
        assert (id in ids) == (id in known)
        assert list(ids.above(id)) == sorted(other for other in known if other > id)


def test_keys_of_a_million_rows_take_little_memory() -> None:
    tracemalloc.start()
    try:
        seen = KeySet(range(1, 300_001))
        assert tracemalloc.get_traced_memory()[0] < 300_000
    finally:
        tracemalloc.stop()
    assert not seen.add(7)


# Pages that overlap


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 199, 250, 1000])
async def test_pages_that_overlap_cost_one_row_each(count: int) -> None:
    end = Endpoint(numbered(count), overlap=1)
    assert await drain(end.pager()) == list(range(1, count + 1))
    assert len(end.calls) <= count // 99 + 2
    assert end.asked("offset")[:3] == ["0", "99", "198"][: len(end.calls)]


@settings(max_examples=examples(50), deadline=None)
@given(
    changes=st.lists(st.tuples(st.lists(st.integers(0, 399), max_size=4), st.integers(0, 4)), max_size=40),
    limit=st.integers(2, 40),
    ahead=st.booleans(),
    counts=st.booleans(),
)
async def test_what_is_there_throughout_comes_though_as_many_come_as_go(
    changes: list[tuple[list[int], int]], limit: int, ahead: bool, counts: bool
) -> None:
    end = Endpoint(numbered(400), overlap=1, meta=(lambda total: {"total": total}) if counts else (lambda _: MISSING))
    left, gone, made = list(changes), set[int](), itertools.count(1000)

    def change(end: Endpoint) -> None:
        going, coming = left.pop(0) if left else ([], 0)
        leaving = {int(end.rows[place % len(end.rows)]["id"]) for place in going if end.rows}
        gone.update(leaving)
        end.rows = [row for row in end.rows if int(row["id"]) not in leaving]
        end.rows += things(*(next(made) for _ in range(coming)))

    end.after = change
    if ahead:
        async with end.pager(limit).ahead(4) as items:
            got = [item async for item in items]
    else:
        got = await drain(end.pager(limit))
    assert len(set(got)) == len(got)
    assert set(range(1, 401)) - gone <= set(got)


async def test_pages_that_overlap_go_on_from_a_cursor() -> None:
    end = Endpoint(numbered(350), overlap=1)
    page = await end.pager()
    assert page.cursor is not None
    assert await drain(end.pager().resume(page.cursor)) == list(range(101, 351))


# Pages that take too long


@both
async def test_a_page_that_takes_too_long_is_asked_for_by_halves(keyset: bool) -> None:
    end = Endpoint(numbered(120), slow_above=30)
    assert await drain(end.pager(keyset=keyset)) == list(range(1, 121))
    assert end.asked("limit")[:4] == ["100", "50", "25", "25"]
    assert set(end.asked("limit")[3:]) == {"25"}


def slow_spell(pages: int) -> Endpoint:
    """Of 4,000 rows, slow for so many pages."""
    end = Endpoint(numbered(4000), slow_above=30)

    def heal(end: Endpoint) -> None:
        if len(end.calls) >= pages:
            end.slow_above = None

    end.after = heal
    return end


@both
async def test_the_size_of_a_page_recovers(keyset: bool) -> None:
    end = slow_spell(10)
    assert await drain(end.pager(keyset=keyset)) == list(range(1, 4001))
    sizes = end.asked("limit")
    assert sizes[-1] == "100"
    assert set(sizes[40:]) == {"100"}
    assert len(sizes) <= 40 + 30


@both
async def test_an_endpoint_that_stays_slow_is_tried_ever_less_often(keyset: bool) -> None:
    end = slow_spell(10**6)
    assert await drain(end.pager(keyset=keyset)) == list(range(1, 4001))
    assert sum(int(limit) > 30 for limit in end.asked("limit")) <= 2 + 5  # of 160 pages


@given(
    most=st.integers(1, 100),
    came=st.lists(st.booleans(), max_size=300),
)
async def test_a_page_size_stays_within_its_bounds(most: int, came: list[bool]) -> None:
    size = PageSize(most)
    for good in came:
        asked = size.now
        size.came(asked, asked if good else min(asked, max(SMALLEST, asked // 2)))
        assert min(SMALLEST, most) <= size.now <= most
    for _ in range(20_000):
        size.came(size.now, size.now)
    assert size.now == most


async def test_lanes_that_time_out_together_halve_once() -> None:
    size = PageSize(100)
    for _ in range(8):
        size.came(100, 50)
    assert size.now == 50
    for _ in range(3):
        size.came(10, 10)  # a gap, or the last few of a list, say nothing
    assert size.now == 50


async def test_halving_ends() -> None:
    end = Endpoint(numbered(120), slow_above=0)
    with pytest.raises(TransportError) as caught:
        await drain(end.pager())
    assert caught.value.timed_out
    assert end.asked("limit") == ["100", "50", "25", "12", "10"]


async def test_another_transport_error_is_not_asked_again() -> None:
    end = Endpoint(numbered(120), faults={0: TransportError("cut")})
    with pytest.raises(TransportError):
        await drain(end.pager())
    assert len(end.calls) == 1


# Endpoints that are wrong

WRONG_META = {
    "missing": lambda total: MISSING,
    "null": lambda total: None,
    "a list": lambda total: [],
    "text": lambda total: "x",
    "no total": lambda total: {},
    "total null": lambda total: {"total": None},
    "total str": lambda total: {"total": str(total)},
    "total int": lambda total: {"total": total},
    "total zero": lambda total: {"total": 0},
    "total low": lambda total: {"total": "20"},
    "total high": lambda total: {"total": 10**9},
    "total float": lambda total: {"total": 2.5},
    "total list": lambda total: {"total": [1]},
    "total true": lambda total: {"total": True},
    "total negative": lambda total: {"total": "-3"},
    "total huge": lambda total: {"total": "9" * 5000},
}


@both
@pytest.mark.parametrize("meta", WRONG_META.values(), ids=WRONG_META)
@pytest.mark.parametrize("cap", [100, 20, 7])
@pytest.mark.parametrize("count", [5, 20, 250])
async def test_any_meta_and_any_cap(keyset: bool, meta: Any, cap: int, count: int) -> None:
    end = Endpoint(numbered(count), meta=meta, cap=cap)
    assert await drain(end.pager(keyset=keyset)) == list(range(1, count + 1))
    assert len(end.calls) <= count // cap + 2


@both
async def test_a_short_list_without_a_total_costs_one_more_request(keyset: bool) -> None:
    end = Endpoint(numbered(5), meta=lambda total: MISSING)
    await drain(end.pager(keyset=keyset))
    assert len(end.calls) == 2
    end = Endpoint(numbered(205), meta=lambda total: MISSING)
    await drain(end.pager(keyset=keyset))
    assert len(end.calls) == 4  # the end of a long one is confirmed too: rows may have been left out


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (5, 1), (20, 2), (99, 1), (100, 2), (150, 3)])
async def test_a_small_list_needs_no_total(count: int, requests: int) -> None:
    end = Endpoint(numbered(count), meta=lambda total: MISSING)
    assert await drain(pager(end, "/things", "things", row_id, query={}, small=True)) == list(range(1, count + 1))
    assert len(end.calls) == requests


TOTALS = {
    "none": {"meta": lambda total: MISSING},
    "rest": {"counts_hidden": False},
    "rest and hidden": {},
    "whole": {"counts": "whole", "counts_hidden": False},
    "whole and hidden": {"counts": "whole"},
}


@both
@pytest.mark.parametrize("totals", TOTALS.values(), ids=TOTALS)
@pytest.mark.parametrize("hidden", [{150, 333, 666, 901}, {1000}, {901, 902, 1000}, set(range(30, 100)), {990}])
async def test_short_pages_in_the_middle_lose_nothing(keyset: bool, totals: Any, hidden: set[int]) -> None:
    end = Endpoint(numbered(1000), hides=hidden.__contains__, **totals)
    assert await drain(end.pager(keyset=keyset)) == visible(end)
    assert len(end.calls) <= 13


CUT_SHORT = "its total says 1000"


@pytest.mark.parametrize("lanes", [0, 4])
@pytest.mark.parametrize("counts", ["rest", "whole"])
@both
async def test_a_list_that_ends_a_page_before_its_total_is_told(
    keyset: bool, counts: str, lanes: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def told(hidden: set[int], **bounds: str) -> list[bool]:
        caplog.clear()
        end = Endpoint(numbered(1000), hides=hidden.__contains__, counts=counts)
        list_ = end.pager(keyset=keyset, more=bounds)
        if lanes:
            async with list_.ahead(lanes) as items:
                assert [id async for id in items]
        else:
            await drain(list_)
        return [CUT_SHORT in said for said in caplog.messages]

    assert await told(set(range(801, 1001))) == [True]
    assert await told(set(range(950, 1001))) == []
    assert await told(set()) == []
    if keyset:
        assert await told(set(), id_greater="850") == [], "the total may be of all"


@pytest.mark.parametrize("counts", ["rest", "whole"])
@both
async def test_a_right_total_costs_nothing_more(keyset: bool, counts: str) -> None:
    end = Endpoint(numbered(950), counts=counts)
    page = await end.pager(keyset=keyset)
    assert page.cursor is not None
    assert len(await drain(end.pager(keyset=keyset))) + len(await drain(end.pager(keyset=keyset).resume(page.cursor)))
    assert len(end.calls) == 1 + 10 + 9


@both
async def test_the_total_is_of_the_whole_list_on_every_page(keyset: bool) -> None:
    list_ = Endpoint(numbered(250)).pager(keyset=keyset)
    pages = [page async for page in list_.pages()]
    assert [page.total for page in pages] == [250, 250, 250]
    assert pages[0].cursor is not None
    assert (await list_.resume(pages[0].cursor)).total == 250


async def test_a_cursor_of_another_account() -> None:
    cursor = await cursor_of(Endpoint(numbered(250)).pager())
    with pytest.raises(ValueError, match="account"):
        _ = Endpoint(numbered(250), home="https://b.example").pager().resume(cursor)


async def test_an_endpoint_that_ignores_limit_and_gives_more() -> None:
    end = Endpoint(numbered(400), cap=150, ignores=["limit"])
    assert await drain(end.pager()) == list(range(1, 401))


@pytest.mark.parametrize("meta", WRONG_META.values(), ids=WRONG_META)
@pytest.mark.parametrize("more", [[], ["limit"]])
async def test_an_endpoint_that_ignores_offset(meta: Any, more: list[str]) -> None:
    end = Endpoint(numbered(250), meta=meta, ignores=["offset", *more], cap=20 if more else 100)
    if more and meta(250) == {"total": "20"}:
        assert await drain(end.pager()) == list(range(1, 21))  # its total says that these are all
        return
    got: list[int] = []
    with pytest.raises(PaginationError) as caught:
        await into(got, end.pager())
    assert got == list(range(1, end.cap + 1))
    assert caught.value.cursor is not None
    assert "GET /things" in str(caught.value)
    assert len(end.calls) == 2


async def test_a_list_that_knows_no_paging_is_given_whole() -> None:
    for count in (5, 20, 100, 250):
        end = Endpoint(numbered(count), cap=10**6, ignores=["limit", "offset"])
        assert await drain(end.pager()) == list(range(1, count + 1))
    for count in (5, 250):  # 20 or 100 without a total could as well be a fixed part of the rows
        end = Endpoint(numbered(count), cap=10**6, ignores=["limit", "offset"], meta=lambda total: MISSING)
        assert await drain(end.pager()) == list(range(1, count + 1))


@pytest.mark.parametrize("what", ["id_greater", "orders"])
async def test_an_endpoint_that_cannot_go_by_id(what: str) -> None:
    end = Endpoint(numbered(250)[::-1], ignores=[what])
    with pytest.raises(PaginationError):
        await drain(end.pager(keyset=True))
    assert len(end.calls) <= 2


async def test_ids_that_are_none_cannot_be_gone_by() -> None:
    for row in ({}, {"id": None}, {"id": "a"}, {"id": True}, {"id": ""}):
        with pytest.raises(PaginationError, match="numeric id"):
            await drain(
                pager(Endpoint([row], ignores=["orders"]), "/things", "things", lambda *_: 1, query={}, keyset=True)
            )


async def test_a_page_that_comes_again() -> None:
    end = Endpoint(numbered(400))
    whole = end.answer
    end_answers = iter([0, 100, 100, 300])

    class Repeating(Endpoint):
        def answer(self, query: Any) -> dict[str, Any]:
            return whole({**query, "offset": next(end_answers)})

    got: list[int] = []
    with pytest.raises(PaginationError):
        await into(got, Repeating([]).pager())
    assert got == list(range(1, 201))


@pytest.mark.parametrize("data", [None, [], "x", 5, {}, {"things": None}, {"things": "x"}, {"things": {"a": {}}}])
async def test_an_answer_that_is_no_list(data: Any) -> None:
    class Odd(Endpoint):
        def answer(self, query: Any) -> Any:
            return data

    with pytest.raises(DecodeError, match="things"):
        await Odd([]).pager()


async def test_phps_other_empty_list() -> None:
    class Php(Endpoint):
        def answer(self, query: Any) -> Any:
            return {"things": {}}

    assert await drain(Php([]).pager()) == []


@pytest.mark.parametrize(("total", "is_empty"), [(None, True), ("0", True), (0, True), ("3", False)])
async def test_null_where_there_are_none(total: Any, is_empty: bool) -> None:
    class Php(Endpoint):
        def answer(self, query: Any) -> Any:
            return {"things": None, "meta": {"total": total}}

    if is_empty:
        assert await drain(Php([]).pager()) == []
    else:
        with pytest.raises(DecodeError, match="things"):
            await Php([]).pager()


async def test_phps_list_with_gaps() -> None:
    class Php(Endpoint):
        def answer(self, query: Any) -> Any:
            return {"things": {"0": {"id": "1"}, "2": {"id": "3"}}, "meta": {"total": 2}}

    assert await drain(Php([]).pager()) == [1, 3]


# Lists that change meanwhile


async def test_rows_that_shift_up_come_once() -> None:
    def insert(end: Endpoint) -> None:
        new = len(end.rows) + 1000
        end.rows[0:0] = things(new, new + 1, new + 2)

    end = Endpoint(numbered(350), after=insert)
    got = await drain(end.pager())
    assert len(got) == len(set(got))
    assert set(range(1, 351)) <= set(got)


async def test_rows_that_shift_down_are_not_lost() -> None:
    gone: set[int] = set()

    def delete(end: Endpoint) -> None:
        for _ in range(5):
            gone.add(int(end.rows.pop(0)["id"]))

    end = Endpoint(numbered(1000), after=delete)
    got = await drain(end.pager())
    assert len(got) == len(set(got))
    assert set(range(1, 1001)) - gone <= set(got)


async def test_by_id_nothing_shifts() -> None:
    dice, gone = random.Random(3), set()

    def change(end: Endpoint) -> None:
        for _ in range(5):
            gone.add(int(end.rows.pop(dice.randrange(len(end.rows)))["id"]))
        last = max(int(row["id"]) for row in end.rows)
        end.rows += things(*range(last + 1, last + 6))

    end = Endpoint(numbered(1000), after=change)
    got = await drain(end.pager(keyset=True))
    assert got == sorted(set(got))
    assert set(range(1, 1001)) - gone <= set(got)


# Rows without an id


async def test_rows_without_an_id() -> None:
    rows = [{"name": f"row {n}"} for n in range(250)]
    assert await drain(Endpoint(rows).pager()) == rows
    with pytest.raises(PaginationError):
        await drain(Endpoint(rows, ignores=["offset"]).pager())


async def test_rows_that_are_no_objects() -> None:
    rows: list[Any] = [1, "a", None, [2], {"id": {"x": 1}}]
    list_ = pager(Endpoint(rows), "/things", "things", lambda row, *_: row, query={})
    assert await list_.collect() == rows


async def test_text_ids() -> None:
    rows = [{"id": f"0b5e{n:04}-uuid"} for n in range(250)]
    list_ = pager(Endpoint(rows), "/things", "things", lambda row, *_: row["id"], query={})
    assert await drain(list_) == [row["id"] for row in rows]


metas = st.sampled_from(list(WRONG_META.values())) | st.integers(0, 300).map(lambda n: lambda total: {"total": n})


@given(
    count=st.integers(0, 120),
    cap=st.sampled_from([3, 10, 20, 33]),
    size=st.sampled_from([1, 10, 20, 33]),
    keyset=st.booleans(),
    metas=st.lists(metas, min_size=1, max_size=4),
    ignores=st.lists(st.sampled_from(["limit", "offset", "id_greater", "id_less", "orders"]), max_size=1),
    repeats=st.lists(st.integers(0, 6), max_size=3),
    hidden=st.none() | st.tuples(st.integers(4, 9), st.integers(0, 3)),
    counts=st.sampled_from(["rest", "whole"]),
    counts_hidden=st.booleans(),
)
@settings(deadline=None, max_examples=examples(300))
def test_no_endpoint_makes_it_loop_lose_or_double(
    count: int,
    cap: int,
    size: int,
    keyset: bool,
    metas: list[Any],
    ignores: list[str],
    repeats: list[int],
    hidden: tuple[int, int] | None,
    counts: str,
    counts_hidden: bool,
) -> None:
    """Whatever one thing is wrong with the paging, and whatever `meta` says: all, once, or an error."""
    # a fixed part of the rows, and no total: that is what a list without paging looks like
    odd = hidden is not None or (cap != 20 and (cap < size or "limit" in ignores))
    assume(keyset or not (("offset" in ignores or repeats) and odd))
    assume(hidden is None or min(cap, size) > 1)  # a page of hidden rows only is the end
    before: dict[str, Any] = {}
    given: set[int] = set()

    class Adversary(Endpoint):
        def answer(self, query: Any) -> dict[str, Any]:
            self.meta = metas[len(self.calls) % len(metas)]
            if len(self.calls) in repeats and before:
                return dict(before)
            data = super().answer(query)
            again = bool(repeats or "offset" in ignores)  # then even a full page may look like all there is
            if lies(self, data, size + again, given):
                del data["meta"]
            before.update(data)
            return data

    end = Adversary(numbered(count), cap, ignores, counts=counts, counts_hidden=counts_hidden)
    if hidden is not None:
        end.hides = lambda id: id % hidden[0] == hidden[1]

    async def main() -> list[int]:
        return await end.pager(keyset=keyset, limit=size).collect()

    try:
        got = anyio.run(main)
    except PaginationError:
        got = None
    assert len(end.calls) <= 2 * (count // min(cap, size) + 3) + 6 * (hidden is not None)
    if got is None:
        # or the first page, short by its first rows, came twice: an endpoint that ignores offset looks the same
        twice = not keyset and hidden is not None and hidden[1] == 1
        assert ignores or repeats or twice, "an endpoint that pages rightly was refused"
    else:
        assert got == visible(end)


def test_a_pager_says_how_to_go_through_it() -> None:
    with pytest.raises(TypeError, match="async for"):
        list(Endpoint(numbered(3)).pager())  # type: ignore[call-overload]  # the mistake


async def test_a_pager_is_no_block() -> None:
    end = Endpoint(numbered(3))
    with pytest.raises(TypeError, match=r"write: async with pager\.ahead\(n\) as items"):
        async with end.pager():  # type: ignore[attr-defined]  # the mistake
            pass
    with pytest.raises(TypeError, match=r"^write: async with pager\.ahead\(n\) as items, and in it: async for"):
        async for _ in end.pager().ahead(2):  # type: ignore[attr-defined]  # the mistake
            pass
    with pytest.raises(TypeError, match=r"^write: async with pager\.ahead_pages\(n\) as pages, and in it: async for"):
        async for _ in end.pager().ahead_pages():  # type: ignore[attr-defined]  # the mistake
            pass
    assert end.calls == []


# rows without end


class Endless(Endpoint):
    """Always new rows, and a total that the first page tells."""

    def answer(self, query: Any) -> dict[str, Any]:
        first = int(query.get("id_greater", query.get("offset", 0))) + 1
        return {"things": things(*range(first, first + int(query["limit"]))), "meta": self.meta(first)}


@both
async def test_ten_times_the_total_and_a_hundred_thousand_rows(keyset: bool) -> None:
    end, got = Endless([], meta=lambda first: {"total": "20" if first == 1 else str(first + 1000)}), list[int]()
    with pytest.raises(
        PaginationError, match="rows without end: 100300 came, where the first page told of 20"
    ) as caught:
        await into(got, end.pager(keyset=keyset))
    assert got == list(range(1, 100_301))
    assert caught.value.cursor is not None
    assert (caught.value.method, caught.value.path) == ("GET", "/things")
    rest = end.pager(keyset=keyset).resume(caught.value.cursor)
    assert await rest.collect(500) == list(range(100_301, 100_801)), "counted anew"


@both
@pytest.mark.parametrize("meta", [{"total": None}, {}, None, {"total": "many"}], ids=str)
async def test_no_total_is_exceeded_where_none_is_told(
    keyset: bool, meta: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even by what later pages say."""
    monkeypatch.setattr(_page, "MORE", 0)
    end = Endless([], meta=lambda first: meta if first == 1 else {"total": "1"})
    assert len(await end.pager(keyset=keyset).collect(5000)) == 5000
