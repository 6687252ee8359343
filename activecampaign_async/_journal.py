"""What a piece of work sends, for whoever has to know whether it may be done again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from .errors import (
    ActiveCampaignError,
    APIError,
    ConfigurationError,
    KeyProviderError,
    ReadOnlyError,
    ServerError,
    TransportError,
)


class Journal:
    """Of one piece of work: the sender notes here each call that is made within `kept`."""

    def __init__(self, done: int = 0) -> None:
        self.done = done
        """How many calls that may not be repeated were sent, and may have been processed."""
        self._outer: Journal | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Within, calls are noted here, and where they were noted so far."""
        self._outer = JOURNAL.get()
        token = JOURNAL.set(self)
        try:
            yield
        finally:
            JOURNAL.reset(token)

    async def ahead(self, home: str, repeatable: bool) -> None:
        """The turn of a call of that account has come: it leaves once this returns."""

    @contextmanager
    def noted(self, home: str, repeatable: bool) -> Iterator[Note]:
        """Goes around a call, whose requests tell the note that they leave."""
        note = Note(list(self._all()), home, repeatable)
        try:
            yield note
        except ActiveCampaignError as error:
            if _is_surely_not_done(error):
                note.take_back()
            raise

    def _all(self) -> Iterator[Journal]:
        yield self
        if self._outer is not None:
            yield from self._outer._all()


class Note:
    """A call, in every journal around it."""

    __slots__ = ("_has_left", "_home", "_journals", "_repeatable")

    def __init__(self, journals: Sequence[Journal], home: str, repeatable: bool) -> None:
        self._journals, self._home, self._repeatable, self._has_left = journals, home, repeatable, False

    async def departs(self) -> None:
        """To be awaited when its turn has come, not before: what waits in line when the process dies was not sent."""
        if self._has_left:
            return
        self._count(has_left=True)
        try:
            for journal in self._journals:
                await journal.ahead(self._home, self._repeatable)
        except BaseException:
            self.take_back()
            raise

    def take_back(self) -> None:
        """It never left, or was refused."""
        if self._has_left:
            self._count(has_left=False)

    def _count(self, *, has_left: bool) -> None:
        self._has_left = has_left
        for journal in self._journals:
            journal.done += (1 if has_left else -1) * (not self._repeatable)


JOURNAL: ContextVar[Journal | None] = ContextVar("activecampaign_async_journal", default=None)


def _is_surely_not_done(error: ActiveCampaignError) -> bool:
    """Whether ActiveCampaign has refused the call, or never had it."""
    if isinstance(error, TransportError):
        return not error.may_have_been_processed
    if isinstance(error, ServerError):
        return False
    return isinstance(error, (APIError, ConfigurationError, KeyProviderError, ReadOnlyError))
