"""Every Python block of the README and the docs runs, against a sandbox over HTTPS; so do the examples."""

from __future__ import annotations

import ast
import inspect
import os
import re
import runpy
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio.to_thread
import pytest

from activecampaign_async.sandbox import Sandbox

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    pytest.param(block, id=f"{page.name}-{number}")
    for page in PAGES
    for number, block in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1)
]

OF_THEIR_OWN = {path.name.removeprefix("test_") for path in (ROOT / "tests" / "examples").glob("test_*.py")}
SMALL = [path for path in sorted((ROOT / "examples").glob("*.py")) if path.name not in OF_THEIR_OWN]


@pytest.fixture
async def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Sandbox]:
    """An account as the environment names it."""
    account = Sandbox(contacts=250, rate=2000, rate_headers=True)  # the client learns the rate, and need not wait
    account.add_tag("customer")
    account.add_field("Colour")
    account.add_automation("Welcome")
    async with account.serve() as server:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("AC_API_URL", server.url)
        monkeypatch.setenv("AC_API_TOKEN", account.key)
        monkeypatch.setenv("SSL_CERT_FILE", server.ca_file)
        yield account


@pytest.mark.parametrize("block", BLOCKS)
async def test_a_block_runs(block: str, account: Sandbox) -> None:
    if "pytestmark" in block:
        await anyio.to_thread.run_sync(run_as_tests, block)
        return
    code = compile(block, "block", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if not code.co_flags & inspect.CO_COROUTINE:  # it may start a loop of its own
        await anyio.to_thread.run_sync(exec, code, {"__name__": "block"})
        return
    await eval(code, {})  # noqa: S307 - our own docs


def run_as_tests(block: str) -> None:
    Path("test_block.py").write_text(block, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "test_block.py"]
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": paths})
    assert ran.returncode == 0, ran.stdout
    assert " passed" in ran.stdout


@pytest.mark.parametrize("example", SMALL, ids=lambda path: path.name)
async def test_an_example_runs(example: Path, account: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    await anyio.to_thread.run_sync(lambda: runpy.run_path(str(example), run_name="__main__"))
    assert capsys.readouterr().out
    assert account.requests


def test_there_are_blocks() -> None:
    assert len(BLOCKS) >= 10
