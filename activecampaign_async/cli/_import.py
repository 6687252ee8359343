"""One run of `activecampaign contacts import`, from reading the file to the exit code."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Generator, Mapping
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import anyio
from anyio.to_thread import run_sync

from ..client import AsyncClient
from ..errors import ActiveCampaignError
from ..jobs import HeaderError, Progress, ReportFile, ResumeError, RowFile, StateFile
from ..jobs._import_columns import FIELD
from ..jobs._locks import lock
from ..jobs._text import is_undecoded
from ..jobs.failures import refuse_other, write_failures
from ..resources._import_account import _SEVERAL, Names
from ..resources._import_books import MORE_ROWS, digest_of, refuse_others
from ..resources._import_state import Left
from ..resources._saved import Saved
from ..resources.imports import ImportPace, ImportReport, RowOutcome
from . import FAILED, USAGE, Failure, leave
from ._account import Account, Pace, Sandboxed
from ._errors import line
from ._import_plan import ENCODING, Named, Plan, missing, planned, told, told_encoding, told_missing
from ._meter import Meter, Spent, counted, duration
from ._patient import Patient
from ._progress import Display, display
from ._signals import Interrupted, until_signal

SHOWN = 10  # problems
SINGLE = 5  # of so many imports a minute, one may be of one contact
NOBODY = "there is nobody to ask whether to send: give --yes, or --dry-run to see what would be"
GRACE = 8.0  # seconds to finish what was sent; Docker kills after ten


class _Stopped(Exception):
    """No more rows."""


class Import:
    """An import of one file. `reading`: arguments of `RowFile`."""

    def __init__(
        self,
        source: Account,
        pace: Pace,
        file: Path,
        failures: Path | None,
        reading: dict[str, Any],
        *,
        run_automations: bool,
        create_tags: bool,
        resend_unknown: bool,
        per_minute: int,
        dry_run: bool,
        ask: bool,
        resume: bool,
        force: bool,
    ) -> None:
        self._source, self._pace, self._file, self._reading = source, pace, file, reading
        self._run_automations, self._create_tags, self._resend_unknown = run_automations, create_tags, resend_unknown
        self._per_minute = per_minute
        self._dry_run, self._ask, self._resume, self._force = dry_run, ask, resume, force
        self._rehearsal = isinstance(source, Sandboxed)
        self._state = StateFile(checkpoint_of(file, self._rehearsal))
        self._report = report_of(file, self._rehearsal)
        self._failures = failures
        self._meter, self._spent = Meter(), Spent()
        self._rows: RowFile | None = None
        self._plan: Plan | None = None
        self._shown: Display | None = None
        self._known: ImportReport | None = None
        self._left: Left | None = None  # by an earlier run
        self._progress = Progress(rows=0, fresh=0, total=None)
        self._sending = self._stopping = False
        self._anew = force or (self._rehearsal and not resume)  # what went into an earlier sandbox is gone with it

    def run(self) -> int:
        """Import, and tell how it went on stderr. The exit code, or Failure."""
        try:
            return anyio.run(until_signal, self._all, self._last_words, self._stop)
        except Interrupted as stop:
            leave(Failure(f"interrupted{self._so_far()}", stop.code))
        except ActiveCampaignError as error:
            self._known = error.report or self._known
            said = f"{line(error)}{self._so_far()}"
        except HeaderError as error:
            raise Failure(f"{self._file}: {error.what}{_hint(error)}", USAGE) from None
        except ResumeError as error:
            said = f"cannot resume: {error} (--force begins anew)"
        except BlockingIOError:
            said = f"{self._file} is being imported by another run"
        except FileExistsError as error:
            said = f"{error} (--force does)"
        except OSError as error:
            said = f"{error.filename or self._file}: {error.strerror or type(error).__name__}{self._so_far()}"
        raise Failure(said)

    async def _all(self) -> int:
        with self._file.open("rb") as file:
            lock(file, self._file)  # two imports of one file would send all of it twice
            return await self._alone()

    async def _alone(self) -> int:
        async with self._source.client(self._pace, self._spent, read_only=self._dry_run) as client:
            self._spent.usage = client.usage
            rows = self._rows = await run_sync(self._read)
            await run_sync(partial(refuse_other, self._failures_of(rows), overwrite=self._force))
            if rows.field_names:
                rows.resolve(await _field_ids(client, rows))
            refused = "" if self._anew else await self._look_back(client, rows)
            if refused and not self._dry_run:
                raise Failure(refused)
            ask = self._ask and not self._was_done
            if ask and not self._dry_run and (sys.stdin is None or not sys.stdin.isatty()):
                raise Failure(NOBODY, USAGE)
            plan = self._plan = await run_sync(partial(self._planned, rows), abandon_on_cancel=True)
            if self._dry_run or ask:
                plan = self._plan = await self._told(plan, rows, client)
            if self._dry_run:
                if refused:
                    raise Failure(f"the import would be refused: {refused}")
                return FAILED if plan.refused or plan.doomed else 0
            if ask and not await self._agreed(plan, client.base_url):
                raise Failure("nothing was sent")
            report = await self._import(client, rows, plan)
        return await run_sync(self._done, report)

    async def _look_back(self, client: AsyncClient, rows: RowFile) -> str:
        """At what an earlier run left. Why this one must not begin, or nothing; ResumeError where it cannot go on."""
        home = client.contacts._send.home
        if self._resume:
            await self._go_on(home, rows)
        elif begun := await run_sync(self._state.load):
            return await self._begin_anew(begun, home, rows)
        return ""

    async def _go_on(self, home: str, rows: RowFile) -> None:
        """With what is left. What the import refuses is refused before anybody is told or asked."""
        query = {"run_automations": self._run_automations, "create_tags": self._create_tags}
        saved = await Saved(self._state, kind="import", account=home, query=query).load()
        self._left = None if saved is None else Left.of(saved)
        if self._left is not None and (self._dry_run or self._ask):
            await run_sync(partial(_refuse_others, rows, self._left), abandon_on_cancel=True)

    async def _begin_anew(self, begun: Mapping[str, Any], home: str, rows: RowFile) -> str:
        """Where what was begun is done, and went elsewhere or the file has other rows by now. Else why not."""
        state, was = begun.get("state"), begun.get("account")
        elsewhere = isinstance(was, str) and was != home
        if not (isinstance(state, dict) and state.get("done") is True):
            if elsewhere:
                here = f"an import of {self._file} into {was} was begun, and this one is into {home}"
                return f"{here}: --resume with that account goes on, --force begins anew"
            return f"an import of {self._file} was begun: --resume goes on, --force begins anew"
        if elsewhere:
            out = sys.stdout if self._dry_run else sys.stderr
            print(f"{self._file} was imported into {was} before, and goes into {home} now", file=out)
        elif await run_sync(digest_of, rows, abandon_on_cancel=True) == state.get("digest"):
            return f"{self._file} was imported, and has not changed since: --force imports it once more"
        self._anew = True
        return ""

    def _read(self) -> RowFile:
        try:
            return RowFile(self._file, **self._reading)
        except LookupError:
            raise Failure(f"--encoding: Python knows no {self._reading['encoding']!r}", USAGE) from None

    def _failures_of(self, rows: RowFile) -> Path:
        return self._failures or _beside(self._file, f".failures.{rows.format}", self._rehearsal)

    def _planned(self, rows: RowFile, lacking: frozenset[Named] = frozenset()) -> Plan:
        return planned(
            rows,
            self._left,
            run_automations=self._run_automations,
            per_minute=self._per_minute,
            per_second=self._pace.rate,
            lacking=lacking,
        )

    async def _told(self, plan: Plan, rows: RowFile, client: AsyncClient) -> Plan:
        """The plan, without the rows that name what the account does not have."""
        out = sys.stdout if self._dry_run else sys.stderr
        lacking = await missing(plan, client, create_tags=self._create_tags)
        if lacking:
            plan = await run_sync(partial(self._planned, rows, frozenset(lacking)), abandon_on_cancel=True)
        lines = told(plan, str(self._file), run_automations=self._run_automations)
        print("\n".join([*lines, *told_missing(lacking)]), file=out)
        return plan

    async def _agreed(self, plan: Plan, url: str) -> bool:
        what = "automations run" if self._run_automations else "no automations"
        print(f"Import {plan.ready:,} contacts into {url}, {what}? [y/N] ", end="", file=sys.stderr, flush=True)
        answer = await run_sync(sys.stdin.readline, abandon_on_cancel=True)
        return answer.strip().casefold() in ("y", "yes")

    async def _import(self, client: AsyncClient, rows: RowFile, plan: Plan) -> ImportReport:
        if self._anew:
            self._state.path.unlink(missing_ok=True)
        with display(sys.stderr.isatty()) as shown:
            self._shown, self._sending = shown, True
            self._progress = Progress(rows=0 if self._left is None else _through(self._left), fresh=0, total=plan.rows)
            shown.show(self._progress, self._meter)
            with closing(self._until_stopped(rows)) as given:
                return await client.contacts.import_many(
                    given,
                    run_automations=self._run_automations,
                    create_tags=self._create_tags,
                    outcomes=ReportFile(self._report, overwrite=self._anew),
                    progress=lambda report: self._note(report, plan, shown),
                    checkpoint=self._state,
                    resend_unknown=self._resend_unknown,
                    pace=self._import_pace(shown),
                )

    def _import_pace(self, shown: Display) -> ImportPace:
        waiting = f"  waiting for the import limit ({self._per_minute} a minute)"
        pace = ImportPace(self._per_minute, max(self._per_minute // SINGLE, 1))
        pace.many = Patient(pace.many, lambda: shown.show(self._progress, self._meter, waiting))
        return pace

    def _until_stopped(self, rows: RowFile) -> Generator[dict[str, Any] | ValueError]:
        for row in rows:
            if self._stopping:
                raise _Stopped
            yield row

    def _stop(self) -> float:
        """Seconds for the import to come to an end: what was sent by then is known to have arrived, or not to."""
        if not self._sending:
            return 0.0
        self._stopping = True
        print("finishing what was sent; Ctrl-C once more ends at once", file=sys.stderr, flush=True)
        return GRACE

    def _note(self, report: ImportReport, plan: Plan, shown: Display) -> None:
        self._known, through = report, report.rows - report.pending
        fresh = through - (0 if self._left is None else _through(self._left))
        self._meter.count(fresh)
        sent = f"  {counted(report.batches, 'request')} sent" if through < plan.rows else ""
        self._progress = Progress(rows=through, fresh=fresh, total=plan.rows)
        shown.show(self._progress, self._meter, sent)

    # -- what is said at the end

    def _done(self, report: ImportReport) -> int:
        self._known = report
        bad = report.failed + report.unknown
        earlier = " before; nothing to do" if self._was_done else ""
        print(f"{_counts(report)} of {report.rows:,} rows in {duration(self._spent.seconds)}{earlier}", file=sys.stderr)
        requests = counted(self._spent.usage.requests, "request")
        print(f"{requests}, {self._spent.usage.rate_limited} times 429", file=sys.stderr)
        hints = [] if self._plan is None else told_encoding(self._plan)
        for said in [*(f"  {self._problem(problem)}" for problem in report.problems[:SHOWN]), *hints]:
            print(said, file=sys.stderr)
        if not self._was_done and (path := self._write_failures()):  # else they may be half corrected by now
            are, them = ("is", "it") if bad == 1 else ("are", "them")
            where = f"in {self._file}" if self._rehearsal else "there, and import that"
            print(f"{counted(bad, 'row')} {are} in {path}: correct {them} {where}", file=sys.stderr)
        if report.unknown:
            print(f"{report.unknown:,} of them may have been imported: look, before you import those", file=sys.stderr)
        return FAILED if bad or report.pending else 0

    @property
    def _was_done(self) -> bool:
        return self._left is not None and self._left.done

    def _problem(self, problem: RowOutcome) -> str:
        assert self._rows is not None  # noqa: S101  # it was read
        unknown = "unknown: " if problem.status == "unknown" else ""
        return f"line {self._rows.line(problem.row)}: {unknown}{problem.reason}"

    def _write_failures(self) -> Path | None:
        if self._rows is None or not self._report.exists():
            return None
        path = self._failures_of(self._rows)
        return path if write_failures(self._rows, self._report, path, overwrite=self._anew) else None

    def _so_far(self) -> str:
        """What is through, and how to go on."""
        if not self._sending:
            return ""
        after = "" if self._known is None else f" after {_counts(self._known)}"
        return f"{after}{self._under_way()}; {self._how}"

    def _under_way(self) -> str:
        """What was sent, and is not through."""
        try:
            sent = Left.of((self._state.load() or {})["state"]).sent
        except (KeyError, ResumeError, OSError):
            return ""  # this is said beside something else
        if not sent:
            return ""
        rows = sum(len(one.numbers) for one in sent)
        were, are = ("was", "is") if len(sent) == 1 else ("were", "are")
        return f"; {counted(len(sent), 'request')} ({counted(rows, 'row')}) {were} sent and {are} not through yet"

    @property
    def _how(self) -> str:
        again = "--resume in place of --force" if self._force else "--resume"
        return f"the same command with {again} goes on from there"

    def _last_words(self) -> str:
        """Of a run that is ended while it cleans up."""
        restore = "" if self._shown is None else self._shown.restore
        on = f"; {self._how}" if self._sending else ""
        return f"{restore}activecampaign: interrupted twice{on}\n"


def checkpoint_of(file: Path, rehearsal: bool) -> Path:
    """Where an import of `file` keeps how far it has come."""
    return _beside(file, ".import.checkpoint", rehearsal)


def report_of(file: Path, rehearsal: bool) -> Path:
    """Where it tells what became of each row."""
    return _beside(file, ".import.ndjson", rehearsal)


def _beside(file: Path, ending: str, rehearsal: bool) -> Path:
    """Of a rehearsal another one: what is known of an account's import is not to be lost by it."""
    return file.with_name(file.name + (".sandbox" if rehearsal else "") + ending)


