"""What a run of an import left in its checkpoint, read back: whatever stands there, nothing else comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from ._saved import undamaged

STATUSES = ("imported", "failed", "unknown")


@frozen
class LeftSent:
    """Rows that left in one request, and are not through."""

    numbers: list[int]
    since: datetime | None
    id: str


@frozen
class Left:
    """How far a run had come."""

    read: int
    digest: str
    unsent: list[int]
    sent: list[LeftSent]
    counts: dict[str, int]
    queued: int
    done: bool
    mark: int

    @classmethod
    def of(cls, saved: Mapping[str, Any]) -> Left:
        """ResumeError where it is damaged."""
        return undamaged(cls._of, saved)

    @classmethod
    def _of(cls, saved: Mapping[str, Any]) -> Left:
        read = _count(saved["read"])
        return cls(
            read=read,
            digest=_is(str, saved["digest"]),
            unsent=_numbers(saved["unsent"], read),
            sent=[_sent(one, read) for one in saved["sent"]],
            counts={status: _count(saved["counts"][status]) for status in STATUSES},
            queued=_count(saved["queued"]),
            done=_is(bool, saved["done"]),
            mark=_count(saved["mark"]),
        )


def _sent(saved: Mapping[str, Any], read: int) -> LeftSent:
    since = None if saved["since"] is None else datetime.fromisoformat(saved["since"])
    if since is not None and since.tzinfo is None:
        raise ValueError
    return LeftSent(_numbers(saved["rows"], read), since, _is(str, saved["id"]))


def _numbers(saved: Iterable[Any], read: int) -> list[int]:
    """Of `ranges`, each between 1 and `read`: a damaged one must not count to a billion."""
    found: list[int] = []
    for first, last in saved:
        if not 1 <= _count(first) <= _count(last) <= read:
            raise ValueError
        found += range(first, last + 1)
    return found


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def _is(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise ValueError
    return value


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """``[1, 2, 3, 7]`` -> ``[[1, 3], [7, 7]]``."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found
