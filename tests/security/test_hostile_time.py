"""A server that is slow on purpose, or says when to come back, or gives pages without end. Virtual time."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

import anyio
import pytest

from activecampaign_async import LocalLimiter, PaginationError, RetryPolicy, _page, errors as e
from activecampaign_async.limits.local import LONGEST_PAUSE
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of

from .wire import Network, is_free, on

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

HEAD = b"HTTP/1.1 200 OK\r\n"
BODY = b'{"contact": {"id": "1"}}'
OK = HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


def dripping(text: bytes, wait: float) -> Callable[[bytes], Iterable[bytes | float]]:
    """One byte each `wait` seconds."""

    def reply(_: bytes) -> Iterable[bytes | float]:
        for byte in text:
            yield wait
            yield bytes([byte])

    return reply


def informing(_: bytes) -> Iterable[bytes | float]:
    while True:
        yield b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        yield 1.0


SLOW: dict[str, tuple[Callable[[bytes], Iterable[bytes | float]], float]] = {
    # what comes, and after how many seconds at most the call has failed
    "nothing": (lambda _: [1e6], 46),
    "headers, byte by byte": (dripping(HEAD + b"X: y\r\n" * 1000, 40.0), 91),
    "headers, a little faster": (dripping(HEAD + b"X: y\r\n" * 1000, 0.5), 91),
    "body, byte by byte": (lambda _: [HEAD, b"Content-Length: 10000\r\n\r\n", *(44.0, b" ") * 100], 91),
    "body without end": (lambda _: [HEAD, b"\r\n", *(0.5, b" ") * 10_000], 91),
    "chunks without end": (lambda _: [HEAD, b"Transfer-Encoding: chunked\r\n\r\n", *(0.5, b"1\r\n \r\n") * 10_000], 91),
    "gzip, byte by byte": (dripping(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(BODY * 500, 0), 0.5), 91),
    "hints without end": (informing, 91),
    "half a body, then nothing": (lambda _: [OK[:-5], 1e6], 46),
}


@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize("name", SLOW)
async def test_a_slow_answer_ends(name: str, verb: str) -> None:
    """Without a timeout of the caller's."""
    reply, longest = SLOW[name]
    network = Network(reply)
    async with on(network) as ac:
        begun = anyio.current_time()
        with pytest.raises(e.TransportError) as caught:
            await (ac.contacts.get(1) if verb == "GET" else ac.tags.create(tag="new"))
        assert anyio.current_time() - begun <= longest
        assert isinstance(caught.value, e.OutcomeUnknownError) == (verb == "POST")
        assert is_free(ac)
        network.reply = lambda _: [OK]
        assert (await ac.contacts.get(1)).id == 1
    assert network.open == 0


@pytest.mark.parametrize("name", SLOW)
async def test_the_callers_time_ends_it_sooner(name: str) -> None:
    async with on(Network(SLOW[name][0])) as ac:
        begun = anyio.current_time()
        with pytest.raises(e.TransportError):
            await ac.contacts.get(1, timeout=5)
        assert anyio.current_time() - begun == pytest.approx(5, abs=0.1)
        assert is_free(ac)


YEAR = 365 * 86_400
LATER = [str(YEAR), "9" * 18, "Fri, 31 Dec 9999 23:59:59 GMT", "Tue, 01 Jan 2030 00:00:00 +0000"]
NONSENSE = [
    "-5", "1e9", "soon", "nan", "inf", "-inf", "1_000", "\u0663", "0x10", "9" * 400, "1.2.3", ",", "\x00", "1, 2",
    "Mon, 99 Foo 2026", "Wed, 21 Oct 2015 07:28:00 GMT",
]  # fmt: skip


@pytest.mark.parametrize("status", [429, 503])
async def test_a_retry_after_of_a_year(status: int) -> None:
    """Told at once, and to those that come next; and yet no answer stops a process for longer than an hour."""
    for said in LATER:
        account = Sandbox(rate=None)
        account.fail(str(status), retry_after=said)
        limiter = LocalLimiter(1e6, clock=anyio.current_time)
        async with client_of(account, rate_limiter=limiter) as ac:
            begun = anyio.current_time()
            with pytest.raises((e.RateLimitError, e.ServerError)) as caught:
                await ac.users.me()
            assert caught.value.retry_after is None or caught.value.retry_after > 86_400
            assert anyio.current_time() - begun < 130
            assert limiter.paused <= LONGEST_PAUSE
            await anyio.sleep(LONGEST_PAUSE)
            await ac.users.me()


