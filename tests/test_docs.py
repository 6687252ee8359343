"""Every Python block of the README and the docs runs, against a sandbox over HTTPS; so do the examples."""

from __future__ import annotations

import ast
import inspect
import re
import runpy
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

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
    if "anyio.run(main)" in block:
        await anyio.to_thread.run_sync(lambda: exec(compile(block, "block", "exec"), {"__name__": "block"}))  # noqa: S102 - our own docs
        return
    namespace: dict[str, Any] = {}
    code = compile(block, "block", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    ran = eval(code, namespace)  # noqa: S307 - our own docs
    if inspect.isawaitable(ran):
        await ran


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
async def test_an_example_runs(example: Path, account: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    await anyio.to_thread.run_sync(lambda: runpy.run_path(str(example), run_name="__main__"))
    assert capsys.readouterr().out
    assert account.requests


def test_there_are_blocks() -> None:
    assert len(BLOCKS) >= 10
