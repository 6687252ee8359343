"""Where the outcomes of an import go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .imports import Outcomes, RowOutcome


class Told:
    """A function is told of each. After a crash it may be told again of some that it knew."""

    def __init__(self, tell: Callable[[RowOutcome], object] | None) -> None:
        self._tell = tell

    async def begin(self, mark: int | None) -> None:
        pass

    async def write(self, outcomes: Sequence[RowOutcome], mark: int) -> int:
        if self._tell is not None:
            for outcome in outcomes:
                self._tell(outcome)
        return mark + len(outcomes)


def outlet(given: Outcomes | Callable[[RowOutcome], object] | None) -> Outcomes:
    if given is None or (callable(given) and not hasattr(given, "write")):
        return Told(given)
    return given  # type: ignore[return-value]  # just looked into
