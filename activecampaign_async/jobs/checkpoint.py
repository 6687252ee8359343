"""How far an export has come, in a small file beside its output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

from ..resources._saved import ResumeError
from ._replacing import replacing

__all__ = ["Checkpoint", "ResumeError"]

VERSION = 2


@frozen(kw_only=True)
class Checkpoint:
    """What is safe on disk."""

    account: str
    """Whose rows they are: another account's run must not go on here."""
    list: str | None = None
    """Which list with which filters, as a fingerprint; None before the first page."""
    format: str | None = None
    """In which format, and which fields; None before the first page."""
    cursor: str | None = None
    """For `Pager.resume`; None at the beginning, and when `done`."""
    size: int = 0
    """Bytes of the output that belong to `rows`. Whatever lies beyond was torn off."""
    rows: int = 0
    total: int | None = None
    done: bool = False

    def save(self, path: Path) -> None:
        """Write it so that a crash leaves the old one or the new one, never half of it."""
        with replacing(path) as file:
            file.write(json.dumps({"version": VERSION, **asdict(self)}).encode())

    @classmethod
    def load(cls, path: Path) -> Checkpoint | None:
        """The one at `path`; None where there is none. ResumeError for a file that is something else."""
        try:
            found = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError):
            found = None
        version = found.pop("version", None) if isinstance(found, dict) else None
        if type(version) is int and version != VERSION and found.keys() >= {"account", "cursor", "rows"}:
            raise ResumeError(f"{path} is of another version of this library: {version}, and this is {VERSION}")
        if version != VERSION or not _fits(found):
            raise ResumeError(f"{path} is not a checkpoint of an export")
        return cls(**found)


_KINDS: dict[str, tuple[type, ...]] = {
    "account": (str,),
    "list": (str, type(None)),
    "format": (str, type(None)),
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
