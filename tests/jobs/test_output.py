"""Files of an export: whole after any crash, and never taken for another run's."""
# ruff: noqa: ASYNC240  # a test may wait for a small file

from __future__ import annotations

import io
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from activecampaign_async.errors import AuthenticationError
from activecampaign_async.jobs import (
    Checkpoint,
    FileOutput,
    Progress,
    ResumeError,
    StreamOutput,
    export_rows,
    output as module,
)
from activecampaign_async.jobs._locks import lock
from activecampaign_async.sandbox import Sandbox
from tests.examples.support import until
from tests.support import client_of

pytestmark = pytest.mark.anyio

COUNT = 1_234


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(contacts=COUNT, rate=None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "contacts.ndjson"


async def export(sandbox: Sandbox, path: Path, progress: Any = None, **options: Any) -> int:
    async with client_of(sandbox, read_only=True) as client:
        pager = client.contacts.list(limit=options.pop("limit", 100))
        output = FileOutput(path, account=options.pop("account", "a"), **options)
        return await export_rows(pager, output, lanes=3, progress=progress)


async def begun(sandbox: Sandbox, path: Path, pages: int = 3) -> Checkpoint:
    """A run that was cancelled after some pages."""
    told: list[Progress] = []
    scope = anyio.CancelScope()

    def tell(progress: Progress) -> None:
        told.append(progress)
        if len(told) == pages:
            scope.cancel()

    with scope:
        await export(sandbox, path, tell)
    found = Checkpoint.load(checkpoint_of(path))
    assert found is not None
    assert found.rows == told[-1].rows
    return found


def checkpoint_of(path: Path) -> Path:
    return path.with_name(path.name + ".checkpoint")


def ids(path: Path) -> list[int]:
    return sorted(int(json.loads(line)["id"]) for line in path.read_bytes().splitlines())


def whole(path: Path) -> bool:
    found = Checkpoint.load(checkpoint_of(path))
    return found is not None and found.done and found.size == path.stat().st_size


async def test_a_whole_file_is_marked_as_such(sandbox: Sandbox, path: Path) -> None:
    assert await export(sandbox, path) == COUNT
    assert ids(path) == sandbox.contact_ids()
    assert whole(path)


async def test_a_whole_file_resumes_to_nothing_more(sandbox: Sandbox, path: Path) -> None:
    await export(sandbox, path)
    before = {each: (each.read_bytes(), each.stat().st_mtime_ns) for each in (path, checkpoint_of(path))}
    path.chmod(0o400)
    asked = len(sandbox.requests)
    assert await export(sandbox, path, resume=True) == COUNT
    assert len(sandbox.requests) == asked
    assert {each: (each.read_bytes(), each.stat().st_mtime_ns) for each in before} == before


async def test_a_whole_file_that_was_changed_since_is_not_touched(sandbox: Sandbox, path: Path) -> None:
    await export(sandbox, path)
    with path.open("ab") as file:
        file.write(b"mine\n")
    with pytest.raises(ResumeError, match="changed since"):
        await export(sandbox, path, resume=True)
    assert path.read_bytes().endswith(b"mine\n")


async def test_after_a_whole_file_was_taken_away_a_run_begins_anew(sandbox: Sandbox, path: Path) -> None:
    for options in ({}, {"resume": True}, {"resume": True}, {"overwrite": True}, {}):
        asked = len(sandbox.requests)
        assert await export(sandbox, path, **options) == COUNT
        assert len(sandbox.requests) > asked
        path.unlink()
    for _ in range(2):
        assert await export(Sandbox(), path, resume=True) == 0
        path.unlink()


async def test_the_checkpoint_never_counts_what_is_not_there(sandbox: Sandbox, path: Path) -> None:
    seen = list[int]()

    def look(progress: Progress) -> None:
        if len(seen) % 10 == 9:  # else anywhere between two saves
            until(lambda: counted(path) == progress.rows, 5)
        found = Checkpoint.load(checkpoint_of(path))
        assert found is not None
        whole = path.read_bytes()[: found.size]
        assert whole.count(b"\n") == found.rows
        seen.append(found.rows)

    await export(sandbox, path, look, limit=10)
    assert len(set(seen)) > 5


def counted(path: Path) -> int | None:
    """Rows, by the checkpoint."""
    found = Checkpoint.load(checkpoint_of(path))
    return None if found is None else found.rows


async def saved(path: Path, rows: int) -> None:
    """Returns once the checkpoint counts so many."""
    await anyio.to_thread.run_sync(until, lambda: counted(path) == rows, 5)


async def page(output: FileOutput, number: int) -> None:
    await output.write(b"{}\n", Checkpoint(account="a", list="l", format="f", cursor="c", rows=number))


async def test_each_page_is_saved_without_another_to_follow(path: Path) -> None:
    async with FileOutput(path, account="a") as output:
        for number in range(1, 6):
            await page(output, number)
            await saved(path, number)
        assert path.stat().st_size == 15


async def test_pages_do_not_wait_for_a_slow_disk_and_are_saved_together(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, begun, free, rows = Checkpoint.save, threading.Event(), threading.Event(), list[int]()

    def slowly(self: Checkpoint, to: Path) -> None:
        if self.rows:
            rows.append(self.rows)
            begun.set()
            assert free.wait(5)
        save(self, to)

    monkeypatch.setattr(Checkpoint, "save", slowly)
    async with FileOutput(path, account="a") as output:
        with anyio.fail_after(4):
            await page(output, 1)
            await anyio.to_thread.run_sync(begun.wait, 4)
            for number in range(2, 51):
                await page(output, number)
        assert rows == [1]
        free.set()
        await saved(path, 50)
        assert rows == [1, 50], "never two at a time, and one for all that came meanwhile"


async def test_a_save_that_fails_ends_the_run(sandbox: Sandbox, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save = Checkpoint.save

    def full(self: Checkpoint, to: Path) -> None:
        if self.rows >= 300:
            raise OSError(28, "No space left on device")
        save(self, to)

    with monkeypatch.context() as patched:
        patched.setattr(Checkpoint, "save", full)
        with pytest.raises(OSError, match="No space left"):
            await export(sandbox, path)
        async with FileOutput(path, account="a", resume=True) as output:
            await page(output, 300)
            with pytest.raises(OSError, match="No space left"):
                await output.save()
            with pytest.raises(OSError, match="No space left"):
                await output.finish()
    assert await export(sandbox, path, overwrite=True) == COUNT
    assert ids(path) == sandbox.contact_ids()


async def test_a_power_cut_leaves_what_the_checkpoint_counts(
    sandbox: Sandbox, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may take whatever nobody has synced, and of several files the one and not the other."""
    sync, safe, lost = os.fsync, dict[int, int](), list[tuple[int, int]]()

    def size_of(of: Path) -> int:
        """That a power cut would leave it."""
        return safe.get(of.stat().st_ino, 0)

    def noted(file: int) -> None:
        found = Checkpoint.load(checkpoint_of(path))  # what it counts, others have synced by now
        if found is not None and size_of(path) < found.size:
            lost.append((size_of(path), found.size))
        there = os.fstat(file)  # more may be written meanwhile
        sync(file)
        safe[there.st_ino] = there.st_size

    monkeypatch.setattr(os, "fsync", noted)
    await export(sandbox, path)
    assert not lost
    assert size_of(path) == path.stat().st_size
    assert size_of(checkpoint_of(path)) == checkpoint_of(path).stat().st_size
    assert not hasattr(os, "O_DIRECTORY") or path.parent.stat().st_ino in safe, "where the names stand"


@pytest.mark.parametrize("torn", [b"", b'{"id":"99', b'{"id":"1"}\n' * 500], ids=["clean", "half", "pages"])
async def test_a_crash_after_any_page_loses_and_doubles_nothing(
    sandbox: Sandbox, path: Path, tmp_path: Path, torn: bytes
) -> None:
    crashes: list[Path] = []

    def crash(_: Progress) -> None:
        """What a kill at this moment would leave."""
        copy = tmp_path / f"crash{len(crashes)}.ndjson"
        checkpoint_of(copy).write_bytes(checkpoint_of(path).read_bytes())  # first: it may be saved meanwhile
        found = Checkpoint.load(checkpoint_of(copy))
        assert found is not None
        copy.write_bytes(path.read_bytes() + (b"" if found.done else torn))
        crashes.append(copy)

    await export(sandbox, path, crash)
    assert len(crashes) > COUNT / 100
    for copy in crashes:
        assert await export(sandbox, copy, resume=True) == COUNT
        assert ids(copy) == sandbox.contact_ids()
        assert whole(copy)


async def test_a_file_that_exists_is_not_touched(sandbox: Sandbox, path: Path) -> None:
    path.write_text("precious\n")
    with pytest.raises(FileExistsError, match="exists"):
        await export(sandbox, path)
    with pytest.raises(ResumeError, match="no checkpoint"):
        await export(sandbox, path, resume=True)
    assert path.read_text() == "precious\n"
    assert sandbox.requests == []


async def test_overwrite_begins_anew(sandbox: Sandbox, path: Path) -> None:
    await begun(sandbox, path)
    path.write_bytes(path.read_bytes() + b"x" * 10_000_000)
    assert await export(sandbox, path, overwrite=True) == COUNT
    assert ids(path) == sandbox.contact_ids()


async def test_resume_begins_where_nothing_is_there(sandbox: Sandbox, path: Path) -> None:
    assert await export(sandbox, path, resume=True) == COUNT
    path.write_bytes(b"")
    assert await export(sandbox, path, resume=True) == COUNT


def held(path: Path) -> dict[str, bytes]:
    """All that lies in its directory."""
    return {each.name: each.read_bytes() for each in path.parent.iterdir()}


async def test_a_run_that_comes_to_nothing_leaves_nothing(sandbox: Sandbox, path: Path) -> None:
    for options in ({}, {"resume": True}, {"overwrite": True}):
        fault = sandbox.fail("401", always=True)
        with pytest.raises(AuthenticationError):
            await export(sandbox, path, **options)
        assert fault.struck
        assert held(path) == {}
        sandbox.heal()
    with anyio.CancelScope() as scope:
        async with FileOutput(path, account="a"):
            assert path.exists()
            scope.cancel()
            await anyio.sleep(1)
    assert held(path) == {}
    async with FileOutput(path, account="a") as output:
        await output.save()  # as before a long wait
    assert held(path) == {}
    assert await export(sandbox, path) == COUNT


async def test_a_run_that_comes_to_nothing_leaves_what_was_there(sandbox: Sandbox, path: Path) -> None:
    await export(sandbox, path)
    whole = held(path)
    path.unlink()
    await begun(sandbox, path)
    torn_off = held(path)
    for before, options in (
        (whole, {"overwrite": True}),
        (torn_off, {"overwrite": True}),
        (torn_off, {"resume": True}),
    ):
        for name, content in before.items():
            path.with_name(name).write_bytes(content)
        sandbox.fail("401", always=True)
        with pytest.raises(AuthenticationError):
            await export(sandbox, path, **options)
        sandbox.heal()
        assert held(path) == before
    path.unlink()
    checkpoint_of(path).unlink()

    path.write_text("mine, and older than any checkpoint\n")
    sandbox.fail("401", always=True)
    with pytest.raises(AuthenticationError):
        await export(sandbox, path, overwrite=True)
    assert held(path) == {path.name: b"mine, and older than any checkpoint\n"}


async def test_the_mark_of_a_file_that_was_taken_away_goes_with_it(sandbox: Sandbox, path: Path) -> None:
    """Lest an empty file, left by a kill, pass for whole."""
    for options in ({}, {"resume": True}):
        await export(Sandbox(), path, overwrite=True)
        path.unlink()
        async with FileOutput(path, account="a", **options):
            assert held(path) == {path.name: b""}
        assert held(path) == {}


async def test_an_empty_file_stands_in_nobodys_way(sandbox: Sandbox, path: Path) -> None:
    """As `mktemp` makes one, and as a kill before the first page leaves one."""
    path.touch(0o600)
    sandbox.fail("401", always=True)
    with pytest.raises(AuthenticationError):
        await export(sandbox, path)
    assert held(path) == {path.name: b""}
    sandbox.heal()
    assert await export(sandbox, path) == COUNT
    await export(Sandbox(), path, overwrite=True)
    with pytest.raises(FileExistsError):  # empty, and whole
        await export(sandbox, path)


async def test_a_disk_that_is_full_at_once_leaves_nothing(
    sandbox: Sandbox, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Any, data: bytes) -> None:
        file.write(data[:777])
        raise OSError(28, "No space left on device")

    for there in (False, True):
        if there:
            path.touch()
        with monkeypatch.context() as patched:
            patched.setattr(module, "_put", full)
            with pytest.raises(OSError, match="No space left"):
                await export(sandbox, path)
        assert held(path) == ({path.name: b""} if there else {})
    assert await export(sandbox, path) == COUNT


async def test_a_file_that_another_run_takes_away_is_made_anew(
    sandbox: Sandbox, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = FileOutput(path, account="a")

    def as_the_first_ends(file: Any, path: Path) -> None:
        if first._file is not None:
            first._close()
        lock(file, path)

    async with first:
        monkeypatch.setattr(module, "lock", as_the_first_ends)
        assert await export(sandbox, path) == COUNT
    assert ids(path) == sandbox.contact_ids()
    assert whole(path)


async def test_a_file_that_another_run_has_filled_meanwhile_is_not_touched(
    sandbox: Sandbox, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def after_another_run(file: Any, path: Path) -> None:
        monkeypatch.setattr(module, "lock", lock)
        other = FileOutput(path, account="a")
        other._open()
        other._write(b"{}\n")
        other.state = Checkpoint(account="a", size=3, rows=1, done=True)
        other._close()
        lock(file, path)

    for options in ({}, {"resume": True}):
        path.write_bytes(b"")
        checkpoint_of(path).unlink(missing_ok=True)
        monkeypatch.setattr(module, "lock", after_another_run)
        if options:
            assert await export(sandbox, path, **options) == 1
        else:
            with pytest.raises(FileExistsError):
                await export(sandbox, path)
        assert path.read_bytes() == b"{}\n"
        assert whole(path)


async def test_another_account_is_refused(sandbox: Sandbox, path: Path) -> None:
    before = await begun(sandbox, path)
    asked, size = len(sandbox.requests), path.stat().st_size
    with pytest.raises(ResumeError, match="another account"):
        await export(sandbox, path, resume=True, account="b")
    assert (len(sandbox.requests), path.stat().st_size) == (asked, size)
    assert Checkpoint.load(checkpoint_of(path)) == before


async def test_a_file_that_lost_rows_is_refused(sandbox: Sandbox, path: Path) -> None:
    before = await begun(sandbox, path)
    os.truncate(path, before.size - 1)
    with pytest.raises(ResumeError, match="shorter"):
        await export(sandbox, path, resume=True)
    path.unlink()
    with pytest.raises(ResumeError, match="shorter"):
        await export(sandbox, path, resume=True)


async def test_two_runs_do_not_write_one_file(sandbox: Sandbox, path: Path) -> None:
    async with FileOutput(path, account="a"):
        for options in ({"resume": True}, {"overwrite": True}):
            with pytest.raises(BlockingIOError, match="another run"):
                await export(sandbox, path, **options)


async def test_one_of_resume_and_overwrite(path: Path) -> None:
    with pytest.raises(ValueError, match="one or the other"):
        FileOutput(path, account="a", resume=True, overwrite=True)


async def test_a_full_disk_is_told_and_leaves_what_can_go_on(
    sandbox: Sandbox, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, room = module._put, 5

    def full(file: Any, data: bytes) -> None:
        nonlocal room
        room -= 1
        put(file, data if room else data[:777])
        if not room:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_put", full)
    with pytest.raises(OSError, match="No space left"):
        await export(sandbox, path)
    monkeypatch.setattr(module, "_put", put)
    found = Checkpoint.load(checkpoint_of(path))
    assert found is not None
    assert path.stat().st_size == found.size + 777
    assert await export(sandbox, path, resume=True) == COUNT
    assert ids(path) == sandbox.contact_ids()


async def test_a_stream_gets_all_bytes_of_a_writer_that_takes_few(sandbox: Sandbox) -> None:
    class Few(io.BytesIO):
        turn = 0

        def write(self, data: Any) -> int:
            self.turn += 1
            return 0 if self.turn % 50 == 0 else super().write(data[:9999])

    stream = Few()
    async with client_of(sandbox) as client:
        assert await export_rows(client.contacts.list(), StreamOutput(stream)) == COUNT
    assert sorted(int(json.loads(line)["id"]) for line in stream.getvalue().splitlines()) == sandbox.contact_ids()


async def test_a_thread_that_was_left_behind_ends_before_the_file_is_closed(
    sandbox: Sandbox, path: Path, monkeypatch: pytest.MonkeyPatch, anyio_backend_name: str
) -> None:
    """`asyncio.Task.cancel` pays no heed to anyio's shields."""
    if anyio_backend_name != "asyncio":
        pytest.skip("asyncio's own way of cancelling")
    import asyncio  # the one test that is about it

    put, writing, closed = module._put, threading.Event(), list[bool]()

    def slowly(file: Any, data: bytes) -> None:
        writing.set()
        time.sleep(0.05)
        closed.append(file.closed)
        put(file, data)

    monkeypatch.setattr(module, "_put", slowly)
    task = asyncio.create_task(export(sandbox, path))
    await anyio.to_thread.run_sync(writing.wait)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert closed == [False]
    monkeypatch.setattr(module, "_put", put)
    assert await export(sandbox, path, resume=True) == COUNT
    assert ids(path) == sandbox.contact_ids()
