"""`ReportFile`: each row once, whatever was torn off."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from activecampaign_async.jobs import ReportFile, ResumeError, StateFile
from activecampaign_async.resources.imports import ImportPace, RowOutcome
from activecampaign_async.sandbox import Sandbox
from tests.jobs.importing import row
from tests.support import client_of

pytestmark = pytest.mark.anyio


def outcome(number: int, status: str = "imported") -> RowOutcome:
    return RowOutcome(row=number, email=f"p{number}@example.org", status=status)  # type: ignore[arg-type]  # one of three


async def test_what_the_checkpoint_does_not_count_is_told_again(tmp_path: Path) -> None:
    path = tmp_path / "report.ndjson"
    file = ReportFile(path)
    await file.begin(None)
    mark = await file.write([outcome(1), outcome(2)], 0)
    await file.write([outcome(3)], mark)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = ReportFile(path)
    await again.begin(mark)
    await again.write([outcome(4)], mark)
    assert [json.loads(line)["row"] for line in path.read_text().splitlines()] == [1, 2, 4]
    with pytest.raises(ResumeError, match="shorter"):
        await ReportFile(path).begin(10_000)
    with pytest.raises(FileExistsError, match="resume"):
        await ReportFile(path).begin(None)
    await ReportFile(path, overwrite=True).begin(None)
    assert path.read_bytes() == b""


async def test_only_problems(tmp_path: Path) -> None:
    file = ReportFile(tmp_path / "failures.ndjson", problems_only=True)
    await file.begin(None)
    assert await file.write([outcome(1)], 0) == 0
    assert await file.write([outcome(2, "failed"), outcome(3), outcome(4, "unknown")], 0) > 0
    assert [json.loads(line)["row"] for line in file.path.read_text().splitlines()] == [2, 4]


async def test_a_full_disk_ends_the_run_and_it_goes_on_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = Sandbox(rate=None)
    sandbox.imports.seconds = 0
    state, path = StateFile(tmp_path / "checkpoint"), tmp_path / "report.ndjson"
    syncs, sync = 0, os.fsync

    def full(descriptor: int) -> None:
        nonlocal syncs
        syncs += 1
        if syncs > 14:
            raise OSError(28, "No space left on device")
        sync(descriptor)

    async def run() -> int:
        async with client_of(sandbox, account="full disk") as ac:
            report = await ac.contacts.import_many(
                map(row, range(60)),
                run_automations=False,
                batch_size=10,
                checkpoint=state,
                outcomes=ReportFile(path),
                pace=ImportPace(10_000),
                resend_unknown=True,
                look_for=0.1,
            )
        return report.imported

    monkeypatch.setattr("activecampaign_async.resources._import_watch.FIRST_LOOK", 0.1)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        await run()
    monkeypatch.setattr(os, "fsync", sync)
    assert await run() == 60
    assert sorted(json.loads(line)["row"] for line in path.read_text().splitlines()) == list(range(1, 61))
    assert {sandbox.written("contacts", id) for id in sandbox.contact_ids()} == {1}
    assert stat.S_IMODE(state.path.stat().st_mode) == 0o600
