"""Batches that were queued: asked for sparingly, until each is through."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable
from itertools import count

import anyio
import anyio.lowlevel

from .._call import Send
from ..errors import (
    APIError,
    AuthenticationError,
    DecodeError,
    NotFoundError,
    PaymentRequiredError,
    PermissionDeniedError,
    TransportError,
    ValidationError,
)
from ._import_books import Books, Sent
from ._import_find import Done, Matched, Matcher
from ._import_pulse import Pulse
from ._inputs import folded
from .imports import BatchState, BatchStatus, _status_call

FIRST_LOOK, SOON, LATEST_LOOK = 5.0, 1.0, 60.0  # seconds after which a batch is asked for: at first, least, most
HELD, HURRIED = 30.0, 2.0  # seconds for which finished batches wait for others; the latter where the run is stopped
ENDURED = 10  # questions in a row for one batch that nothing came of
FATAL = (AuthenticationError, PaymentRequiredError, PermissionDeniedError)


class Watch:
    """Of one import. `finished` is called with each batch of which all is known but the ids, `progressed` with those
    that are through; `patience`: seconds without any.
    """

    def __init__(
        self,
        send: Send,
        books: Books,
        pulse: Pulse,
        finished: Callable[[], None],
        progressed: Callable[[], Awaitable[None]],
        patience: float,
    ) -> None:
        self._send, self._books, self._pulse = send, books, pulse
        self._tell, self._progressed, self._patience = finished, progressed, patience
        self._matcher = Matcher(send)
        self._batches: list[tuple[float, int, Sent]] = []  # a heap, by when they are due
        self._numbers = count()
        self._polling = 0
        self._look_after, self._finished = FIRST_LOOK, anyio.current_time()
        self._answered = 0.0  # when, of whatever batch
        self._no_more, self._hold = False, HELD

    def end(self, *, stopped: bool) -> None:
        """No batch will come beside those that are here. `stopped`: the caller would have the run end soon."""
        self._no_more = True
        if stopped:
            self._hold = HURRIED
        self._pulse.tell()

    def add(self, sent: Sent, now: float) -> None:
        sent.queued = now
        self._look_later(sent, now + self._look_after)
        self._pulse.tell()

    def _look_later(self, sent: Sent, due: float) -> None:
        heapq.heappush(self._batches, (due, next(self._numbers), sent))

    async def poll(self) -> None:
        while (sent := await self._due()) is not None:
            try:
                await self._ask_for(sent)
            finally:
                self._polling -= 1
                self._pulse.tell()

    async def _due(self) -> Sent | None:
        """The batch that is to be asked for now; None where there are no more."""
        while self._pulse.failure is None:
            change, now = self._pulse.change, anyio.current_time()
            if self._batches and self._batches[0][0] <= now:
                sent = heapq.heappop(self._batches)[2]
                if not sent.asked and sent.queued + self._look_after > now:  # others took longer, meanwhile
                    self._look_later(sent, sent.queued + self._look_after)
                    continue
                self._polling += 1
                return sent
            if self._is_done:
                return None
            with anyio.move_on_after(self._batches[0][0] - now if self._batches else None):
                await change.wait()
        return None

    @property
    def _is_done(self) -> bool:
        return not self._batches and not self._polling and self._no_more

    async def _ask_for(self, sent: Sent) -> None:
        status = await self._status(sent)
        now = anyio.current_time()
        if status is not None and status.finished:
            self._finished = now
            if sent.asked == 1:
                self._look_after = max(self._look_after * 0.98, SOON)  # it may have been long done
            await self._through(sent, status)
        elif sent.untold > ENDURED:
            await self._give_up(sent, "ActiveCampaign answers, and does not tell what became of its batch")
        elif now - max(sent.queued, self._finished) > self._patience:
            state = status.status if status else None
            seconds = f"{self._patience:g} s"
            await self._give_up(sent, f"its batch is {_name(state)} after {seconds} in which none was finished")
        else:
            # Sparingly: what one batch teaches is true of those behind it, too
            took = now - sent.queued
            wait = min(max(took / 4, SOON), LATEST_LOOK)
            self._look_after = max(self._look_after, min(took + wait, LATEST_LOOK))
            self._look_later(sent, now + wait)

    async def _status(self, sent: Sent) -> BatchStatus | None:
        """How far it is; None where nothing came of the question, an error where nothing comes of any."""
        sent.asked += 1
        try:
            status = await self._send(_status_call(sent.id))
        except FATAL:
            raise
        except (APIError, TransportError, DecodeError) as error:
            before, sent.missed = sent.missed, anyio.current_time()
            sent.untold += 1
            if isinstance(error, (NotFoundError, ValidationError)):
                self._answered = sent.missed
            if sent.untold > ENDURED and self._answered < before:
                raise
            return None
        sent.untold, self._answered = 0, anyio.current_time()
        return status

    async def _give_up(self, sent: Sent, reason: str) -> None:
        self._books.sent.discard(sent)
        for row in sent.rows:
            self._books.settle(row, "unknown", reason=reason, batch_id=sent.id)
        await self._books.save()

    async def _through(self, sent: Sent, status: BatchStatus) -> None:
        """A batch is finished: its ids are matched, some batches at a time."""
        refused = {folded(address) for address in status.failure or ()}
        rest = [row for row in sent.rows if row.key not in refused]
        done = Done(rest, status.success or (), (sent, status.status))
        if matched := await self._matcher.add(done):
            await self._account_for(matched)
        else:
            self._books.be_certain(sent, len(rest))
            self._tell()

    async def match_held(self) -> None:
        """Batches that wait for others to be matched with: not for long."""
        while self._pulse.failure is None and not self._is_done:
            change, since = self._pulse.change, self._matcher.since
            wait = None if since is None else since + self._hold - anyio.current_time()
            if wait is not None and wait <= 0:
                await self.match_rest()
                continue
            with anyio.move_on_after(wait):
                await change.wait()

    async def match_rest(self) -> None:
        if matched := await self._matcher.flush():
            await self._account_for(matched)

    async def _account_for(self, matched: Matched) -> None:
        for done, ids in matched:
            sent, state = done.of
            rest = set(done.rows)
            for row in sent.rows:
                if row in ids:
                    self._books.settle(row, "imported", id=ids[row], batch_id=sent.id)
                elif row not in rest:
                    self._books.settle(row, "failed", reason="refused when its batch was worked off", batch_id=sent.id)
                elif state is BatchState.FAILED:
                    self._books.settle(row, "failed", reason="its batch failed", batch_id=sent.id)
                else:
                    reason = f"its batch is {_name(state)}, and tells of it neither that it was imported nor refused"
                    self._books.settle(row, "unknown", reason=reason, batch_id=sent.id)
            self._books.through(sent)
            await anyio.lowlevel.checkpoint()  # several thousand rows may be through at a time
            if self._books.full:
                await self._books.save()
        await self._progressed()


def _name(state: BatchState | str | None) -> str:
    return str(state.value or "new") if isinstance(state, BatchState) else str(state or "in no known state")