@pytest.mark.parametrize("status", [429, 503])
async def test_a_retry_after_that_makes_no_sense(status: int) -> None:
    """As if it were not there: a little later, and no storm."""
    for said in NONSENSE:
        account = Sandbox(rate=None)
        account.fail(str(status), headers={"Retry-After": said.encode().decode("latin-1")})
        async with client_of(account) as ac:
            begun = anyio.current_time()
            await ac.users.me()
            assert anyio.current_time() - begun < 30
        assert len(account.requests) == 2


async def test_a_rate_limit_that_makes_no_sense() -> None:
    for name in ("RateLimit-Limit", "RateLimit-Remaining", "Date"):
        for said in ("0", "-1", "1e-9", "nonsense", "9" * 400, "\x00", "nan"):
            account = Sandbox(rate=None)
            account.fail("edit", edit=lambda found: found, headers={name: said}, always=True)
            limiter = LocalLimiter(clock=anyio.current_time)
            async with client_of(account, rate_limiter=limiter) as ac:
                begun = anyio.current_time()
                for _ in range(5):
                    await ac.users.me()
                assert anyio.current_time() - begun < 3


# -- lists


def rows(first: int, number: int = 100) -> list[dict[str, Any]]:
    return [{"id": str(id), "tag": f"t{id}", "email": f"{id}@example.org"} for id in range(first, first + number)]


Page = Callable[[int], dict[str, Any]]
Ends = tuple[int | type[e.ActiveCampaignError], int | type[e.ActiveCampaignError]]
WRONG: Ends = PaginationError, PaginationError
LISTS: dict[str, tuple[Page, Ends]] = {
    # from how often was asked to what is answered; how the list ends by offset and by id: an error, or so many rows
    "the same page again": (lambda _: {"KEY": rows(1), "meta": {"total": "500"}}, WRONG),
    "the same page, and a total that grows": (lambda n: {"KEY": rows(1), "meta": {"total": str(500 + 100 * n)}}, WRONG),
    "two pages in turn": (lambda n: {"KEY": rows(1 + 100 * (n % 2)), "meta": {"total": "500"}}, WRONG),
    "ids that go backwards": (
        lambda n: {"KEY": rows(1000 - 100 * n) if n < 5 else [], "meta": {"total": "500"}},
        (500, PaginationError),
    ),
    "ids that go backwards within a page": (
        lambda n: {"KEY": rows(1 + 100 * n)[::-1] if n < 5 else []},
        (500, PaginationError),
    ),
    "one row, again and again": (lambda _: {"KEY": rows(1, 1) * 100, "meta": {"total": "500"}}, WRONG),
    "no ids": (lambda _: {"KEY": [{"tag": "x"}] * 100, "meta": {"total": "500"}}, (e.DecodeError, e.DecodeError)),
    "nothing, of many": (lambda _: {"KEY": [], "meta": {"total": "500"}}, (0, 0)),
    "no more, of many": (lambda n: {"KEY": rows(1) if n < 1 else [], "meta": {"total": "500"}}, (100, 100)),
    "a total below zero": (lambda n: {"KEY": rows(1 + 100 * n if n < 3 else 1), "meta": {"total": "-5"}}, WRONG),
    "a total that is none": (lambda n: {"KEY": rows(1 + 100 * (n % 3)), "meta": {"total": {"x": "many"}}}, WRONG),
    "a meta that is none": (lambda n: {"KEY": rows(1 + 100 * (n % 3)), "meta": "x"}, WRONG),
}
CUT_SHORT = {"nothing, of many", "no more, of many"}
"""What ends before its total: there may be no more that the key's user may see, and so it is no error."""
ENDLESS: dict[str, Page] = {
    "a total that grows": lambda n: {"KEY": rows(1 + 100 * n), "meta": {"total": str(1000 + 100 * n)}},
    "more rows than were asked for": lambda n: {"KEY": rows(1 + 250 * n, 250), "meta": {"total": "99999999"}},
}


