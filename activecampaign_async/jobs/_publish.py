"""A file that is made at the end of a run of what that has gathered: all of it is there, or the old one still is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from attrs import evolve

from ._replacing import replacing, sync_directory
from .checkpoint import Checkpoint, ResumeError

SUFFIX = ".checkpoint"


def mark_whole(path: Path, state: Checkpoint) -> Checkpoint:
    """Note beside `path` that it is whole. `state` is of what it was made of."""
    whole = evolve(state, cursor=None, done=True, size=path.stat().st_size)
    whole.save(mark_of(path))
    return whole


def mark_of(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def whole(path: Path, account: str) -> Checkpoint | None:
    """What is noted of a whole file; None where there is neither. ResumeError for any other file."""
    state = Checkpoint.load(mark_of(path)) if path.exists() else None
    if state is None:
        if path.exists() and path.stat().st_size:
            raise ResumeError(f"{path} has no checkpoint beside it, so it is no export to go on with")
        return None
    if state.account != account:
        raise ResumeError(f"{path} was begun from another account ({state.account})")
    if not state.done:
        raise ResumeError(f"{path} was begun in another way: by one process alone, or in another format")
    if path.stat().st_size != state.size:
        raise ResumeError(f"{path} was whole, and was changed since")
    return state


def put_together(
    parts: Sequence[Path],
    path: Path,
    whole: Checkpoint,
    write: Callable[[IO[bytes]], object],
    plan: Path | None = None,
) -> int:
    """Make `path` of the files of whole exports, and remove those, the `plan` first. How many rows it has.

    ResumeError, and nothing is changed, where one is not whole.
    """
    rows = 0
    for part in parts:
        state = Checkpoint.load(mark_of(part))
        if state is None or not state.done or not part.exists() or part.stat().st_size != state.size:
            raise ResumeError(f"{part} is not whole")
        rows += state.rows
    with replacing(path) as file:
        write(file)
    mark_whole(path, evolve(whole, rows=rows, total=rows))
    if plan is not None:  # with it, parts that are gone would be taken for missing ones
        plan.unlink(missing_ok=True)
        sync_directory(plan.parent)
    for part in parts:
        part.unlink(missing_ok=True)
        mark_of(part).unlink(missing_ok=True)
    return rows
