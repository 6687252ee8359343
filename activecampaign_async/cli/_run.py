"""One run of `activecampaign contacts export`, from the first request to the exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import anyio
from anyio.to_thread import run_sync

from .._paging import Pager
from ..client import AsyncClient
from ..errors import ActiveCampaignError
from ..jobs import Checkpoint, FileOutput, ParquetOutput, Progress, ResumeError, StreamOutput, TableFiles, export_rows
from ..jobs._publish import mark_of
from ..jobs.export import OTHER_FORMAT
from ..jobs.parquet import ROWS
from ..resources.contacts import Contact
from . import Failure, leave
from ._account import Account, Pace
from ._errors import line
from ._form import Form
from ._meter import PAGE, Meter, Spent, counted, duration
from ._progress import Display, display
from ._signals import Interrupted, until_signal
from ._streams import is_device_or_pipe
from ._summary import stats, summary

if TYPE_CHECKING:
    from ..resources._joined import Joined, JoinPlan

PLAN = "plan"  # of several workers, in the folder of their parts


def parts_of(out: Path) -> Path:
    """Where several workers put their parts of a file."""
    return out.with_name(out.name + ".parts")


class Export:
    """An export to a file, or to stdout where `out` is None."""

    def __init__(
        self,
        source: Account,
        pace: Pace,
        filters: dict[str, Any],
        form: Form,
        out: Path | None,
        *,
        resume: bool,
        force: bool,
        lanes: int,
        show_stats: bool,
    ) -> None:
        self._source, self._pace, self._filters, self._form, self._lanes = source, pace, filters, form, lanes
        self._out, self._resume, self._force = out, resume, force
        self._where = "stdout" if out is None else str(out)
        self._meter, self._spent, self._show_stats = Meter(), Spent(), show_stats
        self._output: FileOutput | ParquetOutput | StreamOutput | None = None
        self._shown: Display | None = None
        self._reads_tables = False

    def run(self) -> int:
        """Export, and tell how it went on stderr. The exit code, or Failure."""
        try:
            rows = self._to_the_end()
        except Interrupted as stop:
            leave(Failure(f"interrupted{self._so_far()}", stop.code))
        except ActiveCampaignError as error:
            raise Failure(f"{line(error)}{self._so_far()}") from None
        except FileExistsError:
            raise Failure(f"{self._where} exists: --resume goes on with it, --force begins anew") from None
        except ResumeError as error:
            raise Failure(f"cannot resume: {error} (--force begins anew)") from None
        except OSError as error:
            if self._out is None and isinstance(error, BrokenPipeError):
                raise  # `| head`: all is well
            said = error.strerror or type(error).__name__
            raise Failure(f"cannot write to {self._where}: {said}{self._so_far()}") from None
        if not self._meter.rows and not self._spent.usage.requests:
            print(f"nothing to do: {self._where} is whole, {counted(rows, 'contact')}", file=sys.stderr)
            return 0
        where = "" if self._out is None else f" to {self._where}"
        print(summary(self._meter, self._spent, self._pace.rate, rows, where, _width()), file=sys.stderr)
        if isinstance(self._output, ParquetOutput) and self._output.misfits:
            counts = ", ".join(f"{count:,} of {name}" for name, count in self._output.misfits.most_common())
            print(f"null, since they did not fit: {counts}", file=sys.stderr)
        self._say_stats()
        return 0

    def _to_the_end(self) -> int:
        try:
            stream = _stream(self._out)
            return anyio.run(until_signal, partial(self._export, stream), self._last_words)
        except BaseException:
            self._say_stats()
            raise

    def _say_stats(self) -> None:
        if self._show_stats and (self._spent.usage.requests or self._spent.usage.errors):
            print("\n".join(stats(self._spent, _width())), file=sys.stderr)

    async def _export(self, stream: IO[bytes] | None) -> int:
        async with self._source.client(self._pace, self._spent) as client:
            self._spent.usage = client.usage
            joined = self._joined(client)
            tables = None if joined is None or stream or self._out is None else self._tables(self._out, client)
            if joined is not None and (state := await run_sync(self._whole_already, client, joined)) is not None:
                if tables is not None:
                    await tables.discard()  # of a run that ended before it could
                return state.rows
            if joined is not None:
                before = await run_sync(self._rows_before)
                kept = 0 if tables is None else await tables.kept()
                plan = await joined.plan()
                self._reads_tables = tables is not None and "table" in plan.ways.values()
                print(_planned(plan, before, kept), file=sys.stderr)
            with self._display() as shown:
                lists = client.contacts.list
                pager: Pager[Any] = lists(**self._filters) if joined is None else await joined.pager(tables)
                output = self._output = StreamOutput(stream) if stream else self._file(client, joined)
                rows = await export_rows(
                    pager,
                    output,
                    lanes=self._lanes,
                    format=self._form.format(joined),
                    progress=lambda progress: self._note(progress, shown),
                )
                if tables is not None:
                    await tables.discard()
                return rows

    def _tables(self, out: Path, client: AsyncClient) -> TableFiles:
        """Where tables are kept. FileExistsError before any is read for nothing."""
        if not self._resume and not self._force and out.exists() and out.stat().st_size:
            raise FileExistsError
        return TableFiles(out, account=self._source.name or client.base_url, resume=self._resume)

    def _joined(self, client: AsyncClient) -> Joined | None:
        beside = self._form.beside
        if not beside:
            return None
        fields, tags, lists = (what in beside for what in ("fields", "tags", "lists"))
        return client.contacts.joined(field_values=fields, tags=tags, lists=lists, fields_by="perstag", **self._filters)

    def _whole_already(self, client: AsyncClient, joined: Joined) -> Checkpoint | None:
        """The mark of a file that is whole, before tables are read for nothing. In a worker thread."""
        if not self._resume or self._out is None or not self._out.exists():
            return None
        if self._form.kind == "parquet" and mark_of(self._gathered(self._out)).exists():
            return None  # begun anew, and not at its end yet
        state = Checkpoint.load(mark_of(self._out))
        if state is None or not state.done or state.size != self._out.stat().st_size:
            return None
        mark = joined._contacts(Contact)._source.mark
        ours = {"account": self._source.name or client.base_url, "list": mark}
        refuse_other({"account": state.account, "list": state.list}, ours)
        if not self._form.is_of(state.format):
            raise ResumeError(OTHER_FORMAT)
        return state

    def _rows_before(self) -> int:
        """That an earlier run has gathered. In a worker thread."""
        if not self._resume or self._out is None:
            return 0
        state = Checkpoint.load(mark_of(self._gathered(self._out)))
        return 0 if state is None else state.rows

    def _gathered(self, out: Path) -> Path:
        """Where rows are until the file is whole."""
        return out.with_name(out.name + ROWS) if self._form.kind == "parquet" else out

    @contextmanager
    def _display(self) -> Iterator[Display]:
        both_on_screen = self._out is None and sys.stdout.isatty()
        terminal = sys.stderr.isatty() and not both_on_screen
        with display(terminal, self._spent if self._show_stats else None) as shown:
            self._shown = shown
            yield shown

    def _file(self, client: AsyncClient, joined: Joined | None) -> FileOutput | ParquetOutput:
        assert self._out is not None  # noqa: S101  # no stream, so a file
        if self._resume and (parts_of(self._out) / PLAN).exists():
            raise ResumeError(f"{self._where} was begun with --workers: give that again")
        name = self._source.name or client.base_url
        return self._form.output(self._out, name, joined, resume=self._resume, overwrite=self._force)

    def _note(self, progress: Progress, shown: Display) -> None:
        self._meter.count(progress.fresh)
        shown.show(progress, self._meter)

    def _so_far(self) -> str:
        """What is there, and how to go on."""
        if not self._meter.rows:
            return f"; the same command with {self._how} goes on with the tables" if self._reads_tables else ""
        rows = f" after {self._rows:,} contacts"
        return f"{rows}; the same command with {self._how} goes on from there" if self._goes_on else rows

    @property
    def _rows(self) -> int:
        """Those before a resume included."""
        return 0 if self._output is None else self._output.state.rows

    @property
    def _goes_on(self) -> bool:
        """Whether a later run can go on with it."""
        return isinstance(self._output, (FileOutput, ParquetOutput))

    @property
    def _how(self) -> str:
        return "--resume in place of --force" if self._force else "--resume"

    def _last_words(self) -> str:
        """Of a run that is ended while it cleans up."""
        on = ""
        if self._goes_on and self._meter.rows:
            on = f"; the same command with {self._how} goes on from the last checkpoint"
        restore = "" if self._shown is None else self._shown.restore
        return f"{restore}activecampaign: interrupted twice{on}\n"


def refuse_other(found: dict[str, Any], now: dict[str, Any]) -> None:
    """ResumeError where a run would go on with what another one has begun."""
    what = {
        "version": "it was begun by another version of this library",
        "account": f"it was begun from another account ({found.get('account')})",
        "list": "it was begun with other filters: give the same, or begin anew",
        "format": OTHER_FORMAT,
    }
    for name, said in what.items():
        if name in found and found[name] != now.get(name):
            raise ResumeError(said)


def _planned(plan: JoinPlan, before: int, kept: int) -> str:
    """What a joined export will take, where so many rows are there, and so many of tables. What was asked for it is not
    asked for again."""
    tables = ", ".join(sorted(name for name, way in plan.ways.items() if way == "table")).replace(
        "field_values", "fields"
    )
    takes = f"from whole tables: {tables}" if tables else "all comes along with the contacts"
    if plan.requests is None or plan.seconds is None:
        return takes
    anew = 1 if before else 0  # the first page of contacts, which only the plan was made from
    requests = max(plan.requests + anew - (before + kept) // PAGE, 0)
    seconds = plan.seconds * requests / max(plan.requests, 1)
    left = f" left, {before:,} contacts are there" if before else ""
    return f"{counted(requests, 'request')}{left}, at least {duration(seconds)}; {takes}"


def _width() -> int:
    return os.get_terminal_size(2).columns if sys.stderr.isatty() else 80


def _stream(out: Path | None) -> IO[bytes] | None:
    """Where there is nothing to go on with later: stdout, a device, a named pipe. None for a file."""
    if out is None:
        if sys.stdout is None:  # closed: its number may be another file's by now
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return open(1, "wb", buffering=0, closefd=False)
    return out.open("wb", buffering=0) if is_device_or_pipe(out) or out.is_dir() else None
