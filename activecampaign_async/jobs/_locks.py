"""Files that are one run's alone, also after `kill -9`: a lock ends with its process."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import IO


def is_at(file: IO[bytes], path: Path) -> bool:
    """Whether that open file is still the one of this name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def lock(file: IO[bytes], path: Path) -> None:
    """Two runs on one file would write into each other's lines."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BlockingIOError(errno.EAGAIN, "another run is writing it", str(path)) from None
    except (ImportError, OSError):
        pass  # Windows; a file system without locks
