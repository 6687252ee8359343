"""Where an export writes to: a file that it can go on with later, or a stream that it cannot."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import anyio
from anyio.to_thread import run_sync
from attrs import evolve

from ._locks import is_at, lock
from .checkpoint import Checkpoint, ResumeError

if TYPE_CHECKING:
    from typing import Self

SUFFIX = ".checkpoint"


class Output(Protocol):
    """Takes rows, and knows how far it has come. Write your own for another store."""

    @property
    def state(self) -> Checkpoint:
        """How far that is."""
        ...

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

    async def write(self, lines: bytes, state: Checkpoint) -> None:
        """Take a page of rows; `state` (without its size) is how far that brings the run."""
        ...

    async def save(self) -> None:
        """Make what was written so far survive a crash."""
        ...

    async def finish(self) -> None:
        """All is written."""
        ...


class FileOutput:
    """NDJSON in a file, with a checkpoint beside it (``FILE.checkpoint``), which stays as the mark of a whole one.

    Rows are on disk before the checkpoint that counts them, and what lies beyond it is cut off on the way in:
    a run that goes on after a crash, even one with a torn last line, loses no row and doubles none. Each page is saved
    once it is written, with those that came meanwhile where the disk is slower than they are: none waits for it. A run
    that ends before its first page leaves nothing behind, and what was there before as it was.

    Arguments:
        path: the file.
        account: whose rows they are, e.g. ``client.base_url``.
        resume: go on from the checkpoint; nothing is done where that says it is whole. Begin where there is
            neither checkpoint nor file, or where a whole file was taken away.
        overwrite: begin anew where the file exists. Without it and without `resume`: FileExistsError, unless the
            file is empty.

    Raises ResumeError where it cannot go on, OSError where it cannot write. Files are touched in a thread.
    """

    def __init__(self, path: str | Path, *, account: str, resume: bool = False, overwrite: bool = False) -> None:
        if resume and overwrite:
            raise ValueError("resume, overwrite: one or the other")
        self.path, self.state = Path(path), Checkpoint(account=account)
        self.checkpoint = self.path.with_name(self.path.name + SUFFIX)
        self._resume, self._overwrite = resume, overwrite
        self._file: IO[bytes] | None = None
        self._made = self._begun = False
        self._saved: Checkpoint | None = None
        self._writing, self._saving = threading.Lock(), threading.Lock()
        self._saver: ThreadPoolExecutor | None = None
        self._next_save: Future[None] | None = None

    async def __aenter__(self) -> Self:
        await self._alone(self._open)
        return self

    async def __aexit__(self, *exc: object) -> None:
        with anyio.CancelScope(shield=True):
            await self._alone(self._close)

    async def write(self, lines: bytes, state: Checkpoint) -> None:
        """See `Output`."""
        await run_sync(self._write, lines)
        self.state = evolve(state, size=self.state.size + len(lines))
        self._save_soon()

    async def save(self) -> None:
        """See `Output`."""
        await run_sync(self._save)

    async def finish(self) -> None:
        """See `Output`."""
        await self._alone(self._begin)
        self.state = evolve(self.state, cursor=None, done=True)
        await self.save()

    async def discard(self) -> None:
        """Close it, and remove the file and its checkpoint: what it held is elsewhere."""
        await self._alone(self._discard)

    async def _alone(self, work: Callable[[], None]) -> None:
        """In a thread, and no other at the file: asyncio's own cancellation leaves one behind that is still writing."""

        def run() -> None:
            with self._saving, self._writing:
                work()

        await run_sync(run)

    def _save_soon(self) -> None:
        """Beside what comes next: a disk may be slower than pages are. OSError of a save before this one."""
        save = self._next_save
        if save is not None and not save.running() and not save.done():
            return  # it has not begun, so it saves this page, too
        if save is not None and save.done():
            save.result()
        if self._saver is not None:
            self._next_save = self._saver.submit(self._save)

    # -- in a worker thread ----------------------------------------------------------------------------------

    def _open(self) -> None:
        state = self._found()
        if state is None or not state.done:
            file, self._made = _locked(self.path)
            try:
                if self._made:
                    self.checkpoint.unlink(missing_ok=True)  # the mark of a file that was taken away
                state = self._found()  # once more: until it was locked, another run may have been at work
                if state is not None:
                    file.truncate(state.size)
                    file.seek(state.size)
            except BaseException:
                file.close()
                raise
            self._file, self._saver = file, ThreadPoolExecutor(1)
        if state is not None:
            self.state, self._saved, self._begun = state, state, True

    def _found(self) -> Checkpoint | None:
        """Where to go on; None where to begin. Raises where neither may be."""
        state = Checkpoint.load(self.checkpoint) if self._resume else None
        if state is not None and state.done and (not self.path.exists() or self._size() == 0 < state.size):
            return None  # the whole file was taken away, or emptied
        if state is not None:
            self._check(state)
        elif not self._overwrite:
            self._refuse_what_is_there()
        return state

    def _refuse_what_is_there(self) -> None:
        if not self.path.exists() or (self._size() == 0 and (self._resume or not self.checkpoint.exists())):
            return
        if self._resume:
            raise ResumeError(f"{self.path} has no checkpoint beside it, so it is no export to go on with")
        raise FileExistsError(f"{self.path} exists: resume it, or overwrite it")

    def _check(self, state: Checkpoint) -> None:
        if state.account != self.state.account:
            raise ResumeError(f"{self.path} was begun from another account ({state.account})")
        size = self._size()
        if state.done and size != state.size:
            raise ResumeError(f"{self.path} was whole, and was changed since")
        if size < state.size:
            raise ResumeError(f"{self.path} is shorter than its checkpoint says: it was changed meanwhile")

    def _size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            raise RuntimeError("this FileOutput is not open: use it in `async with`")
        return self._file

    def _begin(self) -> None:
        """The first page is there: what the file held goes, and from here on any crash can be resumed."""
        if not self._begun:
            self._checkpoint()
            self._begun = True
            self._opened().truncate(0)

    def _write(self, lines: bytes) -> None:
        with self._writing:
            self._begin()
            _put(self._opened(), lines)

    def _save(self) -> None:
        with self._saving:
            if self._begun:
                self._checkpoint()

    def _checkpoint(self) -> None:
        state = self.state  # of what is written by now: more may be, until the rows are synced
        if state != self._saved:
            os.fsync(self._opened().fileno())
            state.save(self.checkpoint)
            self._saved = state

    def _close(self) -> None:
        if self._file is None:
            return
        try:
            if self.state.size or self.state.done:
                self._checkpoint()
            else:
                self._leave_nothing(self._file)
        except OSError:
            pass  # a full disk: the checkpoint before still holds, and the error that led here says more
        finally:
            self._file.close()
            self._leave()

    def _discard(self) -> None:
        file = self._file
        self._leave()
        if file is not None and os.name == "nt":
            file.close()
        self.path.unlink(missing_ok=True)
        self.checkpoint.unlink(missing_ok=True)
        if file is not None:
            file.close()

    def _leave(self) -> None:
        if self._saver is not None:
            self._saver.shutdown(wait=False)  # what is left to it finds nothing begun
        self._file = self._saved = self._saver = self._next_save = None
        self._begun = False

    def _leave_nothing(self, file: IO[bytes]) -> None:
        """No page came, so that nothing of this run is worth going on with."""
        if self._begun:
            file.truncate(0)  # first: an empty file and its checkpoint are good to go on with
            self.checkpoint.unlink(missing_ok=True)
        if self._made and is_at(file, self.path):
            if os.name == "nt":
                file.close()  # there an open file cannot be removed; elsewhere another run would take it over
            self.path.unlink()


