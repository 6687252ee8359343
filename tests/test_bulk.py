"""`bulk.map`: every item once, whatever happens in between."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import anyio
import anyio.lowlevel
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from activecampaign_async import (
    ActiveCampaignError,
    AsyncClient,
    AuthenticationError,
    LocalLimiter,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitError,
    RetryPolicy,
    ServerError,
    TransportError,
    bulk,
)
from activecampaign_async._call import priority_now
from activecampaign_async._journal import JOURNAL
from activecampaign_async.jobs import ResumeError, StateFile
from activecampaign_async.jobs._ledger import Ledger
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of, examples

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


class Kept:
    """A store in memory, as on disk: what was saved last."""

    def __init__(self) -> None:
        self.state: Mapping[str, Any] | None = None
        self.gone = False
        """The process is: nothing is saved any more."""
        self.error: Exception | None = None

    def load(self) -> Mapping[str, Any] | None:
        return self.state

    def save(self, state: Mapping[str, Any]) -> None:
        if self.error is not None:
            raise self.error
        if self.gone:
            raise Crash
        self.state = dict(state)


class Counting(Kept):
    """And how much was written."""

    written = 0

    def save(self, state: Mapping[str, Any]) -> None:
        super().save(state)
        self.written += len(json.dumps(state))


class Crash(BaseException):
    """The process is gone."""


async def drained(outcomes: Any) -> list[bulk.Outcome[Any, Any]]:
    async with outcomes as each:
        return [outcome async for outcome in each]


async def test_each_once_and_side_by_side() -> None:
    under_way, most, seen = 0, 0, Counter[int]()

    async def work(item: int) -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        seen[item] += 1
        assert priority_now() == "bulk"
        await anyio.sleep(item % 3)
        under_way -= 1
        return -item

    async with bulk.map(work, range(100)) as outcomes:
        got = [outcome async for outcome in outcomes]
    assert sorted((o.place, o.item, o.get()) for o in got) == [(i, i, -i) for i in range(100)]
    assert set(seen.values()) == {1}
    assert most == 12
    assert priority_now() == "interactive"


async def test_ordered() -> None:
    async def work(item: int) -> int:
        await anyio.sleep(10 - item % 10)
        return item

    async with bulk.map(work, range(50), lanes=7, ordered=True) as outcomes:
        assert [outcome.get() async for outcome in outcomes] == list(range(50))


async def test_endless_items_are_held_a_few_at_a_time() -> None:
    pulled = 0

    async def endless() -> AsyncIterator[int]:
        nonlocal pulled
        while True:
            pulled += 1
            yield pulled

    async def work(item: int) -> int:
        await anyio.lowlevel.checkpoint()
        return item

    for ordered in (True, False):
        pulled = count = 0
        async with bulk.map(work, endless(), lanes=4, ordered=ordered) as outcomes:
            async for _ in outcomes:
                count += 1
                assert pulled <= count + 9
                if count == 200:
                    break


async def test_items_behind_one_that_takes_long_are_held_a_few_at_a_time() -> None:
    pulled = 0

    async def endless() -> AsyncIterator[int]:
        nonlocal pulled
        while True:
            pulled += 1
            yield pulled

    async def work(item: int) -> int:
        await anyio.sleep(1000 if item == 1 else 0.1)
        return item

    async with bulk.map(work, endless(), ordered=True) as outcomes:
        assert (await anext(outcomes)).item == 1
    assert pulled == 24


async def test_an_error_is_its_items_own() -> None:
    account = Sandbox(contacts=10, rate=None)
    told = list[bulk.Progress]()
    async with client_of(account) as ac, bulk.map(ac.contacts.get, [1, 99, 2], progress=told.append) as outcomes:
        got = {o.item: o async for o in outcomes}
    assert got[1].get().id == 1
    assert isinstance(got[99].error, NotFoundError)
    with pytest.raises(NotFoundError):
        got[99].get()
    assert told[-1] == bulk.Progress(done=3, failed=1)


async def test_the_first_error_stops_where_asked() -> None:
    account = Sandbox(contacts=300, rate=None, latency=100)
    async with client_of(account) as ac:
        with pytest.raises(NotFoundError):
            await drained(bulk.map(ac.contacts.get, [*range(1, 20), 999, *range(20, 300)], stop_on_error=True))
    assert len(account.requests) < 60


@pytest.mark.parametrize("ordered", [True, False])
async def test_what_meets_all_is_raised(ordered: bool) -> None:
    account = Sandbox(contacts=300, rate=None, denied=401)
    async with client_of(account) as ac:
        account.key = "another"
        with pytest.raises(AuthenticationError):
            await drained(bulk.map(ac.contacts.get, range(1, 300), ordered=ordered))
    assert len(account.requests) < 40


async def test_errors_that_are_no_api_errors_come_bare() -> None:
    async def work(item: int) -> int:
        raise KeyError(item)

    with pytest.raises(KeyError):
        await drained(bulk.map(work, range(30)))

    async def leaves() -> None:
        async with bulk.map(client_free, range(30)) as outcomes:
            async for _ in outcomes:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await leaves()


async def test_what_is_under_way_when_it_fails_has_a_while_to_end() -> None:
    ended = list[int]()

    async def work(item: int) -> int:
        await anyio.sleep(item)
        if item == 1:
            raise KeyError
        ended.append(item)
        return item

    began, got = anyio.current_time(), list[int]()

    async def run() -> None:
        async with bulk.map(work, [1, 2, 3, 1000, 4, 5], lanes=4) as outcomes:
            async for outcome in outcomes:
                got.append(outcome.item)

    with pytest.raises(KeyError):
        await run()
    assert got == ended == [2, 3]  # and no other was begun
    assert anyio.current_time() - began == pytest.approx(11)


@pytest.mark.parametrize("error", [AuthenticationError(status=401), ServerError(status=503)])
async def test_where_nothing_is_under_way_when_it_fails_it_is_raised_at_once(error: ActiveCampaignError) -> None:
    async def work(item: int) -> int:
        await anyio.sleep(0.5 if item == 0 else 0.01)
        if item == 0:
            raise error
        return item

    began = anyio.current_time()
    with pytest.raises(type(error)):
        await drained(bulk.map(work, range(1000), ordered=True, stop_on_error=True))
    assert anyio.current_time() - began == pytest.approx(0.5)


async def test_when_it_fails_the_next_item_is_not_waited_for() -> None:
    begun = list[int]()

    async def slow() -> AsyncIterator[int]:
        yield 1
        yield 2
        await anyio.sleep(1000)
        yield 3

    async def work(item: int) -> None:
        begun.append(item)
        await anyio.sleep(item)
        raise KeyError(item)

    began = anyio.current_time()
    with pytest.raises(KeyError):
        await drained(bulk.map(work, slow()))
    assert anyio.current_time() - began == pytest.approx(2)
    assert begun == [1, 2]


async def test_an_item_that_comes_once_it_has_failed_is_not_begun() -> None:
    begun = list[int]()

    async def late() -> AsyncIterator[int]:
        yield 1
        with anyio.CancelScope(shield=True):
            await anyio.sleep(2)
        yield 2

    async def work(item: int) -> None:
        begun.append(item)
        await anyio.sleep(1)
        raise KeyError(item)

    with pytest.raises(KeyError):
        await drained(bulk.map(work, late()))
    assert begun == [1]


async def client_free(item: int) -> int:
    return item


async def test_a_long_pause_is_waited_out() -> None:
    account = Sandbox(contacts=30, rate=None)
    account.fail("429", retry_after=900, times=1)
    begun = anyio.current_time()
    async with client_of(account) as ac, bulk.map(ac.contacts.get, range(1, 31)) as outcomes:
        got = [o.get().id async for o in outcomes]
    assert sorted(got) == list(range(1, 31))
    assert anyio.current_time() - begun >= 900


@pytest.mark.parametrize(("given_", "error"), [(0, ValueError), (True, TypeError), (1.5, TypeError)])
async def test_lanes(given_: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="lanes"):
        await drained(bulk.map(client_free, range(3), lanes=given_))


@pytest.mark.parametrize(
    ("fn", "items", "said"),
    [
        ([1, 2], client_free, "fn: an async function was expected, not list: bulk.map(fn, items)"),
        (client_free, 5, "items: an iterable was expected, not int"),
        (lambda item: item, [1], "fn: <lambda> gave int, nothing to await: write async def"),
    ],
)
async def test_what_is_no_function_or_no_items(fn: Any, items: Any, said: str) -> None:
    with pytest.raises(TypeError, match=re.escape(said)):
        await drained(bulk.map(fn, items))


async def test_a_path_is_no_checkpoint() -> None:
    given: Any = "tags.state"
    said = re.escape("checkpoint: a StateFile(path) was expected, not str")
    async with client_of(Sandbox()) as ac:
        with pytest.raises(TypeError, match=said):
            bulk.map(client_free, [1], checkpoint=given)
        with pytest.raises(TypeError, match=said):
            ac.contacts.changed(datetime(2026, 1, 1, tzinfo=UTC), checkpoint=given)
        with pytest.raises(TypeError, match=said):
            await ac.contacts.import_many([], run_automations=True, checkpoint=given)


async def test_without_async_with() -> None:
    block: Any = bulk.map(client_free, [1])
    with pytest.raises(TypeError, match="write: async with bulk"):
        aiter(block)


def test_a_misspelt_argument_names_the_nearest() -> None:
    with pytest.raises(TypeError, match=r"'lane': did you mean lanes\?"):
        bulk.map(client_free, [1], lane=2)  # type: ignore[call-arg]  # the point


async def test_what_was_done_is_not_done_again_for_a_later_refusal() -> None:
    account = Sandbox(contacts=3, rate=None)
    automation = account.add_automation("welcome")
    async with client_of(account, retry=RetryPolicy(attempts=1)) as ac:

        async def enrol(contact: int) -> None:
            await ac.contacts.add_to_automation(contact, automation)
            account.fail("429", retry_after=1)
            await ac.contacts.get(contact)

        got = await drained(bulk.map(enrol, [1]))
    assert isinstance(got[0].error, RateLimitError)
    assert enrolled(account) == 1


# -- after a crash


async def crashing(
    store: Kept,
    items: list[int],
    *,
    repeatable: Callable[[int], bool],
    sent: Counter[int],
    calls: int = 1000,
    outcomes: int = 1000,
    **options: Any,
) -> list[bulk.Outcome[int, int]]:
    """A run that is killed after so many calls or outcomes; the outcomes that were dealt with until then."""
    got = list[bulk.Outcome[int, int]]()
    left = calls
    store.gone = False

    def killed() -> NoReturn:
        store.gone = True
        raise Crash

    async def work(item: int) -> int:
        nonlocal left
        journal = JOURNAL.get()
        assert journal is not None
        with journal.noted("acme", repeatable=True) as note:
            await note.departs()
            await anyio.sleep(0.1)
        with journal.noted("acme", repeatable(item)) as note:
            await note.departs()
            if left <= 0:
                killed()
            left -= 1
            sent[item] += 1
            await anyio.sleep(item % 3 / 10)
        return item

    try:
        async with bulk.map(work, items, lanes=4, checkpoint=store, **options) as each:
            async for outcome in each:
                if len(got) == outcomes:
                    killed()
                got.append(outcome)
                await anyio.sleep(0.05)
    except BaseExceptionGroup as group:
        assert group.subgroup(Crash)  # noqa: PT017 - whatever else was cancelled beside it
    except Crash:
        pass
    return got


def always(_: int) -> bool:
    return True


def never(_: int) -> bool:
    return False


def even(item: int) -> bool:
    return item % 2 == 0


@pytest.mark.parametrize("repeatable", [always, never, even])
@given(count=st.integers(0, 25), crashes=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=3))
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_crash_leaves_every_item_told(
    repeatable: Callable[[int], bool], count: int, crashes: list[tuple[int, int]]
) -> None:
    items, store, sent = list(range(count)), Kept(), Counter[int]()
    told = list[bulk.Outcome[int, int]]()
    for calls, outcomes in [*crashes, (1000, 1000)]:
        told += await crashing(store, items, repeatable=repeatable, sent=sent, calls=calls, outcomes=outcomes)
    assert {o.item for o in told} == set(items)
    assert all(times == 1 for item, times in sent.items() if not repeatable(item))
    unknown = {o.item for o in told if isinstance(o.error, OutcomeUnknownError)}
    assert unknown == {o.item for o in told if o.error}
    assert not any(repeatable(item) for item in unknown)
    assert set(items) - set(sent) <= unknown


async def test_resend_unknown() -> None:
    store, sent, items = Kept(), Counter[int](), list(range(10))
    await crashing(store, items, repeatable=never, sent=sent, calls=3)
    got = await crashing(store, items, repeatable=never, sent=sent, resend_unknown=True)
    assert set(sent) == set(range(10))
    assert not any(o.error for o in got)


async def test_a_run_that_is_through_does_nothing_and_what_was_appended_is_done() -> None:
    store, sent = Kept(), Counter[int]()
    await crashing(store, list(range(10)), repeatable=always, sent=sent)
    assert await crashing(store, list(range(10)), repeatable=always, sent=sent) == []
    got = await crashing(store, list(range(12)), repeatable=always, sent=sent)
    assert {o.item for o in got} == {10, 11}
    assert set(sent.values()) == {1}


async def test_an_outcome_is_through_once_it_was_dealt_with() -> None:
    account, store = Sandbox(contacts=5, rate=None), Kept()
    items, told = [1, 999, 2, 998, 3, 997] * 3, list[int]()
    async with client_of(account) as ac:

        async def fails() -> None:
            async with bulk.map(ac.contacts.get, items, checkpoint=store, lanes=4) as outcomes:
                async for outcome in outcomes:
                    await anyio.sleep(10)  # all lanes have outcomes by then
                    if outcome.place == 8:
                        raise ZeroDivisionError
                    told.append(outcome.place)

        with pytest.raises(ZeroDivisionError):
            await fails()
        async with bulk.map(ac.contacts.get, items, checkpoint=store, lanes=4) as outcomes:
            told += [outcome.place async for outcome in outcomes]
    assert sorted(told) == list(range(len(items)))


async def test_leaving_early_counts_the_last_as_dealt_with() -> None:
    store = Kept()
    async with bulk.map(client_free, range(3), checkpoint=store, ordered=True) as outcomes:
        async for outcome in outcomes:
            if outcome.item == 1:
                break
    assert [o.item for o in await drained(bulk.map(client_free, range(3), checkpoint=store))] == [2]


def enrolled(account: Sandbox) -> int:
    return sum(r.method == "POST" and r.path.endswith("/contactAutomations") for r in account.requests)


@pytest.mark.parametrize("lanes", [1, 4, 12])
async def test_one_that_may_not_be_repeated_after_one_that_may(lanes: int) -> None:
    account, store, done = Sandbox(contacts=20, rate=None, latency=100), Kept(), Counter[int]()
    at_kill: Mapping[str, Any] | None = None
    automation = account.add_automation("welcome")
    async with client_of(account) as ac:

        async def enrol(contact: int) -> None:
            nonlocal at_kill
            await ac.contacts.sync(email=f"contact{contact}@example.com", first_name="Ann")
            await ac.contacts.add_to_automation(contact, automation)
            done[contact] += 1
            at_kill = at_kill or store.state  # once the first one was answered

        async with bulk.map(enrol, range(1, 21), checkpoint=store, lanes=lanes) as outcomes:
            async for _ in outcomes:
                break
        before, store.state = dict(done), at_kill
        got = await drained(bulk.map(enrol, range(1, 21), checkpoint=store, lanes=lanes))
    assert before
    assert set(done.values()) == {1}
    assert set(before) <= {o.item for o in got if isinstance(o.error, OutcomeUnknownError)}
    assert {o.item for o in got} == set(range(1, 21))


async def test_what_cannot_be_written_down_is_not_sent() -> None:
    account, store = Sandbox(contacts=20, rate=None), Kept()
    automation = account.add_automation("welcome")
    store.error = OSError("no space left")
    async with client_of(account) as ac:

        async def enrol(contact: int) -> None:
            await ac.contacts.add_to_automation(contact, automation)

        with pytest.raises(OSError, match="no space"):
            await drained(bulk.map(enrol, range(1, 21), checkpoint=store))
    assert enrolled(account) == 0


async def test_what_was_surely_refused_is_done_again() -> None:
    account, store = Sandbox(contacts=20, rate=None, denied=401, latency=100, jitter=50), Kept()
    automation, key = account.add_automation("welcome"), account.key
    for good in (False, True):
        account.key = key
        async with client_of(account) as ac:

            async def enrol(contact: int) -> None:
                await ac.contacts.add_to_automation(contact, automation)

            account.key = key if good else "another"
            if not good:
                with pytest.raises(AuthenticationError):
                    await drained(bulk.map(enrol, range(1, 21), checkpoint=store, lanes=4))
                continue
            got = await drained(bulk.map(enrol, range(1, 21), checkpoint=store, lanes=4))
            assert sorted(o.item for o in got if not o.error) == list(range(1, 21))


async def test_what_passes_is_tried_again_and_a_refusal_is_not() -> None:
    account, store, asked = Sandbox(contacts=6, rate=None), Kept(), Counter[int]()
    async with client_of(account, retry=RetryPolicy(attempts=1)) as ac:

        async def touch(contact: int) -> int:
            asked[contact] += 1
            if contact == 3 and asked[3] == 1:
                account.fail("503")
            return (await ac.contacts.get(contact)).id

        items = [1, 2, 3, 4, 99, 5]
        first = await drained(bulk.map(touch, items, checkpoint=store, lanes=1))
        assert {o.item: type(o.error) for o in first if o.error} == {3: ServerError, 99: NotFoundError}
        told = list[bulk.Progress]()
        second = await drained(bulk.map(touch, items, checkpoint=store, progress=told.append))
        assert [(o.item, o.get()) for o in second] == [(3, 3)]
        assert told == [bulk.Progress(done=6, failed=0)]
        assert await drained(bulk.map(touch, items, checkpoint=store)) == []


async def test_what_passes_is_told_but_not_tried_again_after_a_write() -> None:
    account, store = Sandbox(contacts=2, rate=None), Kept()
    automation = account.add_automation("welcome")
    async with client_of(account, retry=RetryPolicy(attempts=1)) as ac:

        async def enrol(contact: int) -> None:
            await ac.contacts.add_to_automation(contact, automation)
            account.fail("503")
            await ac.contacts.get(contact)

        got = await drained(bulk.map(enrol, [1], checkpoint=store))
        assert isinstance(got[0].error, ServerError)
        assert await drained(bulk.map(enrol, [1], checkpoint=store)) == []
    assert enrolled(account) == 1


async def test_another_account_is_refused_before_anything_is_sent() -> None:
    one, other, store = Sandbox(contacts=5, rate=None), Sandbox(contacts=5, rate=None), Kept()
    async with client_of(one, account="one") as ac:
        await drained(bulk.map(ac.contacts.get, [1, 2], checkpoint=store))
    async with client_of(other, account="other") as ac:
        with pytest.raises(ResumeError, match="account one, and this run is of account other"):
            await drained(bulk.map(ac.contacts.get, [1, 2], checkpoint=store))
    assert not other.requests


async def test_another_account_is_refused_with_the_first_call_where_fn_does_not_show_it() -> None:
    one, other, store = Sandbox(contacts=5, rate=None), Sandbox(contacts=5, rate=None), Kept()

    class Job:
        def __init__(self, ac: AsyncClient) -> None:
            self.ac = ac

        async def __call__(self, contact: int) -> None:
            await self.ac.contacts.delete(contact)

    async with client_of(one, account="one") as ac:
        await drained(bulk.map(Job(ac), [1, 2], checkpoint=store))
    async with client_of(other, account="other") as ac:
        with pytest.raises(ResumeError, match="account one"):
            await drained(bulk.map(Job(ac), [1, 2, 3], checkpoint=store))
    assert not other.requests


async def test_something_else_with_the_same_items_is_refused() -> None:
    account, store = Sandbox(contacts=5, rate=None), Kept()
    async with client_of(account) as ac:
        await drained(bulk.map(ac.contacts.get, [1, 2], checkpoint=store, query={"tags": (1, 2)}))
        assert await drained(bulk.map(ac.contacts.get, [1, 2], checkpoint=store, query={"tags": (1, 2)})) == []
        with pytest.raises(ResumeError, match=r"begun with other arguments \(fn\)"):
            await drained(bulk.map(partial(ac.contacts.delete), [1, 2], checkpoint=store, query={"tags": (1, 2)}))
        with pytest.raises(ResumeError, match=r"begun with other arguments \(tags\)"):
            await drained(bulk.map(ac.contacts.get, [1, 2], checkpoint=store, query={"tags": (1, 3)}))
    assert {r.method for r in account.requests} == {"GET"}


async def test_a_store_of_coroutine_functions() -> None:
    class Row:
        def __init__(self) -> None:
            self.state: Mapping[str, Any] | None = None

        async def load(self) -> Mapping[str, Any] | None:
            return self.state

        async def save(self, state: Mapping[str, Any]) -> None:
            self.state = state

    row = Row()
    assert len(await drained(bulk.map(client_free, range(5), checkpoint=row))) == 5
    assert await drained(bulk.map(client_free, range(5), checkpoint=row)) == []


@pytest.mark.parametrize("others", [[5, 6, 7], [1, 0, *range(2, 10)], list(range(9))])
async def test_other_items_are_refused(others: list[int]) -> None:
    store = Kept()
    await drained(bulk.map(client_free, range(10), checkpoint=store))
    with pytest.raises(ResumeError, match="items"):
        await drained(bulk.map(client_free, others, checkpoint=store))


async def test_another_item_in_the_place_of_one_that_is_open_is_not_done() -> None:
    store = Kept()
    await crashing(store, list(range(100)), repeatable=never, sent=Counter(), calls=20)
    others, sent = [*range(19), *range(200, 281)], Counter[int]()
    with pytest.raises(ResumeError, match="items"):
        await crashing(store, others, repeatable=never, sent=sent, resend_unknown=True)
    assert max(sent, default=0) < 200


async def failing_half(store: Kept, items: list[int], *, repeatable: bool) -> None:
    """A run in which every other item fails in a way that passes, and was surely not done."""

    async def work(item: int) -> None:
        journal = JOURNAL.get()
        assert journal is not None
        with journal.noted("acme", repeatable) as note:
            await note.departs()
            await anyio.sleep(0.1)
            if item % 2:
                raise TransportError

    await drained(bulk.map(work, items, checkpoint=store))


@pytest.mark.parametrize("repeatable", [True, False])
async def test_what_is_written_is_in_proportion_to_the_items(repeatable: bool) -> None:
    store, sent, items = Counting(), Counter[int](), list(range(2000))
    await failing_half(store, items, repeatable=repeatable)
    assert store.written < 1000 * len(items)
    assert len(json.dumps(store.state)) < len(items)
    await crashing(store, items, repeatable=lambda _: repeatable, sent=sent, outcomes=2000, calls=2000)
    assert sent == Counter(range(1, 2000, 2))


async def test_what_is_through_is_written_for_some_at_once_where_the_state_is_large() -> None:
    store, count = Counting(), 20_000
    ledger = Ledger(store, account="acme", query={})
    for place in range(count):
        ledger.see(place, place)
        await ledger.begin(place)
        ledger.taken(place, passing=place % 2 == 1)
    assert store.written < 500 * count
    assert len(json.dumps(store.state)) > 5000


async def test_a_crash_has_few_done_again() -> None:
    store, sent, items = Kept(), Counter[int](), list(range(100))
    first = await crashing(store, items, repeatable=always, sent=sent, outcomes=50)
    second = await crashing(store, items, repeatable=always, sent=sent)
    assert len({o.item for o in first} & {o.item for o in second}) <= 4


async def test_what_was_sent_and_taken_is_down_before_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activecampaign_async.jobs._ledger._SHARE", 0)  # as where the state is large
    store, sent, items = Kept(), Counter[int](), list(range(100))
    await crashing(store, items, repeatable=lambda item: item > 8, sent=sent, outcomes=50)
    got = await crashing(store, items, repeatable=always, sent=sent)
    assert not any(o.error for o in got)
    assert min(o.item for o in got) > 8


async def test_none_that_failed_is_done_again_before_those_around_it_are_known_to_be_the_same() -> None:
    store, sent, items = Kept(), Counter[int](), list(range(2000))
    await failing_half(store, items, repeatable=True)
    others = [*items[:1000], -1, *items[1001:]]
    with pytest.raises(ResumeError, match="other items"):
        await crashing(store, others, repeatable=always, sent=sent)
    assert sent == Counter(range(1, 512, 2))
    await crashing(store, items, repeatable=always, sent=sent, calls=2000, outcomes=2000)
    assert sent == Counter(range(1, 2000, 2))


@pytest.mark.parametrize("repeatable", [always, never, even])
async def test_crashes_of_a_long_run(repeatable: Callable[[int], bool]) -> None:
    items, store, sent = list(range(1100)), Kept(), Counter[int]()
    await failing_half(store, items[:700], repeatable=True)
    told = list[bulk.Outcome[int, int]]()
    for calls, outcomes in [(40, 2000), (2000, 300), (7, 7), (350, 2000), (2000, 2000)]:
        told += await crashing(store, items, repeatable=repeatable, sent=sent, calls=calls, outcomes=outcomes)
    due = {*range(1, 700, 2), *range(700, 1100)}
    assert {o.item for o in told} == due
    assert all(times == 1 for item, times in sent.items() if not repeatable(item))
    unknown = {o.item for o in told if isinstance(o.error, OutcomeUnknownError)}
    assert unknown == {o.item for o in told if o.error}
    assert not any(repeatable(item) for item in unknown)
    assert due - set(sent) <= unknown


@pytest.mark.parametrize(
    "part",
    [
        {"kind": "import"},
        {"version": 9},
        {"state": {}},
        {"state": {"seen": "2", "digest": "", "left": {}, "sent": [], "marks": {}}},
        {"state": {"seen": 2, "digest": "", "left": {}, "sent": [True], "marks": {}}},
        {"state": {"seen": 2, "digest": "", "left": {"0": 7}, "sent": [], "marks": {}}},
    ],
)
async def test_another_checkpoint_is_refused(part: dict[str, Any]) -> None:
    store = Kept()
    await drained(bulk.map(client_free, [1, 2], checkpoint=store))
    store.state = {**(store.state or {}), **part}
    with pytest.raises(ResumeError):
        await drained(bulk.map(client_free, [1, 2], checkpoint=store))


async def test_a_state_file_is_private_and_whole(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "state")
    assert file.load() is None
    file.save({"a": 1})
    assert file.load() == {"a": 1}
    assert file.path.stat().st_mode & 0o777 == 0o600
    file.path.write_text("{")
    with pytest.raises(ResumeError, match="is not a checkpoint"):
        file.load()


async def test_on_the_sandbox_tags_are_put_once(tmp_path: Path) -> None:
    account = Sandbox(contacts=40, rate=None)
    tag = account.add_tag("vip")
    account.fail("503", times=1)
    async with client_of(account) as ac:

        async def work(contact: int) -> int:
            return (await ac.contacts.add_tag(contact, tag)).id

        async with bulk.map(work, range(1, 41), checkpoint=StateFile(tmp_path / "tags")) as outcomes:
            ids = {outcome.get() async for outcome in outcomes}
    assert len(ids) == 40


async def test_errors_are_collected() -> None:
    account = Sandbox(contacts=3, rate=None)
    async with client_of(account) as ac:

        async def work(contact: int) -> int:
            return (await ac.contacts.add_tag(contact, 77)).id

        async with bulk.map(work, [1, 2, 3]) as outcomes:
            assert all([isinstance(o.error, NotFoundError) async for o in outcomes])


async def test_at_the_accounts_own_pace_only_what_had_left_is_unknown() -> None:
    """Twelve calls wait for the account's turn: a crash leaves those alone in doubt whose turn had come."""
    sandbox, store, scope = Sandbox(contacts=40, rate=None, latency=300), Kept(), anyio.CancelScope()
    automation = sandbox.add_automation("Welcome")
    arrived = 0

    def note(_: object) -> None:
        nonlocal arrived
        arrived += 1
        if arrived == 20:
            store.gone = True
            scope.cancel()

    sandbox.after(note)
    async with client_of(sandbox, rate_limiter=LocalLimiter(5, clock=anyio.current_time)) as ac:

        async def enrol(contact: int) -> None:
            await ac.contacts.add_to_automation(contact, automation)

        with scope, suppress(Crash):
            await drained(bulk.map(enrol, range(1, 41), checkpoint=store))
        store.gone = False
        outcomes = await drained(bulk.map(enrol, range(1, 41), checkpoint=store))
    unknown = [o.item for o in outcomes if isinstance(o.error, OutcomeUnknownError)]
    assert 0 < len(unknown) <= 3, "in flight, with an answer that takes 0.3 s, and not those in line"
    assert set(unknown) <= set(range(1, 21))
    times = Counter(row["contact"] for row in sandbox.rows("contactAutomations"))
    assert times == Counter(map(str, range(1, 41))), "each once"
