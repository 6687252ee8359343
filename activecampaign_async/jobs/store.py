"""Where a long run keeps how far it has come: a small file, or any object with `load` and `save`."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from ._replacing import replacing
from .checkpoint import ResumeError


@runtime_checkable
class Store(Protocol):
    """Keeps one JSON object. Called in a worker thread, one call at a time."""

    def load(self) -> Mapping[str, Any] | None:
        """What was saved last; None where nothing was."""

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep `state` instead of what was there: all of it or nothing, also in a crash."""


class StateFile:
    """A `Store` in a file, readable by its owner only. A crash or a full disk leaves the old state or the new one.

    For one run at a time. Of two with a `StateFile` each that go on from the same state, the one that saves first goes
    on, and the other ends with a ResumeError as it saves: it sends nothing more that may not be repeated.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._looked = False
        self._seen: bytes | None = None

    def load(self) -> dict[str, Any] | None:
        """What is in the file; None where there is none. ResumeError for a file that is something else."""
        text = self._read()
        self._looked, self._seen = True, text
        if text is None:
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ResumeError(f"{self.path} is not a checkpoint")
        return found

    def save(self, state: Mapping[str, Any]) -> None:
        """Write it beside, and put it in place once it is on disk. ResumeError where another run has saved since."""
        text = json.dumps(state).encode()
        if not self.path.parent.is_dir():  # else the error names the file beside it, which nobody knows of
            raise FileNotFoundError(errno.ENOENT, "there is no folder for it", str(self.path))
        with replacing(self.path, 0o600) as file:  # and no other run's meanwhile
            self._refuse_another()
            file.write(text)
        self._looked, self._seen = True, text

    def _refuse_another(self) -> None:
        """Both would do what the state says is left."""
        if self._looked and self._read() not in (None, self._seen):
            raise ResumeError(
                f"another run goes on with {self.path}: wait until it has ended, and begin this one again"
            )

    def _read(self) -> bytes | None:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def __repr__(self) -> str:
        return f"StateFile({str(self.path)!r})"