class StreamOutput:
    """NDJSON to a pipe or terminal. What was written there cannot be taken back: no later run goes on.

    `stream` is a raw binary stream, e.g. ``open(1, "wb", buffering=0, closefd=False)``. A reader that is slow
    holds the run up; one that is gone ends it with BrokenPipeError.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self.state = stream, Checkpoint(account="")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    async def write(self, lines: bytes, state: Checkpoint) -> None:
        """See `Output`."""
        await run_sync(_put, self._stream, lines, abandon_on_cancel=True)  # a reader may never read on
        self.state = state

    async def save(self) -> None:
        """See `Output`."""

    async def finish(self) -> None:
        """See `Output`."""
        self.state = evolve(self.state, cursor=None, done=True)
        await run_sync(self._stream.flush)


def _put(file: IO[bytes], data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        written = file.write(rest)
        if not written:  # a non-blocking pipe that is full
            time.sleep(0.01)
        rest = rest[written or 0 :]


def _locked(path: Path) -> tuple[IO[bytes], bool]:
    """The file, for this run alone, and whether it was made for it."""
    while True:
        made = not path.exists()
        file = path.open("xb" if made else "r+b", buffering=0)
        try:
            lock(file, path)
            if is_at(file, path):
                return file, made
        except BaseException:
            file.close()
            raise
        file.close()  # another run, which came to nothing, took it away
