"""An import of many rows: read, checked, sent in batches, watched until each is through, and gone on with."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.lowlevel
from attrs import evolve, frozen

from .._answer import Answer
from .._call import Call, Send, nothing, one, priority
from .._journal import Journal
from ..errors import (
    ActiveCampaignError,
    APIError,
    ConnectFailedError,
    NotFoundError,
    RateLimitError,
    ServerError,
    ValidationError,
)
from ._import_account import Names
from ._import_books import MORE_ROWS, Books, Sent, ServerTime
from ._import_errors import is_doubtful, refused_rows, said
from ._import_find import Lost, look_up
from ._import_pulse import Pulse
from ._import_rows import Refused, Row, Seen, checked, goes_alone
from ._import_sort import ENVELOPE, Group, Sorter
from ._import_source import END, Source
from ._import_state import Left
from ._import_watch import FATAL, Watch
from ._saved import ResumeError
from .contacts import Contact
from .imports import Batch, ImportPace, ImportReport, _batch_call

if TYPE_CHECKING:
    from ..limits import RateLimiter

T = TypeVar("T")

LANES = 6  # requests under way, so that a slow answer does not cost the pace
POLLERS = 4
OUTSTANDING = 200  # batches that are not through: more would only fill memory
MOST_LOST = 20  # requests without an answer, before their rows are looked for
PATIENCE = 10  # refusals by a limit in a row, before it is taken for a no
TROUBLE = 5  # requests in a row without a clear answer, before the run ends
LONGEST_PAUSE = 3600.0  # seconds: a Retry-After beyond is nonsense
LONGEST = 1e7  # seconds after it left in which a row may still be made
PAUSES = (2.0, 5.0, 15.0, 60.0)  # seconds without imports, after one refusal by their limit after another
NOT_FOUND = "it was sent, no answer came, and its contact was neither made nor changed like that afterwards"
UNSURE = "it was sent, no answer came, and its contact has changed since, by it or by others: nobody can compare {}"
NO_CLOCK = "it was sent, no answer came, and as answers have no Date nobody can tell when a contact was changed"
SYNCED = {"email": "email", "first_name": "firstName", "last_name": "lastName", "phone": "phone"}


@frozen(kw_only=True)
class Asked:
    """What `Contacts.import_many` was asked to do."""

    run_automations: bool
    create_tags: bool
    resend_unknown: bool
    batch_size: int
    batch_bytes: int
    look_for: float
    patience: float
    progress: Callable[[ImportReport], object] | None
    pace: ImportPace


class _Departure(Journal):
    """Says when the requests that are made for a group leave."""

    def __init__(self, departs: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._departs = departs

    async def ahead(self, home: str, repeatable: bool) -> None:
        await self._departs()


class Run:
    """One import."""

    def __init__(
        self,
        send: Send,
        rows: Iterable[Any] | AsyncIterable[Any],
        asked: Asked,
        books: Callable[[Callable[[], Iterable[Row]]], Books],
    ) -> None:
        self._road, self._asked = send, asked
        self._source = Source(rows)
        self._sorter = Sorter(asked.batch_size, asked.batch_bytes, self._goes_alone)
        self._books = books(self._unsent)
        self._pulse = Pulse()
        self._watch = Watch(self, self._books, self._pulse, self._tell, self._tell_progress, asked.patience)
        self._names = Names(self, create_tags=asked.create_tags)
        self._time = ServerTime()
        self._seen = Seen()
        self._lock, self._timing, self._timed = anyio.Lock(), anyio.Lock(), False
        self._flying = 0
        self._in_hand = set[Group]()  # taken, and not on their way yet
        self._lost: list[Sent] = []
        self._outdated: dict[Row, str] = {}
        """Rows that an earlier run had sent, and what would be refused now."""
        self._latest = timedelta(seconds=min(max(asked.patience, asked.look_for), LONGEST))
        self._held = 0.0
        self._limited = self._troubled = 0

    @property
    def home(self) -> str:
        """As the road's own."""
        return self._road.home

    async def __call__(self, call: Call[T], /) -> T:
        """The road; on the way back it tells the time, and what only reads waits out every limit."""

        def read(answer: Answer) -> T:
            self._time.note(answer)
            return call.read(answer)

        for patience in reversed(range(PATIENCE)):
            try:
                return await self._road(evolve(call, read=read))
            except RateLimitError as error:
                if call.writes or not patience:
                    raise
                wait = PAUSES[-1] if error.retry_after is None else min(error.retry_after, LONGEST_PAUSE)
            await anyio.sleep(wait)
        raise AssertionError

    async def all(self) -> ImportReport:
        """Every row. The first error ends it, once what is under way has its answer."""
        before = await self._books.open()
        if before is not None and before.done:
            return await self._finished(before)
        with priority("bulk"):
            if before is not None:
                await self._go_on(before)
            try:
                await self._work()
            except BaseException:
                await self._save_at_last()
                raise
            if self._pulse.failure is None:
                await self._books.save()
            else:
                await self._save_at_last()
        report = self._books.report()
        failure, self._pulse.failure = self._pulse.failure or self._source.failure, None
        if failure is not None:
            counts = f"{report.imported} imported, {report.failed} failed, {report.unknown} unknown"
            failure.add_note(f"import: {report.rows} rows were read: {counts}, {report.pending} not through")
            if isinstance(failure, ActiveCampaignError):
                failure.report = report
            try:
                raise failure
            finally:
                failure = None  # else the traceback holds this frame, and this frame the error
        return report

    async def _save_at_last(self) -> None:
        """Something ended the run, which says more than that this cannot be written, either: the state before holds."""
        with anyio.CancelScope(shield=True), suppress(Exception):
            await self._books.save()

    async def _work(self) -> None:
        async with anyio.create_task_group() as pollers:
            for _ in range(POLLERS):
                pollers.start_soon(self._pulse.guarded, self._watch.poll)
            pollers.start_soon(self._pulse.guarded, self._watch.match_held)
            while True:
                async with anyio.create_task_group() as lanes:
                    for _ in range(LANES):
                        lanes.start_soon(self._pulse.guarded, self._lane)
                if self._pulse.failure or not self._lost:
                    break
                await self._pulse.guarded(self._find_lost)
                if self._source.ended and not len(self._sorter):
                    break
            self._watch.end(stopped=self._source.failure is not None)
        await self._pulse.guarded(self._watch.match_rest)  # after a failure, too: those batches are through
        if self._pulse.failure is None and self._source.failure is None:
            self._books.done = True

    def _unsent(self) -> Iterable[Row]:
        yield from self._sorter
        for group in self._in_hand:
            yield from group.rows

    def _goes_alone(self, row: Row) -> bool:
        return goes_alone(row, run_automations=self._asked.run_automations)

    # -- rows

    async def _finished(self, before: Left) -> ImportReport:
        """It says what it said before, and of the same rows alone."""
        while self._books.read < before.read:
            self._books.see(await self._read_again(before))
        self._books.check(before.digest)
        if await self._source.next() is not END:
            raise ResumeError(MORE_ROWS)
        if self._source.failure is not None:
            raise self._source.failure
        return self._books.report()

    async def _go_on(self, before: Left) -> None:
        """Read again what an earlier run had read, and take up what it left."""
        unsent = set(before.unsent)
        wanted = unsent.union(*(left.numbers for left in before.sent))
        kept: dict[int, Row] = {}
        while self._books.read < before.read:
            read = await self._read_again(before)
            number = self._books.see(read)
            is_left = number in wanted
            try:
                row = self._row(number, read)
            except Refused as error:
                if is_left:  # by a check that is newer than the run before
                    self._books.refuse(number, read, str(error))
                continue
            try:
                await self._check(row)
            except Refused as error:  # what it names is gone since
                if number in unsent:
                    self._books.refuse(number, read, str(error))
                    continue
                self._outdated[row] = str(error)
            if is_left:
                kept[number] = row
        self._books.check(before.digest)
        self._sorter.add(kept[number] for number in before.unsent if number in kept)
        for left in before.sent:
            was = Sent([kept[number] for number in left.numbers if number in kept], left.since, left.id)
            self._books.sent.add(was)
            if was.id:
                self._watch.add(was, anyio.current_time())
            else:
                self._lost.append(was)

    async def _read_again(self, before: Left) -> Any:
        """A row that an earlier run had read."""
        given = await self._source.next()
        if given is not END:
            return given
        counts = f"{self._books.read} rows, and it was begun with {before.read}"
        raise self._source.failure or ResumeError(f"{counts}: give the same, or begin anew")

    def _row(self, number: int, given: object) -> Row:
        asked = self._asked
        most = asked.batch_bytes - ENVELOPE
        return checked(number, given, run_automations=asked.run_automations, most=most)

    async def _check(self, row: Row) -> None:
        """Refused where it does not fit the account, or the rows before it."""
        await self._names.check(row)
        if not self._seen.add(row.key):  # last: a row that is refused must not take away a good one
            raise Refused("email: a row before has the same address")

    async def _read(self) -> bool:
        """One row more, to be sent or told; False where there is none."""
        given = await self._source.next()
        if given is END:
            return False
        refused = ""
        try:
            row = self._row(self._books.read + 1, given)
            await self._check(row)
        except Refused as error:
            refused = str(error)
        number = self._books.see(given)  # not before: read, it has to be somewhere at any time
        if not refused:
            self._sorter.add([row])
            return True
        self._books.refuse(number, given, refused)
        if self._books.full:
            await self._books.save()
        return True

    # -- sending

    async def _lane(self) -> None:
        while (group := await self._next()) is not None:
            try:
                if len(group) == 1 and self._goes_alone(group.rows[0]):
                    await self._sync(group)
                else:
                    await self._batch(group)
            finally:
                self._in_hand.discard(group)
                self._flying -= 1
                self._pulse.tell()

    async def _next(self) -> Group | None:
        """What is to be sent now; None where nothing is left, or what was lost is to be looked for first."""
        async with self._lock:
            more = not self._source.ended
            while self._pulse.failure is None and len(self._lost) < MOST_LOST:
                change = self._pulse.change
                if self._books.outstanding - len(self._lost) < OUTSTANDING:
                    if more and not self._sorter.ready:
                        more = await self._read()
                        continue
                    group = self._sorter.take(last=not more and not self._flying)
                    if group is not None:
                        self._flying += 1
                        self._in_hand.add(group)
                        return group
                    if not self._flying:
                        return None
                await self._pulse.wait(change.wait)
        return None

    async def _batch(self, group: Group) -> None:
        limiter = self._asked.pace.single if len(group) == 1 else self._asked.pace.many
        if not await self._may_go(group, limiter):
            return
        call = evolve(_batch_call([row.wire for row in group.rows]), own_limit=True)
        sent = Sent(group.rows, None)
        try:
            batch = await self._noted(group, sent, lambda: self(call))
        except ActiveCampaignError as error:
            if not isinstance(error, RateLimitError):
                limiter.observe(getattr(error, "status", 0), {})
            await self._no_batch(group, sent, error, limiter)
        else:
            limiter.observe(200, {})
            self._taken(group, sent, batch)
        await self._tell_progress()

    async def _may_go(self, group: Group, limiter: RateLimiter) -> bool:
        """Wait for the turn that imports have; False where the run has ended."""
        try:
            await self._find_out_the_time()
            may_go = await self._pulse.wait(limiter.acquire)
        except BaseException:
            self._again(group)
            raise
        if not may_go:
            self._again(group)
        return may_go

    async def _find_out_the_time(self) -> None:
        """ActiveCampaign's own, without which nobody can say later whether something came before or after."""
        async with self._timing:
            if not self._time.known and not self._timed:
                await self(Call("GET", "/users/me", nothing, result_due=False))
                self._timed = True

    async def _noted(self, group: Group, sent: Sent, made: Callable[[], Awaitable[T]]) -> T:
        """Make what sends a group: that is written down when its first request leaves, and not while it waits."""
        try:
            with _Departure(partial(self._departs, group, sent)).kept():
                return await made()
        except ActiveCampaignError:
            raise  # says itself what became of it
        except BaseException:
            if sent not in self._books.sent:
                self._again(group)
            raise

    async def _departs(self, group: Group, sent: Sent) -> None:
        if sent in self._books.sent:
            return  # another call for the same row
        sent.since = self._time.now()
        self._books.sent.add(sent)
        self._in_hand.discard(group)
        try:
            await self._books.save()
        except BaseException:
            self._books.sent.discard(sent)
            self._in_hand.add(group)
            raise

    def _again(self, group: Group) -> None:
        """It is to be sent, still."""
        self._in_hand.discard(group)
        self._sorter.again(group)

    def _taken(self, group: Group, sent: Sent, batch: Batch) -> None:
        self._limited = self._troubled = 0
        sent.id = batch.batch_id
        self._books.queued += 1
        for row in group.rows:
            row.wire = {}
        self._sorter.taken(group)
        self._watch.add(sent, anyio.current_time())

    async def _no_batch(self, group: Group, sent: Sent, error: ActiveCampaignError, limiter: RateLimiter) -> None:
        """What follows when a batch was not queued, or may not have been."""
        if is_doubtful(error):
            self._lose(group, sent, error)
            return
        self._books.sent.discard(sent)
        if isinstance(error, RateLimitError):
            self._again(group)
            await self._pause(error, limiter)
        elif isinstance(error, APIError) and error.status in (400, 413, 422):
            self._troubled = 0
            self._refused(group, error)
        else:
            self._again(group)
            await self._trouble(error)

    def _refused(self, group: Group, error: APIError) -> None:
        named = refused_rows(error, len(group))
        if len(group) == 1 and not named:
            named = {0: error.message}
        for row, reason in self._sorter.refused(group, named):
            self._books.settle(row, "failed", reason=reason)

    def _lose(self, group: Group, sent: Sent, error: ActiveCampaignError) -> None:
        """Nobody knows whether the rows arrived: they are looked for later."""
        self._sorter.lost(group)
        self._lost.append(sent)
        self._troubled += 1
        if self._troubled >= TROUBLE:
            raise error

    async def _pause(self, error: RateLimitError, limiter: RateLimiter | None = None) -> None:
        now = anyio.current_time()
        if now >= self._held:  # several refusals of one overrun are one event
            self._limited += 1
            if self._limited > PATIENCE:
                raise error
        pause = PAUSES[min(self._limited, len(PAUSES)) - 1]
        if error.retry_after is not None:
            pause = min(error.retry_after, LONGEST_PAUSE)
        self._held = max(self._held, now + pause)
        if limiter is not None:
            limiter.observe(429, {"retry-after": f"{pause:g}"})
        if error.status != 400:  # not the import's own limit, which holds up imports and nothing else
            await self._pulse.wait(anyio.sleep, pause)

    async def _trouble(self, error: ActiveCampaignError) -> None:
        """Not processed, and not our fault: a few times, it may pass."""
        self._troubled += 1
        if self._troubled >= TROUBLE or not isinstance(error, (ServerError, ConnectFailedError)):
            raise error
        await self._pulse.wait(anyio.sleep, PAUSES[min(self._troubled, len(PAUSES)) - 1])

    # -- one by one

    async def _sync(self, group: Group) -> None:
        """``POST /contact/sync``, and what it does not take along: tags and lists."""
        row, sent = group.rows[0], Sent(group.rows, None)
        try:
            await self._noted(group, sent, lambda: self._synced(row))
        except RateLimitError as error:
            self._books.sent.discard(sent)
            self._again(group)
            await self._pause(error)
        except (ValidationError, NotFoundError) as error:
            self._troubled = 0
            self._books.sent.discard(sent)
            self._sorter.taken(group)
            self._books.settle(row, "failed", reason=said(error))
        except ActiveCampaignError as error:
            if isinstance(error, FATAL) or not is_doubtful(error):
                self._books.sent.discard(sent)
                self._again(group)
                await self._trouble(error)
            else:
                self._lose(group, sent, error)
        else:
            self._books.sent.discard(sent)
            self._sorter.taken(group)
        await self._tell_progress()

    async def _synced(self, row: Row) -> None:
        contact = {wire: row.wire[name] for name, wire in SYNCED.items() if name in row.wire}
        if fields := row.wire.get("fields"):
            contact["fieldValues"] = [{"field": str(pair["id"]), "value": pair["value"]} for pair in fields]
        body = {"contact": contact}
        made = await self(Call("POST", "/contact/sync", one(Contact), body=body, repeatable=True))
        await self._tie(row, made.id)
        self._limited = self._troubled = 0

    async def _tie(self, row: Row, contact: int) -> None:
        """The row is there; its tags and lists follow, which may be repeated."""
        try:
            await self._names.tie(contact, row.wire)
        except (ValidationError, NotFoundError) as error:
            self._books.settle(
                row, "failed", id=contact, reason=f"is there, but without all tags and lists: {said(error)}"
            )
        else:
            self._books.settle(row, "imported", id=contact)

    async def _tell_progress(self) -> None:
        await self._books.save()
        self._tell()

    def _tell(self) -> None:
        if self._asked.progress is not None:
            self._asked.progress(self._books.report(so_far=True))

    # -- what got no answer

    async def _find_lost(self) -> None:
        """Look for rows whose request got no answer, now and until `look_for` seconds after they left."""
        unsure: Mapping[Row, str] = {}
        while self._pulse.failure is None:
            if not (rows := self._lost_rows()):
                break
            looked = await look_up(self, rows)
            await self._found(looked.found)
            unsure = looked.unsure
            left = max((self._look_again(sent) for sent in self._lost), default=0.0)
            if left <= 0 or not await self._pulse.wait(anyio.sleep, max(left / 2, 1.0)):
                break
        if self._pulse.failure is None:
            lost, self._lost = self._lost, []
            for sent in lost:
                self._not_found(sent, unsure)
            await self._tell_progress()

    def _not_found(self, sent: Sent, unsure: Mapping[Row, str]) -> None:
        """Sent again if that was asked for, or told."""
        self._books.sent.discard(sent)
        why = NOT_FOUND if sent.since else NO_CLOCK
        for row in sent.rows:
            outdated = self._outdated.get(row)
            if self._asked.resend_unknown and outdated is None:
                self._sorter.add([row])
                continue
            reason = UNSURE.format(unsure[row]) if row in unsure else why
            if outdated is not None:
                reason = f"{reason}; not sent again: {outdated}"
            self._books.settle(row, "unknown", reason=reason)

    def _lost_rows(self) -> dict[Row, Lost]:
        """Those of which a time is known: only by that can be told whether a contact was there before."""
        return {
            row: Lost(since=sent.since, until=sent.since + self._latest, tied=self._left_alone(sent))
            for sent in self._lost
            if sent.since is not None
            for row in sent.rows
        }

    def _left_alone(self, sent: Sent) -> bool:
        return len(sent.rows) == 1 and self._goes_alone(sent.rows[0])

    def _look_again(self, sent: Sent) -> float:
        """Seconds for which a batch, if it was queued, may still be on its way."""
        now = self._time.now()
        if now is None or sent.since is None:
            return 0.0
        return self._asked.look_for - (now - sent.since).total_seconds()

    async def _found(self, found: Mapping[Row, int]) -> None:
        for sent in self._lost:
            alone = self._left_alone(sent)
            here = [row for row in sent.rows if row in found]
            for row in here:
                if alone:  # it may have ended between the contact and its tags
                    await self._tie(row, found[row])
                else:
                    self._books.settle(row, "imported", id=found[row])
            sent.keep([row for row in sent.rows if row not in found])
            if not sent.rows:
                self._books.sent.discard(sent)
        self._lost = [sent for sent in self._lost if sent.rows]
