"""Secrets that are mounted as files, as Docker, Kubernetes and agents do it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from activecampaign_async import ConfigurationError, Key
from activecampaign_async.errors import KeyProviderError
from activecampaign_async.keys import Credentials, _cache
from activecampaign_async.keys.file import FileKey
from tests.keys.support import KEY, NEXT, shows_nothing

pytestmark = pytest.mark.anyio


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(KEY)
    return path


def write(path: Path, content: str) -> None:
    path.write_bytes(content.encode())


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
async def test_a_line_end_at_the_end_is_the_files(file: Path, end: str) -> None:
    write(file, f"{KEY}{end}")
    assert await FileKey(file).key() == Credentials(KEY)
    assert await FileKey(str(file)).key(Key(NEXT)) == Credentials(KEY)


async def test_json(file: Path) -> None:
    write(file, json.dumps({"token": KEY, "url": "https://acme.api-us1.com"}, indent=1) + "\n")
    provider = FileKey(file, field="token", url_field="url")
    assert await provider.key() == Credentials(KEY, "https://acme.api-us1.com")


def written_anew(path: Path) -> None:
    path.write_text(NEXT)


def replaced(path: Path) -> None:
    new = path.with_name("new")
    new.write_text(NEXT)
    new.replace(path)


def replaced_by_one_of_the_same_age(path: Path) -> None:
    before = path.stat()
    new = path.with_name("new")
    new.write_text(NEXT)
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)


def written_anew_at_the_same_time(path: Path) -> None:
    before = path.stat()
    path.write_text(NEXT)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "change", [written_anew, replaced, replaced_by_one_of_the_same_age, written_anew_at_the_same_time]
)
async def test_a_change_is_seen_at_once(file: Path, change: Callable[[Path], None]) -> None:
    provider = FileKey(file)
    assert await provider.key() == Credentials(KEY)
    change(file)
    assert await provider.key() == Credentials(NEXT)


async def test_kubernetes_swaps_a_symlink_to_the_folder(tmp_path: Path) -> None:
    for name, key in (("..2026_1", KEY), ("..2026_2", NEXT)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "key").write_text(key)
    (tmp_path / "..data").symlink_to("..2026_1")
    (tmp_path / "key").symlink_to("..data/key")
    provider = FileKey(tmp_path / "key")
    assert await provider.key() == Credentials(KEY)
    (tmp_path / "..data_tmp").symlink_to("..2026_2")
    (tmp_path / "..data_tmp").replace(tmp_path / "..data")
    assert await provider.key() == Credentials(NEXT)


async def test_the_last_key_serves_while_the_file_is_missing(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    provider = FileKey(file)
    await provider.key()
    await anyio.Path(file).unlink()
    for _ in range(3):
        assert await provider.key() == Credentials(KEY)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"FileKey({str(file)!r}): there is no such file" in record.getMessage()
    with pytest.raises(KeyProviderError, match="there is no such file"):
        await provider.key(Key(KEY))


async def test_none_there(tmp_path: Path) -> None:
    path = str(tmp_path / "none")
    with pytest.raises(KeyProviderError) as caught:
        await FileKey(path).key()
    assert str(caught.value) == f"FileKey({path!r}): there is no such file"


LONG = "0123456789abcdefABCDEF" * 3


async def test_none_there_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyProviderError) as caught:
        await FileKey("nosuch").key()
    assert str(caught.value) == f"FileKey('nosuch'): there is no such file: {tmp_path / 'nosuch'}"
    with pytest.raises(KeyProviderError, match=r"there is no such file$") as caught:
        await FileKey(LONG).key()
    assert LONG not in str(caught.value)


async def test_a_file_that_was_mended_is_seen_at_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cache, "FIRST_WAIT", 60.0)
    provider = FileKey(file)
    for bad in ("", "{}", f"A={KEY}"):
        write(file, bad)
        with pytest.raises(ConfigurationError):
            await provider.key()
    await anyio.Path(file).unlink()
    with pytest.raises(KeyProviderError), anyio.fail_after(0.5):
        await provider.key()
    write(file, KEY)
    assert await provider.key() == Credentials(KEY)


async def test_many_who_wait_look_once(file: Path) -> None:
    write(file, "")
    provider = FileKey(file)
    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(_fails, provider)
    assert provider._begun < 10


async def _fails(provider: FileKey) -> None:
    with pytest.raises(ConfigurationError):
        await provider.key()


@pytest.mark.parametrize(
    "bad", ["", "\n", f"{KEY}\n\n", f" {KEY}", "{}", f'{{"key": "{KEY}"}}', f"{KEY}\n{NEXT}"], ids=repr
)
async def test_content_that_is_no_key(file: Path, bad: str) -> None:
    write(file, bad)
    with pytest.raises(ConfigurationError) as caught:
        await FileKey(file).key()
    assert str(file) in str(caught.value)
    assert shows_nothing(caught.value)


async def test_a_file_without_an_end() -> None:
    with pytest.raises(ConfigurationError, match=r"/dev/zero.*a regular file"), anyio.fail_after(5):
        await FileKey("/dev/zero").key()


async def test_a_large_file(file: Path) -> None:
    write(file, "k" * 100_000)
    with pytest.raises(ConfigurationError, match="too large for a key"):
        await FileKey(file).key()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_pipe_does_not_keep_the_process_from_ending(tmp_path: Path, backend: str) -> None:
    program = f"""
import anyio, os
from activecampaign_async import FileKey
os.mkfifo("fifo")
try:
    anyio.run(FileKey("fifo").key, backend={backend!r})
except Exception as error:
    print(error)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
    )
    assert "FileKey('fifo'): a regular file was expected" in ran.stdout, ran.stderr


@pytest.mark.parametrize("path", ["", None, 7, b"key"], ids=repr)
async def test_a_path_that_is_none(path: object) -> None:
    with pytest.raises(ConfigurationError, match="path"):
        FileKey(path)  # type: ignore[arg-type]  # what a caller without a type checker may do
