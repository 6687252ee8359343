"""`activecampaign contacts export`: its options. What they set going is `_run.py`."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from . import USAGE, Failure
from ._options import expecting, refuse_two_accounts
from ._streams import is_device_or_pipe

Kind = Literal["ndjson", "csv", "parquet"]
_OTHERS = (".tsv", ".xlsx", ".xls", ".ods", ".gz", ".zip", ".bz2", ".xz", ".zst")  # what is not written
_KINDS: dict[str, Kind] = {".csv": "csv", ".parquet": "parquet"}
Status = Literal["any", "unconfirmed", "active", "unsubscribed", "bounced"]
_STATUSES: dict[Status, int] = {"any": -1, "unconfirmed": 0, "active": 1, "unsubscribed": 2, "bounced": 3}
_Time = Annotated[datetime, Parameter(converter=expecting("a time such as 2026-01-31 or 2026-01-31T12:00:00Z"))]
_MOST_LANES = 16  # as the library: a client sends no more side by side
_MOST_WORKERS = 64
_BORDER = timedelta(seconds=1)  # nobody knows whether ActiveCampaign counts what changed at that very moment


def _id(finder: str = "") -> Parameter:
    return Parameter(validator=Number(gte=1), converter=expecting(f"an id such as 3{finder}"))


def export(
    *,
    out: Path | None = None,
    resume: bool = False,
    force: bool = False,
    format: Kind | None = None,
    fields: Annotated[str | None, Parameter(consume_multiple=False)] = None,
    with_: Annotated[str | None, Parameter(name="--with")] = None,
    guard_formulas: bool = False,
    status: Status | None = None,
    list_id: Annotated[int | None, _id("; ac.lists.find(NAME) of the library finds it")] = None,
    tag_id: Annotated[int | None, _id("; ac.tags.find(NAME) of the library finds it")] = None,
    segment_id: Annotated[int | None, _id()] = None,
    created_after: _Time | None = None,
    updated_after: _Time | None = None,
    since: _Time | None = None,
    rate: Annotated[float, Parameter(validator=Number(gt=0))] = 5.0,
    lanes: Annotated[int, Parameter(validator=Number(gte=1, lte=_MOST_LANES))] = 8,
    workers: Annotated[int, Parameter(validator=Number(gte=1, lte=_MOST_WORKERS))] = 1,
    redis: Annotated[str | None, Parameter(env_var="AC_REDIS_URL", show_env_var=True)] = None,
    account: str | None = None,
    stats: bool = False,
    profile: str | None = None,
    sandbox: Annotated[int | None, Parameter(validator=Number(gte=0))] = None,
    latency: Annotated[float | None, Parameter(validator=Number(gte=0))] = None,
) -> int:
    """Write every contact to a file: as a line of JSON, of CSV, or in Parquet; paced to the account's limit.

    What ActiveCampaign sent is written as it came. Ctrl-C or a crash loses nothing: --resume goes on.
    Changes nothing in the account.

    Args:
        out: File to write to; standard output if left out.
        resume: Go on where an earlier run to this file stopped; nothing to do where it is whole.
        force: Begin anew where the file exists.
        format: As the name of FILE ends, else ndjson. Parquet needs a file, and the extra `parquet`.
        fields: Only these fields, e.g. id,email,first_name: by their names here or at ActiveCampaign.
        with_: What belongs to a contact: any of tags,lists,fields.
        guard_formulas: An apostrophe before cells of CSV that a spreadsheet would take for a formula.
        status: Only contacts of this status.
        list_id: Only contacts on this list.
        tag_id: Only contacts with this tag.
        segment_id: Only contacts of this segment.
        created_after: Only contacts made since; local time unless it names its zone.
        updated_after: Only contacts changed after that; local time unless it names its zone.
        since: The same, and surely those of that very moment, too.
        rate: Requests a second that the account allows.
        lanes: Requests on their way side by side, at most: 1 to 16.
        workers: Processes that share the work; they need --redis.
        redis: URL of a Redis through which all processes share the account's limit.
        account: Its name in that Redis; else the host in its URL, of api-us1.com and activehosted.com the first part.
        stats: Show what the requests cost while they run, and at the end: waits, retries, errors, bytes.
        profile: Which of the accounts in profiles.toml, instead of AC_API_URL and AC_API_TOKEN.
        sandbox: Instead of an account: a local one with so many contacts, over real HTTPS.
        latency: Milliseconds that the sandbox takes for an answer.
    """
    kind = format or ("ndjson" if out is None else _KINDS.get(out.suffix.lower(), "ndjson"))
    stream = out is None or is_device_or_pipe(out)
    if resume and out is None:
        raise Failure("--resume needs --out FILE", USAGE)
    if resume and stream:
        raise Failure(f"--resume needs a file, and {out} is a device or a pipe", USAGE)
    if resume and force:
        raise Failure("--resume goes on, --force begins anew: give one of them", USAGE)
    if latency is not None and sandbox is None:
        raise Failure("--latency is the sandbox's: give --sandbox N too", USAGE)
    refuse_two_accounts(profile, sandbox, account, redis)
    if stream and (kind == "parquet" or workers > 1):
        raise Failure(f"{'--format parquet' if workers == 1 else '--workers'} needs a file: --out FILE", USAGE)
    if format is None and out is not None and out.suffix.lower() in _OTHERS:
        raise Failure(f"--out {out}: no {out.suffix} is written; --format ndjson, csv or parquet says what is", USAGE)
    if fields is not None and not _listed(fields):
        raise Failure("--fields: names were expected, e.g. id,email", USAGE)
    if guard_formulas and kind != "csv":
        raise Failure("--guard-formulas is for CSV: give --format csv too", USAGE)
    if since is not None and updated_after is not None:
        raise Failure("--since, --updated-after: give one of them", USAGE)
    beside = set(_listed(with_) or ())
    if beside - {"tags", "lists", "fields"}:
        raise Failure(f"--with: any of tags,lists,fields were expected, not {with_}", USAGE)
    if beside and workers > 1:
        raise Failure("--with goes with one process: several would each read the same tables", USAGE)
    filters: dict[str, Any] = {
        "status": None if status is None else _STATUSES[status],
        "list_id": list_id,
        "tag_id": tag_id,
        "segment_id": segment_id,
        "created_after": created_after and created_after.astimezone(),
        "updated_after": (since.astimezone() - _BORDER) if since else updated_after and updated_after.astimezone(),
    }
    from ._account import Account, Pace, Sandboxed
    from ._form import Form
    from ._run import Export

    source = Account(profile) if sandbox is None else Sandboxed(sandbox, 50.0 if latency is None else latency)
    form = Form(kind, _listed(fields), guard_formulas, sorted(beside))
    given = {name: value for name, value in filters.items() if value is not None}
    pace = Pace(rate, redis, account=account)
    options: dict[str, Any] = {"resume": resume, "force": force, "lanes": lanes, "show_stats": stats}
    if workers == 1:
        return Export(source, pace, given, form, out, **options).run()
    from ._workers import SharedExport

    return SharedExport(source, pace, given, form, out, workers=workers, **options).run()


def _listed(names: str | None) -> list[str] | None:
    return None if names is None else [name.strip() for name in names.split(",") if name.strip()]
