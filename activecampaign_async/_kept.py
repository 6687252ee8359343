"""One thing of each name within the process: for as long as somebody holds it, and until it is idle."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")


class Kept(Generic[T]):
    """What `make` gives for a name. `is_idle`: whether nothing would be forgotten with it."""

    def __init__(self, make: Callable[[str], T], is_idle: Callable[[T], bool]) -> None:
        self._make, self._is_idle = make, is_idle
        self._alive: WeakValueDictionary[str, T] = WeakValueDictionary()
        self._kept: dict[str, T] = {}
        """A client for each request, or an import after another, must not start a new budget each time."""
        self._unlock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._unlock)

    def of(self, name: str) -> T:
        """The one of that name."""
        with self._lock:
            if (found := self._alive.get(name)) is None:
                for idle in [other for other, one in self._kept.items() if self._is_idle(one)]:
                    del self._kept[idle]
                self._kept.update(self._alive.items())  # those that somebody still holds
                found = self._kept[name] = self._alive[name] = self._make(name)
            return found

    def _unlock(self) -> None:
        self._lock = threading.Lock()  # another thread may have held it at a fork
