"""Standard streams that are closed, full or left by their reader, and ends that wait for nothing."""

from __future__ import annotations

import io
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from pathlib import Path
from typing import TextIO, cast


def is_device_or_pipe(path: Path) -> bool:
    """Whether it is there, and is something that no later run can go on with."""
    try:
        return path.exists() and not path.is_file() and not path.is_dir()
    except OSError:
        return False  # whoever opens it is told why it cannot be seen


@contextmanager
def unfailing_stderr() -> Iterator[None]:
    """In the block, what cannot be said on stderr is left unsaid."""
    if sys.stderr is None:  # closed: print() would take stdout for it, and the next file opened its number
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  # for the life of the process
    stderr = sys.stderr
    try:
        with redirect_stderr(cast("TextIO", _Unfailing(stderr))):
            yield
    finally:
        try:
            stderr.flush()
        except (OSError, ValueError):
            mute(stderr)


def mute(stream: TextIO | None) -> None:
    """Send it nowhere. What it still holds would fail once more at exit, and change the exit code."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, cast("TextIO", stream).fileno())
        os.close(nowhere)


def end_at_next_signal(last_words: Callable[[], str] | None = None) -> None:
    """From here on Ctrl-C and SIGTERM end the process on the spot, without a traceback."""

    def end(number: int, _: object) -> None:
        _at_signal(signal.SIG_IGN)  # a third one would say it again
        if last_words is not None:
            _say_if_taken(last_words())
        os._exit(128 + number)

    _at_signal(end)


def _at_signal(handler: signal.Handlers | Callable[[int, object], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def end_by_sigpipe() -> int:
    """End as Unix tools do whose reader has left: without a word, 141 to a shell, which makes no fuss of it."""
    mute(sys.stdout)
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it
        signal.raise_signal(signal.SIGPIPE)
    return 141


def _say_if_taken(text: str) -> None:
    """From within a signal handler: print() may just be at it, and must not be waited for."""
    with suppress(OSError, ValueError, AttributeError):
        stderr = sys.stderr.fileno()
        if select.select([], [stderr], [], 0)[1]:
            os.write(stderr, text.encode())


class _Unfailing(io.TextIOBase):
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str, /) -> int:
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def writable(self) -> bool:
        return True
