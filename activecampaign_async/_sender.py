"""The one road: slot, key, pace, send, observe, read or raise, and perhaps again. Knows no model and no HTTPX."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from . import _json
from ._account import Account
from ._answer import KEPT, Answer, refusal
from ._calllog import CallLog
from ._deadline import limit_of
from ._http import Http, Raw
from ._hush import former
from ._journal import JOURNAL, Note
from ._keyring import PATIENCE, Keyring
from ._line import Line, Turn
from ._progress import ANSWERED, Progress
from ._retry import RetryPolicy, leaves_doubt
from ._scrub import scrub, scrubbed
from .errors import (
    ActiveCampaignError,
    AuthenticationError,
    ConfigurationError,
    ConnectFailedError,
    DeadlineError,
    DecodeError,
    KeyProviderError,
    NotFoundError,
    OutcomeUnknownError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    ReadOnlyError,
    ResponseTooLargeError,
    ServerError,
    TransportError,
    path_without_addresses,
)
from .limits import Foresight, RateLimiter

if TYPE_CHECKING:
    from ._call import Call
    from ._observer import Telling

T = TypeVar("T")
log = logging.getLogger("activecampaign_async")

TOO_DEEP = "JSON nested too deep"


class InDoubt(Exception):
    """The turn came, and by now it is in doubt whether the key is good."""


class Sender:
    """Sends the calls of one client."""

    def __init__(
        self,
        http: Http,
        keys: Keyring,
        limiter: RateLimiter,
        retry: RetryPolicy,
        account: Account,
        probe: Callable[[], Call[Any]],
        *,
        timeout: float | None,
        read_only: bool,
        strict: bool,
        observer: Telling | None = None,
    ) -> None:
        self._http, self.keys, self._retry, self._account = http, keys, retry, account
        self._probe, self._timeout, self._read_only, self._strict = probe, timeout, read_only, strict
        self.line = Line(limiter, retry.total, self._refuse_now)
        self.log = CallLog(account, limiter, observer)
        self._closed = False
        self.home = account.name
        """Whose lists they are: cursors of another account are refused."""

    def __call__(self, call: Call[T], /) -> Coroutine[Any, Any, T]:
        """As `send`: a sender is what everything above it takes for the road."""
        return self.send(call)

    def seconds_for(self, requests: int) -> float | None:
        """How long so many take at the limiter's pace, where it tells."""
        limiter = self.line.limiter
        return limiter.delay(requests) - limiter.delay() if isinstance(limiter, Foresight) else None

    async def send(self, call: Call[T], /) -> T:
        """Make a call, as often as it takes and may be."""
        self.refuse_if_closed()
        if (journal := JOURNAL.get()) is None:
            return await self._made(call)
        with journal.noted(self.home, call.repeatable) as note:
            return await self._made(call, note)

    async def _made(self, call: Call[T], note: Note | None = None) -> T:
        had, ends = limit_of(call.timeout, self._timeout)
        scope = anyio.CancelScope(deadline=ends)
        progress = Progress(anyio.current_time(), scope)
        progress.noted = note
        if call.writes and self._read_only:
            said = "the call writes, and this client was made with read_only=True; nothing was sent"
            raise self._named(ReadOnlyError(said), call, progress)
        with self.log.call(call, progress):
            with scope:
                return await self._with_a_good_key(call, progress)
            raise self._named(_too_late(call, progress, had), call, progress)

    async def aclose(self) -> None:
        """Close the connections; calls are refused from now on, those that wait for their turn too."""
        self._closed = True
        self.line.reconsider(closed=True)
        await self._http.aclose()

    def refuse_if_closed(self) -> None:
        """RuntimeError after `aclose`."""
        if self._closed:
            raise RuntimeError("this AsyncClient is closed: make a new one, or keep it open around its calls")

    async def _with_a_good_key(self, call: Call[T], progress: Progress) -> T:
        """A refused key may have been replaced. What was refused was not processed: writes go again, too."""
        try:
            while True:
                try:
                    return await self._tries(call, progress)
                except (AuthenticationError, KeyProviderError, ConfigurationError) as exc:
                    error = exc
                if not await self._key_is_replaced(progress, error):
                    raise self._named(error, call, progress)
                log.info("the key was refused, and is replaced: %s goes again", call.method)
                progress.start_over()
        finally:
            self.keys.leave(progress)

    async def _key_is_replaced(
        self, progress: Progress, error: AuthenticationError | KeyProviderError | ConfigurationError
    ) -> bool:
        progress.take_time()
        key, departed = progress.key, progress.departed_at
        if isinstance(error, AuthenticationError):
            error.__dict__.setdefault("hint", self.keys.hint)
            return key is not None and await self.keys.replaced(key, progress, departed, error)
        return key is None and await self.keys.may_come(progress)

    async def _tries(self, call: Call[T], progress: Progress) -> T:
        failed = math.inf
        last: ActiveCampaignError | None = None
        while True:
            try:
                result = self._read(call, await self._once(call, progress), progress)  # no frame keeps the answer
            except ActiveCampaignError as exc:
                error = self._clean(exc, progress)
            else:
                self.log.finished(call, progress, None)
                return result
            if last is not None and _is_hopeless(error):
                error, wait = last, None  # what happened says more than that there is no time for another try
            else:
                last = error
                progress.note(call, error)
                failed = min(failed, anyio.current_time())
                attempt = progress.attempts - progress.refusals
                wait = self._retry.after(call, error, attempt, self._left(progress, failed), progress.in_a_row)
            try:
                if isinstance(error, PermissionDeniedError) and (wait is None or self._closed or self.keys.is_suspect):
                    progress.take_time()
                    error = await self._judged(call, error, progress)
            finally:
                self.log.finished(call, progress, error)  # as what it has turned out to be
            if wait is None or self._closed or isinstance(error, AuthenticationError):
                break
            log.debug("%s after %s; again in %.2f s", call.method, type(error).__name__, wait)
            self.log.usage.waited += wait
            progress.take_time()
            await anyio.sleep(wait)
        progress.take_time()
        if leaves_doubt(call, error):
            doubt = OutcomeUnknownError(f"it may or may not have happened: look before you repeat it ({error})")
            raise self._named(doubt, call, progress) from self._named(error, call, progress)
        raise self._named(error, call, progress)

    async def _once(self, call: Call[Any], progress: Progress) -> Answer:
        """One request. TransportError where no answer came."""
        body = None if call.body is None else _json.dumps(call.body)
        progress.trip = None
        began = anyio.current_time()
        progress.take_time()
        who, probes = progress.who, progress.who is not progress  # a probe is not held up by what waits for it
        while True:
            if not probes and self.keys.in_doubt(who):
                await self.keys.settled(who)
            self.line.refuse_the_hopeless(progress.ends, call.priority)
            async with self.line.turn(progress.ends, call.priority, first=probes) as turn:
                if not probes and self.keys.in_doubt(who):
                    continue  # leaves its place to the call that finds out
                self._refuse_now()
                if not probes and (refused := self.keys.refusal(who)) is not None:
                    raise refused
                try:
                    raw = await self._exchange(call, progress, body, turn, began)
                except InDoubt:
                    continue  # with the key that is good then
                except TransportError:
                    self.keys.leave(who)  # says nothing of the key
                    raise
                break
        self.line.limiter.observe(raw.status, raw.headers)
        self.line.reconsider()
        if raw.status == 403:
            self.keys.denied()
        elif raw.status >= 500 or raw.status == 429:
            self.keys.leave(progress.who)  # says nothing of the key
        elif raw.status != 401 and progress.key is not None:
            self.keys.accepted(progress.key, progress.who, progress.departed_at)
        return self._parsed(raw, progress)

    async def _exchange(self, call: Call[Any], progress: Progress, body: bytes | None, turn: Turn, began: float) -> Raw:
        probes = progress.who is not progress
        asked_about, progress.key = progress.key if probes else None, None  # which says whose a failure is
        progress.key = key = asked_about or await self.keys.key(progress.who)

        async def pace() -> None:
            await turn.take()
            if progress.noted is not None:
                await progress.noted.departs()
            if not probes and self.keys.has_come_into_doubt(key, progress.who):
                raise InDoubt
            progress.departs(began)
            if probes:  # others wait for the answer
                progress.scope.deadline = min(progress.scope.deadline, progress.departed_at + PATIENCE)
            self.log.departed(progress)

        bulk = call.priority == "bulk" and not probes  # many wait for one that asks about the key
        trip = progress.trip = self._http.trip(pace, progress, bulk=bulk)
        progress.request_begins(body)
        hushed = former.set(self.keys.former)
        try:
            raw = await self._http.exchange(call.method, call.path, call.query, body, key, trip)
        except Exception:
            progress.attempts += trip.failure is None
            raise
        except BaseException:
            progress.attempts += trip.sent
            if call.writes and trip.sent:
                path = path_without_addresses(call.path)
                log.warning("cancelled in flight, and may have been processed: %s %s", call.method, path)
            if trip.sent:
                self.log.finished(call, progress, None, "TimedOut" if progress.scope.cancel_called else "Cancelled")
            raise
        finally:
            former.reset(hushed)
        progress.attempts += 1
        progress.answered(raw)
        self.log.answered(call, progress, raw)
        return raw

    def _refuse_now(self) -> None:
        """What has turned out, while a call waited, to be no use sending."""
        self.refuse_if_closed()
        if error := self._account.refusal():
            raise error

    def _parsed(self, raw: Raw, progress: Progress) -> Answer:
        data, text = None, ""
        if content := raw.content.strip():
            try:
                data = _json.loads(content)
            except _json.TooDeep:
                text = TOO_DEEP
            except _json.TooMany as exc:
                raise ResponseTooLargeError(f"{exc}; not read", may_have_been_processed=True) from None
            except ValueError:
                kept = content[: 20 * KEPT].decode("utf-8", "replace")
                secrets = [*self.keys.secrets(progress.key), *raw.cookies]
                text = scrubbed(kept, secrets)[:KEPT]
        if text is TOO_DEEP and 200 <= raw.status < 300:
            raise DecodeError("the answer", TOO_DEEP)
        return Answer(raw.status, raw.headers, data, text, self._strict)

    def _read(self, call: Call[T], answer: Answer, progress: Progress) -> T:
        """The result, or what the answer stands for."""
        error = refusal(answer)
        if isinstance(error, NotFoundError) and _is_done(call, progress):
            error, answer = None, answer._replace(status=200, data={})
        if isinstance(error, PaymentRequiredError):
            self._account.unpaid(self._named(error, call, progress))
            self.line.reconsider()
        if error is not None:
            raise error
        if answer.data is None and call.result_due and answer.status not in (204, 205):
            raise _empty(call, answer)
        return call.read(answer)

    async def _judged(self, call: Call[Any], error: PermissionDeniedError, progress: Progress) -> ActiveCampaignError:
        """A 403 stands for a refused key as well as for a refused permission: one question to `/users/me` tells."""
        probe = self._probe()
        refused: bool | None = call.path == probe.path
        if not refused:
            refused = await self.keys.judged(
                lambda: self._is_refused(probe, progress), progress.key, progress.departed_at
            )
        key = progress.key
        if key != self.keys.current or (key is not None and self.keys.is_good_by_now(key, progress.departed_at)):
            refused = True  # and replaced, meanwhile, or too new: the question was answered for another time or key
        if refused is False:
            return error
        judged = error if refused is None else AuthenticationError(error.message)
        judged.__dict__.update(error.__dict__)
        if refused is None:
            judged.__dict__["hint"] = "whether the key itself is accepted could not be found out"
        return judged

    async def _is_refused(self, probe: Call[Any], asking: Progress) -> bool | None:
        """Whether the key is refused; None where that remains unknown."""
        progress, failed = asking.of_a_probe(), math.inf
        progress.key = asking.key
        while True:
            error = await self._probed(probe, progress)
            self.log.finished(probe, progress, error)
            if error is None or isinstance(error, AuthenticationError):
                return error is not None
            progress.note(probe, error)
            failed = min(failed, anyio.current_time())
            wait = self._retry.after(probe, error, progress.attempts, self._left(progress, failed), progress.in_a_row)
            if wait is None or self._closed:
                return None
            self.log.usage.waited += wait
            await anyio.sleep(wait)

    async def _probed(self, probe: Call[Any], progress: Progress) -> ActiveCampaignError | None:
        """What one try says, in a scope of its own: an answer that hangs ends the try, and not the call."""
        with anyio.CancelScope(deadline=progress.ends) as progress.scope:
            try:
                failed = refusal(await self._once(probe, progress))
            except ActiveCampaignError as exc:
                return self._clean(exc, progress)
            if isinstance(failed, PermissionDeniedError):  # nobody is refused the permission to know who he is
                return AuthenticationError(failed.message)
            return failed
        return TransportError("no answer in time", timed_out=True)

    def _left(self, progress: Progress, failed: float) -> float:
        """Seconds for further tries, where the first one failed at `failed`."""
        until = failed + self._retry.total if progress.ends == math.inf else progress.ends
        return until - anyio.current_time()

    def _named(self, error: _Error, call: Call[Any], progress: Progress) -> _Error:
        """An error that says which call it was and what became of it."""
        if isinstance(error, ConnectFailedError) and progress.may_have_been_processed:
            return self._named(TransportError(*error.args), call, progress)  # type: ignore[return-value]  # its base
        if isinstance(error, TransportError):
            error.may_have_been_processed |= progress.may_have_been_processed
            error.may_have_been_processed &= call.writes
        error.method, error.path, error.attempts = call.method, call.path, progress.attempts
        return self._clean(error, progress)

    def _clean(self, error: _Error, progress: Progress) -> _Error:
        """Without a key that the server echoed, nor frames that hold what it answered."""
        for secret in self.keys.secrets(progress.key):
            scrub(error, secret)
        error.__traceback__ = error.__context__ = error.__cause__ = None
        return error


_Error = TypeVar("_Error", bound=ActiveCampaignError)


def _is_done(call: Call[Any], progress: Progress) -> bool:
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


def _too_late(call: Call[Any], progress: Progress, had: float) -> TransportError:
    under_way = progress.trip is not None and progress.trip.sent
    may_have = progress.may_have_been_processed or under_way
    too_slow = anyio.current_time() < progress.ends  # it was not the call's own time that ended it
    passed = f"{ANSWERED if too_slow else had:g} s passed"
    if may_have and call.writes and not call.repeatable:
        return OutcomeUnknownError(f"{passed} without an answer: look before you repeat it", timed_out=too_slow)
    if too_slow and not under_way:
        return ConnectFailedError(f"{passed}, and the proxy has made no connection", timed_out=True)
    if too_slow:
        return TransportError(f"{passed} without a whole answer", may_have_been_processed=may_have, timed_out=True)
    found = "no answer yet" if under_way else "between tries" if progress.attempts else "nothing was sent yet"
    return DeadlineError(f"its {passed}: {found}", may_have_been_processed=may_have)
