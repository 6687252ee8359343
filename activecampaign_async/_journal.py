"""What a piece of work sends, for whoever has to know whether it may be done again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
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
        """A call of that account is about to be made, and is once this returns."""

    @asynccontextmanager
    async def noted(self, home: str, repeatable: bool) -> AsyncIterator[None]:
        """Goes around a call."""
        sent = False
        self.done += not repeatable
        try:
            await self.ahead(home, repeatable)
            sent = True
            if self._outer is None:
                yield
            else:
                async with self._outer.noted(home, repeatable):
                    yield
        except ActiveCampaignError as error:
            sent = sent and not _is_surely_not_done(error)
            raise
        finally:
            if not sent:
                self.done -= not repeatable


JOURNAL: ContextVar[Journal | None] = ContextVar("activecampaign_async_journal", default=None)


def _is_surely_not_done(error: ActiveCampaignError) -> bool:
    """Whether ActiveCampaign has refused the call, or never had it."""
    if isinstance(error, TransportError):
        return not error.may_have_been_processed
    if isinstance(error, ServerError):
        return False
    return isinstance(error, (APIError, ConfigurationError, KeyProviderError, ReadOnlyError))
