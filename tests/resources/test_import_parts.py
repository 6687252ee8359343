"""The parts of an import by themselves: addresses, what came before, the minute, whose id is whose."""

from __future__ import annotations

import gc
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from hypothesis import given, strategies as st

from activecampaign_async.resources._contact_imports import paces
from activecampaign_async.resources._import_account import Names
from activecampaign_async.resources._import_find import Done, Lost, Matcher, look_up
from activecampaign_async.resources._import_pace import MinuteLimiter
from activecampaign_async.resources._import_rows import Row, Seen, no_address
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


def lost(since: datetime, **more: bool) -> Lost:
    return Lost(since=since, until=since + timedelta(hours=1), **more)


def made(number: int, email: str, **more: str) -> Row:
    return Row(number, {"email": email, **more}, 50)


@pytest.mark.parametrize(
    "email",
    [
        "a@b.co",
        "first.last+tag@sub.example.co.uk",
        "o'brien@example.org",
        '"odd one"@example.org',
        "用户@例子.广告",
        "a@xn--fiqs8s.example",
        "a_b-c@ex-ample.org",
        "!#$%&'*+/=?^_`{|}~-@example.org",
        "x@a_b.example.org",
    ],
)
async def test_addresses_that_may_be(email: str) -> None:
    assert no_address(email) == ""


@pytest.mark.parametrize(
    "email",
    ["a", "@b.co", "a@", "a@b", "a@b.", "a@.b", "a@b..c", "a b@c.de", "a@b c.de", "a@b@c.de", ".a@b.co", "a.@b.co",
     "a..b@c.de", "a@-b.co", "a@b-.co", "<a@b.co>", "a,b@c.de", "a@b.co,c@d.ef", "x" * 65 + "@b.co",
     "a@" + "b" * 64 + ".co", "a\n@b.co", "Ann <a@b.co>", "a@b!.co"],
)  # fmt: skip
async def test_addresses_that_cannot_be(email: str) -> None:
    assert no_address(email)


@pytest.mark.parametrize(
    ("email", "named"),
    [
        ("\ufeffa@x.example", "U+FEFF"),
        ("a\u200b@x.example", "U+200B"),
        ("a\x01b@x.example", "U+0001"),
        ("a\u202eb@x.example", "U+202E"),
        ("a@x.exam\u00adple", "U+00AD"),
        ('"a\x7fb"@x.example', "U+007F"),
        ("a\U000e0061@x.example", "U+E0061"),
    ],
)
async def test_characters_that_nobody_sees_are_named(email: str, named: str) -> None:
    assert no_address(email) == f"holds {named}, a control or invisible character"


async def test_which_addresses_are_the_same() -> None:
    assert made(1, " Ann@Example.ORG").key == made(2, "ann@example.org ").key
    assert made(1, "straße@example.org").key != made(2, "strasse@example.org").key


@given(st.lists(st.text(max_size=8), max_size=200))
async def test_what_came_before_is_known(keys: list[str]) -> None:
    seen, known = Seen(), set[str]()
    for key in keys:
        assert seen.add(key) == (key not in known)
        known.add(key)


@given(st.integers(1, 12), st.lists(st.floats(0, 40), max_size=80), st.floats(0, 5))
async def test_never_more_in_a_minute(limit: int, gaps: list[float], latency: float) -> None:
    """Wherever between its leaving and its answer a request arrives."""
    limiter = MinuteLimiter(limit, clock=anyio.current_time)
    sent: list[tuple[float, float]] = []
    for gap in gaps:
        await anyio.sleep(gap)
        await limiter.acquire()
        left = anyio.current_time()
        await anyio.sleep(latency)
        limiter.observe(200, {})
        sent.append((left, anyio.current_time()))
    for early, late in zip(sent, sent[limit:], strict=False):
        assert late[0] - early[1] >= 60 - 1e-6


async def test_a_minute_has_room_at_once() -> None:
    limiter = MinuteLimiter(5, clock=anyio.current_time)
    for _ in range(5):
        await limiter.acquire()
        limiter.observe(200, {})
    assert anyio.current_time() == 0
    await limiter.acquire()
    assert 60 <= anyio.current_time() < 61


async def test_after_a_refusal_one_finds_out() -> None:
    limiter = MinuteLimiter(100, clock=anyio.current_time)
    await limiter.acquire()
    limiter.observe(429, {"retry-after": "30"})
    await limiter.acquire()
    assert anyio.current_time() >= 30
    with anyio.move_on_after(10) as scope:
        await limiter.acquire()
    assert scope.cancelled_caught
    limiter.observe(200, {})
    await limiter.acquire()
    await limiter.acquire()


@pytest.mark.parametrize("limit", [0, -1, 1.5, True])
async def test_limits_that_cannot_be(limit: int) -> None:
    with pytest.raises(ValueError, match="an int of 1"):
        MinuteLimiter(limit, clock=anyio.current_time)


