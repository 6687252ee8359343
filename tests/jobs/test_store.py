"""`StateFile`: what is saved follows what was read, so that two runs do not both go on from there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import anyio
import pytest

from activecampaign_async.jobs import ResumeError, StateFile
from activecampaign_async.jobs._replacing import replacing
from activecampaign_async.resources import _import_watch
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of

ANOTHER = "another run"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.mark.parametrize("before", [None, {"n": 0}])
def test_of_two_that_go_on_from_one_state_only_one_does(path: Path, before: dict[str, Any] | None) -> None:
    if before is not None:
        StateFile(path).save(before)
    first, second = StateFile(path), StateFile(path)
    assert first.load() == second.load() == before
    first.save({"n": 1})
    for _ in range(2):
        with pytest.raises(ResumeError, match=ANOTHER):
            second.save({"n": 2})
    first.save({"n": 3})
    assert StateFile(path).load() == {"n": 3}
    assert list(path.parent.iterdir()) == [path]


def test_one_after_the_other_and_looking_on_are_free(path: Path) -> None:
    first = StateFile(path)
    assert first.load() is None
    first.save({"n": 1})
    assert StateFile(path).load() == {"n": 1}
    first.save({"n": 2})
    second = StateFile(path)
    assert second.load() == {"n": 2}
    second.save({"n": 3})
    assert first.load() == {"n": 3}, "another run with the same object"
    first.save({"n": 4})
    path.unlink()
    first.save({"n": 5})
    StateFile(path).save({"n": 6})  # who has not read goes on from nothing


@pytest.mark.anyio
async def test_without_its_folder_nothing_is_sent_that_may_not_be_repeated(tmp_path: Path) -> None:
    path, sandbox = tmp_path / "no" / "such" / "x.json", Sandbox(rate=None)
    assert StateFile(path).load() is None, "it may be made yet"
    with pytest.raises(FileNotFoundError, match=r"there is no folder for it: .*x.json'$") as caught:
        StateFile(path).save({})
    assert caught.value.filename == str(path)
    async with client_of(sandbox) as ac:
        with pytest.raises(FileNotFoundError, match="no folder"):
            await ac.contacts.import_many(
                [{"email": "a@example.org"}], run_automations=False, checkpoint=StateFile(path)
            )
    assert sandbox.requests == []


@pytest.mark.skipif(os.name == "nt", reason="no locks")
def test_two_do_not_write_at_once(path: Path) -> None:
    with replacing(path) as file:
        file.write(b"{}")
        with pytest.raises(BlockingIOError, match=ANOTHER):
            StateFile(path).save({"n": 1})
        assert path.with_name("state.new").exists(), "which is not the other's to remove"
    assert StateFile(path).load() == {}


def test_what_a_crash_left_half_written_is_no_hindrance(path: Path) -> None:
    path.with_name("state.new").write_text("half of something longer than the state")
    StateFile(path).save({"n": 1})
    assert json.loads(path.read_bytes()) == {"n": 1}


@pytest.mark.anyio
async def test_two_imports_on_one_checkpoint_send_no_row_twice(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_import_watch, "FIRST_LOOK", 0.1)
    monkeypatch.setattr(_import_watch, "SOON", 0.1)
    sandbox, ends = Sandbox(rate=None), list[object]()
    sandbox.imports.seconds = 0.2
    rows = [{"email": f"p{number}@example.org"} for number in range(600)]

    async def run(client: Any) -> None:
        try:
            report = await client.contacts.import_many(rows, run_automations=False, checkpoint=StateFile(path))
            ends.append(report.imported)
        except (ResumeError, BlockingIOError) as error:
            ends.append(type(error))

    async with client_of(sandbox) as one, client_of(sandbox) as other, anyio.create_task_group() as group:
        group.start_soon(run, one)
        group.start_soon(run, other)
    assert 600 in ends
    assert len(ends) == 2
    assert ends.count(600) == 1
    sent: list[Any] = [asked.body for asked in sandbox.requests if asked.path == "/import/bulk_import"]
    emails = [contact["email"] for body in sent for contact in body["contacts"]]
    assert sorted(emails) == sorted(row["email"] for row in rows)
