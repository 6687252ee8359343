"""How to go on after a page, by offset or by id: pure, and suspicious of what an endpoint says.

Requests are the currency, so a list ends with no further one wherever that is safe:

- a full page always goes on: a `total` that claims the end may be wrong there, and one list in a hundred pays;
- an empty page is always the end;
- a short page is the end only where the total confirms it. Rows that the key's user may not see are left out after
  `limit` was applied, so that pages in the middle are short too; or the endpoint caps `limit`. Without a total that
  confirms it, one more is asked for at each end, until none comes.

What `total` counts by id is anybody's guess: what matches with the bounds on ids (it shrinks from page to page), or
without (it stays). Both can confirm. By offset it counts the whole list.

A way through a list has `done`; `ask(size)`: the next page's parameters, and how many rows it asks for; `take(sheet,
asked)`: moves on and gives the rows not given before, or raises PaginationError and stays; `state()`, for a cursor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from attrs import define, frozen

from ._digits import whole, whole_of
from .errors import PaginationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

S = TypeVar("S")
T = TypeVar("T")
Key = int | str | None
Span = tuple[int | None, int | None]

DEFAULT_SIZE = 20
"""Rows that the API gives where it ignores `limit`: the sign of a page that only looks short."""
_KEPT = 100
"""Keys of the last rows given, kept in a cursor: rows that shift by less do not come twice after a resume."""
_VAIN = 3
"""Looks, back or ahead, that may bring nothing new in a row: rows come and go, and the total with them."""


@frozen
class Sheet(Generic[T]):
    """A page as it came."""

    items: tuple[T, ...]
    keys: tuple[Key, ...]
    """The row's id: an int where it is a number, else text; None where it has none."""
    total: int | None
    included: Any
    digest: str = ""
    """Of the whole page, where rows have no id to know them by."""


def row_key(row: object) -> Key:
    """What a row is known by."""
    value = row.get("id") if isinstance(row, dict) else None
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    if isinstance(value, str) and (number := whole(value)) is not None:
        return number
    return value if value != "" else None


def row_total(meta: object) -> int | None:
    """`meta.total`: a string, an int, null, missing, or nonsense."""
    return whole_of(meta.get("total")) if isinstance(meta, dict) else None


def is_full(count: int, asked: int, widest: int) -> bool:
    """Whether a page of `count` rows says nothing of the end, with `widest` the longest before: it may be as long as
    the endpoint makes them."""
    if count >= asked:
        return True
    return count >= widest if widest else count == DEFAULT_SIZE


@define
class Ends:
    """Tells where a span of ids ends, from what its pages say."""

    total: int | None = None
    count: int = 0
    """Of the last page."""

    def is_last(self, count: int, asked: int, widest: int, total: int | None, given: int) -> bool:
        """Whether a page of `count` rows ends the span, with `given` rows of the whole list given."""
        before, self.total, self.count = (self.total, self.count), total, count
        if count == 0:
            return True
        if total is None or is_full(count, asked, widest):
            return False
        return total == count or (total == given and self._stays(*before))

    def _stays(self, before: int | None, count: int) -> bool:
        """Whether the total counts the whole list: it did not shrink by about the rows of the page before."""
        return before is not None and self.total is not None and self.total > before - count / 2


class ById(Generic[T]):
    """Contacts: by `id_greater`, in the order of ids. Rows that come and go disturb nothing."""

    def __init__(
        self,
        spans: Sequence[Span],
        widest: int = 0,
        given: int = 0,
        total: int | None = None,
        ends: Ends | None = None,
    ) -> None:
        self.spans = list(spans)
        """What is left: ids above the first and below the second number; None where it is open."""
        self.widest, self.given = widest, given
        self.total = total
        """As the first page told it: later ones may count only what is left."""
        self.ends = ends or Ends()

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> ById[T]:
        told, count = state["p"]
        ends = Ends(_count_or_none(told), _count(count))
        spans = _some([_span(s) for s in state["ids"]])
        return cls(spans, _count(state["w"]), _count(state["n"]), _count_or_none(state["t"]), ends)

    def state(self) -> dict[str, Any]:
        last = [self.ends.total, self.ends.count]
        return {"ids": self.spans, "w": self.widest, "n": self.given, "t": self.total, "p": last}

    @property
    def done(self) -> bool:
        return not self.spans

    def ask(self, size: int) -> tuple[dict[str, str], int]:
        return id_params(*self.spans[0]), size

    def take(self, sheet: Sheet[T], asked: int) -> tuple[T, ...]:
        after, before = self.spans[0]
        last = check_rising(sheet.keys, after, before)
        count = len(sheet.keys)
        if not self.given:
            self.total = sheet.total
        self.given += count
        over = self.ends.is_last(count, asked, self.widest, sheet.total, self.given)
        self.widest = max(self.widest, count)
        if over or (before is not None and last is not None and last >= before - 1):
            self.spans.pop(0)
            self.ends = Ends()
        else:
            self.spans[0] = (last, before)
        return sheet.items


