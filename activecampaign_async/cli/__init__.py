"""The `activecampaign` command (extra `cli`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from ._streams import end_at_next_signal, end_by_sigpipe, mute, unfailing_stderr

FAILED, USAGE, INTERRUPTED = 1, 2, 130


class Failure(Exception):
    """What ends a command: the line to print, and the exit code."""

    def __init__(self, line: str, code: int = FAILED) -> None:
        super().__init__(line)
        self.line, self.code = line, code


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    with unfailing_stderr():
        try:
            return _main(sys.argv[1:] if argv is None else argv)
        except KeyboardInterrupt:  # before the signals have a receiver
            leave(Failure("interrupted", INTERRUPTED))


def _main(argv: Sequence[str]) -> int:
    try:
        import cyclopts  # noqa: F401  # only to see whether the extra is there
        import rich  # noqa: F401  # as above
    except ImportError:
        return _say("the base install has no command: pip install 'activecampaign_async[cli]'", FAILED)
    try:
        from ._app import run

        return run(argv)
    except Failure as failure:
        return _say(failure.line, failure.code)
    except ImportError as missing:
        return _say(str(missing), FAILED)  # --sandbox without its extra, which the text names
    except BrokenPipeError:
        return end_by_sigpipe()
    except OSError as error:  # of what was printed: an export tells its own
        mute(sys.stdout)
        return _say(f"cannot write to stdout: {error.strerror or type(error).__name__}", FAILED)
    except Exception as error:
        if os.environ.get("AC_DEBUG"):
            raise
        return _say(f"unexpected {type(error).__name__}, a bug; AC_DEBUG=1 shows where", FAILED)


def leave(failure: Failure) -> NoReturn:
    """End the process at once: a thread of it may hang in a write that nobody reads, and would be waited for."""
    end_at_next_signal()
    _say(failure.line, failure.code)
    sys.stderr.flush()
    os._exit(failure.code)


def _say(line: str, code: int) -> int:
    print(f"activecampaign: {line}", file=sys.stderr)
    return code
