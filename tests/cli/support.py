"""The command as a process of its own, against a sandbox over real HTTPS."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import activecampaign_async.cli._import_plan  # noqa: F401 - it takes a time that is patched below
from activecampaign_async.cli import main
from activecampaign_async.resources import _import_watch
from activecampaign_async.sandbox import Sandbox
from tests.examples.support import served

COMMAND = [sys.executable, "-m", "activecampaign_async.cli"]
FAST = ("--rate", "1000")
NEEDS_PYARROW = pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow is not installed")
KINDS = ["ndjson", "csv", pytest.param("parquet", marks=NEEDS_PYARROW)]


def run(env: Mapping[str, str], *options: str | Path, what: str = "export") -> subprocess.CompletedProcess[str]:
    """`activecampaign contacts …`"""
    command = [*COMMAND, "contacts", what, *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=env)


def run_here(env: Mapping[str, str], *options: str | Path, what: str = "import") -> subprocess.CompletedProcess[str]:
    """The same within this process, which takes a tenth of the time; stdout is what `print` says."""
    argv, out, err = ["contacts", what, *map(str, options)], io.StringIO(), io.StringIO()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with (
            patch.dict(os.environ, env, clear=True),
            patch.object(sys, "stdin", io.StringIO()),
            patch.multiple(_import_watch, FIRST_LOOK=0.2, SOON=0.1),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = main(argv)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return subprocess.CompletedProcess(argv, code, out.getvalue(), err.getvalue())


@contextmanager
def importing(sandbox: Sandbox) -> Iterator[dict[str, str]]:
    """Served, and its imports take a moment instead of six seconds."""
    sandbox.imports.seconds = 0.3
    with served(sandbox) as env:
        yield env


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def parquet(path: Path) -> list[dict[str, Any]]:
    """The rows of a Parquet file."""
    import pyarrow.parquet as pq  # in here: not everybody has it

    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def rows_in(path: Path) -> list[dict[str, Any]]:
    """The rows of any of them."""
    if path.suffix == ".parquet":
        return parquet(path)
    return list(table(path)) if path.suffix == ".csv" else [json.loads(line) for line in path.read_bytes().splitlines()]


def rows_of(out: Path) -> int:
    """That the checkpoint counts."""
    name = out.name + (".rows.checkpoint" if out.suffix == ".parquet" else ".checkpoint")
    try:
        return int(json.loads(out.with_name(name).read_bytes())["rows"])
    except FileNotFoundError:
        return 0
