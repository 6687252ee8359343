"""Redis goes and comes: each falls back on its share, nobody stampedes, and all find back. On a real server."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import math
import ssl
import sys
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import anyio
import pytest
import trustme

from activecampaign_async.errors import ConfigurationError
from activecampaign_async.limits import redis as module
from activecampaign_async.limits.redis import RedisLimiter
from tests.limits.redis_server import KEY, PASSWORD, RedisServer
from tests.support import everything_said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

RATE, SHARE = 40.0, 0.25
NOBODY = "redis://:p%40ss%2Fw%3Ard@127.0.0.1:1/0"  # nothing listens there


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.3)
    monkeypatch.setattr(module, "DEADLINE", 0.3)
    monkeypatch.setattr(module, "PROBE", 0.1)


def limiter(url: str, **options: Any) -> RedisLimiter:
    return RedisLimiter(url, **{"account": "acme", "rate": RATE, "share": SHARE, **options})


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, record.getMessage().partition(" (")[0]) for record in caplog.records]


def away(*lines: RedisLimiter) -> int:
    """How many have given Redis up."""
    return sum(line._away for line in lines)


async def rate_of(*lines: RedisLimiter, seconds: float) -> float:
    """Turns per second that they get together, with somebody in line all the time."""
    got = 0

    async def one(line: RedisLimiter) -> None:
        nonlocal got
        while True:
            await line.acquire()
            got += 1

    with anyio.move_on_after(seconds):
        async with anyio.create_task_group() as tasks:
            for line in lines:
                tasks.start_soon(one, line)
                tasks.start_soon(one, line)
    return got / seconds


async def test_a_restart(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with limiter(redis.url) as one, limiter(redis.url) as two:
        assert await rate_of(one, two, seconds=0.5) > 0.7 * RATE
        redis.kill()
        assert await rate_of(one, two, seconds=1) <= 2 * SHARE * RATE + 4
        assert away(one, two) == 2
        redis.start()
        begun = time.monotonic()
        while away(one, two):
            assert await rate_of(one, two, seconds=0.2) <= 2 * SHARE * RATE + 10
            assert time.monotonic() - begun < 5
        settling = await rate_of(one, two, seconds=0.3)  # one that is back at once waits for the last to be
        assert settling <= 2 * SHARE * RATE + 10
        await anyio.sleep(0.5)
        assert await rate_of(one, two, seconds=0.5) > 0.7 * RATE
    lost, found = ("WARNING", "Redis is away"), ("INFO", "Redis is back: the rate limit of acme is shared again")
    assert sorted(said(caplog)) == [found, found, lost, lost]
    assert PASSWORD not in caplog.text


async def test_a_restart_that_is_over_before_the_next_turn_is_no_outage(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with limiter(redis.url) as line:
        await line.acquire()
        redis.kill()
        redis.start()
        for _ in range(3):
            await line.acquire()
        assert not line._away
    assert not said(caplog)


async def test_redis_hangs(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with limiter(redis.url) as line:
        await line.acquire()
        redis.freeze()
        begun = time.monotonic()
        await line.acquire()
        assert time.monotonic() - begun < 0.3 + 1 / (SHARE * RATE) + 0.2
        rate = await rate_of(line, seconds=1)
        assert 1 < rate <= SHARE * RATE + 2
        redis.thaw()
        with anyio.fail_after(5):
            while line._away:
                await line.acquire()
    assert [level for level, _ in said(caplog)] == ["WARNING", "INFO"]


async def test_leaving_while_redis_hangs(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    for asked_before in (True, False):
        with anyio.fail_after(2):
            async with limiter(redis.url) as line:
                if asked_before:
                    await line.acquire()
                redis.freeze()
                with anyio.move_on_after(0.05):
                    await line.acquire()
                begun = time.monotonic()
        assert time.monotonic() - begun < 0.2
        redis.thaw()
    assert not said(caplog)


async def test_without_redis_from_the_start_nobody_stampedes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Ten begin at once, each with a tenth: their first turns lie all over a tenth's gap."""
    dice = itertools.cycle(number / 10 for number in range(10))
    monkeypatch.setattr(module, "_dice", lambda least: next(dice) if least == 0 else 1)
    firsts: list[float] = []
    begun = time.monotonic()

    async def first(line: RedisLimiter) -> None:
        await line.acquire()
        firsts.append(time.monotonic() - begun)

    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(limiter(NOBODY, share=0.1, rate=20)) for _ in range(10)]
        async with anyio.create_task_group() as tasks:
            for line in lines:
                tasks.start_soon(first, line)
    for at, earlier in enumerate(sorted(firsts)):
        assert earlier > at / 20 - 0.04
    assert len(said(caplog)) == 10


