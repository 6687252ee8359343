"""What an import knows of its rows, and keeps: written down before anything is sent, and after each answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set as AbstractSet
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from json import JSONEncoder
from typing import TYPE_CHECKING, Any, Literal

import anyio
from attrs import define, field

from .._answer import Answer
from ._import_rows import Row
from ._import_state import STATUSES, Left, ranges
from ._saved import ResumeError
from .imports import ImportReport, RowOutcome

if TYPE_CHECKING:
    from ._saved import Saved
    from .imports import Outcomes

KEPT = 100  # problems that the report holds
MANY = 1000  # outcomes that are written down together
_PLACE = re.compile(r" at 0x[0-9A-Fa-f]+")  # in memory: another one in the next process


def _canonical(given: object) -> str:
    """A row as text, the same whenever it holds the same."""
    try:
        try:
            return _text(given)
        except TypeError:  # keys that JSON has not, or that do not compare
            return _text(_sorted(given))
    except (TypeError, ValueError, RecursionError):  # it holds itself, or is nested without end
        return type(given).__name__


def _sorted(given: object) -> object:
    """With pairs in place of keys."""
    if isinstance(given, Mapping):
        pairs = [(type(key).__name__, _plain(key), _sorted(value)) for key, value in given.items()]
        return sorted(pairs, key=lambda pair: (pair[0], _text(pair[1])))
    return [_sorted(one) for one in given] if isinstance(given, (list, tuple)) else given


def _plain(given: object) -> object:
    """What stands for a value that JSON has not."""
    if isinstance(given, Mapping):
        return dict(given)
    if isinstance(given, AbstractSet):
        return sorted(map(_canonical, given))
    return _PLACE.sub("", repr(given))


_text = JSONEncoder(sort_keys=True, default=_plain, separators=(",", ":")).encode


class Digest:
    """Of rows: another one where they, or their order, are others."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=16)

    def add(self, given: object) -> None:
        """One row more."""
        self._hash.update(_canonical(given).encode("utf-8", "replace") + b"\n")

    @property
    def text(self) -> str:
        """Of the rows so far."""
        return self._hash.copy().hexdigest()


def digest_of(rows: Iterable[object]) -> str:
    """Of all rows."""
    digest = Digest()
    for row in rows:
        digest.add(row)
    return digest.text


MORE_ROWS = "it is finished, and these are more rows than it had: import the new ones by themselves"


def refuse_others(digest: str, before: str) -> None:
    """ResumeError where the rows so far are not those of the run before."""
    if digest != before:
        raise ResumeError("other rows, or in another order, than when it was begun: give the same, or begin anew")


@define(eq=False)
class Sent:
    """Rows that left in one request."""

    rows: Sequence[Row]
    """Others by `keep` alone."""
    since: datetime | None
    """ActiveCampaign's time, before they did."""
    id: str = ""
    """Of their batch, once it was queued."""
    queued: float = 0.0
    asked: int = 0
    untold: int = 0
    """Questions for it in a row that nothing came of."""
    missed: float = 0.0
    """When the latest of those was."""
    _state: dict[str, Any] | None = field(default=None, init=False)

    def keep(self, rows: Sequence[Row]) -> None:
        self.rows, self._state = rows, None

    def state(self) -> dict[str, Any]:
        """Counted up once: there are 50,000 rows under way, and every answer is written down."""
        if self._state is None:
            since = None if self.since is None else self.since.isoformat()
            self._state = {"rows": ranges(row.number for row in self.rows), "since": since, "id": self.id}
        elif self._state["id"] != self.id:
            self._state = {**self._state, "id": self.id}
        return self._state


