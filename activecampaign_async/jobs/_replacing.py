"""Files that are replaced as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ._locks import is_at, lock


@contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[IO[bytes]]:
    """What is written in the block takes the place of `path` at its end, once it is on disk: a crash leaves the old one
    or the new one, never half of it. `mode` is for a new file, less what the umask takes. BlockingIOError where another
    process is doing so.
    """
    new = path.with_name(path.name + ".new")
    with _alone(new, mode) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if os.name == "nt":
                file.close()  # there an open file cannot be renamed; elsewhere another process would take it over
            new.replace(path)
        except BaseException:
            if os.name == "nt":
                file.close()
            new.unlink(missing_ok=True)
            raise
    sync_directory(path.parent)


def _alone(new: Path, mode: int) -> IO[bytes]:
    """Empty, and nobody else's."""
    while True:
        file = os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT, mode), "wb")
        try:
            lock(file, new)
            if is_at(file, new):
                file.truncate(0)
                return file
        except BaseException:
            file.close()
            raise
        file.close()  # another process has put it in place


def sync_directory(path: Path) -> None:
    """Lest a power cut undo the rename, where the platform knows of such a thing."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return  # one may write into it, and not read it
    try:
        os.fsync(directory)
    except OSError:
        pass  # a file system that cannot
    finally:
        os.close(directory)
