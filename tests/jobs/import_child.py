"""The process that is killed: `python -m tests.jobs.import_child URL KEY CA_FILE FOLDER COUNT DIE_AT BACKEND`."""

from __future__ import annotations

import json
import os
import signal
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio

from activecampaign_async import AsyncClient, LocalLimiter, Observer, RequestInfo
from activecampaign_async.jobs import ReportFile, StateFile
from activecampaign_async.resources import _import_watch
from activecampaign_async.resources.imports import ImportPace
from tests.jobs.importing import row

BATCH = 20


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Some are refused by our checks, some by ActiveCampaign's, the last few go one by one."""
    for number in range(1, count + 1):
        more = {"nonsense": 1} if number % 50 == 7 else {"phone": "bad"} if number % 60 == 11 else {}
        yield row(number, **more)


class Dying(Observer):
    """Kills its own process when so many requests have been answered."""

    def __init__(self, at: int) -> None:
        self.left = at

    def request(self, info: RequestInfo) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(*given: str) -> None:
    url, key, ca_file, folder, count, die_at = given
    _import_watch.FIRST_LOOK, _import_watch.SOON = 0.2, 0.1  # in real time
    context = ssl.create_default_context(cafile=ca_file)
    limiter = LocalLimiter(1e6)
    async with AsyncClient(
        url, key, ssl_context=context, rate_limiter=limiter, observer=Dying(int(die_at)), account="of this test"
    ) as ac:
        report = await ac.contacts.import_many(
            rows(int(count)),
            run_automations=True,
            batch_size=BATCH,
            outcomes=ReportFile(Path(folder, "report.ndjson")),
            checkpoint=StateFile(Path(folder, "checkpoint")),
            resend_unknown=True,
            look_for=1.0,
            pace=ImportPace(100_000, 100_000),
        )
    print(json.dumps([report.rows, report.imported, report.failed, report.unknown, report.pending]))


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:-1], backend=sys.argv[-1])
