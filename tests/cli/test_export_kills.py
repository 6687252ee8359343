"""`contacts export` killed with -9 again and again, in every format."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from activecampaign_async.sandbox import Sandbox
from tests.cli.support import COMMAND, FAST, KINDS, NEEDS_PYARROW, parquet, rows_in, rows_of
from tests.examples.support import served

LANES = 2
LOST = 2 * LANES + 1 + 1 + 1
"""Requests that a kill costs at most: pages that are held or on their way, and one more of what comes first; one that
is being written; the look for the highest id."""
RATE = "50"  # ten times an account's: faster than a disk may be, a save is of several pages


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_5_to_95_percent_of_its_requests_it_goes_on(kind: str, tmp_path: Path) -> None:
    """One export, killed nineteen times (seven where rows are gathered as for the first kind): every other time between
    a request and its answer.
    """
    percents = range(5, 100, 5 if kind == "ndjson" else 15)
    sandbox, out = Sandbox(contacts=3_800, rate=None), tmp_path / f"contacts.{kind}"
    needed = 3_800 // 100
    running: list[subprocess.Popen[bytes]] = []
    deadly: list[int] = []

    def kill(_: object) -> None:
        if deadly and len(sandbox.requests) - begun >= deadly[0]:
            running[0].kill()  # its answer never leaves
            deadly.clear()

    sandbox.after(kill)
    kills = resumed = 0
    with served(sandbox) as env:
        command = [*COMMAND, "contacts", "export", "--rate", RATE, "--lanes", str(LANES)]
        command += ["--out", str(out), "--resume", "--fields", "id,email,first_name"]
        for percent in percents:
            begun = len(sandbox.requests)
            rows = rows_of(out)
            resumed += rows > 0
            due = max(needed * percent // 100 - rows // 100, 1)
            deadly[:] = [due + (percent // 5) % 2]
            running[:] = [subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)]
            if running[0].wait(60) == -signal.SIGKILL:
                kills += 1
        deadly.clear()
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
    assert kills >= len(percents) - 2
    assert resumed >= len(percents) - 4, "most runs had something to go on with"
    assert Counter(int(row["id"]) for row in rows_in(out)) == Counter(sandbox.contact_ids())
    assert len(sandbox.requests) <= needed + kills * LOST + 1, "what was safe was not asked for again"


@NEEDS_PYARROW
@pytest.mark.parametrize("where", ["before", "half", "after"])
def test_killed_while_the_parquet_file_is_made_it_is_made_again(where: str, tmp_path: Path) -> None:
    out = tmp_path / "contacts.parquet"
    deadly = """
import os, sys
from activecampaign_async.cli import main
from activecampaign_async.jobs import _publish, parquet

def die(*_, **__):
    os.kill(os.getpid(), 9)
"""
    deadly += {
        "before": "parquet.write_parquet = die",
        "half": "import pyarrow.parquet as pq; pq.ParquetWriter.write_batch = die",
        "after": "parquet.mark_whole = die",
    }[where]
    sandbox = Sandbox(contacts=300, rate=None)
    with served(sandbox) as env:
        given = ["contacts", "export", *FAST, "--out", str(out), "--resume"]
        killed = subprocess.run([sys.executable, "-c", f"{deadly}\nsys.exit(main())", *given], env=env, check=False)
        assert killed.returncode == -signal.SIGKILL
        asked = len(sandbox.requests)
        done = subprocess.run([*COMMAND, *given], env=env, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        assert len(sandbox.requests) == asked, "all rows were there"
    assert sorted(row["id"] for row in parquet(out)) == sandbox.contact_ids()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["contacts.parquet", "contacts.parquet.checkpoint"]
