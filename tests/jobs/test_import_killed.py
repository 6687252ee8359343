"""``kill -9`` of a process that imports, the account in another one, over HTTPS: run again, it comes to the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from activecampaign_async.sandbox import Sandbox
from tests.jobs.import_child import BATCH, rows
from tests.support import THOROUGH

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")]

COUNT = 24 * BATCH + 5


class Account:
    """The sandbox, and the processes that import into it."""

    def __init__(self, sandbox: Sandbox, server: Any, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self._who = [server.url, sandbox.key, server.ca_file, str(folder)]
        self._child: subprocess.Popen[str] | None = None
        self._arrived, self._die_at = 0, 0
        sandbox.after(self._note)

    def _note(self, _: object) -> None:
        """Between the request and its answer."""
        self._arrived += 1
        if self._arrived == self._die_at and self._child is not None:
            os.kill(self._child.pid, signal.SIGKILL)

    async def run(self, backend: str, *, between: int = 0, after: int = 0) -> list[int] | None:
        """One process: its report, None where it was killed: at a request, or after the answer of so many."""
        self._arrived, self._die_at = 0, between
        return await anyio.to_thread.run_sync(self._run, backend, after)

    def _run(self, backend: str, after: int) -> list[int] | None:
        command = [sys.executable, "-m", "tests.jobs.import_child", *self._who, str(COUNT), str(after), backend]
        root = Path(__file__).parents[2]
        with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            self._child = child
            out, err = child.communicate(timeout=60)
        if child.returncode == -signal.SIGKILL:
            return None
        assert child.returncode == 0, err
        report: list[int] = json.loads(out)
        return report

    @property
    def told(self) -> dict[int, tuple[str, str, bool]]:
        """Status and reason by row, each there once."""
        lines = [json.loads(line) for line in (self.folder / "report.ndjson").read_text().splitlines()]
        assert len({one["row"] for one in lines}) == len(lines), "a row is told twice"
        for one in lines:
            assert one["status"] != "imported" or one["id"] == self.sandbox.find(one["email"])
        return {one["row"]: (one["status"], one["reason"], one["id"] is not None) for one in lines}


async def account(folder: Path) -> AsyncIterator[Account]:
    sandbox = Sandbox(rate=None)
    sandbox.imports.per_minute = sandbox.imports.single_per_minute = None
    sandbox.imports.seconds = 0.1
    sandbox.imports.refuse = lambda contact: "bad phone" if contact.get("phone") == "bad" else None
    async with sandbox.serve() as server:
        yield Account(sandbox, server, folder)


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {}  # of this process, which only looks on


async def test_killed_at_any_time_it_comes_to_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    async for quiet in account(tmp_path_factory.mktemp("quiet")):
        wanted_report, wanted = await quiet.run("asyncio"), quiet.told
        spent = len(quiet.sandbox.requests)
    assert wanted_report == [COUNT, COUNT - 18, 18, 0, 0]
    assert len(wanted) == COUNT
    for number, part in enumerate(range(5, 100, 5 if THOROUGH else 15)):
        at = max(spent * part // 100, 1)
        async for killed in account(tmp_path_factory.mktemp("killed")):
            how = {"between": at} if number % 2 else {"after": at}
            backends = ("asyncio", "trio") if number % 4 < 2 else ("trio", "asyncio")
            assert await killed.run(backends[0], **how) is None, f"was not killed at {part} %"
            assert await killed.run(backends[1]) == wanted_report, f"killed at {part} %"
            assert killed.told == wanted
            sandbox = killed.sandbox
            times = {id: sandbox.written("contacts", id) for id in sandbox.contact_ids()}
            twice = [id for id, n in times.items() if n != 1]
            # each once, but those that were under way: here they were found, and not sent again
            assert len(times) == wanted_report[1]
            assert twice == [], f"killed at {part} %"


def test_some_rows_are_of_each_kind() -> None:
    kinds = [("nonsense" in one, "phone" in one) for one in rows(COUNT)]
    assert kinds.count((True, False)) == 10
    assert kinds.count((False, True)) == 8
