"""`FileKey`: a secret that Docker, Kubernetes or an agent mounts as a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..errors import ConfigurationError
from . import looks_like_one
from ._blocking import Blocking
from ._content import FIELD, URL_FIELD

LONGEST = 65_536  # bytes


class FileKey(Blocking):
    """The key in a file, by itself or in JSON; one line end at the end of the file does not count.

    Looked at whenever the key is asked for, so that a changed file, or a symlink that leads elsewhere now, is seen at
    once. While it is missing or cannot be a key, the one before is given for `stale` seconds, and the file is looked at
    every 30 seconds at least.

    Arguments:
        path: of the file.
        field: which field of a JSON file holds the key.
        url_field: which one holds the base URL, where there is one.
        stale: seconds for which the last key is given while the file fails, with a warning a minute.
        timeout: seconds that a call waits for the file; less where the call has less.
    """

    _is_cheap = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        field: str = FIELD,
        url_field: str = URL_FIELD,
        stale: float = 900.0,
        timeout: float = 10.0,
    ) -> None:
        path = os.fspath(path) if isinstance(path, os.PathLike) else path
        super().__init__(path, field, url_field, ttl=0.0, stale=stale, timeout=timeout)

    def _kind(self, exc: Exception) -> str:
        if not isinstance(exc, FileNotFoundError):
            return super()._kind(exc)
        where = str(Path(self._path).absolute())
        return "there is no such file" + ("" if where == self._path or looks_like_one(self._path) else f": {where}")

    def _read(self) -> object:
        with open(self._path, "rb", opener=_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigurationError("a regular file was expected")
            content = file.read(LONGEST + 1)
        if len(content) > LONGEST:
            raise ConfigurationError("it is too large for a key")
        return content.removesuffix(b"\n").removesuffix(b"\r")


def _at_once(path: str, flags: int) -> int:
    """A pipe that nobody writes to would hold the thread, and the process at its end."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # Windows knows none
