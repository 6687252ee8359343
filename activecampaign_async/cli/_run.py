"""One run of `activecampaign contacts export`, from the first request to the exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import anyio

from ..client import AsyncClient
from ..errors import ActiveCampaignError
from ..jobs import FileOutput, Progress, ResumeError, StreamOutput, export_rows
from . import Failure, leave
from ._errors import line
from ._meter import CountingLimiter, Meter
from ._progress import Display, display
from ._signals import Interrupted, until_signal
from ._streams import is_device_or_pipe
from ._summary import summary


class Account:
    """The account in AC_API_URL and AC_API_TOKEN."""

    name: str | None = None

    def client(self, limiter: CountingLimiter) -> AsyncClient:
        return AsyncClient(read_only=True, rate_limiter=limiter)


class Sandboxed:
    """A local account of so many contacts, that lives as long as the command."""

    def __init__(self, contacts: int, latency: float) -> None:
        self.name = f"sandbox of {contacts} contacts"  # its address is another one each time
        self._contacts, self._latency = contacts, latency

    @asynccontextmanager
    async def client(self, limiter: CountingLimiter) -> AsyncIterator[AsyncClient]:
        from ..sandbox import Sandbox

        sandbox = Sandbox(contacts=self._contacts, rate=limiter.rate, latency=self._latency)
        async with (
            sandbox.serve() as server,
            AsyncClient(
                server.url,
                sandbox.key,
                ssl_context=server.ssl_context(),
                trust_env=False,  # a proxy has no business on loopback
                rate_limiter=limiter,
                read_only=True,
                account=self.name,  # its address is another one each time, its cursors are to stay good
            ) as client,
        ):
            yield client


class Export:
    """An export to a file, or to stdout where `out` is None."""

    def __init__(
        self,
        source: Account | Sandboxed,
        filters: dict[str, Any],
        out: Path | None,
        *,
        resume: bool,
        force: bool,
        rate: float,
        lanes: int,
    ) -> None:
        self._source, self._filters, self._lanes = source, filters, lanes
        self._out, self._resume, self._force = out, resume, force
        self._where = "stdout" if out is None else str(out)
        self._limiter, self._meter = CountingLimiter(rate), Meter()
        self._output: FileOutput | StreamOutput | None = None

    def run(self) -> int:
        """Export, and tell how it went on stderr. The exit code, or Failure."""
        try:
            stream = _stream(self._out)
            rows = anyio.run(until_signal, partial(self._export, stream))
        except Interrupted as stop:
            failure = Failure(f"interrupted{self._so_far()}", stop.code)
            if isinstance(self._output, StreamOutput):
                leave(failure)
            raise failure from None
        except ActiveCampaignError as error:
            raise Failure(f"{line(error)}{self._so_far()}") from None
        except FileExistsError:
            raise Failure(f"{self._where} exists: --resume goes on with it, --force begins anew") from None
        except ResumeError as error:
            raise Failure(f"cannot resume: {error} (--force begins anew)") from None
        except OSError as error:
            said = error.strerror or type(error).__name__
            raise Failure(f"cannot write to {self._where}: {said}{self._so_far()}") from None
        if self._output is not None and not self._meter.rows and not self._limiter.requests:
            print(f"nothing to do: {self._where} is whole, {rows:,} contacts", file=sys.stderr)
            return 0
        width = os.get_terminal_size(2).columns if sys.stderr.isatty() else 80
        where = "" if self._out is None else f" to {self._where}"
        print(summary(self._meter, self._limiter, rows, where, width), file=sys.stderr)
        return 0

    async def _export(self, stream: IO[bytes] | None) -> int:
        async with self._source.client(self._limiter) as client:
            output = self._output = StreamOutput(stream) if stream else self._file(client)
            both_on_screen = self._out is None and sys.stdout.isatty()
            with display(terminal=sys.stderr.isatty() and not both_on_screen) as shown:
                return await export_rows(
                    client.contacts.list(**self._filters),
                    output,
                    lanes=self._lanes,
                    progress=lambda progress: self._note(progress, shown),
                )

    def _file(self, client: AsyncClient) -> FileOutput:
        assert self._out is not None  # noqa: S101  # no stream, so a file
        name = self._source.name or client.base_url
        return FileOutput(self._out, account=name, resume=self._resume, overwrite=self._force)

    def _note(self, progress: Progress, shown: Display) -> None:
        self._meter.count(progress.fresh)
        shown.show(progress, self._meter)

    def _so_far(self) -> str:
        """What is there, and how to go on."""
        if self._output is None or not self._meter.rows:
            return ""
        rows = f" after {self._output.state.rows:,} contacts"
        if isinstance(self._output, FileOutput):
            how = "--resume in place of --force" if self._force else "--resume"
            return f"{rows}; the same command with {how} goes on from there"
        return rows


def _stream(out: Path | None) -> IO[bytes] | None:
    """Where there is nothing to go on with later: stdout, a device, a named pipe. None for a file."""
    if out is None:
        if sys.stdout is None:  # closed: its number may be another file's by now
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return open(1, "wb", buffering=0, closefd=False)
    return out.open("wb", buffering=0) if is_device_or_pipe(out) or out.is_dir() else None