async def test_those_that_know_of_one_another_have_equal_parts_at_most(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty with the default share would send three times what the account has."""
    for patience in ("DEADLINE", "PROBE"):  # thirty connect at once
        monkeypatch.setattr(module, patience, 2.0)
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(limiter(redis.url, share=0.1)) for _ in range(30)]

        def equal() -> bool:
            return all(line.rate == pytest.approx(RATE / 30) for line in lines)

        with anyio.fail_after(15):
            while not equal():
                await rate_of(*lines, seconds=0.5)
        redis.kill()
        assert await rate_of(*lines, seconds=2) <= RATE + 2  # turns granted before it was gone
        assert away(*lines) == 30
        redis.start()
        with anyio.fail_after(15):
            while away(*lines):  # whoever is back first is told of few, and knows better
                assert await rate_of(*lines, seconds=0.5) <= RATE + 8
                assert equal()


async def test_one_that_knows_of_few_keeps_to_its_share(redis: RedisServer) -> None:
    async with limiter(redis.url, share=0.1) as small, limiter(redis.url, share=0.9) as large:
        for line in (small, large, small):
            await line.acquire()
        redis.kill()
        async with anyio.create_task_group() as tasks:
            for line in (small, large):
                tasks.start_soon(line.acquire)
        assert (small.rate, large.rate) == (0.1 * RATE, 0.5 * RATE)


async def test_one_that_is_opened_again_while_redis_is_away_still_knows(redis: RedisServer) -> None:
    line = limiter(redis.url, share=1)
    async with limiter(redis.url) as other:
        await other.acquire()
        for _ in range(3):  # it is one and the same, however often it is opened
            async with line:
                await line.acquire()
    redis.kill()
    async with line:
        await line.acquire()
        assert line._away
        assert line.rate == RATE / 2


async def test_while_nobody_waits_redis_is_not_tried_and_no_turn_is_spent() -> None:
    line, tries = limiter(NOBODY), 0
    connect = line._connect

    def counted(seconds: float) -> Any:
        nonlocal tries
        tries += 1
        return connect(seconds)

    line._connect = counted
    async with line:
        await line.acquire()
        line.observe(429, {"retry-after": "0"})
        with anyio.move_on_after(0.01):
            await line.acquire()
        await anyio.sleep(1 / (SHARE * RATE) + 0.05)
        tried, begun = tries, time.monotonic()
        await anyio.sleep(0.4)
        assert tries == tried
        await line.acquire()
        assert time.monotonic() - begun < 0.4 + 0.06


async def test_a_pause_outlives_redis(redis: RedisServer) -> None:
    async with limiter(redis.url) as line:
        await line.acquire()
        redis.kill()
        line.observe(429, {"retry-after": "1"})
        begun = time.monotonic()
        await line.acquire()
        assert time.monotonic() - begun > 0.9


async def test_what_redis_missed_it_is_told_later(redis: RedisServer) -> None:
    async with limiter(redis.url) as line:
        await line.acquire()
        redis.kill()
        await line.acquire()
        line.observe(429, {"retry-after": "2"})
        line.observe(200, {"ratelimit-limit": "30"})
        redis.start()
        with anyio.fail_after(8):
            while line._away:
                await line.acquire()
        assert redis.state()["limit"] == 30


@pytest.mark.parametrize("url", ["redis://:wrong@127.0.0.1:PORT/3", "redis://127.0.0.1:PORT", NOBODY])
async def test_a_wrong_password_and_no_server_are_told_without_it(
    redis: RedisServer, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with limiter(url.replace("PORT", str(redis.port))) as line:
        await line.acquire()
        assert "wrong" not in repr(line)
        assert PASSWORD not in repr(line)
    ((level, _),) = said(caplog)
    assert level == "WARNING"
    assert "wrong" not in caplog.text
    assert PASSWORD not in caplog.text
    assert "p%40ss" not in caplog.text


@pytest.mark.parametrize(
    "command",
    [
        *(("SET", KEY, text) for text in ("nonsense", "", "7", "null", '"text"', "[]", '{"next": 0}', "[" * 2000)),
        ("RPUSH", KEY, "a list"),
    ],
)
async def test_what_is_not_of_ours_in_the_scripts_key_is_overwritten(
    redis: RedisServer, command: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    redis.cli(*command)
    async with limiter(redis.url) as one, limiter(redis.url) as two:
        assert await rate_of(one, two, seconds=0.3) <= RATE + 4
        assert not away(one, two)
    assert not said(caplog)
    assert redis.state()["next"] > 0
    assert int(redis.cli("TTL", KEY)) > 3600


async def test_a_state_of_an_earlier_version_is_kept(redis: RedisServer) -> None:
    async with limiter(redis.url) as line:
        await line.acquire()
        line.observe(200, {"ratelimit-limit": "30"})
        await line.acquire()
        state = redis.state()
        del state["known"]
        redis.cli("SET", KEY, json.dumps(state))
        await line.acquire()
        assert not line._away
    assert redis.state()["limit"] == 30


async def test_who_may_not_read_the_key_overwrites_nothing(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """All would take it for a new account, and have a turn at once."""
    redis.cli("SET", KEY, "kept")
    redis.cli(
        "ACL", "SETUSER", "blind", "on", ">hush", "~*", "+hello", "+select", "+script|load", "+evalsha", "+time", "+set"
    )
    async with limiter(redis.url.replace(":p%40ss%2Fw%3Ard@", "blind:hush@")) as line:
        await line.acquire()
        assert line._away
    assert [level for level, _ in said(caplog)] == ["WARNING"]
    assert redis.cli("GET", KEY) == "kept"


# -- its scope ---------------------------------------------------------------------------------------------------


async def test_it_is_used_where_it_is_open(redis: RedisServer) -> None:
    line = limiter(redis.url)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="within its `async with`"):
            await line.acquire()
        async with line:  # again, later
            await line.acquire()
            with pytest.raises(RuntimeError, match="open already"):
                await line.__aenter__()
            with pytest.raises(RuntimeError, match="same event loop"):
                await anyio.to_thread.run_sync(lambda: anyio.run(line.acquire))
    line.observe(429, {})  # of a call that ends late: nothing to be told any more


async def test_who_waits_when_it_is_closed_is_told(redis: RedisServer) -> None:
    async def wait(line: RedisLimiter) -> None:
        with pytest.raises(RuntimeError, match="closed while"):
            await line.acquire()

    async with anyio.create_task_group() as tasks:
        async with limiter(redis.url, rate=0.1) as line:
            await line.acquire()
            tasks.start_soon(wait, line)
            await anyio.sleep(0.05)


async def test_an_error_in_its_block_stays_what_it_is(redis: RedisServer) -> None:
    async def fail() -> None:
        async with limiter(redis.url) as line:
            await line.acquire()
            raise KeyError("mine")

    with pytest.raises(KeyError) as caught:
        await fail()
    assert caught.value.__context__ is None


async def test_its_block_can_be_cancelled(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    with anyio.move_on_after(0.05) as scope:
        async with limiter(redis.url, rate=0.1) as line:
            await line.acquire()
            await line.acquire()
    assert scope.cancelled_caught
    assert not said(caplog)


def test_asyncios_own_timeout(redis: RedisServer) -> None:
    async def two_turns() -> None:
        async with asyncio.timeout(0.05), limiter(redis.url, rate=0.1) as line:
            await line.acquire()
            await line.acquire()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await two_turns()
        await asyncio.sleep(0.01)  # and this task is not being cancelled any more
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


async def test_a_caller_cancelled_while_redis_is_asked_costs_no_connection(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call of coredis that was cancelled would leave one on which nothing comes any more."""
    monkeypatch.setattr(module, "DEADLINE", 10.0)
    line, made = limiter(redis.url), 0
    connect = line._connect

    def counted(seconds: float) -> Any:
        nonlocal made
        made += 1
        return connect(seconds)

    line._connect = counted
    async with line:
        await line.acquire()
        for _ in range(3):
            redis.freeze()
            with anyio.move_on_after(0.05) as asking:
                await line.acquire()
            redis.thaw()
            assert asking.cancelled_caught
            with anyio.fail_after(5):  # less than it has patience for Redis
                await line.acquire()
    assert (made, line._away) == (1, False)


async def test_while_its_block_is_being_cancelled_it_works_until_the_end(redis: RedisServer) -> None:
    """For calls that clean up, behind a shield."""
    cleaned = False
    with anyio.CancelScope() as scope:
        async with limiter(redis.url) as line:
            await line.acquire()
            scope.cancel()
            with anyio.move_on_after(5, shield=True):
                for _ in range(3):
                    await line.acquire()
                cleaned = True
    assert cleaned
    assert not line._away


# -- its URL -----------------------------------------------------------------------------------------------------


async def test_tls_verifies_the_server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    files = ["--tls-cert-file", str(tmp_path / "cert.pem"), "--tls-key-file", str(tmp_path / "key.pem")]
    options = ["--port", "0", "--tls-port", "PORT", "--tls-auth-clients", "no", *files]
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with RedisServer(tmp_path, *options) as server:
        secure = server.url.replace("redis://", "rediss://")
        named = secure.replace("127.0.0.1", "localhost")
        for url, ssl_context, away in ((named, context, False), (named, None, True), (secure, context, True)):
            async with limiter(url, ssl_context=ssl_context) as line:
                await line.acquire()
                assert line._away is away
    assert [level for level, _ in said(caplog)] == ["WARNING", "WARNING"]


async def test_a_unix_socket(tmp_path: Path) -> None:
    with RedisServer(tmp_path, "--unixsocket", str(tmp_path / "r.sock")) as server:
        async with limiter(f"unix://:p%40ss%2Fw%3Ard@{tmp_path}/r.sock?db=3") as line:
            await line.acquire()
            assert not line._away
        assert server.state()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://:hush@host",
        "redis://:hush@",
        "redis://:hush@host:port",
        "redis://:hu@sh:hush@host:hush",
        "redis://:hush@host/db",
        "redis://:hush@host?noreply=1",
        "redis://:hush@host/0#hush",
        "rediss://:hush@host?ssl_cert_reqs=none",
        "unix://:hush@sock",
        "redis://:hush@[::1",
        7,
    ],
)
def test_a_url_that_cannot_be_is_told_without_its_password(url: Any) -> None:
    with pytest.raises(ConfigurationError, match="the URL of Redis") as caught:
        limiter(url)
    # the frames of this test show the URL; the error, and what is behind it, does not
    assert "hush" not in everything_said(caught.value.with_traceback(None))


@pytest.mark.parametrize(
    "given",
    [
        {"account": ""},
        {"account": "jo@example.org"},
        {"account": "a{b}"},
        {"account": None},
        {"prefix": "a b"},
        {"ssl_context": ssl.create_default_context()},
    ],
)
def test_nonsense_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(given))):
        limiter(NOBODY, **given)


@pytest.mark.parametrize("given", [{"rate": 0}, {"rate": math.nan}, {"share": 0}, {"share": 1.1}])
def test_a_rate_or_share_that_cannot_be(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(given))):
        limiter(NOBODY, **given)


def test_without_coredis_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "coredis", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'activecampaign_async\[redis\]'"):
        limiter(NOBODY)
