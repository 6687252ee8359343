"""The id space of a list in parts that are gone through side by side. Pure: which to ask next, what a page changes.

Requests are what costs, and each part ends with a page that is not full. So parts are long (in any order: one for each
lane; in order: a few pages, since what comes early has to be held), and split only where a lane would idle.
"""

from __future__ import annotations

from collections import deque
from math import ceil, log, sqrt, tau
from typing import TYPE_CHECKING, Generic, TypeVar

from attrs import define, field

from ._walk import Ends, Key, Sheet, Span, check_rising

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

CHUNK = 6
"""Pages of a part where order is kept; `lanes` times as many may be held. On thin ids it costs 1.07 x the least
requests; a single page cost 1.5 x."""
_WORTH = 1.5
"""Pages, beyond the one on its way, that make a part worth splitting: it costs one more page that is not full."""
_STALE = 100
"""Pages after which the highest id is worth a request again, once lanes run out of work."""


@define
class Seen:
    """How many rows there were per id, the last pages counting most."""

    fade: float
    rows: float = 0.0
    ids: float = 0.0

    def add(self, rows: int, ids: int) -> None:
        self.rows = self.rows * self.fade + rows
        self.ids = self.ids * self.fade + ids

    def density(self) -> float | None:
        return min(1.0, self.rows / self.ids) if self.rows and self.ids else None


@define(eq=False)
class Part(Generic[T]):
    """The rows with ids above `after` and below `before` (None: to the end)."""

    after: int
    before: int | None
    given: int
    """The id up to which its rows were handed out: `after` less what is held."""
    fresh: bool = True
    """Not begun: a piece may be cut off."""
    density: float | None = None
    """Rows per id, where something better is known than the list's average."""
    seen: Seen = field(factory=lambda: Seen(0.5))
    ends: Ends = field(factory=Ends)
    pages: int = 0
    busy: bool = False
    over: bool = False
    held: deque[tuple[Sheet[T], int]] = field(factory=deque)
    """Pages that wait to be handed out, each with the id that it reaches to."""