class Books:
    """How far an import has come."""

    def __init__(self, saved: Saved | None, outcomes: Outcomes, unsent: Callable[[], Iterable[Row]]) -> None:
        self._saved, self._outcomes, self._unsent = saved, outcomes, unsent
        self.read = 0
        self._digest = Digest()
        self.counts = dict.fromkeys(STATUSES, 0)
        self.queued = 0
        self.sent = set[Sent]()
        """What is under way, or was queued, or got no answer."""
        self._certain: dict[Sent, int] = {}
        """Of these all is known but the ids -> how many of its rows were imported; the others were refused."""
        self.problems: list[RowOutcome] = []
        self._out: list[RowOutcome] = []
        self._mark = 0
        self.done = False
        self._saving, self._wanted, self._safe = anyio.Lock(), 0, 0

    # -- rows

    def see(self, given: object) -> int:
        """A row was read. Its number."""
        self.read += 1
        self._digest.add(given)
        return self.read

    def refuse(self, number: int, given: object, reason: str) -> None:
        """A row is not worth sending."""
        email = given.get("email") if isinstance(given, Mapping) else None
        self._tell(
            RowOutcome(row=number, email=email if isinstance(email, str) else None, status="failed", reason=reason)
        )

    def settle(
        self,
        row: Row,
        status: Literal["imported", "failed", "unknown"],
        *,
        id: int | None = None,
        reason: str = "",
        batch_id: str = "",
    ) -> None:
        """What became of a row, for good."""
        batch = batch_id or None
        self._tell(RowOutcome(row=row.number, email=row.email, status=status, id=id, reason=reason, batch_id=batch))

    def be_certain(self, sent: Sent, imported: int) -> None:
        """All rows of a batch were imported or refused; `settle` follows, with the ids."""
        self._certain[sent] = imported

    def through(self, sent: Sent) -> None:
        """Each of its rows is settled."""
        self.sent.discard(sent)
        self._certain.pop(sent, None)

    @property
    def outstanding(self) -> int:
        """Requests of whose rows it is open what becomes of them."""
        return len(self.sent) - len(self._certain)

    def _tell(self, outcome: RowOutcome) -> None:
        status = outcome.status
        self.counts[status] += 1
        self._out.append(outcome)
        if status != "imported" and len(self.problems) < KEPT:
            self.problems.append(outcome)

    @property
    def full(self) -> bool:
        """Whether many outcomes wait to be written down."""
        return len(self._out) >= MANY

    def report(self, *, so_far: bool = False) -> ImportReport:
        """Of what is settled; `so_far`: and of what is certain."""
        counts, problems = dict(self.counts), tuple(self.problems)
        for sent, imported in self._certain.items() if so_far else ():
            counts["imported"] += imported
            counts["failed"] += len(sent.rows) - imported
        pending = self.read - sum(counts.values())
        return ImportReport(rows=self.read, **counts, pending=pending, batches=self.queued, problems=problems)

    # -- keeping it

    async def open(self) -> Left | None:
        """What an earlier run left; ResumeError where that cannot be gone on with."""
        saved = None if self._saved is None else await self._saved.load()
        left = None if saved is None else Left.of(saved)
        await self._outcomes.begin(None if left is None else left.mark)
        if left is not None:
            self._mark, self.counts = left.mark, dict(left.counts)
            self.queued, self.done = left.queued, left.done
        elif self._saved is not None:  # before the first outcome: a report without a checkpoint cannot be gone on with
            await self._saved.save({**self.state(), "mark": 0})
        return left

    def check(self, digest: str) -> None:
        """ResumeError where the rows so far are not those of the run before."""
        refuse_others(self._digest.text, digest)

    async def save(self) -> None:
        """Returns once all that is known now would survive a crash. Several who ask at a time share one writing."""
        self._wanted += 1
        mine = self._wanted
        async with self._saving:
            if self._safe >= mine:
                return
            wanted, out, self._out = self._wanted, self._out, []
            state = None if self._saved is None else self.state()  # at once: what comes meanwhile is not in `out`
            try:
                mark = await self._outcomes.write(out, self._mark) if out else self._mark
                if self._saved is not None and state is not None:
                    await self._saved.save({**state, "mark": mark})
            except BaseException:
                self._out[:0] = out  # not counted on: the mark before still holds
                raise
            self._mark, self._safe = mark, wanted

    def state(self) -> dict[str, Any]:
        return {
            "read": self.read,
            "digest": self._digest.text,
            "unsent": ranges(row.number for row in self._unsent()),
            "sent": [sent.state() for sent in self.sent],
            "counts": dict(self.counts),
            "queued": self.queued,
            "done": self.done,
        }


@define
class ServerTime:
    """What time it is at ActiveCampaign, by the `Date` of its answers."""

    _last: tuple[datetime, float] | None = field(default=None)

    @property
    def known(self) -> bool:
        return self._last is not None

    def note(self, answer: Answer) -> None:
        try:
            date = parsedate_to_datetime(answer.headers["date"])
        except (KeyError, ValueError, TypeError):
            return
        self._last = (date if date.tzinfo else date.replace(tzinfo=UTC), anyio.current_time())

    def now(self) -> datetime | None:
        if self._last is None:
            return None
        date, at = self._last
        return date + timedelta(seconds=anyio.current_time() - at)
