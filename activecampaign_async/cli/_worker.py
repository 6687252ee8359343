"""One of the processes of `contacts export --workers`: takes shards from its stdin, and says on its stdout how it goes.

Both are lines of JSON: first what to do, then shards, one after the other. When stdin ends, so does it: then there is
nothing left to do, or the process that started it is gone.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from anyio.to_thread import run_sync

from .._observer import Observer, RequestInfo
from ..errors import ActiveCampaignError
from ..jobs import Progress, ResumeError, Shard, export_shard
from ._account import Account, Pace
from ._errors import line
from ._form import Form

PATIENCE = 10  # looks whether a shard that somebody is at is free


def told(**what: Any) -> None:
    """A line for the one who started us."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Teller(Observer):
    """Tells every request."""

    def request(self, info: RequestInfo) -> None:
        """One is over."""
        told(request=info)


async def work(asked: dict[str, Any]) -> None:
    """Shard after shard."""
    account = Account(asked["profile"], asked["account"])
    form = Form(**asked["form"])
    folder = Path(asked["folder"])
    async with account.client(Pace(**asked["pace"]), Teller()) as client, anyio.create_task_group() as group:
        send, receive = anyio.create_memory_object_stream[Shard](1)
        group.start_soon(_read, send, group.cancel_scope)

        def note(name: str, progress: Progress) -> None:
            told(shard=name, rows=progress.rows, fresh=progress.fresh, waiting=progress.waiting)

        async for shard in receive:
            for patience in reversed(range(PATIENCE)):
                try:
                    await export_shard(
                        client,
                        shard,
                        folder,
                        account=asked["name"],
                        format=form.format(),
                        lanes=asked["lanes"],
                        progress=partial(note, shard.name),
                        **_filters(asked["filters"]),
                    )
                    break
                except BlockingIOError:  # one that was left behind by a run that was killed is just about to end
                    if not patience:
                        raise
                    await anyio.sleep(0.5)
            told(done=shard.name)


async def _read(send: Any, scope: anyio.CancelScope) -> None:
    while given := await run_sync(sys.stdin.readline, abandon_on_cancel=True):
        await send.send(Shard(**json.loads(given)))
    scope.cancel()


def _filters(given: dict[str, Any]) -> dict[str, Any]:
    from datetime import datetime

    return {name: datetime.fromisoformat(value) if isinstance(value, str) else value for name, value in given.items()}


def main() -> int:
    """Work, and tell what went wrong in one line."""
    try:
        anyio.run(work, json.loads(sys.stdin.readline()))
    except* ActiveCampaignError as group:
        told(failed=line(_first(group)))
    except* (ResumeError, OSError) as group:
        told(failed=str(_first(group)))
    return 0


def _first(group: BaseExceptionGroup[Any]) -> Any:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


if __name__ == "__main__":
    main()
    os._exit(0)  # a thread may still wait for stdin
