"""`changed`: every change is given at least once, whatever crashes and whenever it happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import formatdate
from math import floor
from typing import Any, TypeVar

import anyio
import pytest
from attrs import define, field
from hypothesis import given, settings, strategies as st

from activecampaign_async._answer import Answer
from activecampaign_async._call import Call
from activecampaign_async.errors import ServerError
from activecampaign_async.jobs import ResumeError
from activecampaign_async.resources.contacts import Contacts
from tests.support import Memory, examples

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]
T = TypeVar("T")
BEGUN = 1_767_225_600  # 2026-01-01


@define
class Account:
    """`GET /contacts?filters[updated_after]=` of an account in which rows are touched. It is the road."""

    includes_border: bool = False
    latency: float = 0.3
    skew: float = 0.0
    """Seconds by which the clock of its stamps is ahead of the one on its wall."""
    lag: float = 0.0
    """Seconds until a change can be seen."""
    date: bool = True
    rows: dict[int, list[tuple[float, int]]] = field(factory=dict)
    """Of each id: (when it was changed, its version)."""
    after_page: Callable[[], None] = lambda: None
    calls: list[Call[Any]] = field(factory=list)
    home: str = "https://a.example"

    def touch(self, id: int) -> None:
        versions = self.rows.setdefault(id, [])
        versions.append((self.now(), len(versions) + 1))

    def now(self) -> float:
        return BEGUN + anyio.current_time()

    async def __call__(self, call: Call[T], /) -> T:
        self.calls.append(call)
        await anyio.sleep(self.latency / 2)
        query: Any = call.query
        after = datetime.fromisoformat(query["filters[updated_after]"]).timestamp()
        rows = []
        for id in sorted(self.rows):
            seen = [(at, version) for at, version in self.rows[id] if at + self.lag <= self.now()]
            if not seen or not int(query.get("id_greater", 0)) < id < int(query.get("id_less", 10**9)):
                continue
            at = floor(seen[-1][0] + self.skew)
            if at > after or (self.includes_border and at == after):
                stamp = datetime.fromtimestamp(at, timezone(timedelta(hours=-6))).isoformat()
                rows.append({"id": str(id), "udate": stamp, "phone": str(seen[-1][1])})
        if query["orders[id]"] == "DESC":
            rows.reverse()
        headers = {"date": formatdate(floor(self.now()), usegmt=True)} if self.date else {}
        data = {"contacts": rows[: int(query["limit"])], "meta": {"total": str(len(rows))}}
        self.after_page()
        await anyio.sleep(self.latency / 2)
        return call.read(Answer(200, headers, data))


def since(account: Account, ago: float = 0) -> datetime:
    return datetime.fromtimestamp(account.now() - ago, UTC)


async def run(
    account: Account, store: Any, *, limit: int = 2, crash: int | None = None, **options: Any
) -> list[tuple[int, int]]:
    """(id, version) of what came, up to a crash behind so many."""
    got: list[tuple[int, int]] = []
    changes = Contacts(account).changed(datetime.fromtimestamp(BEGUN, UTC), checkpoint=store, limit=limit, **options)
    async for contact in changes:
        if crash is not None and len(got) >= crash:
            break
        got.append((contact.id, int(contact.phone or 0)))
    return got


async def test_each_change_comes_once_where_nothing_is_amiss() -> None:
    account, store = Account(), Memory()
    await anyio.sleep(3600)
    for id in range(1, 8):
        account.touch(id)
    await anyio.sleep(60)
    assert await run(account, store) == [(id, 1) for id in range(1, 8)]
    await anyio.sleep(60)
    assert await run(account, store) == []
    account.touch(3)
    account.touch(9)
    await anyio.sleep(60)
    assert await run(account, store) == [(3, 2), (9, 1)]
    await anyio.sleep(3600)
    assert await run(account, store) == []
    assert store.state is not None
    assert store.state["state"]["given"] == {}


async def test_what_is_touched_while_a_run_goes_on_is_the_next_ones() -> None:
    account, store = Account(), Memory()
    for id in range(1, 8):
        account.touch(id)
    await anyio.sleep(60)
    pages = iter(range(9))
    account.after_page = lambda: account.touch(1) if next(pages) == 2 else None
    assert (1, 1) in await run(account, store)
    account.after_page = lambda: None
    assert (1, 2) in await run(account, store)


async def test_a_row_touched_twice_in_the_second_of_a_run() -> None:
    account, store = Account(latency=0.001), Memory()
    await anyio.sleep(100 - anyio.current_time() % 1)
    account.touch(1)
    assert await run(account, store) == [(1, 1)]
    account.touch(1)  # of the same second: its stamp is as before
    assert await run(account, store) == [(1, 2)]


async def test_a_run_that_was_broken_off_is_taken_up() -> None:
    account, store = Account(), Memory()
    for id in range(1, 10):
        account.touch(id)
    await anyio.sleep(60)
    assert await run(account, store, crash=5) == [(id, 1) for id in range(1, 6)]
    account.touch(1)
    requests = len(account.calls)
    assert await run(account, store) == [(id, 1) for id in range(5, 10)]  # the page of 5 was not known to be safe
    assert len(account.calls) - requests == 3
    assert (1, 2) in await run(account, store)


async def test_side_by_side() -> None:
    account = Account()
    store: Any = Memory()
    for id in range(1, 400):
        account.touch(id)
    await anyio.sleep(60)
    changes = Contacts(account).changed(since(account, 600), checkpoint=store, limit=20)
    async with changes.ahead(4) as contacts:
        got = [contact.id async for contact in contacts]
    assert sorted(got) == list(range(1, 400))
    account.touch(7)
    async with changes.ahead(4) as contacts:
        assert [contact.id async for contact in contacts] == [7]


async def test_without_a_checkpoint_there_is_a_watermark() -> None:
    account = Account()
    await anyio.sleep(1000)
    account.touch(1)
    changes = Contacts(account).changed(since(account, 500))
    before = changes.watermark
    assert before is None
    assert [contact.id async for contact in changes] == [1]
    assert changes.watermark is not None
    assert 0 <= account.now() - changes.watermark.timestamp() <= 3
    asked = account.calls[-1].query["filters[updated_after]"]
    assert datetime.fromisoformat(str(asked)) <= since(account, 800)


async def test_an_answer_without_a_date_is_dated_by_our_own_clock() -> None:
    account = Account(date=False)
    changes = Contacts(account).changed(since(account))
    async for _ in changes:
        pass
    assert changes.watermark is not None
    assert abs(changes.watermark - datetime.now(UTC)) < timedelta(seconds=60)


async def test_filters_and_bad_arguments() -> None:
    account = Account()
    async for _ in Contacts(account).changed(since(account), list_id=4, email_like="@x"):
        pass
    assert account.calls[0].query["listid"] == "4"
    begin = Contacts(account).changed
    with pytest.raises(ValueError, match="since: a time needs its zone"):
        begin(datetime(2026, 1, 1))  # noqa: DTZ001  # refused
    for none in ("2020-01-09", date(2020, 1, 9)):
        with pytest.raises(TypeError, match=f"since: a datetime with its zone was expected, not {type(none).__name__}"):
            begin(none)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="since="):
        begin(since(account), updated_after=since(account))
    with pytest.raises(ValueError, match="overlap"):
        begin(since(account), overlap=-1)
    with pytest.raises(ValueError, match="limit"):
        begin(since(account), limit=0)
    with pytest.raises(ValueError, match="since: must be given"):
        await anext(aiter(begin()))


async def test_another_runs_checkpoint_is_refused() -> None:
    account, store = Account(), Memory()
    await run(account, store)
    for other in ({"list_id": 3}, {"overlap": 5}):
        with pytest.raises(ResumeError, match=r"filters|overlap"):
            await run(account, store, **other)
    account.home = "https://b.example"
    with pytest.raises(ResumeError, match="account"):
        await run(account, store)
    account.home = "https://a.example"
    assert store.state is not None
    for damaged in (
        {},
        {"since": "x"},
        {**store.state["state"], "cursor": 5},
        {**store.state["state"], "given": {"a": 1}},
    ):
        with pytest.raises(ResumeError, match="damaged"):
            await run(account, Memory({**store.state, "state": damaged}))


async def test_an_error_leaves_it_where_it_was() -> None:
    account, store = Account(), Memory()
    for id in range(1, 10):
        account.touch(id)
    await anyio.sleep(60)

    def fail() -> None:
        if len(account.calls) == 3:
            raise ServerError("503")

    account.after_page = fail
    with pytest.raises(ServerError):
        await run(account, store)
    account.after_page = lambda: None
    assert [id for id, _ in await run(account, store)] == [5, 6, 7, 8, 9]


steps = st.one_of(
    st.tuples(st.just("touch"), st.integers(1, 12)),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 0.5, 1, 9, 11, 40, 400])),
    st.tuples(st.just("run"), st.none() | st.integers(0, 12)),
)


@settings(max_examples=examples(150), deadline=None)
@given(
    story=st.lists(steps, max_size=25),
    between=st.lists(st.integers(0, 15), max_size=12),
    border=st.booleans(),
    skew=st.sampled_from([0.0, -6.0, 6.0]),
    lag=st.sampled_from([0.0, 0.4, 50.0]),
    limit=st.sampled_from([1, 2, 5]),
)
async def test_no_change_is_lost(
    story: list[tuple[str, Any]], between: list[int], border: bool, skew: float, lag: float, limit: int
) -> None:
    account, store = Account(includes_border=border, skew=skew, lag=lag), Memory()
    queue, got = list(between), dict[int, int]()

    def meanwhile() -> None:
        if queue and (id := queue.pop(0)):
            account.touch(id)

    account.after_page = meanwhile
    await anyio.sleep(20)
    for what, value in story:
        if what == "touch":
            account.touch(value)
        elif what == "wait":
            await anyio.sleep(value)
        else:
            came = await run(account, store, limit=limit, crash=value)
            got |= {id: max(version, got.get(id, 0)) for id, version in came}
    queue.clear()
    for _ in range(2):  # the one that is under way, and one after it
        await anyio.sleep(60)
        got |= dict(await run(account, store, limit=limit))
    assert got == {id: len(versions) for id, versions in account.rows.items()}
