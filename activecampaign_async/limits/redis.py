"""`RedisLimiter`: paces many processes on many machines as one, through Redis."""

from __future__ import annotations

import logging
import os
import random
import re
import secrets
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from ..errors import ConfigurationError
from . import RANK, Priority
from ._connect import Ask, connector
from ._script import AHEAD, Said, answer, question
from .local import LocalLimiter, place, told_limit, told_pause

log = logging.getLogger("activecampaign_async")

DEADLINE, PROBE = 1.0, 0.5  # seconds for an answer of Redis, connecting included; where it was away before
FIRST_WAIT, LONGEST_WAIT = 0.1, 2.0  # seconds between two tries to reach it, the first and the later ones
LATE = 0.005  # seconds after its time at which a turn is late enough to be told
UNPAID_FOR = 60.0  # seconds for which a 402 holds back everyone
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*")


class RedisLimiter:
    """The account's requests per second, shared by every process that gives the same Redis and `account`.

        async with RedisLimiter("rediss://:password@redis.internal", account="acme", share=0.25) as limiter:
            async with AsyncClient(rate_limiter=limiter) as ac: ...

    Turns are evenly spaced by the clock of the Redis server. Processes that want one take turns, whatever the number
    of calls that wait in each; interactive calls of all of them go before bulk. A 429, 503 or 402 that one of them
    meets holds back all. Nothing but names, times and counts is kept there: neither the key nor an address.

    Where Redis is away or does not answer within a second, each process keeps to a `share` of the rate by itself, and
    to an equal part at most among all that Redis has told of: n of them are within the limit if they had met there,
    or have ``share=1/n``. It returns by itself; both is logged once.

    It is open within ``async with``, in one event loop, and may be opened again later, or after a fork.

    Arguments:
        url: ``redis://[user:password@]host[:6379][/db]``, ``rediss://`` for TLS, ``unix:///path[?db=0]``. Special
            characters in a password are percent-encoded.
        account: the name of the account, letters, digits and ``._:-``; the same in every process.
        rate: requests per second; as in `LocalLimiter`. The same in every process.
        share: this process' part while Redis is away, at most.
        ssl_context: for ``rediss://``; by default one that verifies.
        prefix: of the one key in Redis, ``prefix:{account}:pace``.

    Raises ConfigurationError for an `url` that cannot be, and where coredis is not installed.
    """

    def __init__(
        self,
        url: str,
        *,
        account: str,
        rate: float | None = None,
        share: float = 0.1,
        ssl_context: ssl.SSLContext | None = None,
        prefix: str = "activecampaign",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[Any]] = anyio.sleep,
    ) -> None:
        for name, given in (("account", account), ("prefix", prefix)):
            if not isinstance(given, str) or not _NAME.fullmatch(given):
                raise ConfigurationError(f"{name}: letters, digits and ._:- were expected")
        self._rate, self._clock, self._sleep = rate, clock, sleep
        self._own = _Own(rate, share, clock=clock, sleep=sleep)
        self._sharers = 1  # as last told, and still while it is closed
        self._account = account
        self._where, self._connect = connector(url, f"{prefix}:{{{account}}}:pace", ssl_context)
        self._tasks: TaskGroup | None = None
        self._pid = 0
        self._reset()

    def __repr__(self) -> str:
        return f"RedisLimiter({self._where!r}, account={self._account!r})"

    # -- what a limiter is ---------------------------------------------------------------------------------------

    async def acquire(self, *, priority: Priority = "interactive") -> None:
        """Wait for one's turn. A cancelled waiter gives it to the next of this process. RuntimeError if not open."""
        self._refuse_elsewhere()
        await anyio.lowlevel.checkpoint_if_cancelled()
        waiter = _Waiter(RANK[priority])
        at = place(self._line, waiter.rank)
        self._line.insert(at, waiter)
        if at == 0:
            self._stir.set()
        try:
            await waiter.event.wait()
        except BaseException:
            self._leave(waiter)
            raise
        if waiter.due is None:
            raise RuntimeError("the RedisLimiter was closed while a call waited for its turn")
        if (now := self._clock()) - waiter.due > LATE:
            self._news.since = now
            self._stir.set()

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer, for all."""
        self._own.observe(status, headers)
        self._news.limit = told_limit(headers) or self._news.limit
        self._news.good += status < 400
        pause = UNPAID_FOR if status == 402 else told_pause(status, headers)
        if pause is not None:
            self._news.overrun |= status == 429
            self._news.resume = max(self._news.resume, self._clock() + pause)
            self._stir.set()

    @property
    def rate(self) -> float:
        """Requests per second that this process can count on: its share, or an equal part where that is less."""
        return self._own.rate

    @property
    def paused(self) -> float:
        """Seconds until a pause that ActiveCampaign asked for, here or elsewhere, is over; 0 without one."""
        return max(self._resume - self._clock(), self._own.paused)

    def delay(self, ahead: int = 0, *, priority: Priority = "interactive") -> float:
        """Seconds that a newcomer would wait at least, with `ahead` more before it."""
        before = place(self._line, RANK[priority]) + ahead
        if self._away:
            return self._own.delay(max(before - 1, 0))
        return self.paused + before * self._gap * self._parties

    # -- its scope -----------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        if self._tasks is not None and self._pid == os.getpid():
            raise RuntimeError("this RedisLimiter is open already: make another one for another event loop")
        self._reset()
        self._loop = _this_loop()
        self._serving = anyio.CancelScope(shield=True)  # it ends with the block, not while that is being cancelled
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._serve)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        tasks, self._tasks = self._tasks, None
        assert tasks is not None  # noqa: S101 - entered before it is left
        self._serving.cancel()
        try:
            await tasks.__aexit__(None, None, None)  # an error of the block stays what it is, and becomes no group
        finally:
            for waiter in self._line:
                waiter.event.set()

    def _reset(self) -> None:
        if self._pid != os.getpid():  # opened again it is the same sharer
            self._pid, self._who = os.getpid(), secrets.token_hex(6)
        self._loop = object()
        self._line: deque[_Waiter] = deque()
        self._stir, self._news = anyio.Event(), _News()
        self._away = self._met = self._answered = False  # Redis: given up; ever reached; reached by this connection
        self._tries, self._probe_at, self._settled_at = 0, 0.0, 0.0
        self._resume, self._gap, self._parties, self._trip = 0.0, 1 / self._own.rate, 1, 0.0  # as last told

    def _refuse_elsewhere(self) -> None:
        if self._tasks is None or self._pid != os.getpid() or self._loop is not _this_loop():
            raise RuntimeError("a RedisLimiter is used within its `async with`, in the same event loop and process")

    # -- its one task --------------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        """Get the turns for those in line, one by one, as long as the scope lasts."""
        with self._serving:
            while True:
                await self._wanted()
                if self._clock() < self._probe_at:
                    await self._own_turn()
                    continue
                try:
                    async with self._connect(self._patience) as ask:
                        await self._shared_turns(ask)
                except* Exception as failures:  # noqa: BLE001 - whatever coredis raises: Redis is away
                    self._lose(failures)

    @property
    def _patience(self) -> float:
        return PROBE if self._away else DEADLINE

    async def _wanted(self) -> None:
        """Somebody is in line, or there is something to tell that cannot wait; where Redis is away, it waits."""
        while not (self._line or (self._news.urgent and not self._away)):
            self._stir = anyio.Event()
            await self._stir.wait()

    async def _own_turn(self) -> None:
        """Redis is away: wait for a turn of our share, unless the line has changed before."""
        self._stir = anyio.Event()
        with anyio.move_on_after(self._own.delay()) as waited:
            await self._stir.wait()
        if waited.cancelled_caught and self._line:
            await self._own.acquire()
            self._news.since = self._clock()
            self._grant(self._news.since)

    async def _shared_turns(self, ask: Ask) -> None:
        await self._ask(ask, None)
        self._find()
        while True:
            await self._wanted()
            self._stir = anyio.Event()
            wait = self._own.delay() if self._clock() < self._settled_at else 0.0
            head = self._line[0].rank if self._line and wait <= 0 else None
            if head is not None or self._news.urgent:
                said = await self._ask(ask, head)
                wait = wait if head is None else said.wait
                if said.go:
                    due = self._clock() + wait
                    await self._sleep(wait)
                    self._own.postpone(1)
                    self._grant(due)
                    continue
            with anyio.move_on_after(wait):
                await self._stir.wait()

    async def _ask(self, ask: Ask, rank: int | None) -> Said:
        """One call of the script.

        coredis may hang for ever after a call that was cancelled: no caller's cancellation comes here, and after our
        own deadline the connection is thrown away.
        """
        told, self._news = self._news, _News()
        begun = self._clock()
        try:
            with anyio.fail_after(self._patience):
                said = answer(await ask(self._question(told, begun, rank)))
        except BaseException:
            self._news = told.and_then(self._news)
            raise
        now = self._clock()
        took = now - begun
        if self._answered:  # else it took connecting, too
            self._trip += (took - self._trip) / 4
        self._resume, self._gap, self._parties = now + said.paused, said.gap, said.parties
        self._meet(said.sharers)
        self._own.follow(said.gap)  # so that a change to our own pace, and back, keeps the rhythm
        return said._replace(wait=max(said.wait - (took / 2 if said.go else took), 0.0))

    def _question(self, news: _News, now: float, rank: int | None) -> str:
        return question(
            self._who,
            rank=rank,
            rate=self._rate,
            ahead=(AHEAD + self._trip) * 1000,
            good=news.good,
            limit=news.limit,
            overrun=news.overrun or None,
            pause=max(news.resume - now, 0.0) * 1000 if news.resume else None,
            since=None if news.since is None else (now - news.since) * 1000,
        )

    def _grant(self, due: float) -> None:
        """The head of the line has its turn."""
        if self._line:
            waiter = self._line.popleft()
            waiter.due = due
            waiter.event.set()

    def _leave(self, waiter: _Waiter) -> None:
        """Its turn, or its place, is the next one's."""
        if waiter.due is not None:
            self._grant(waiter.due)
        elif waiter in self._line:  # else it is another one by now, opened again
            self._line.remove(waiter)
            if not self._line:
                self._news.left = True
                self._stir.set()

    def _meet(self, sharers: int) -> None:
        """Fewer are believed where Redis has been there for a while: before, it may have forgotten who shares."""
        settled = self._answered and self._clock() >= self._settled_at
        self._sharers = sharers if settled else max(sharers, self._sharers)
        self._own.among(self._sharers)

    # -- Redis comes and goes ------------------------------------------------------------------------------------

    def _find(self) -> None:
        """It answers. The others may not know yet: until they must, we keep to the rhythm of our share, too."""
        self._answered = True
        if self._met or self._away:
            self._settled_at = self._clock() + LONGEST_WAIT + DEADLINE + 1 / self._own.rate
        if self._away:
            log.info("Redis is back: the rate limit of %s is shared again", self._account)
        self._met, self._away = True, False

    def _lose(self, failure: Exception) -> None:
        reason, answered = _reason(failure), self._answered
        self._answered = False
        if self._tasks is None or (answered and not isinstance(reason, TimeoutError)):
            return  # it is we who leave; or the connection broke, and not Redis, perhaps: another one, at once
        now = self._clock()
        self._tries = self._tries + 1 if self._away or now < self._settled_at else 0
        self._probe_at = now + min(FIRST_WAIT * 2 ** min(self._tries, 9), LONGEST_WAIT) * _dice(0.5)
        if self._away:
            return
        self._away = True
        said = "Redis is away (%s): for %s this process keeps to its own %g requests a second until it is back"
        log.warning(said, _kinds(reason), self._account, self._own.rate)
        if self._own.idle:
            self._own.postpone(_dice(0))  # so that not all begin at once


