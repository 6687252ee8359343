"""`activecampaign contacts export`: its options. What they set going is `_run.py`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from . import USAGE, Failure
from ._streams import is_device_or_pipe

Status = Literal["any", "unconfirmed", "active", "unsubscribed", "bounced"]
_STATUSES: dict[Status, int] = {"any": -1, "unconfirmed": 0, "active": 1, "unsubscribed": 2, "bounced": 3}
_Positive = Annotated[int, Parameter(validator=Number(gte=1))]


def export(
    *,
    out: Path | None = None,
    resume: bool = False,
    force: bool = False,
    status: Status | None = None,
    list_id: _Positive | None = None,
    tag_id: _Positive | None = None,
    segment_id: _Positive | None = None,
    created_after: datetime | None = None,
    updated_after: datetime | None = None,
    rate: Annotated[float, Parameter(validator=Number(gt=0))] = 5.0,
    lanes: _Positive = 8,
    sandbox: Annotated[int | None, Parameter(validator=Number(gte=0))] = None,
    latency: Annotated[float | None, Parameter(validator=Number(gte=0))] = None,
) -> int:
    """Write every contact as a line of JSON (NDJSON), paced to the account's limit.

    What ActiveCampaign sent is written as it came. Ctrl-C or a crash loses nothing: --resume goes on.
    Changes nothing in the account.

    Args:
        out: File to write to; standard output if left out.
        resume: Go on where an earlier run to this file stopped; nothing to do where it is whole.
        force: Begin anew where the file exists.
        status: Only contacts of this status.
        list_id: Only contacts on this list.
        tag_id: Only contacts with this tag.
        segment_id: Only contacts of this segment.
        created_after: Only contacts made since; local time unless it names its zone.
        updated_after: Only contacts changed since; local time unless it names its zone.
        rate: Requests a second that the account allows.
        lanes: Requests on their way side by side, at most.
        sandbox: Instead of an account: a local one with so many contacts, over real HTTPS.
        latency: Milliseconds that the sandbox takes for an answer.
    """
    if resume and out is None:
        raise Failure("--resume needs --out FILE", USAGE)
    if resume and out is not None and is_device_or_pipe(out):
        raise Failure(f"--resume needs a file, and {out} is a device or a pipe", USAGE)
    if resume and force:
        raise Failure("--resume goes on, --force begins anew: give one of them", USAGE)
    if latency is not None and sandbox is None:
        raise Failure("--latency is the sandbox's: give --sandbox N too", USAGE)
    filters: dict[str, Any] = {
        "status": None if status is None else _STATUSES[status],
        "list_id": list_id,
        "tag_id": tag_id,
        "segment_id": segment_id,
        "created_after": created_after and created_after.astimezone(),
        "updated_after": updated_after and updated_after.astimezone(),
    }
    from ._run import Account, Export, Sandboxed

    source = Account() if sandbox is None else Sandboxed(sandbox, 50.0 if latency is None else latency)
    given = {name: value for name, value in filters.items() if value is not None}
    return Export(source, given, out, resume=resume, force=force, rate=rate, lanes=lanes).run()