def _through(left: Left) -> int:
    return sum(left.counts.values())


def _refuse_others(rows: RowFile, left: Left) -> None:
    """ResumeError for other rows than an earlier run had read."""
    given = iter(rows)
    refuse_others(digest_of(islice(given, left.read)), left.digest)
    if left.done and next(given, None) is not None:
        raise ResumeError(MORE_ROWS)


def _hint(error: HeaderError) -> str:
    """How to say what a column is, or which encoding, where that is what is wrong."""
    if is_undecoded(error.what):
        return f" ({ENCODING} where the whole file is in that)"
    if error.column is None:
        return ""
    option = shlex.quote(f"{error.column}={error.target or 'WHAT'}")
    what = "" if error.target else f", where WHAT is {', '.join(error.free)} or {FIELD}NAME"
    skips = " or ".join(f"--skip {shlex.quote(name)}" for name in error.skip)
    skip = f"; {skips} leaves {'it' if len(error.skip) == 1 else 'one of them'} out" if skips else ""
    return f" (--column {option} says it{what}{skip})"


def _counts(report: ImportReport) -> str:
    unknown = f", {report.unknown:,} unknown" if report.unknown else ""
    return f"{report.imported:,} imported, {report.failed:,} failed{unknown}"


async def _field_ids(client: AsyncClient, rows: RowFile) -> dict[str, int]:
    """Custom fields by name, as the import knows them. HeaderError where a column is several of them."""
    known = await Names(client.contacts._send, create_tags=False).known("fields")
    for column, target in rows.columns.items():
        name = (target or "").removeprefix(FIELD)
        if name != target and known.get(name.casefold()) == _SEVERAL:
            what = f"several custom fields are called {name!r}: give the id"
            raise HeaderError(what, column, f"{FIELD}ID", skip=[column])
    return {name: id for name, id in known.items() if id != _SEVERAL}