def id_params(after: int | None, before: int | None) -> dict[str, str]:
    """The rows between two ids. Always in order: in the API's own, the last id of a page is any id."""
    params = {"orders[id]": "ASC"}
    if after is not None and after >= 0:
        params["id_greater"] = str(after)
    if before is not None:
        params["id_less"] = str(before)
    return params


def check_rising(keys: Sequence[Key], after: int | None, before: int | None) -> int | None:
    """The last id of a page; PaginationError unless all rise, within the bounds that were asked for."""
    last = after
    for key in keys:
        if not isinstance(key, int):
            raise PaginationError("a row without a numeric id in a list that is paged by id")
        if last is not None and key <= last:
            raise PaginationError("ids do not rise: id_greater or orders[id] is ignored, or a page came again")
        last = key
    if before is not None and last is not None and keys and last >= before:
        raise PaginationError("an id beyond the bound: the endpoint ignores id_less")
    return last


_MASK = (1 << 512) - 1


class IdSet:
    """Numbers, small: those that lie together share a mask. A list of millions takes bits a row, not 70 bytes."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._masks: dict[int, int] = {}
        for id in ids:
            self.add(id)

    @classmethod
    def from_state(cls, state: Mapping[str, str]) -> IdSet:
        ids = cls()
        ids._masks = {_count(int(place)): int(mask, 16) & _MASK for place, mask in state.items()}
        return ids

    def state(self) -> dict[str, str]:
        return {str(place): f"{mask:x}" for place, mask in self._masks.items() if mask}

    def __len__(self) -> int:
        return sum(map(int.bit_count, self._masks.values()))

    def __iter__(self) -> Iterator[int]:
        """Rising. Any may be taken out meanwhile."""
        for place in sorted(self._masks):
            yield from _numbers(place, self._masks[place])

    def __contains__(self, id: object) -> bool:
        return isinstance(id, int) and bool(self._masks.get(id >> 9, 0) >> (id & 511) & 1)

    def above(self, id: int) -> IdSet:
        """Those that are greater, as a set of their own."""
        first, keep = id >> 9, -(2 << (id & 511))
        rest = IdSet()
        rest._masks = {p: mask & keep if p == first else mask for p, mask in self._masks.items() if p >= first}
        return rest

    @property
    def highest(self) -> int | None:
        """None where there is none."""
        place = max((place for place, mask in self._masks.items() if mask), default=None)
        return None if place is None else (place << 9) + self._masks[place].bit_length() - 1

    def add(self, id: int) -> bool:
        """Whether it is new. It is there from now on."""
        place, bit = id >> 9, 1 << (id & 511)
        mask = self._masks.get(place, 0)
        self._masks[place] = mask | bit
        return not mask & bit

    def discard(self, id: int) -> None:
        """Take it out, where it is there."""
        place = id >> 9
        if place in self._masks:
            self._masks[place] &= ~(1 << (id & 511))


def _numbers(place: int, mask: int) -> Iterator[int]:
    while mask:
        bit = mask & -mask
        yield (place << 9) + bit.bit_length() - 1
        mask ^= bit


class KeySet:
    """Keys that were seen."""

    def __init__(self, keys: Iterable[int | str] = ()) -> None:
        self._ids, self._texts = IdSet(), set[str]()
        for key in keys:
            self.add(key)

    def add(self, key: int | str) -> bool:
        """Whether it is new. It is seen from now on."""
        if isinstance(key, int):
            return self._ids.add(key)
        known = key in self._texts
        self._texts.add(key)
        return not known

    def __contains__(self, key: object) -> bool:
        return key in self._ids or key in self._texts


class ByOffset(Generic[T]):
    """Every other list. Rows are known by their ids, so that none is given twice when they shift."""

    def __init__(
        self,
        spans: Sequence[tuple[int, int | None]] = ((0, None),),
        widest: int = 0,
        given: int = 0,
        total: int | None = None,
        recent: Sequence[int | str] = (),
        *,
        small: bool = False,
        overlap: int = 0,
    ) -> None:
        self.overlap = overlap
        """Rows of the page before that each page begins with. Where they do not come, rows were taken out of those
        before, and others slipped into their places: they are looked for there."""
        self.spans = list(spans)
        """What is left: from one offset up to, not including, another; None: to the end."""
        self.widest, self.given, self.total = widest, given, total
        self.seen = KeySet(recent)
        self.recent = list(recent)
        self.small = small
        """Whether a first page without a total ends the list, where it is shorter than asked for."""
        self.vain = 0  # looks back that brought nothing, in a row
        self.stale = 0  # pages that brought nothing new, in a row
        self.first: Sequence[Key] = ()  # the first page's keys, to know an endpoint that does not page
        self.last: Sequence[Key] = ()  # the last page's, to know one that comes again
        self.edge: Key = None  # the last page's last, where pages overlap

    @classmethod
    def from_state(cls, state: Mapping[str, Any], *, small: bool = False, overlap: int = 0) -> ByOffset[T]:
        spans = _some([(_count(first), _count_or_none(end)) for first, end in state["rows"]])
        recent = [key for key in state["last"] if isinstance(key, (int, str))]
        walk = cls(spans, _count(state["w"]), _count(state["n"]), _count_or_none(state["t"]), recent, small=small)
        walk.overlap = overlap
        return walk

    def state(self) -> dict[str, Any]:
        return {"rows": self.spans, "w": self.widest, "n": self.given, "t": self.total, "last": self.recent}

    @property
    def done(self) -> bool:
        return not self.spans

    def ask(self, size: int) -> tuple[dict[str, str], int]:
        at, end = self.spans[0]
        return {"offset": str(at)}, size if end is None else min(size, end - at)

    def take(self, sheet: Sheet[T], asked: int) -> tuple[T, ...]:
        (at, end), count = self.spans[0], len(sheet.keys)
        slipped = self._has_slipped(sheet, at, end)
        fresh = self.fresh(sheet)
        if end is not None:  # a gap that was left, or is looked at again: what it holds may well be known
            self.spans[0] = (at + count, end)
            if count == 0 or at + count >= end:
                self.spans.pop(0)
            self.vain = 0 if fresh else self.vain + 1
            self._look_behind(at, slipped)
            return fresh
        if count and not fresh and self._came_again(sheet, asked):
            self.spans.pop(0)
            return ()
        if count and not fresh and not self.stale and sheet.keys == self.last:
            self.stale = 1  # asked for once more: the page before, given again, or the same rows, shifted
            return ()
        over = self._is_last(count, asked, sheet.total)
        self.stale = 0 if fresh else self.stale + 1
        self.first = self.first or sheet.keys
        self.last, self.widest = sheet.keys, max(self.widest, count)
        self.spans[0:1] = [] if over else [(at + self.step(count), None)]
        self.edge = sheet.keys[-1] if sheet.keys and self.overlap else None
        if slipped:
            self.total, self.vain = sheet.total if sheet.total is not None else self.total, 0
            self._look_behind(at, slipped)
        else:
            self._look_back(at, asked, sheet.total)
        return fresh

    def step(self, count: int) -> int:
        """From one page to the next, after `count` rows."""
        return max(1, count - self.overlap)

    def _has_slipped(self, sheet: Sheet[T], at: int, end: int | None) -> bool:
        """Whether the page does not join on to what is known."""
        if not self.overlap or not at:
            return False
        if end is not None:
            return bool(sheet.keys) and sheet.keys[0] not in self.seen
        return self.edge is not None and self.edge not in sheet.keys

    def _look_behind(self, at: int, slipped: bool) -> None:
        if slipped and self.vain < _VAIN:
            self.spans.insert(0, (max(0, at - max(1, self.widest)), at))

    def _is_last(self, count: int, asked: int, total: int | None) -> bool:
        if count == 0:
            return True
        if is_full(count, asked, self.widest):
            return False
        return total == self.given or (self.small and total is None and not self.widest)

    def _came_again(self, sheet: Sheet[T], asked: int) -> bool:
        """Of a page that brought nothing new: whether it ends the list, being the whole of it once more, from an
        endpoint that does not page. It may also hold the last rows of the page before: they shift where rows are left
        out, or inserted. PaginationError for anything else."""
        count = len(sheet.keys)
        if self.first == self.last == sheet.keys:
            told = sheet.total if sheet.total is not None else self.total
            # No total: one that ignores `limit` and `offset` and gives a fixed part of its rows looks the same, so
            # pages full or of the API's default size are taken for that.
            if told == count or ((told or 0) < count and count not in (asked, DEFAULT_SIZE)):
                return True
        if not is_full(count, asked, self.widest) and sheet.keys != self.first:
            return self.stale >= _VAIN
        raise PaginationError("a page brought nothing new: offset is ignored, or a page came again")

    def fresh(self, sheet: Sheet[T]) -> tuple[T, ...]:
        """The rows not seen before; they are seen from now on."""
        if sheet.digest and not self.seen.add(sheet.digest):
            return ()
        pairs = zip(sheet.items, sheet.keys, strict=True)
        fresh = [item for item, key in pairs if key is None or self.seen.add(key)]
        self.given += len(fresh)
        known = [key for key in sheet.keys if key is not None] or ([sheet.digest] if sheet.digest else [])
        self.recent = [*self.recent, *known][-_KEPT:]
        return tuple(fresh)

    def _look_back(self, at: int, asked: int, total: int | None) -> None:
        """Where the list got shorter since the last page, rows may have slipped below this page's offset."""
        before, self.total = self.total, total if total is not None else self.total
        if before is not None and total is not None and before > total and at and self.vain < _VAIN:
            # twice as far: as many may slip until that page is read
            self.spans.insert(0, (max(0, at - min(2 * (before - total), asked, self.widest)), at))


def _some(spans: list[S]) -> list[S]:
    if not spans:
        raise ValueError("a cursor is of what is left")
    return spans


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("not a count")
    return value


def _count_or_none(value: object) -> int | None:
    return None if value is None else _count(value)


def _span(value: Sequence[object]) -> Span:
    first, end = value
    if any(x is not None and (isinstance(x, bool) or not isinstance(x, int)) for x in (first, end)):
        raise ValueError("not a span of ids")
    return first, end  # type: ignore[return-value]  # both were just found to be int or None


Walk = ById[T] | ByOffset[T]
