"""`get_many` and `deleted`: every id accounted for, at few requests, by whatever the endpoint honours."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import pytest
from attrs import define, field
from hypothesis import given, settings, strategies as st

from activecampaign_async._answer import Answer
from activecampaign_async._call import Call, priority
from activecampaign_async.errors import ActiveCampaignError, PaginationError, TransportError
from activecampaign_async.resources.contacts import Contacts
from tests.support import examples

pytestmark = pytest.mark.anyio
T = TypeVar("T")


@define
class Account:
    """`GET /contacts` of an account, as good as it is told to be. It is the road."""

    rows: Sequence[int]
    honours: bool = True
    """Whether it looks at `ids[]`."""
    total: str = "right"
    """"right", "whole" (the list's, whatever is asked for), or "none"."""
    cap: int = 100
    slow_above: int = 1000
    calls: list[Call[Any]] = field(factory=list)
    home: str = "https://a.example"

    async def __call__(self, call: Call[T], /) -> T:
        self.calls.append(call)
        limit = int(str(call.query["limit"]))
        asked = call.query.get("ids[]", ())
        if min(limit, len(asked) or limit) > self.slow_above:
            raise TransportError("read timed out", timed_out=True)
        rows = self._matching(call.query)
        meta = {"total": str(len(self.rows if self.total == "whole" else rows))} if self.total != "none" else {}
        given = [{"id": str(id)} for id in rows[: min(limit, self.cap)]]
        return call.read(Answer(200, {}, {"contacts": given, "meta": meta}))

    def _matching(self, query: Any) -> list[int]:
        if self.honours and "ids[]" in query:
            wanted = {int(id) for id in query["ids[]"]}
            return [id for id in self.rows if id in wanted]
        low, high = int(query.get("id_greater", -1)), int(query.get("id_less", 10**12))
        rows = [id for id in self.rows if low < id < high]
        return rows if "orders[id]" in query else rows[::-1]


async def looked_up(account: Account, ids: Iterable[int]) -> tuple[list[int], tuple[int, ...], bool]:
    found = await Contacts(account).get_many(ids)
    return [contact.id for contact in found], found.missing, found.swept


@pytest.mark.parametrize("total", ["right", "none", "whole"])
async def test_ten_thousand_by_id_take_a_hundred_requests(total: str) -> None:
    account = Account(range(1, 10_001), total=total)
    ids = random.Random(1).sample(range(1, 10_001), 10_000)
    assert await looked_up(account, ids) == (ids, (), False)
    assert len(account.calls) == 100 if total != "whole" else 200


async def test_with_a_third_of_them_missing() -> None:
    rows = sorted(random.Random(2).sample(range(1, 10_001), 6667))
    account = Account(rows)
    there, missing, _ = await looked_up(account, range(1, 10_001))
    assert there == rows
    assert set(missing) == set(range(1, 10_001)) - set(rows)
    assert len(account.calls) <= 103  # a page of just 20 looks like one of an endpoint that ignores `limit`
    account = Account(rows, total="none")
    assert (await looked_up(account, range(1, 10_001)))[0] == rows
    assert len(account.calls) <= 100 + 34


async def test_of_an_endpoint_that_ignores_ids(caplog: pytest.LogCaptureFixture) -> None:
    account = Account(range(1, 10_001), honours=False)
    ids = random.Random(3).sample(range(1, 10_001), 10_000)
    assert await looked_up(account, ids) == (ids, (), True)
    assert len(account.calls) <= 1.05 * 100 + 1
    assert "ignores ids[]" in caplog.text


async def test_few_of_many_where_ids_are_ignored_take_no_more_requests_than_there_are_ids() -> None:
    account = Account(range(1, 100_001), honours=False)
    ids = random.Random(4).sample(range(1, 200_001), 200)
    there, missing, swept = await looked_up(account, ids)
    assert there == [id for id in ids if id <= 100_000]
    assert set(missing) == {id for id in ids if id > 100_000}
    assert swept
    assert len(account.calls) <= 1 + 200


async def test_where_nothing_is_honoured_it_says_so() -> None:
    class Deaf(Account):
        def _matching(self, query: Any) -> list[int]:
            return list(self.rows)

    with pytest.raises(PaginationError):
        await Contacts(Deaf(range(1, 1000))).get_many(range(500, 900))


async def test_batches_that_take_too_long_get_smaller() -> None:
    account = Account(range(1, 1001), slow_above=30)
    ids = list(range(1, 1001))
    assert (await looked_up(account, ids))[:2] == (ids, ())
    assert len(account.calls) < 2 * 1000 / 25


async def test_many_are_bulk_and_few_are_as_called() -> None:
    account = Account(range(1, 5001))
    await Contacts(account).get_many(range(1, 901))
    assert {call.priority for call in account.calls} == {"interactive"}
    account.calls.clear()
    await Contacts(account).get_many(range(1, 2001))
    assert {call.priority for call in account.calls} == {"bulk"}
    with priority("bulk"):
        await Contacts(account).get_many([1])
    assert account.calls[-1].priority == "bulk"


# What is gone


@pytest.mark.parametrize(
    ("rows", "known", "most"),
    [
        (range(1, 10_001), range(1, 10_001), 101),  # none is
        (range(2, 10_001, 2), range(1, 10_001), 60),  # half: the rows fill half the pages
        (range(1, 10_001, 20), range(1, 10_001), 18),  # most
        ((), range(1, 10_001), 1),
        (range(1, 100_001), range(1, 100_001, 50), 22),  # few of many
        (range(50_000, 100_000), range(1, 10_001), 1),
        (range(1, 101), range(1, 101), 1),
        (range(1, 10), (), 0),
    ],
)
@pytest.mark.parametrize("total", ["right", "none"])
async def test_what_is_gone(rows: Sequence[int], known: Sequence[int], most: int, total: str) -> None:
    account = Account(rows, total=total)
    shuffled = random.Random(5).sample(list(known), len(known))
    assert await Contacts(account).deleted(shuffled) == sorted(set(known) - set(rows))
    if total == "right":
        assert len(account.calls) <= most
    assert len(account.calls) <= 2 * ceil(len(known) / 100) + 2


async def test_a_total_that_is_far_too_low_costs_little() -> None:
    class Boasting(Account):
        async def __call__(self, call: Call[T], /) -> T:
            self.calls.append(call)
            given = [{"id": str(id)} for id in self._matching(call.query)[:100]]
            return call.read(Answer(200, {}, {"contacts": given, "meta": {"total": "150"}}))

    account = Boasting(range(1, 200_001))
    known = list(range(1, 400_001, 40))
    assert await Contacts(account).deleted(known) == [id for id in known if id > 200_000]
    assert len(account.calls) < 260


@pytest.mark.parametrize("given", ["12", 5, None, [0], [True], ["x"]])
async def test_what_are_no_ids(given: Any) -> None:
    account = Account(())
    with pytest.raises((TypeError, ValueError), match="known_ids"):
        await Contacts(account).deleted(given)
    assert account.calls == []


@pytest.mark.parametrize("wrong", [0, True, "x", 1.5])
async def test_which_is_no_id(wrong: Any) -> None:
    account = Account(())
    with pytest.raises((TypeError, ValueError), match=r"^ids\[2\]: "):
        await Contacts(account).get_many([5, 6, wrong])
    with pytest.raises((TypeError, ValueError), match=r"^known_ids\[2\]: "):
        await Contacts(account).deleted([5, 6, wrong])
    with pytest.raises((TypeError, ValueError), match=r"^ids\[2\]: "):
        _ = Contacts(account).list(ids=[5, 6, wrong])
    assert account.calls == []


@pytest.mark.parametrize("honours", [True, False])
@pytest.mark.parametrize("verb", ["get_many", "deleted"])
async def test_others_run_while_many_ids_are_checked_and_told(verb: str, honours: bool) -> None:
    ticks, at, account = 0, list[int](), Account((), honours=honours)

    def ids() -> Iterator[int]:
        for number in range(10_000, 20_000):
            at.append(ticks)
            yield number

    async def tick() -> None:
        nonlocal ticks
        while True:
            await anyio.lowlevel.checkpoint()
            ticks += 1

    async with anyio.create_task_group() as group:
        group.start_soon(tick)
        gone = await getattr(Contacts(account), verb)(ids())
        after = ticks - at[-1]
        group.cancel_scope.cancel()
    assert len(gone) + len(getattr(gone, "missing", ())) == 10_000
    assert max(Counter(at).values()) <= 1000
    assert after > 10_000 / 1000


ids = st.lists(st.integers(1, 400) | st.integers(1, 10**7), max_size=400)


@settings(max_examples=examples(150), deadline=None)
@given(
    rows=ids,
    wanted=ids,
    dense=st.integers(0, 600),
    honours=st.booleans(),
    total=st.sampled_from(["right", "whole", "none"]),
    cap=st.sampled_from([100, 20, 33]),
    slow_above=st.sampled_from([1000, 60, 12]),
)
async def test_every_id_is_accounted_for(
    rows: list[int], wanted: list[int], dense: int, honours: bool, total: str, cap: int, slow_above: int
) -> None:
    there = sorted({*rows, *range(1, dense + 1)})
    account = Account(there, honours=honours, total=total, cap=cap, slow_above=slow_above)
    known = [*wanted, *range(1, dense + 1, 2)]
    found, missing, _ = await looked_up(account, known)
    assert found == [id for id in known if id in set(there)]
    assert missing == tuple(dict.fromkeys(id for id in known if id not in set(there)))
    assert len(account.calls) <= 2 * len(known) + 20
    account.calls.clear()
    assert await Contacts(account).deleted(known) == sorted(set(known) - set(there))
    assert len(account.calls) <= 2 * len(known) + 20


async def test_an_error_ends_it() -> None:
    class Failing(Account):
        async def __call__(self, call: Call[T], /) -> T:
            if len(self.calls) >= 3:
                raise TransportError("cut")
            return await super().__call__(call)

    with pytest.raises(ActiveCampaignError):
        await Contacts(Failing(range(1, 2000))).deleted(range(1, 2000))
