"""Time limits: of a call, and of the several calls that a verb makes."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from activecampaign_async import AsyncClient, DeadlineError, LocalLimiter, RateLimitError
from activecampaign_async._deadline import limit_of, within
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

Verb = Callable[[AsyncClient, Any], Awaitable[object]]
SEVERAL: dict[str, Verb] = {
    "tags.find": lambda ac, timeout: ac.tags.find("none", timeout=timeout),
    "lists.find": lambda ac, timeout: ac.lists.find("none", timeout=timeout),
    "fields.find": lambda ac, timeout: ac.fields.find("none", timeout=timeout),
    "users.find": lambda ac, timeout: ac.users.find("none", timeout=timeout),
    "groups.find": lambda ac, timeout: ac.groups.find("none", timeout=timeout),
    "contacts.get_many": lambda ac, timeout: ac.contacts.get_many([1, 2], timeout=timeout),
    "contacts.find_many": lambda ac, timeout: ac.contacts.find_many(["ann@example.org"], timeout=timeout),
    "contacts.deleted": lambda ac, timeout: ac.contacts.deleted([1, 2], timeout=timeout),
}


@pytest.fixture(params=list(SEVERAL.values()), ids=list(SEVERAL))
def verb(request: pytest.FixtureRequest) -> Verb:
    made: Verb = request.param
    return made


@pytest.mark.parametrize(
    ("timeout", "error"),
    [(0, ValueError), (-1, ValueError), (math.nan, ValueError), ("5", TypeError), (True, TypeError)],
)
async def test_a_limit_that_is_none_is_refused(verb: Verb, timeout: object, error: type[Exception]) -> None:
    account = Sandbox()
    async with client_of(account) as ac:
        with pytest.raises(error, match="timeout: "):
            await verb(ac, timeout)
    assert not account.requests


async def test_the_error_says_which_call_it_was(verb: Verb) -> None:
    account = Sandbox(contacts=2)
    account.fail("hang")
    async with client_of(account, timeout=1) as ac:
        begun = anyio.current_time()
        with pytest.raises(DeadlineError, match=r"its 2\.5 s passed") as caught:
            await verb(ac, 2.5)
        assert anyio.current_time() - begun == pytest.approx(2.5)
    assert (caught.value.method, caught.value.path) == ("GET", account.requests[0].path)
    assert (caught.value.attempts, caught.value.may_have_been_processed) == (1, False)


async def test_what_there_is_no_time_for_is_refused_at_once(verb: Verb) -> None:
    account = Sandbox(contacts=2)
    limiter = LocalLimiter(clock=anyio.current_time)
    limiter.observe(429, {"retry-after": "60"})
    async with client_of(account, rate_limiter=limiter) as ac:
        begun = anyio.current_time()
        with pytest.raises(RateLimitError, match="longer than this call has") as caught:
            await verb(ac, 10)
        assert anyio.current_time() - begun < 1
    assert caught.value.retry_after == pytest.approx(60, abs=1)
    assert not account.requests


async def test_each_call_has_what_the_ones_before_it_left() -> None:
    account = Sandbox(latency=1000)
    for number in range(250):
        account.add_list(f"list {number}")
    async with client_of(account) as ac:
        begun = anyio.current_time()
        with pytest.raises(DeadlineError, match=r"its 2\.5 s passed: no answer yet"):
            await ac.lists.find("list 249", timeout=2.5)
        assert anyio.current_time() - begun == pytest.approx(2.5)
        assert len(account.requests) == 3
        assert await ac.lists.find("list 249", timeout=3.5)


async def test_the_nearer_end_counts() -> None:
    assert limit_of(None, None) == (math.inf, math.inf)
    with within(5):
        await anyio.sleep(2)
        now = anyio.current_time()
        assert limit_of(None, 1) == (5, now + 3)
        assert limit_of(2, None) == (2, now + 2)
        assert limit_of(4, None) == (5, now + 3)
    assert limit_of(None, 1) == (1, now + 1)
