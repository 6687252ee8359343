"""What waits to be imported, how fast that goes, and what a test may have go wrong with it."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from ._wire import Row

Ending = Literal["completed", "failed", "interrupted"]
_STAGES = ((1 / 6, False), (1 / 3, "waiting"), (1 / 2, "claimed"), (1.0, "active"))
"""Until which part of its time a batch is said to be what."""


@dataclass(slots=True)
class Batch:
    """A request that was queued."""

    id: str
    contacts: list[Row]
    at: float
    """Seconds on the account's calendar."""
    number: int
    day: str
    success: list[str] = field(default_factory=list)
    failure: list[str] = field(default_factory=list)
    ending: Ending | None = None
    """None until it was worked off."""
    count: int = 0


class Minute:
    """At most so many arrivals in any sixty seconds."""

    def __init__(self) -> None:
        self._arrivals: deque[float] = deque()

    def take(self, at: float, limit: float | None) -> bool:
        while self._arrivals and (self._arrivals[0] <= at - 60 or self._arrivals[0] > at + 60):
            self._arrivals.popleft()
        if limit is not None and len(self._arrivals) >= limit:
            return False
        self._arrivals.append(at)
        return True


@dataclass(slots=True)
class Imports:
    """`Sandbox.imports`: what a test sets, and sees, of bulk imports."""

    per_minute: float | None = 100
    """Requests with many contacts; None for no limit."""
    single_per_minute: float | None = 20
    """Requests with a single contact."""
    seconds: float = 6.0
    """From being queued to being done."""
    named: Literal["all", "first", "none"] = "all"
    """Which of the contacts that make a request fail its answer names."""
    refuse: Callable[[Row], str | None] | None = None
    """Why a contact makes its request fail, beside an address that is none; None where it does not."""
    fail: Callable[[Row], bool] | None = None
    """Whether a contact is refused later, when its batch is worked off."""
    ending: Callable[[Batch], Ending] | None = None
    """How a batch ends: `completed`, unless this says otherwise."""
    automation: int | None = None
    """Which automation an imported contact starts, unless `exclude_automations`."""
    shuffled: bool = False
    """The ids of a batch come in another order than its contacts."""
    stores: bool = True
    """False: contacts are counted and given ids, and forgotten."""
    clock: Callable[[], float] = lambda: 0.0
    """Seconds on the account's calendar."""
    batches: dict[str, Batch] = field(default_factory=dict)
    queue: deque[Batch] = field(default_factory=deque)
    imported: int = 0
    """Contacts that were worked off, each time counted."""
    refused: int = 0
    """Requests that the limits refused."""
    many: Minute = field(default_factory=Minute)
    single: Minute = field(default_factory=Minute)

    def add(self, contacts: list[Row], day: str) -> Batch:
        number = len(self.batches) + 1
        batch = Batch(
            str(UUID(int=(number << 64) | 0x4000_8000_0000_0000_0000_0000)), contacts, self.clock(), number, day
        )
        batch.count = len(contacts)
        self.batches[batch.id] = batch
        self.queue.append(batch)
        return batch

    def due(self) -> Iterator[Batch]:
        """Those whose time has come, each once."""
        while self.queue and self.queue[0].at + self.seconds <= self.clock():
            yield self.queue.popleft()

    def status(self, batch: Batch) -> str | bool:
        if batch.ending is not None:
            return batch.ending
        part = (self.clock() - batch.at) / self.seconds if self.seconds else 1.0
        return next((name for until, name in _STAGES if part < until), "active")
