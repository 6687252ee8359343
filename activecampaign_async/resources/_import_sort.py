"""Which rows of an import go together in a request, and what follows when one is refused. Pure: no I/O.

ActiveCampaign takes all contacts of a request or none. Where it names those that it refuses, they are out and the rest
goes again; where it names none, the halves go, down to a few rows, which go one by one. Where a half is taken, the
other one holds what was refused, and is halved at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ._import_rows import Row

FEW = 10
"""Below so many, rows go one by one: https://developers.activecampaign.com/reference/bulk-import-contacts"""
ENVELOPE = len('{"contacts":[]}')


class Group:
    """Rows that are sent together."""

    __slots__ = ("bad", "other", "rows")

    def __init__(self, rows: Sequence[Row], *, bad: bool = False, other: Group | None = None) -> None:
        self.rows = tuple(rows)
        self.bad = bad
        """Whether one of them is surely refused."""
        self.other = other
        """The other half: where this one is taken, the bad row is in there."""

    def __len__(self) -> int:
        return len(self.rows)


class _Queue:
    """Rows in turn, and their bytes."""

    def __init__(self) -> None:
        self.rows: deque[Row] = deque()
        self.size = 0

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self.rows.append(row)
            self.size += row.size

    def take(self, most: int, room: int) -> list[Row]:
        """Up to `most` rows of up to `room` bytes, and at least one."""
        taken: list[Row] = []
        while self.rows and len(taken) < most and (self.rows[0].size <= room or not taken):
            row = self.rows.popleft()
            self.size -= row.size
            room -= row.size
            taken.append(row)
        return taken


class Sorter:
    """All rows between being read and being through. `most`: rows a request, `room`: its bytes.

    `alone`: whether a row may go by itself, without a batch.
    """

    def __init__(self, most: int, room: int, alone: Callable[[Row], bool]) -> None:
        self._most, self._room, self._alone = most, room - ENVELOPE, alone
        self._kept_back = min(FEW, most // 2)  # rows that the last batch is not left without
        self._fresh, self._rest = _Queue(), _Queue()
        self._todo: list[Group] = []
        self._halves: set[Group] = set()

    def add(self, rows: Iterable[Row]) -> None:
        """Rows that were not sent yet."""
        self._fresh.add(rows)

    def again(self, group: Group) -> None:
        """It surely was not looked at: a rate limit, no connection."""
        self._todo.append(group)

    @property
    def ready(self) -> bool:
        """Whether there is a whole request to send."""
        return bool(self._todo) or self._is_full(self._rest) or self._is_full(self._fresh)

    def take(self, *, last: bool) -> Group | None:
        """What goes next; None where more rows are needed. `last`: there will be none."""
        while self._todo:
            group = self._todo.pop()
            if not group.bad or len(group) == 1:
                return group
            self._split(group)
        for queue in (self._rest, self._fresh):
            if self._is_full(queue):
                return Group(queue.take(self._most, self._room))
        if not last or not (left := len(self._rest.rows) + len(self._fresh.rows)):
            return None
        # Both together: what is known to be good is worth less than a request.
        self._rest.add(self._fresh.take(left, self._fresh.size))
        if left < FEW and all(map(self._alone, self._rest.rows)):
            self._one_by_one(self._rest.take(left, self._rest.size))
            return self._todo.pop()
        most = self._most
        if most < left < most + self._kept_back:
            most = left - self._kept_back
        return Group(self._rest.take(most, self._room))

    def taken(self, group: Group) -> None:
        """ActiveCampaign has queued it."""
        self._go_on(group, bad=True)

    def lost(self, group: Group) -> None:
        """Nobody knows what became of it."""
        self._go_on(group, bad=False)

    def refused(self, group: Group, named: Mapping[int, str]) -> list[tuple[Row, str]]:
        """ActiveCampaign has taken none of it, for what it says of the rows at these places. Who is out, and why."""
        self._go_on(group, bad=False)
        if named:
            self._rest.add(row for place, row in enumerate(group.rows) if place not in named)
            return [(group.rows[place], reason) for place, reason in sorted(named.items())]
        self._split(group)
        return []

    def _split(self, group: Group) -> None:
        half = len(group) // 2
        first, second = group.rows[:half], group.rows[half:]
        if half < FEW and all(map(self._alone, group.rows)):
            if len(second) < FEW:
                self._one_by_one(second)
            else:
                self._todo.append(Group(second))
            self._one_by_one(first)
            return
        other = Group(second)
        self._halves.add(other)
        self._todo.append(Group(first, other=other))

    def _is_full(self, queue: _Queue) -> bool:
        return len(queue.rows) >= self._most + self._kept_back or queue.size > self._room

    def _one_by_one(self, rows: Sequence[Row]) -> None:
        self._todo += [Group([row]) for row in reversed(rows)]

    def _go_on(self, group: Group, *, bad: bool) -> None:
        if group.other is not None:
            self._halves.remove(group.other)
            group.other.bad = bad
            self._todo.append(group.other)

    def __iter__(self) -> Iterator[Row]:
        """All that are in here."""
        yield from self._fresh.rows
        yield from self._rest.rows
        for group in (*self._todo, *self._halves):
            yield from group.rows

    def __len__(self) -> int:
        return len(self._fresh.rows) + len(self._rest.rows) + sum(map(len, (*self._todo, *self._halves)))
