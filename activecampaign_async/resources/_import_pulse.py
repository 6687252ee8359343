"""What the tasks of an import tell each other: that something has changed, and that one of them has failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio


class Pulse:
    """Shared by all tasks of one import."""

    def __init__(self) -> None:
        self.change = anyio.Event()
        """Set with the next change."""
        self.failure: Exception | None = None
        self._waits = set[anyio.CancelScope]()

    async def guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """An error of one ends all, yet cuts nobody short who waits for an answer."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - raised at the end, bare: a task group would wrap it
            self.failure = self.failure or error
            for scope in self._waits:
                scope.cancel()
            self.tell()

    def tell(self) -> None:
        self.change.set()
        self.change = anyio.Event()

    async def wait(self, work: Callable[..., Awaitable[Any]], *given: Any) -> bool:
        """Whether there is anything to go on with afterwards."""
        with anyio.CancelScope() as scope:
            self._waits.add(scope)
            try:
                if self.failure is None:
                    await work(*given)
            finally:
                self._waits.discard(scope)
        return self.failure is None
