"""The one road: slot, key, pace, send, observe, read or raise, and perhaps again. Knows no model and no HTTPX."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Self, TypeVar

import anyio

from . import _json
from ._account import Account
from ._answer import KEPT, Answer, refusal
from ._http import Http, Raw, Trip
from ._retry import RetryPolicy, leaves_doubt
from ._scrub import scrub, scrubbed
from .errors import (
    ActiveCampaignError,
    AuthenticationError,
    DeadlineError,
    NotFoundError,
    OutcomeUnknownError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    ReadOnlyError,
    ServerError,
    TransportError,
    without_addresses,
)
from .keys import Key
from .limits import RateLimiter

if TYPE_CHECKING:
    from ._call import Call

T = TypeVar("T")
log = logging.getLogger("activecampaign_async")

IN_FLIGHT = 16  # below the pool's 20: nothing ever queues inside the pool (encode/httpcore 1093)
AT_THE_DOOR = 2.0  # seconds' worth of requests that hold a connection while they wait for their turn
VERDICT_KEPT = 60.0  # seconds for which one probe says whether the key is refused


class Sender:
    """Sends the calls of one client."""

    def __init__(
        self,
        http: Http,
        key: Key,
        limiter: RateLimiter,
        retry: RetryPolicy,
        account: Account,
        probe: Callable[[], Call[Any]],
        *,
        timeout: float | None,
        read_only: bool,
        strict: bool,
    ) -> None:
        self._http, self._key, self._limiter, self._retry, self._account = http, key, limiter, retry, account
        self._probe, self._timeout, self._read_only, self._strict = probe, timeout, read_only, strict
        self._slots = anyio.Semaphore(IN_FLIGHT, fast_acquire=True)
        at_the_door = round(AT_THE_DOOR * getattr(limiter, "rate", 5.0))
        self._door = anyio.Semaphore(min(max(at_the_door, 2), IN_FLIGHT), fast_acquire=True)
        self._verdict = _Verdict()
        self._closed = False

    async def send(self, call: Call[T], /) -> T:
        """Make a call, as often as it takes and may be."""
        self._admit(call)
        timeout = self._timeout if call.timeout is None else seconds(call.timeout)
        progress = _Progress()
        with anyio.move_on_after(timeout):
            return await self._tries(call, progress, timeout)
        raise self._named(_too_late(call, progress, timeout), call, progress)

    async def aclose(self) -> None:
        """Close the connections; calls are refused from now on."""
        self._closed = True
        await self._http.aclose()

    def refuse_if_closed(self) -> None:
        if self._closed:
            raise RuntimeError("this AsyncClient is closed: make a new one, or keep it open around its calls")

    def _admit(self, call: Call[Any]) -> None:
        self.refuse_if_closed()
        error: ActiveCampaignError | None = self._account.refusal()
        if call.writes and self._read_only:
            error = ReadOnlyError("the call writes, and this client was made with read_only=True; nothing was sent")
        if error is not None:
            raise self._named(error, call, _Progress())

    async def _tries(self, call: Call[T], progress: _Progress, timeout: float | None) -> T:
        begun, failed = anyio.current_time(), math.inf
        while True:
            try:
                answer = await self._once(call, progress, _left(begun, timeout))
                return self._read(call, answer, progress)
            except ActiveCampaignError as exc:
                error = exc
            failed = min(failed, anyio.current_time())
            left = _left(failed, self._retry.total) if timeout is None else _left(begun, timeout)
            wait = self._retry.after(call, error, progress.attempts, left)
            if wait is None:
                break
            await anyio.sleep(wait)
        if isinstance(error, PermissionDeniedError):
            error = await self._judged(call, error)
        if leaves_doubt(call, error):
            doubt = OutcomeUnknownError(f"it may or may not have happened: look before you repeat it ({error})")
            raise self._named(doubt, call, progress) from self._named(error, call, progress)
        raise self._named(error, call, progress)

    async def _once(self, call: Call[Any], progress: _Progress, left: float) -> Answer:
        """One request. TransportError where no answer came."""
        self._refuse_the_hopeless(left)
        body = None if call.body is None else _json.dumps(call.body)
        async with self._slots, _Turn(self._door, self._limiter) as turn:
            trip = progress.trip = self._http.trip(turn.take)
            progress.attempts += 1
            try:
                raw = await self._http.exchange(call.method, call.path, call.query, body, trip)
            except TransportError as exc:
                progress.may_have_been_processed |= exc.may_have_been_processed
                raise
            except BaseException:
                if call.writes and trip.sent:
                    path = without_addresses(call.path)
                    log.warning("cancelled in flight, and may have been processed: %s %s", call.method, path)
                raise
        self._limiter.observe(raw.status, raw.headers)
        return self._parsed(raw)

    def _refuse_the_hopeless(self, left: float) -> None:
        """What is known to come too late is not worth a request, nor the wait."""
        if left is math.inf:
            wait, left = getattr(self._limiter, "paused", 0.0), self._retry.total
        elif delay := getattr(self._limiter, "delay", None):
            wait = delay(self._slots.statistics().tasks_waiting + self._door.statistics().tasks_waiting)
        else:
            return
        if wait > left:
            said = f"the wait for the account's rate limit is {wait:.1f} s, longer than this call has; nothing was sent"
            raise RateLimitError(said, retry_after=wait)

    def _parsed(self, raw: Raw) -> Answer:
        data, text = None, ""
        if content := raw.content.strip():
            try:
                data = _json.loads(content)
            except (ValueError, RecursionError):
                kept = content[: 20 * KEPT].decode("utf-8", "replace")
                text = scrubbed(kept, [self._key.reveal(), *raw.cookies])[:KEPT]
        return Answer(raw.status, raw.headers, data, text, self._strict)

    def _read(self, call: Call[T], answer: Answer, progress: _Progress) -> T:
        """The result, or what the answer stands for."""
        error = refusal(answer)
        if isinstance(error, NotFoundError) and _is_done(call, progress):
            error, answer = None, answer._replace(status=200, data={})
        if isinstance(error, PaymentRequiredError):
            self._account.unpaid(self._named(error, call, progress))
        if error is not None:
            raise error
        if answer.data is None and call.result_due:
            raise _empty(call, answer)
        return call.read(answer)

    async def _judged(self, call: Call[Any], error: PermissionDeniedError) -> ActiveCampaignError:
        """A 403 stands for a refused key as well as for a refused permission: one question to `/users/me` tells."""
        probe = self._probe()
        refused = call.path == probe.path or await self._verdict.reached(lambda: self._is_refused(probe))
        if not refused:
            return error
        judged = AuthenticationError(error.message)
        judged.__dict__.update(error.__dict__)
        return judged

    async def _is_refused(self, probe: Call[Any]) -> bool | None:
        """Whether the key is refused; None where that remains unknown."""
        try:
            answer = await self._once(probe, _Progress(), math.inf)
        except ActiveCampaignError:
            return None
        return True if answer.status in (401, 403) else False if answer.status == 200 else None

    def _named(self, error: _Error, call: Call[Any], progress: _Progress) -> _Error:
        """An error that says which call it was, and shows no key that the server echoed."""
        error.method, error.path, error.attempts = call.method, call.path, progress.attempts
        scrub(error, self._key.reveal())
        return error


_Error = TypeVar("_Error", bound=ActiveCampaignError)


class _Progress:
    """How far a call has come: what its deadline finds."""

    __slots__ = ("attempts", "may_have_been_processed", "trip")

    def __init__(self) -> None:
        self.attempts = 0
        self.may_have_been_processed = False
        self.trip: Trip | None = None


class _Turn:
    """From the door to the turn at the rate limit. Few may hold a connection meanwhile: it would go stale."""

    __slots__ = ("_door", "_inside", "_limiter")

    def __init__(self, door: anyio.Semaphore, limiter: RateLimiter) -> None:
        self._door, self._limiter, self._inside = door, limiter, False

    async def __aenter__(self) -> Self:
        await self._door.acquire()
        self._inside = True
        return self

    async def take(self) -> None:
        try:
            await self._limiter.acquire()
        finally:
            self._leave()

    async def __aexit__(self, *exc: object) -> None:
        self._leave()

    def _leave(self) -> None:
        if self._inside:
            self._inside = False
            self._door.release()


class _Verdict:
    """Whether the key is refused: found out once a minute, for all who wait."""

    def __init__(self) -> None:
        self._lock = anyio.Lock()
        self._until = -math.inf
        self._refused = False

    async def reached(self, find_out: Callable[[], Awaitable[bool | None]]) -> bool:
        async with self._lock:
            if anyio.current_time() >= self._until:
                refused = await find_out()
                if refused is None:
                    return False
                self._refused, self._until = refused, anyio.current_time() + VERDICT_KEPT
            return self._refused


def seconds(timeout: float, name: str = "timeout") -> float:
    """A time limit of the caller's."""
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"{name}: seconds as a number were expected, not {type(timeout).__name__}")
    if not timeout > 0:
        raise ValueError(f"{name}: more than 0 seconds")
    return timeout


def _left(since: float, span: float | None) -> float:
    return math.inf if span is None else since + span - anyio.current_time()


def _is_done(call: Call[Any], progress: _Progress) -> bool:
    """Whether a 404 says that an earlier try, or somebody else, has done it."""
    return call.missing_is_done or (call.method == "DELETE" and progress.may_have_been_processed)


def _empty(call: Call[Any], answer: Answer) -> ActiveCampaignError:
    said = f"answered {answer.status} with an empty body"
    if call.writes:
        return OutcomeUnknownError(f"{said}: done, most likely, but look before you repeat it")
    return ServerError(said, status=answer.status, request_id=answer.headers.get("x-request-id"))


def _too_late(call: Call[Any], progress: _Progress, timeout: float | None) -> TransportError:
    under_way = progress.trip is not None and progress.trip.sent
    may_have = progress.may_have_been_processed or under_way
    if may_have and call.writes and not call.repeatable:
        return OutcomeUnknownError(f"its {timeout} s passed without an answer: look before you repeat it")
    return DeadlineError(f"its {timeout} s passed", may_have_been_processed=may_have and call.writes)
