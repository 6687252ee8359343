"""`examples/taskiq_export.py`: how it goes on after a crash at its very end. Workers: tests/examples."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("taskiq_redis", reason="taskiq and taskiq-redis are not installed")

from activecampaign_async.jobs import Shard, StateFile, export_shard
from activecampaign_async.sandbox import Sandbox
from examples import taskiq_export as example
from tests.support import client_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {}  # taskiq's own


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The account of the example, whose shards are done at once."""
    sandbox = Sandbox(contacts=300, rate=None)

    @asynccontextmanager
    async def nothing(*_: Any, **__: Any) -> AsyncIterator[None]:
        yield

    async def hand_out(todo: list[Shard], folder: Path) -> list[str]:
        async with client_of(sandbox) as ac:
            for shard in todo:
                await export_shard(ac, shard, folder)
        return []

    async def done() -> None:
        return

    monkeypatch.setattr(example, "RedisLimiter", nothing)
    monkeypatch.setattr(example, "AsyncClient", lambda **_: client_of(sandbox))
    monkeypatch.setattr(example, "hand_out", hand_out)
    monkeypatch.setattr(example.broker, "startup", done)
    monkeypatch.setattr(example.broker, "shutdown", done)
    return sandbox


@pytest.mark.parametrize("left", [1, 3, "folder"])
async def test_killed_while_it_cleans_up_it_exports_nothing_again(
    sandbox: Sandbox,
    left: int | str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, unlink, gone = tmp_path / "contacts.ndjson", Path.unlink, list[Path]()

    def crash(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".part":
            gone.append(path)
            if len(gone) == left:
                raise OSError("killed")
        unlink(path, missing_ok)

    def crash_at_last(*_: Any, **__: Any) -> None:
        if out.exists():
            raise OSError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", crash)
        patched.setattr("shutil.rmtree", crash_at_last)
        with pytest.raises(OSError, match="killed"):
            await example.run(out, 4)
    folder, before, asked = tmp_path / "contacts.ndjson.parts", out.read_bytes(), len(sandbox.requests)
    assert folder.exists()
    assert await example.run(out, 4) == 0
    assert capsys.readouterr().out == f"300 contacts in {out}\n"
    assert (len(sandbox.requests), out.read_bytes()) == (asked, before)
    assert not folder.exists()
    assert await example.run(out, 4) == 0
    assert len(sandbox.requests) > asked, "a whole run after a whole one"


async def test_a_plan_is_there_with_its_folder_or_not_at_all(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else an old file would be taken for that of a run that was killed before it had begun."""
    out, folder = tmp_path / "contacts.ndjson", tmp_path / "contacts.ndjson.parts"
    assert await example.run(out, 4) == 0

    def crash(*_: Any) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(StateFile, "save", crash)
        with pytest.raises(OSError, match="killed"):
            await example.run(out, 4)
    assert not folder.exists()
    sandbox.add_contact()
    assert await example.run(out, 4) == 0
    assert len(out.read_bytes().splitlines()) == 301


async def test_what_is_left_of_a_file_that_was_taken_away_is_not_gone_on_with(sandbox: Sandbox, tmp_path: Path) -> None:
    out, folder = tmp_path / "contacts.ndjson", tmp_path / "contacts.ndjson.parts"
    folder.mkdir()
    (folder / "after-0.part").write_bytes(b"old\n")
    assert await example.run(out, 4) == 0
    assert len(out.read_bytes().splitlines()) == 300