async def test_an_account_keeps_its_minute_from_one_import_to_the_next() -> None:
    now = [1000.0]

    def of(home: str) -> Any:
        pace = paces.of(home)
        for one in (pace.many, pace.single):
            one._clock = lambda: now[0]  # type: ignore[attr-defined]  # in the place of the machine's
        return pace

    pace = of("one")
    for _ in range(100):
        await pace.many.acquire()
        pace.many.observe(200, {})
    del pace
    gc.collect()
    assert of("one").many._take() > 0, "a hundred went, a moment ago"
    held = of("held")
    now[0] += 59
    of("two")
    assert paces._kept.keys() == {"one", "held", "two"}
    now[0] += 2
    of("three")
    assert paces._kept.keys() == {"held", "three"}, "bounded: what is idle and in nobody's hands is forgotten"
    assert of("held") is held
    assert of("one").many._take() == 0


async def test_whose_id_is_whose() -> None:
    sandbox = Sandbox(rate=None)
    ids = [sandbox.add_contact(f"p{n}@example.org") for n in range(1, 41)]
    rows = [made(n, f"P{n}@example.org") for n in range(1, 41)]
    async with client_of(sandbox) as ac:
        matcher = Matcher(ac._sender)
        assert await matcher.add(Done(rows[:20], ids[:20])) == []
        assert await matcher.add(Done(rows[20:], ids[20:])) == []
        found = await matcher.flush()
        assert {row: id for _, pairs in found for row, id in pairs.items()} == dict(zip(rows, ids, strict=True))
        assert len(sandbox.requests) == 1
        assert await matcher.flush() == []
        [(_, pairs)] = await matcher.add(Done(rows, ids[:-1]))  # one short: which one?
        assert dict(pairs) == dict(zip(rows[:-1], ids[:-1], strict=True))
        assert await matcher.add(Done(rows, [*ids[1:], ids[0]])) == []
        [(_, pairs)] = await matcher.flush()
        assert dict(pairs) == dict(zip(rows, ids, strict=True))
        assert not matcher.in_order
        sandbox.delete_contact(ids[5])
        [(_, pairs)] = await matcher.add(Done(rows, ids))
        assert pairs[rows[5]] is None, "imported, and gone since"


async def test_what_was_written_since_is_found_by_the_cheaper_way() -> None:
    sandbox = Sandbox(contacts=3000, rate=None)
    async with client_of(sandbox) as ac:
        since = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
        await anyio.sleep(5)
        await ac.users.me()
        old = sandbox.add_contact("old@example.org", firstName="Old")
        await anyio.sleep(600)
        await ac.users.me()
        there = [made(n, f"new{n}@example.org", first_name="N") for n in range(1, 41)]
        ids = [sandbox.add_contact(row.email, firstName="N") for row in there]
        other = sandbox.add_contact("other@example.org", firstName="Somebody else's")
        rows = [*there, made(41, "old@example.org", first_name="Old"), made(42, "other@example.org", first_name="Mine")]
        rows.append(made(43, "none@example.org"))
        later = datetime(2026, 1, 5, 10, 10, tzinfo=UTC)
        before = len(sandbox.requests)
        found = (await look_up(ac._sender, dict.fromkeys(rows, lost(later)))).found
        assert found == dict(zip(there, ids, strict=True))
        assert len(sandbox.requests) - before == 1, "one page of what was changed"
        found = (await look_up(ac._sender, dict.fromkeys(rows[-3:], lost(later)))).found
        assert found == {}
        found = (await look_up(ac._sender, dict.fromkeys(rows[-3:-2], lost(since)))).found
        assert found == {rows[-3]: old}
        assert other not in found.values()
        before = len(sandbox.requests)
        everything = datetime(2019, 1, 1, tzinfo=UTC)
        found = (await look_up(ac._sender, dict.fromkeys(rows[:8], lost(everything)))).found
        assert len(found) == 8
        assert len(sandbox.requests) - before == 9, "each by its address: 31 pages would be more"


def tagged(count: int, *more: str) -> Sandbox:
    sandbox = Sandbox(rate=None)
    for name in (*(f"tag {number}" for number in range(count)), *more):
        sandbox.add_tag(name)
    return sandbox


@pytest.mark.parametrize(
    ("names", "requests"),
    [
        ([], 0),
        (["tag 5", "TAG 7"], 1),
        (["none", "none"], 2),
        (["tag 5", "tag 555", "none", "Tag 555", "none", "tag 640"], 4),
        ([f"tag {number}" for number in range(500, 504)], 5),
        ([f"tag {number}" for number in range(500, 600)], 1 + 6 + 6),
        ([f"none {number}" for number in range(100)], 1 + 6 + 6),
        (["t"], 2),
        (["ag", "tag 555"], 1 + 6 + 6),
    ],
)
async def test_tags_are_looked_up_by_name_or_read_whole_whichever_is_less(names: list[str], requests: int) -> None:
    sandbox = tagged(649, "T")
    ids = {str(tag["tag"]).casefold(): int(str(tag["id"])) for tag in sandbox.rows("tags")}
    async with client_of(sandbox) as ac:
        account = Names(ac._sender, create_tags=False)
        for name in names:
            assert await account.find("tags", name) == ids.get(name.casefold())
    assert len(sandbox.requests) == requests


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (99, 1), (100, 2)])
async def test_a_page_of_tags_is_read_once(count: int, requests: int) -> None:
    sandbox = tagged(count)
    async with client_of(sandbox) as ac:
        account = Names(ac._sender, create_tags=False)
        assert [await account.find("tags", name) for name in ("none", "no", "n")] == [None] * 3
    assert len(sandbox.requests) == requests