async def ways(ac: Any, area: str) -> list[Callable[[], Any]]:
    pager = getattr(ac, area).list

    async def one_by_one() -> list[int]:
        return [item.id async for item in pager()]

    async def ahead() -> list[int]:
        async with pager().ahead(4) as items:
            return [item.id async for item in items]

    return [one_by_one, ahead]


@pytest.mark.parametrize("area", ["tags", "contacts"])
@pytest.mark.parametrize("name", LISTS)
async def test_a_list_that_does_not_go_on(name: str, area: str, caplog: pytest.LogCaptureFixture) -> None:
    """It ends, and soon; what it gave until then came once."""
    account = Sandbox(contacts=3, rate=None)
    page, ends = LISTS[name]
    end = ends[area == "contacts"]
    async with client_of(account) as ac:
        for way in await ways(ac, area):
            account.heal()
            account.requests.clear()
            caplog.clear()
            account.fail("edit", always=True, edit=paged(page, area))
            if isinstance(end, int):
                ids = await way()
                assert len(ids) == len(set(ids)) == end
            else:
                with pytest.raises(end):
                    await way()
            assert ["its total says 500" in told for told in caplog.messages] == [True] * (name in CUT_SHORT)
            assert len(account.requests) <= 30
            assert is_free(ac)


@pytest.mark.parametrize("area", ["tags", "contacts"])
@pytest.mark.parametrize("name", ENDLESS)
async def test_a_list_without_end_is_as_long_as_the_caller_wants(name: str, area: str) -> None:
    """Rows that are new each time are no fault until they are too many: memory holds no more than is asked for."""
    account = Sandbox(contacts=3, rate=None)
    account.fail("edit", always=True, edit=paged(ENDLESS[name], area))
    async with client_of(account, retry=RetryPolicy(1)) as ac:
        found = await getattr(ac, area).list().collect(max_items=1000)
        assert len(found) == len({item.id for item in found}) == 1000
    assert len(account.requests) <= 12


FIRST, PER_PAGE = 300, 100


def growing(request: bytes) -> Iterable[bytes | float]:
    """Rows that are always new, by id and by offset, and a total that has more each time."""
    target = request.split(b" ")[1]
    area = "contacts" if b"contacts" in target else "tags"
    asked = {name: int(value) for name, value in re.findall(rb"[?&](id_greater|id_less|offset)=([0-9]+)", target)}
    end = asked.pop(b"id_less", 10**9)
    first = sum(asked.values()) + 1 if b"DESC" not in target else end - 1
    body = json.dumps(
        {area: rows(first, min(PER_PAGE, end - first)), "meta": {"total": str(FIRST + 10 * (first - 1))}}
    ).encode()
    return [HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)]


@pytest.mark.parametrize("area", ["tags", "contacts"])
async def test_a_total_that_grows_for_ever(area: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever way the list is gone through, it ends, and its cursor goes on: accounts do grow."""
    monkeypatch.setattr(_page, "MORE", 1000)
    most = _page.TIMES * FIRST + 1000
    async with on(Network(growing)) as ac:
        pager = getattr(ac, area).list

        async def collected() -> None:
            await pager().collect()

        async def exported() -> None:
            async with pager().ahead_pages(4, ordered=False) as pages:
                async for _ in pages:
                    pass

        for way in (*await ways(ac, area), collected, exported):
            with pytest.raises(PaginationError, match=f"rows without end: .* told of {FIRST}; .*resume") as caught:
                await way()
            given = int(re.findall("[0-9]+ came", str(caught.value))[0][:-5])
            assert most < given <= most + PER_PAGE
            assert caught.value.path == f"/{area}"
            assert caught.value.cursor is not None
            assert is_free(ac)
            again = await pager().resume(caught.value.cursor)
            assert again.has_more
            if way is collected:
                assert again.items[0].id == given + 1


def paged(page: Page, area: str) -> Callable[[Any], object]:
    """What makes each answer the next page."""
    asked = count()

    def edit(_: Any) -> object:
        return {area if name == "KEY" else name: value for name, value in page(next(asked)).items()}

    return edit