class Parts(Generic[T]):
    """What is left of a list, in the order of ids."""

    def __init__(
        self, spans: Sequence[Span], *, size: int, lanes: int, ordered: bool, widest: int = 0, got: int = 0
    ) -> None:
        self.parts: list[Part[T]] = [Part(-1 if a is None else a, b, -1 if a is None else a) for a, b in spans]
        self.asked, self.lanes, self.ordered = size, lanes, ordered
        """Rows that a page is asked for, lanes, and whether order is kept."""
        self.room = lanes * CHUNK if ordered else 2 * lanes
        """Pages that may be held or be on their way."""
        self.queue: deque[Part[T]] = deque()  # whose page is next, where order is not kept
        self.highest: int | None = None
        self.since = 0  # pages since `highest` was asked for
        self.widest, self.got = widest, got
        self.left: int | None = None
        """Rows left, as far as known."""
        self._share = CHUNK
        self._seen = Seen(0.98)

    @property
    def size(self) -> int:
        """Rows a page: an endpoint may give less than is asked for."""
        return min(self.asked, self.widest or self.asked)

    @property
    def over(self) -> bool:
        """Whether there is nothing more to ask for."""
        return all(part.over for part in self.parts)

    def spans(self) -> list[tuple[int, int | None]]:
        """What was not handed out yet."""
        spans: list[tuple[int, int | None]] = []
        for part in self.parts:
            if spans and spans[-1][1] == part.given + 1:
                spans[-1] = (spans[-1][0], part.before)
            else:
                spans.append((part.given, part.before))
        return spans

    # What is asked next

    def pick(self) -> Part[T] | None:
        """A part to ask for its next page, or None where there is nothing to do now."""
        used = sum(len(part.held) + part.busy for part in self.parts)
        for place, part in enumerate(self.parts):
            if used >= self.room and (place > 0 or len(part.held) > 1):
                return None  # the first part always gets on: all others may wait for it
            if not (part.busy or part.over):
                if part.fresh:
                    self._cut(place)
                return part
        return self._steal()

    def is_stale(self) -> bool:
        """Whether rows above the highest id may be waiting for lanes that have nothing to do."""
        last = self.parts[-1] if self.parts else None
        return last is not None and last.before is None and last.busy and not last.fresh and self.since >= _STALE

    def spread(self, highest: int | None) -> None:
        """The highest id is known: parts can be sized."""
        self.highest, self.since = highest, 0
        if not self.ordered:
            rows = sum(self._rows(part) for part in self.parts)
            self._share = max(1, ceil(rows / self.size / self.lanes))

    def _cut(self, place: int) -> None:
        """Begin a part: with a piece of it, where it is longer than that."""
        part = self.parts[place]
        part.fresh = False
        density = part.density or self._average()
        width = self._width(self._share, density)
        if self.ids(part) > 1.5 * width:
            # a denser stretch does not last for ever: the pieces grow until the average is reached again
            rest = self._split(place, part.after + width, fresh=True)
            rest.density = max(self._average(), density / 2) if part.density else None

    def _steal(self) -> Part[T] | None:
        """Half of what is left of the fullest part, for a lane without one."""
        place = max(range(len(self.parts)), key=lambda i: self._rows(self.parts[i]), default=-1)
        if place < 0:
            return None
        part = self.parts[place]
        pages = self._rows(part) / self.size
        if part.over or pages < 1 + _WORTH:
            return None
        keep = self._width(ceil(pages / 2), self._density(part))
        if keep >= self.ids(part):
            return None
        return self._split(place, part.after + keep, fresh=False)

    def _split(self, place: int, at: int, *, fresh: bool) -> Part[T]:
        part = self.parts[place]
        rest: Part[T] = Part(at, part.before, at, fresh=fresh)
        part.before = at + 1
        self.parts.insert(place + 1, rest)
        return rest

    # What is expected

    def ids(self, part: Part[T]) -> int:
        if part.over:
            return 0
        ends = [end for end in (self.highest, part.before and part.before - 1) if end is not None]
        return max(0, min(ends, default=0) - part.after)

    def _average(self) -> float:
        """Rows per id in what is left: as in the last pages, unless a gap must lie ahead for the total to be right.
        A total that promises far more is not believed: parts that turn out fuller are split."""
        ids = sum(self.ids(part) for part in self.parts)
        told = min(1.0, max(self.left or 0, 1) / ids) if ids else 1.0
        seen = self._seen.density() or told
        return told if told < seen / 2 else seen

    def _density(self, part: Part[T]) -> float:
        """Rows per id in what is left of a part: as it was so far, else as elsewhere."""
        return part.seen.density() or part.density or self._average()

    def _rows(self, part: Part[T]) -> float:
        return self.ids(part) * self._density(part)

    def _width(self, pages: int, density: float) -> int:
        """Ids that hold so many pages. A row too few leaves a place in a page empty, a row too many costs a page. With
        holes at random, the least is lost where one more id makes either as much dearer: this margin of the rows."""
        rows = pages * self.size
        spread = sqrt(rows * (1 - density))
        margin = spread * sqrt(max(0.0, -2 * log(sqrt(tau) * spread / self.size))) if spread else 0.0
        return max(1, int((rows - margin) / density))

    # What a page changes

    def put(self, part: Part[T], sheet: Sheet[T], asked: int, before: int | None) -> None:
        """A page of `part`, asked for up to `before`. PaginationError for one that can't be right."""
        part.busy = part.fresh = False
        last = check_rising(sheet.keys, part.after, before)
        count = len(sheet.keys)
        self.got += count
        part.over = part.ends.is_last(count, asked, self.widest, sheet.total, self.got)
        self.widest, self.since = max(self.widest, count), self.since + 1
        if part.before is not None and last is not None and last >= part.before - 1:
            part.over = True
            if part.before != before:  # split while the page was on its way
                sheet = _below(sheet, part.before)
        self._note(part, sheet.keys, last)
        if sheet.keys and last is not None:
            part.after = min(last, part.before - 1) if part.before is not None else last
            part.held.append((sheet, part.after))
            if not self.ordered:
                self.queue.append(part)
        if self.left is not None:
            self.left -= len(sheet.keys)
        self._return_excess(part)
        self._sweep()

    def _note(self, part: Part[T], keys: Sequence[Key], last: int | None) -> None:
        begin = part.after
        if begin < 0 and keys and isinstance(keys[0], int):
            begin = keys[0] - 1  # ids need not begin with 1
        end = part.before - 1 if part.over and part.before is not None else last
        if end is not None:
            part.seen.add(len(keys), end - begin)
            self._seen.add(len(keys), end - begin)
        part.pages += 1

    def _return_excess(self, part: Part[T]) -> None:
        """Where order is kept, a part much fuller than expected would keep one lane busy, and all others waiting."""
        if not self.ordered or part.over or part.fresh or part.pages < 2 * CHUNK or self.highest is None:
            return
        density = self._density(part)
        width = self._width(CHUNK, density)
        if self.ids(part) > 2 * width:
            self._split(self.parts.index(part), part.after + width, fresh=True).density = density
            part.pages = 0

    # What is handed out

    def take(self) -> Sheet[T] | None:
        """The next page to hand out, if it is there."""
        part = self._next()
        if part is None or not part.held:
            return None
        sheet, part.given = part.held.popleft()
        self._sweep()
        return sheet

    def _next(self) -> Part[T] | None:
        if self.ordered:
            return self.parts[0] if self.parts else None
        return self.queue.popleft() if self.queue else None

    def _sweep(self) -> None:
        self.parts = [part for part in self.parts if part.held or part.busy or not part.over]


def _below(sheet: Sheet[T], before: int) -> Sheet[T]:
    count = sum(1 for key in sheet.keys if isinstance(key, int) and key < before)
    return Sheet(sheet.items[:count], sheet.keys[:count], sheet.total, sheet.included)
