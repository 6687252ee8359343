"""How far an export has come, in a small file beside its output."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

VERSION = 1


class ResumeError(ValueError):
    """The run cannot go on from that checkpoint. The text says why, and what to do."""


@frozen(kw_only=True)
class Checkpoint:
    """What is safe on disk."""

    account: str
    """Whose rows they are: another account's run must not go on here."""
    list: str | None = None
    """Which list with which filters, as a fingerprint; None before the first page."""
    cursor: str | None = None
    """For `Pager.resume`; None at the beginning, and when `done`."""
    size: int = 0
    """Bytes of the output that belong to `rows`. Whatever lies beyond was torn off."""
    rows: int = 0
    total: int | None = None
    done: bool = False

    def save(self, path: Path) -> None:
        """Write it so that a crash leaves the old one or the new one, never half of it."""
        new = path.with_name(path.name + ".new")
        with new.open("wb") as file:
            file.write(json.dumps({"version": VERSION, **asdict(self)}).encode())
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        _sync_directory(path.parent)

    @classmethod
    def load(cls, path: Path) -> Checkpoint | None:
        """The one at `path`; None where there is none. ResumeError for a file that is something else."""
        try:
            found = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or found.pop("version", None) != VERSION or not _fits(found):
            raise ResumeError(f"{path} is not a checkpoint of an export")
        return cls(**found)


_KINDS: dict[str, tuple[type, ...]] = {
    "account": (str,),
    "list": (str, type(None)),
    "cursor": (str, type(None)),
    "size": (int,),
    "rows": (int,),
    "total": (int, type(None)),
    "done": (bool,),
}


def _fits(found: dict[str, Any]) -> bool:
    if found.keys() != _KINDS.keys() or any(type(found[name]) not in kinds for name, kinds in _KINDS.items()):
        return False
    return all(found[name] >= 0 for name in ("size", "rows", "total") if found[name] is not None)


def _sync_directory(path: Path) -> None:
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
