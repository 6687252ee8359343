"""Many calls at once: bounded, in order, and nothing left running."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar, overload

import anyio

S = TypeVar("S")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

LANES = 16
"""As many as the sender allows in flight."""


class Found(Sequence[T_co]):
    """The result of a look-up of many ids, in the order in which the ids were given."""

    __slots__ = ("_items", "missing", "swept")

    def __init__(self, items: Iterable[T_co], missing: Iterable[int] = (), *, swept: bool = False) -> None:
        self._items = tuple(items)
        self.swept = swept
        """Whether the endpoint ignored `ids[]`, so that the list was read instead, with more requests."""
        self.missing = tuple(missing)
        """The ids that do not exist, in the order given."""

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> T_co: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T_co]: ...
    def __getitem__(self, index: int | slice) -> T_co | Sequence[T_co]:
        return self._items[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Found):
            return NotImplemented
        return self._items == other._items and self.missing == other.missing

    def __hash__(self) -> int:
        return hash((self._items, self.missing))

    def __repr__(self) -> str:
        return f"<Found: {len(self)}, missing: {len(self.missing)}>"


async def map_bounded(work: Callable[[S], Awaitable[T]], given: Iterable[S], lanes: int = LANES) -> list[T]:
    """The results of `work` on each of `given`, in that order, at most `lanes` at a time.

    The first error ends the rest and is raised as it is, in no exception group.
    """
    if lanes < 1:
        raise ValueError("lanes: at least 1")
    queue = enumerate(given)  # pulled from as lanes get free: no list is made of it
    results: dict[int, T] = {}
    failure: Exception | None = None

    async def lane() -> None:
        nonlocal failure
        try:
            for place, one in queue:
                results[place] = await work(one)
        except Exception as error:  # noqa: BLE001  # raised below, bare: a task group would wrap it
            failure = failure or error
            group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for _ in range(lanes):
            group.start_soon(lane)
    if failure is not None:
        try:
            raise failure
        finally:
            failure = None  # else the traceback holds this frame, and this frame the error
    return [results[place] for place in sorted(results)]
