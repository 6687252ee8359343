"""How far a call has come: what its next try, its deadline and its errors find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio

from ._watch import Departure, number
from .errors import ActiveCampaignError, APIError, ServerError, TransportError

if TYPE_CHECKING:
    from anyio import CancelScope

    from ._call import Call
    from ._http import Raw
    from ._journal import Note
    from ._trip import Trip
    from .keys import Key

ANSWERED = 90.0  # seconds from a request's departure to its last byte: a slow drip would outlast every read timeout


class Progress:
    """Of one call."""

    __slots__ = (
        "attempts",
        "begun",
        "departed_at",
        "departure",
        "ends",
        "in_a_row",
        "key",
        "kind",
        "may_have_been_processed",
        "noted",
        "open",
        "received",
        "refusals",
        "scope",
        "sent",
        "status",
        "told",
        "took",
        "trip",
        "waited",
        "who",
    )

    def __init__(self, begun: float, scope: CancelScope, asking: Progress | None = None) -> None:
        self.begun, self.scope = begun, scope
        self.ends: float = scope.deadline if asking is None else asking.ends
        self.who: object = self if asking is None else asking
        """For whom it is made: a probe is made for a call."""
        self.attempts = self.in_a_row = 0
        self.refusals = 0
        """Attempts with a key that has been replaced since: no retry policy counts them."""
        self.kind: tuple[type[ActiveCampaignError], int] | None = None
        self.may_have_been_processed = False
        self.trip: Trip | None = None
        self.open = False
        """A request was made that nobody has been told of yet."""
        self.noted: Note | None = None
        """For whoever must know what has left, before it does."""
        self.key: Key | None = None
        """The one that was sent last."""
        self.status = self.sent = self.received = 0
        self.told: int | None = None
        """Of its latest request: status, bytes, ``RateLimit-Remaining``."""
        self.departed_at = self.waited = self.took = 0.0
        """When its latest request left, for how many seconds that had waited in line, and its answer took."""
        self.departure: Departure = []
        """The same request, as the account's watch knows it."""

    def of_a_probe(self) -> Progress:
        """Of a question that is asked for this call's sake, and in its time."""
        return Progress(anyio.current_time(), self.scope, self)

    def take_time(self) -> None:
        """The time that is left is the call's again, where an answer had less of it."""
        if self.scope.deadline != self.ends:
            self.scope.deadline = self.ends

    def hurries(self) -> None:
        """Something is awaited, and not for ever."""
        self._ends_by(anyio.current_time() + ANSWERED)

    def _ends_by(self, when: float) -> None:
        if self.scope.deadline > when:  # setting it sets a timer
            self.scope.deadline = when

    def departs(self, began: float) -> None:
        """A request leaves that has been in line since `began`."""
        self.departed_at = anyio.current_time()
        self.waited = self.departed_at - began
        self._ends_by(self.departed_at + ANSWERED)

    def note(self, call: Call[Any], error: ActiveCampaignError) -> None:
        """A try has failed."""
        kind = (type(error), error.status if isinstance(error, APIError) else 0)
        self.in_a_row = self.in_a_row + 1 if kind == self.kind else 1
        self.kind = kind
        if isinstance(error, TransportError):
            self.may_have_been_processed |= error.may_have_been_processed
        self.may_have_been_processed |= call.writes and isinstance(error, ServerError)

    def start_over(self) -> None:
        """With another key: a refusal was not processed."""
        self.refusals, self.in_a_row, self.kind = self.attempts, 0, None

    def request_begins(self, body: bytes | None) -> None:
        """One more is about to be sent."""
        self.open, self.sent = True, len(body or b"")
        self.status, self.received, self.told = 0, 0, None
        self.waited = self.took = 0.0

    def answered(self, raw: Raw) -> None:
        """An answer came."""
        self.status, self.received = raw.status, len(raw.content)
        self.told = number(raw.headers, "ratelimit-remaining")
