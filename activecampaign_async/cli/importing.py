"""`activecampaign contacts import`: its options. What they set going is `_import.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from . import USAGE, Failure
from ._options import refuse_two_accounts


def import_(
    file: Path,
    /,
    *,
    run_automations: Annotated[bool | None, Parameter(negative="--no-automations")] = None,
    column: Annotated[tuple[str, ...], Parameter(show_default=False)] = (),
    skip: Annotated[tuple[str, ...], Parameter(show_default=False)] = (),
    create_tags: bool = False,
    empty: Literal["keep", "clear"] = "keep",
    format: Literal["csv", "ndjson"] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    dry_run: bool = False,
    yes: bool = False,
    resume: bool = False,
    force: bool = False,
    resend_unknown: bool = False,
    failures: Path | None = None,
    per_minute: Annotated[int, Parameter(validator=Number(gte=1, lte=100))] = 100,
    rate: Annotated[float, Parameter(validator=Number(gt=0))] = 5.0,
    redis: Annotated[str | None, Parameter(env_var="AC_REDIS_URL", show_env_var=True)] = None,
    account: str | None = None,
    profile: str | None = None,
    sandbox: Annotated[int | None, Parameter(validator=Number(gte=0))] = None,
) -> int:
    """Make or change contacts by their e-mail addresses, from a file of CSV or NDJSON.

    One of --run-automations and --no-automations has to be given. Every row is accounted for: in FILE.import.ndjson,
    and those that were not imported in FILE.failures.csv, with the reason, to be corrected and imported again.

    Args:
        file: CSV with a first line that names the columns, or NDJSON.
        run_automations: Whether the contacts start automations that wait for them.
        column: What a column is, where its name does not tell: "Vorname=first_name", "Born=field:7". Known are email,
            first_name, last_name, phone, customer_acct_name, tags, subscribe, unsubscribe and field:ID or field:TAG.
        skip: A column that is not imported.
        create_tags: Make tags that the account does not have; else such a row fails.
        empty: What an empty cell does to a contact that is there.
        format: As the name of FILE ends.
        encoding: UTF-8, or what a byte order mark says.
        delimiter: The one that makes sense of the first line.
        dry_run: Say what would be done, and send nothing.
        yes: Do not ask.
        resume: Go on where an earlier run stopped.
        force: Begin anew where an earlier run was begun.
        resend_unknown: Send rows again of which nobody knows whether they arrived before a crash.
        failures: File for the rows that were not imported.
        per_minute: Of the 100 requests a minute that ActiveCampaign allows for imports; less where others import too.
        rate: Requests a second that the account allows.
        redis: URL of a Redis through which all processes share the account's limit.
        account: Its name in that Redis; else the host in its URL, of api-us1.com and activehosted.com the first part.
        profile: Which of the accounts in profiles.toml, instead of AC_API_URL and AC_API_TOKEN.
        sandbox: To rehearse, instead of an account: a local one with so many contacts, gone when the command ends.
    """
    if run_automations is None:
        raise Failure("say --run-automations or --no-automations: ActiveCampaign runs them unless told not to", USAGE)
    if resume and force:
        raise Failure("--resume goes on, --force begins anew: give one of them", USAGE)
    refuse_two_accounts(profile, sandbox, account, redis)
    columns = dict(_pair(given) for given in column)
    if not file.is_file():
        raise Failure(f"{file} is no file", USAGE)
    if failures is not None:
        _refuse_failures(failures, file)
    if delimiter is not None and len(delimiter) != 1:
        delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter.lower(), "")
        if not delimiter:
            raise Failure("--delimiter: one character, or tab", USAGE)
    from ._account import Account, Pace, Sandboxed
    from ._import import Import

    source = Account(profile) if sandbox is None else Sandboxed(sandbox, 50.0)
    return Import(
        source,
        Pace(rate, redis, account=account),
        file,
        failures,
        {
            "columns": columns,
            "skip": skip,
            "empty": empty,
            "format": format,
            "encoding": encoding,
            "delimiter": delimiter,
        },
        run_automations=run_automations,
        create_tags=create_tags,
        resend_unknown=resend_unknown,
        per_minute=per_minute,
        dry_run=dry_run,
        ask=not yes,
        resume=resume,
        force=force,
    ).run()


def _refuse_failures(failures: Path, file: Path) -> None:
    from ..jobs.failures import is_same
    from ._import import checkpoint_of, report_of

    needed = [("the file to import", file)]
    for rehearsal in (False, True):
        needed += [("the report", report_of(file, rehearsal)), ("the checkpoint", checkpoint_of(file, rehearsal))]
    for what, path in needed:
        if is_same(failures, path):
            raise Failure(f"--failures: {failures} is {what}: give another name", USAGE)
    if failures.exists() and not failures.is_file():
        raise Failure(f"--failures: {failures} is no file", USAGE)
    if not failures.parent.is_dir():
        raise Failure(f"--failures: there is no directory {failures.parent}", USAGE)


def _pair(given: str) -> tuple[str, str]:
    name, equals, target = given.rpartition("=")
    if not equals or not name or not target:
        raise Failure(f"--column: NAME=WHAT was expected, not {given!r}", USAGE)
    return name, target.strip()
