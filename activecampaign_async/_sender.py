"""The one road: slot, key, pace, send, observe, read or raise, and perhaps again. Knows no model and no HTTPX."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Coroutine
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
    APIError,
    AuthenticationError,
    ConnectFailedError,
    DeadlineError,
    NotFoundError,
    OutcomeUnknownError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    ReadOnlyError,
    ServerError,
    TransportError,
    path_without_addresses,
)
from .keys import Key
from .limits import Foresight, RateLimiter

if TYPE_CHECKING:
    from ._call import Call

T = TypeVar("T")
log = logging.getLogger("activecampaign_async")

IN_FLIGHT = 16  # below the pool's 20: nothing ever queues inside the pool (encode/httpcore 1093)
AT_THE_DOOR = 2.0  # seconds' worth of requests that hold a connection while they wait for their turn
VERDICT_KEPT, DOUBT_KEPT = 60.0, 5.0  # seconds for which a probe says whether the key is refused, or cannot tell


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
        self._foresight = limiter if isinstance(limiter, Foresight) else None
        self._slots = anyio.Semaphore(IN_FLIGHT, fast_acquire=True)
        at_the_door = round(AT_THE_DOOR * self._foresight.rate) if self._foresight else IN_FLIGHT
        self._door = anyio.Semaphore(min(max(at_the_door, 2), IN_FLIGHT), fast_acquire=True)
        self._waiting: set[_Turn] = set()
        self.unpaced = 0  # calls on their way to the limiter's line
        self._verdict = _Verdict()
        self._closed = False
        self.home = account.name
        """Whose lists they are: cursors of another account are refused."""

    def __call__(self, call: Call[T], /) -> Coroutine[Any, Any, T]:
        """As `send`: a sender is what everything above it takes for the road."""
        return self.send(call)

    async def send(self, call: Call[T], /) -> T:
        """Make a call, as often as it takes and may be."""
        self.refuse_if_closed()
        progress = _Progress()
        if call.writes and self._read_only:
            said = "the call writes, and this client was made with read_only=True; nothing was sent"
            raise self._named(ReadOnlyError(said), call, progress)
        timeout = self._timeout if call.timeout is None else seconds(call.timeout)
        with anyio.move_on_after(timeout):
            return await self._tries(call, progress, timeout)
        raise self._named(_too_late(call, progress, timeout), call, progress)

    async def aclose(self) -> None:
        """Close the connections; calls are refused from now on, those that wait for their turn too."""
        self._closed = True
        self._reconsider()
        await self._http.aclose()

    def refuse_if_closed(self) -> None:
        """RuntimeError after `aclose`."""
        if self._closed:
            raise RuntimeError("this AsyncClient is closed: make a new one, or keep it open around its calls")

    async def _tries(self, call: Call[T], progress: _Progress, timeout: float | None) -> T:
        begun, failed = anyio.current_time(), math.inf
        last: ActiveCampaignError | None = None
        while True:
            try:
                answer = await self._once(call, progress, begun + (math.inf if timeout is None else timeout))
                return self._read(call, answer, progress)
            except ActiveCampaignError as exc:
                error = exc
            if last is not None and _is_hopeless(error):
                error = last  # what happened says more than that there is no time for another try
                break
            last = error
            progress.note(call, error)
            now = anyio.current_time()
            failed = min(failed, now)
            left = failed + self._retry.total - now if timeout is None else begun + timeout - now
            wait = self._retry.after(call, error, progress.attempts, left, progress.in_a_row)
            if wait is None or self._closed:
                break
            log.debug("%s after %s; again in %.2f s", call.method, type(error).__name__, wait)
            await anyio.sleep(wait)
        if isinstance(error, PermissionDeniedError):
            error = await self._judged(call, error)
        if leaves_doubt(call, error):
            doubt = OutcomeUnknownError(f"it may or may not have happened: look before you repeat it ({error})")
            raise self._named(doubt, call, progress) from self._named(error, call, progress)
        raise self._named(error, call, progress)

    async def _once(self, call: Call[Any], progress: _Progress, ends: float) -> Answer:
        """One request. TransportError where no answer came."""
        self._refuse_the_hopeless(ends)
        body = None if call.body is None else _json.dumps(call.body)
        async with _Turn(self, ends) as turn, self._slots:
            await turn.come_to_the_door()
            self._refuse_now()
            trip = progress.trip = self._http.trip(turn.take)
            try:
                raw = await self._http.exchange(call.method, call.path, call.query, body, trip)
            except Exception:
                progress.attempts += trip.failure is None
                raise
            except BaseException:
                progress.attempts += trip.sent
                if call.writes and trip.sent:
                    path = path_without_addresses(call.path)
                    log.warning("cancelled in flight, and may have been processed: %s %s", call.method, path)
                raise
            progress.attempts += 1
        self._limiter.observe(raw.status, raw.headers)
        self._reconsider()
        return self._parsed(raw)

    def _refuse_now(self) -> None:
        """What has turned out, while a call waited, to be no use sending."""
        self.refuse_if_closed()
        if error := self._account.refusal():
            raise error

    def _refuse_the_hopeless(self, ends: float) -> None:
        """What is known to come too late is not worth a request, nor the wait."""
        self._refuse_now()
        if self._foresight is None:
            return
        if ends == math.inf:
            wait, left = self._foresight.paused, self._retry.total
        else:
            wait, left = self._foresight.delay(self.unpaced), ends - anyio.current_time()
        if wait > left:
            said = f"the wait for the account's rate limit is {wait:.1f} s, longer than this call has; nothing was sent"
            raise RateLimitError(said, retry_after=wait)

    def _reconsider(self) -> None:
        """Send away those in line whose turn a new pause puts beyond their time."""
        paused = self._foresight.paused if self._foresight else 0.0
        if not (self._closed or paused):
            return
        now = anyio.current_time()
        for turn in self._waiting:
            left = self._retry.total if turn.ends == math.inf else turn.ends - now
            if self._closed or paused > left:
                turn.scope.cancel()

    def _parsed(self, raw: Raw) -> Answer:
        data, text = None, ""
        if content := raw.content.strip():
            try:
                data = _json.loads(content)
            except (ValueError, RecursionError):
                kept = content[: 20 * KEPT].decode("utf-8", "replace")
                text = scrubbed(kept, [self._key.reveal(), *(c for c in raw.cookies if len(c) > 5)])[:KEPT]
        return Answer(raw.status, raw.headers, data, text, self._strict)

    def _read(self, call: Call[T], answer: Answer, progress: _Progress) -> T:
        """The result, or what the answer stands for."""
        error = refusal(answer)
        if isinstance(error, NotFoundError) and _is_done(call, progress):
            error, answer = None, answer._replace(status=200, data={})
        if isinstance(error, PaymentRequiredError):
            self._account.unpaid(self._named(error, call, progress))
            self._reconsider()
        if error is not None:
            raise error
        if answer.data is None and call.result_due and answer.status not in (204, 205):
            raise _empty(call, answer)
        return call.read(answer)

    async def _judged(self, call: Call[Any], error: PermissionDeniedError) -> ActiveCampaignError:
        """A 403 stands for a refused key as well as for a refused permission: one question to `/users/me` tells."""
        probe = self._probe()
        refused = call.path == probe.path or await self._verdict.reached(lambda: self._is_refused(probe))
        if refused is False:
            return error
        judged = error if refused is None else AuthenticationError(error.message)
        judged.__dict__.update(error.__dict__)
        if refused is None:
            judged.__dict__["hint"] = "whether the key itself is accepted could not be found out"
        return judged

    async def _is_refused(self, probe: Call[Any]) -> bool | None:
        """Whether the key is refused; None where that remains unknown."""
        try:
            error = refusal(await self._once(probe, _Progress(), math.inf))
        except ActiveCampaignError:
            return None
        if error is None:
            return False
        return True if isinstance(error, (AuthenticationError, PermissionDeniedError)) else None

    def _named(self, error: _Error, call: Call[Any], progress: _Progress) -> _Error:
        """An error that says which call it was and what became of it, and shows no key that the server echoed."""
        if isinstance(error, ConnectFailedError) and progress.may_have_been_processed:
            return self._named(TransportError(*error.args), call, progress)  # type: ignore[return-value]  # its base
        if isinstance(error, TransportError):
            error.may_have_been_processed |= progress.may_have_been_processed
            error.may_have_been_processed &= call.writes
        error.method, error.path, error.attempts = call.method, call.path, progress.attempts
        scrub(error, self._key.reveal())
        return error


_Error = TypeVar("_Error", bound=ActiveCampaignError)


class _Progress:
    """How far a call has come: what its next try, and its deadline, find."""

    __slots__ = ("attempts", "in_a_row", "kind", "may_have_been_processed", "trip")

    def __init__(self) -> None:
        self.attempts = self.in_a_row = 0
        self.kind: tuple[type[ActiveCampaignError], int] | None = None
        self.may_have_been_processed = False
        self.trip: Trip | None = None

    def note(self, call: Call[Any], error: ActiveCampaignError) -> None:
        """A try has failed."""
        kind = (type(error), error.status if isinstance(error, APIError) else 0)
        self.in_a_row = self.in_a_row + 1 if kind == self.kind else 1
        self.kind = kind
        if isinstance(error, TransportError):
            self.may_have_been_processed |= error.may_have_been_processed
        self.may_have_been_processed |= call.writes and isinstance(error, ServerError)


class _Turn:
    """From the door to the turn at the rate limit. Few may hold a connection meanwhile: it would go stale."""

    __slots__ = ("_inside", "_sender", "_unpaced", "ends", "scope")

    def __init__(self, sender: Sender, ends: float) -> None:
        self._sender, self._inside, self._unpaced = sender, False, 0
        self.ends = ends
        self.scope = anyio.CancelScope()

    async def __aenter__(self) -> Self:
        self._count(1)
        return self

    def _count(self, unpaced: int) -> None:
        self._sender.unpaced += unpaced - self._unpaced
        self._unpaced = unpaced

    async def come_to_the_door(self) -> None:
        await self._sender._door.acquire()
        self._inside = True

    async def take(self) -> None:
        sender = self._sender
        self._count(0)
        sender._refuse_the_hopeless(self.ends)
        sender._waiting.add(self)
        try:
            with self.scope:
                await sender._limiter.acquire()
        finally:
            sender._waiting.discard(self)
            self._leave()
        if self.scope.cancelled_caught:
            sender._refuse_the_hopeless(self.ends)
        sender._refuse_now()

    async def __aexit__(self, *exc: object) -> None:
        self._count(0)
        self._leave()

    def _leave(self) -> None:
        if self._inside:
            self._inside = False
            self._sender._door.release()


class _Verdict:
    """Whether the key is refused: found out once a minute, for all who wait."""

    def __init__(self) -> None:
        self._lock = anyio.Lock()
        self._until = -math.inf
        self._refused: bool | None = None

    async def reached(self, find_out: Callable[[], Awaitable[bool | None]]) -> bool | None:
        async with self._lock:
            if anyio.current_time() >= self._until:
                self._refused = await find_out()
                kept = DOUBT_KEPT if self._refused is None else VERDICT_KEPT
                self._until = anyio.current_time() + kept
            return self._refused


def seconds(timeout: float, name: str = "timeout") -> float:
    """A time limit of the caller's."""
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"{name}: seconds as a number were expected, not {type(timeout).__name__}")
    if not timeout > 0:
        raise ValueError(f"{name}: more than 0 seconds")
    return timeout


