"""The checkpoint file: what is read is what was written, or it is refused."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from attrs import asdict

from activecampaign_async.jobs import Checkpoint, ResumeError
from activecampaign_async.jobs.checkpoint import VERSION

WRITTEN = Checkpoint(account="https://a.example", cursor="abc", size=12, rows=3, total=None)


def test_it_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "x.checkpoint"
    assert Checkpoint.load(path) is None
    WRITTEN.save(path)
    assert Checkpoint.load(path) == WRITTEN
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_save_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.checkpoint"
    WRITTEN.save(path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        Checkpoint(account="b").save(path)
    assert Checkpoint.load(path) == WRITTEN


@pytest.mark.skipif(not hasattr(os, "O_DIRECTORY"), reason="directories cannot be synced here")
def test_file_then_name_reach_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[bool, list[str]]] = []

    def note(descriptor: int) -> None:
        directory = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        synced.append((directory, [path.name for path in tmp_path.iterdir()]))
        if directory:
            raise OSError(22, "a file system that syncs no directories")

    monkeypatch.setattr("os.fsync", note)
    WRITTEN.save(tmp_path / "x.checkpoint")
    assert synced == [(False, ["x.checkpoint.new"]), (True, ["x.checkpoint"])]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        json.dumps({"version": "99", **asdict(WRITTEN)}).encode(),
        json.dumps({"version": 99, "rows": 3}).encode(),
        json.dumps({"version": VERSION, **asdict(WRITTEN), "size": "12"}).encode(),
        json.dumps({"version": VERSION, **asdict(WRITTEN), "size": -5}).encode(),
        json.dumps({"version": VERSION, **asdict(WRITTEN), "rows": -1}).encode(),
        json.dumps({"version": VERSION, **asdict(WRITTEN), "total": -1}).encode(),
        json.dumps({"version": VERSION, **asdict(WRITTEN), "size": 12.0}).encode(),
        json.dumps({"version": VERSION, **asdict(WRITTEN), "rows": True}).encode(),
        json.dumps({"version": VERSION, **asdict(WRITTEN), "more": 1}).encode(),
        b"[" * 100_000,
    ],
)
def test_anything_else_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "x.checkpoint"
    path.write_bytes(text)
    with pytest.raises(ResumeError, match="is not a checkpoint of an export"):
        Checkpoint.load(path)


def test_one_of_another_version_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "x.checkpoint"
    old = {"version": VERSION - 1, **asdict(WRITTEN)}
    del old["format"]  # of the first version, which had none
    path.write_text(json.dumps(old))
    with pytest.raises(ResumeError, match=f"another version of this library: {VERSION - 1}, and this is {VERSION}"):
        Checkpoint.load(path)
