"""A large ordered set of ids with few changes: rank and slice without an object per id."""

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from random import Random


def spread(count: int, holes: float, seed: int) -> Sequence[int]:
    """`count` ids over `count / (1 - holes)` places; the holes lie at random."""
    span = round(count / (1 - holes))
    if span <= count:
        return range(1, count + 1)
    random = Random(seed)
    gaps = array("d", (random.expovariate(1.0) for _ in range(count + 1)))
    scale = (span - count) / sum(gaps)
    ids = array("I")
    place = 0.0
    for index in range(count):
        place += gaps[index] * scale
        ids.append(int(place) + index + 1)
    return ids


class Ids:
    """Ascending ids: a fixed base, what was taken out of it, what came on top."""

    def __init__(self, base: Sequence[int] = ()) -> None:
        self._base = base
        self._out: list[int] = []
        self._more: list[int] = []

    def __len__(self) -> int:
        return len(self._base) - len(self._out) + len(self._more)

    def __contains__(self, id: int) -> bool:
        return _has(self._more, id) or (_has(self._base, id) and not _has(self._out, id))

    def __iter__(self) -> Iterator[int]:
        if not self._out and not self._more:
            return iter(self._base)
        return iter(self.slice(0, len(self)))

    @property
    def highest(self) -> int:
        """The highest id that was ever given."""
        return max(self._base[-1] if self._base else 0, self._more[-1] if self._more else 0)

    def add(self, id: int) -> None:
        if id in self:
            return
        if _has(self._out, id):
            del self._out[bisect_left(self._out, id)]
        else:
            insort(self._more, id)

    def remove(self, id: int) -> None:
        if _has(self._more, id):
            del self._more[bisect_left(self._more, id)]
        elif id in self:
            insort(self._out, id)

    def rank(self, id: int) -> int:
        """How many ids are not above this one."""
        return bisect_right(self._base, id) - bisect_right(self._out, id) + bisect_right(self._more, id)

    def slice(self, start: int, stop: int) -> list[int]:
        """The ids with rank start + 1 to stop, ascending."""
        start, stop = max(start, 0), min(stop, len(self))
        if start >= stop:
            return []
        if not self._out and not self._more:
            return list(self._base[start:stop])
        return self._run(self._select(start), stop - start)

    def _select(self, index: int) -> int:
        """The id at this place: a search over ids, not over rows."""
        low = min(self._base[0] if self._base else self._more[0], self._more[0] if self._more else self._base[0])
        high = self.highest
        while low < high:
            middle = (low + high) // 2
            if self.rank(middle) > index:
                high = middle
            else:
                low = middle + 1
        return low

    def _run(self, first: int, count: int) -> list[int]:
        """Up to `count` ids from `first` on: two sorted runs, merged; what was taken out is stepped over."""
        base, out, more = self._base, self._out, self._more
        i, j, k = bisect_left(base, first), bisect_left(more, first), bisect_left(out, first)
        found: list[int] = []
        while len(found) < count and (i < len(base) or j < len(more)):
            if j >= len(more) or (i < len(base) and base[i] < more[j]):
                id = base[i]
                i += 1
                while k < len(out) and out[k] < id:
                    k += 1
                if k < len(out) and out[k] == id:
                    continue
            else:
                id = more[j]
                j += 1
            found.append(id)
        return found


def _has(ids: Sequence[int], id: int) -> bool:
    if isinstance(ids, range):
        return id in ids
    place = bisect_left(ids, id)
    return place < len(ids) and ids[place] == id