def _is_done(call: Call[Any], progress: _Progress) -> bool:
    """Whether a 404 says that an earlier try, or somebody else, has done it."""
    return call.missing_is_done or (call.method == "DELETE" and progress.may_have_been_processed)


def _is_hopeless(error: ActiveCampaignError) -> bool:
    """A limit that is ours, told before anything was sent."""
    return isinstance(error, RateLimitError) and error.status == 0


def _empty(call: Call[Any], answer: Answer) -> ActiveCampaignError:
    if call.writes:
        said = f"answered {answer.status} with an empty body: done, most likely, but look before you repeat it"
        return OutcomeUnknownError(said)
    return ServerError("an empty body", status=answer.status, request_id=answer.headers.get("x-request-id"))


def _too_late(call: Call[Any], progress: _Progress, timeout: float | None) -> TransportError:
    under_way = progress.trip is not None and progress.trip.sent
    may_have = progress.may_have_been_processed or under_way
    if may_have and call.writes and not call.repeatable:
        return OutcomeUnknownError(f"its {timeout} s passed without an answer: look before you repeat it")
    found = "no answer yet" if under_way else "between tries" if progress.attempts else "nothing was sent yet"
    return DeadlineError(f"its {timeout} s passed: {found}", may_have_been_processed=may_have)
