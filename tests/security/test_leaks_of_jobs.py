"""Long runs and the command: the key is in none of their files, and addresses are in no log or error of theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from activecampaign_async import ServerError, bulk
from activecampaign_async.jobs import (
    FileOutput,
    ReportFile,
    ResumeError,
    RowFile,
    StateFile,
    export_rows,
    write_failures,
)
from activecampaign_async.sandbox import Sandbox
from tests.cli.support import FAST, run_here
from tests.examples.support import served

from .canary import Canary, Log, is_clean, nothing_shows, shown_by_a_value
from .test_leaks import account, client


def people(folder: Path, address: Canary) -> Path:
    """A file to import, with lines that are none."""
    path = folder / "people.csv"
    lines = ["email,first_name", f"{address.text()}@example.org,Ann", f"{address.text()}@,Bob", f"{address.text()},x,y"]
    path.write_text("\n".join([*lines, f"other.{address.text()}@example.org,Cid"]) + "\n")
    return path


def no_file_shows(canary: Canary, folder: Path, *names: str) -> None:
    found = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found.keys() >= set(names)
    for name, content in found.items():
        nothing_shows(canary, name, content)


def is_in_no_log(log: Log, *canaries: Canary) -> None:
    assert any("HTTP Request: POST" in line for line in log.lines)
    for each in canaries:
        nothing_shows(each, "log", *log.lines)


@pytest.mark.anyio
async def test_every_job(canary: Canary, address: Canary, log: Log, tmp_path: Path) -> None:
    async with account(canary) as (sandbox, url, context):
        sandbox.add_contact(f"first.{address.text()}@example.org")
        async with client(url, canary, context) as ac:

            async def add_tag(id: int) -> object:
                return await ac.contacts.add_tag(id, 1)

            for fn in (ac.contacts.get, add_tag):
                state = StateFile(tmp_path / f"{fn.__name__}.map")
                async with bulk.map(fn, [1, 2, 10**9], checkpoint=state) as outcomes:
                    async for outcome in outcomes:
                        nothing_shows(canary, "bulk.map", *shown_by_a_value(outcome))
                        if outcome.error is not None:
                            is_clean(outcome.error, canary, address, "bulk.map")

            out = FileOutput(tmp_path / "out.ndjson", account=url)
            assert await export_rows(ac.contacts.list(), out) == 4
            sandbox.fail("html500", always=True)
            with pytest.raises(ServerError) as caught:
                await export_rows(ac.contacts.list(), FileOutput(tmp_path / "half.ndjson", account=url))
            is_clean(caught.value, canary, address, "export_rows")
            sandbox.heal()

            rows = RowFile(people(tmp_path, address))
            kept = StateFile(tmp_path / "import.checkpoint"), tmp_path / "import.report"
            report = await ac.contacts.import_many(
                rows, run_automations=False, outcomes=ReportFile(kept[1]), checkpoint=kept[0]
            )
            assert (report.imported, report.failed) == (2, 2)
            nothing_shows(canary, "import_many", *shown_by_a_value(report))
            assert write_failures(rows, kept[1], tmp_path / "failures.csv") == 2
            with pytest.raises(ResumeError) as other:
                await ac.contacts.import_many([{"email": "x@example.org"}], run_automations=False, checkpoint=kept[0])
            is_clean(other.value, canary, address, "import_many, resumed")
    no_file_shows(canary, tmp_path, "get.map", "out.ndjson", "import.checkpoint", "import.report", "failures.csv")
    is_in_no_log(log, canary, address)


def test_the_command(canary: Canary, address: Canary, log: Log, tmp_path: Path) -> None:
    sandbox, file = Sandbox(contacts=3, rate=None), people(tmp_path, address)
    sandbox.key = canary.text()
    said = []
    with served(sandbox) as env:
        for what, options in {
            "export": (*FAST, "--out", tmp_path / "out.csv", "--format", "csv", "--stats"),
            "export again": (*FAST, "--out", tmp_path / "out.csv", "--format", "csv"),
            "import, dry": (*FAST, file, "--no-automations", "--dry-run"),
            "import": (*FAST, file, "--no-automations", "--yes"),
        }.items():
            done = run_here(env, *options, what=what.split(",")[0].split()[0])
            said.append(done.returncode)
            nothing_shows(canary, what, done.stdout, done.stderr)
            nothing_shows(address, what, done.stderr)
    assert said == [0, 1, 1, 1]
    no_file_shows(canary, tmp_path, "out.csv", "people.csv.import.ndjson", "people.csv.failures.csv")
    is_in_no_log(log, canary, address)