class _Own(LocalLimiter):
    """The pace of this process by itself: its share, and an equal part at most."""

    def __init__(self, rate: float | None, share: float, **options: Any) -> None:
        super().__init__(rate, share, **options)
        self._most = self._share

    def among(self, sharers: int) -> None:
        self._share = min(self._most, 1 / sharers)


class _Waiter:
    """A place in the line."""

    __slots__ = ("due", "event", "rank")

    def __init__(self, rank: int) -> None:
        self.rank, self.event = rank, anyio.Event()
        self.due: float | None = None


class _News:
    """What Redis has not been told yet."""

    __slots__ = ("good", "left", "limit", "overrun", "resume", "since")

    def __init__(self) -> None:
        self.good, self.resume = 0, 0.0
        self.overrun = self.left = False
        self.limit: float | None = None
        self.since: float | None = None
        """When a turn was had that Redis did not give, or gave for an earlier time."""

    @property
    def urgent(self) -> bool:
        return self.left or self.resume > 0 or self.since is not None

    def and_then(self, later: _News) -> _News:
        """Both."""
        later.good += self.good
        later.limit = later.limit or self.limit
        later.since = self.since if later.since is None else later.since
        later.overrun |= self.overrun
        later.left |= self.left
        later.resume = max(self.resume, later.resume)
        return later


def _dice(least: float) -> float:
    return random.uniform(least, 1)  # noqa: S311 - no secret


def _this_loop() -> object:
    return anyio.lowlevel.current_token().native_token


def _reason(failure: BaseException) -> BaseException:
    """What a group of exceptions is about."""
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return failure


def _kinds(reason: BaseException) -> str:
    """Kinds of exceptions alone: texts may hold what was sent."""
    cause = reason.__cause__
    return type(reason).__name__ if cause is None else f"{type(reason).__name__}, {type(_reason(cause)).__name__}"
