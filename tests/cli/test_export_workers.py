"""`contacts export --workers`: several processes on a real Redis, and whatever ends one of them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from activecampaign_async.cli._account import Account, Pace
from activecampaign_async.cli._form import Form
from activecampaign_async.cli._workers import SharedExport
from activecampaign_async.errors import ConfigurationError
from activecampaign_async.jobs import Checkpoint
from activecampaign_async.limits import Foresight
from activecampaign_async.sandbox import Sandbox
from tests.cli.support import COMMAND, FAST, KINDS, NEEDS_PYARROW, rows_in, run, run_here
from tests.examples.support import served, until
from tests.limits.redis_server import KEY, RedisServer


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisServer(folder) as server:
        yield server


def test_workers_need_redis(tmp_path: Path) -> None:
    with served(Sandbox(contacts=5)) as env:
        done = run(env, "--out", tmp_path / "x", "--workers", "2")
    assert done.returncode == 1
    assert done.stderr.startswith("activecampaign: settings: --workers needs --redis URL (or AC_REDIS_URL), ")
    assert list(tmp_path.iterdir()) == []
    given: dict[str, Any] = {"resume": False, "force": False, "lanes": 1, "show_stats": False}
    lone = SharedExport(Account(), Pace(5), {}, Form("ndjson"), tmp_path / "x", workers=2, **given)
    with pytest.raises(ConfigurationError, match="--workers needs"):
        anyio.run(lone._export, None)


@pytest.mark.parametrize("kind", KINDS)
def test_several_workers_write_one_file(redis: RedisServer, kind: str, tmp_path: Path) -> None:
    sandbox, out = Sandbox(contacts=6_000, rate=40, holes=0.3), tmp_path / f"contacts.{kind}"
    given = ("--out", out, "--workers", "3", "--fields", "id,email", "--rate", "40", "--stats")
    with served(sandbox) as env:
        env["AC_REDIS_URL"] = redis.url
        done = run(env, *given)
        assert (done.returncode, done.stdout) == (0, "")
        assert "6,000 contacts in " in done.stderr
        asked = len(sandbox.requests)
        assert f"{asked:,} requests, " in done.stderr
        assert f"areas: {asked:,} contacts\n" in done.stderr, "of all processes"
        minutes = re.search(r"requests a minute: (\S+)", done.stderr)
        assert minutes is not None
        again = run(env, *given, "--resume")
        assert (again.returncode, again.stderr) == (0, f"nothing to do: {out} is whole, 6,000 contacts\n")
        assert len(sandbox.requests) == asked
    assert Counter(int(row["id"]) for row in rows_in(out)) == Counter(sandbox.contact_ids())
    assert sum(asked.status == 429 for asked in sandbox.requests) <= 3
    assert not list(tmp_path.glob("*.parts"))


def test_without_redis_each_worker_keeps_to_its_part_of_the_rate(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paces, worker = list[dict[str, Any]](), SharedExport._worker

    def noted(self: SharedExport, asked: dict[str, Any]) -> Any:
        paces.append(asked["pace"])
        return worker(self, asked)

    async def alone(pace: dict[str, Any]) -> float:
        async with Pace(**pace).limiter("acme") as line:
            assert isinstance(line, Foresight)
            return line.rate

    monkeypatch.setattr(SharedExport, "_worker", noted)
    with served(Sandbox(contacts=600, rate=None)) as env:
        given = ("--out", tmp_path / "contacts.ndjson", "--workers", "3", "--redis", redis.url, "--rate", "900")
        assert run_here(env, *given, what="export").returncode == 0
    assert [anyio.run(alone, pace) for pace in paces] == pytest.approx([300] * 3)


@pytest.mark.parametrize("kind", ["csv", pytest.param("parquet", marks=NEEDS_PYARROW)])
def test_a_crash_while_parts_are_removed_costs_no_request(
    redis: RedisServer, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox, out, unlink, gone = Sandbox(contacts=600, rate=None), tmp_path / f"contacts.{kind}", Path.unlink, []
    given = ("--out", out, "--workers", "2", "--redis", redis.url, "--fields", "id", *FAST)

    def crash(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".part":
            gone.append(path)
            if len(gone) == 3:
                raise OSError("killed")
        unlink(path, missing_ok)

    with served(sandbox) as env:
        with monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", crash)
            assert run_here(env, *given, what="export").returncode == 1
        parts, before = out.with_name(out.name + ".parts"), out.read_bytes()
        assert list(parts.glob("*.part"))
        asked = len(sandbox.requests)
        assert "--resume goes on with it" in run_here(env, *given, what="export").stderr
        other = run_here(env, *given, "--resume", "--status", "active", what="export")
        assert "other filters" in other.stderr
        done = run_here(env, *given, "--resume", what="export")
        assert (done.returncode, done.stderr) == (0, f"nothing to do: {out} is whole, 600 contacts\n")
        assert (len(sandbox.requests), out.read_bytes()) == (asked, before)
        assert not parts.exists()


def test_parts_without_a_plan_are_not_gone_on_with(redis: RedisServer, tmp_path: Path) -> None:
    """They are left of a file that was whole, and was taken away since."""
    sandbox, out = Sandbox(contacts=300, rate=None), tmp_path / "contacts.ndjson"
    parts = out.with_name(out.name + ".parts")
    given = ("--out", out, "--workers", "2", "--redis", redis.url, *FAST)
    with served(sandbox) as env:
        for word in ((), ("--resume",)):
            parts.mkdir()
            out.unlink(missing_ok=True)
            (parts / "after-0.part").write_bytes(b"old\n")
            Checkpoint(account=env["AC_API_URL"], size=4, rows=1, done=True).save(parts / "after-0.part.checkpoint")
            assert run_here(env, *given, *word, what="export").returncode == 0
            assert len(rows_in(out)) == 300


def test_the_account_has_the_name_in_redis_that_is_given(redis: RedisServer, tmp_path: Path) -> None:
    with served(Sandbox(contacts=3, rate=None)) as env:
        given = ("--redis", redis.url, *FAST, "--force", "--out", tmp_path / "x")
        for account in (("--account", "acme"), ()):
            assert run_here(env, *given, *account, what="export").returncode == 0
        host = env["AC_API_URL"].removeprefix("https://")
    assert ":" in host
    assert set(redis.cli("KEYS", "*").split()) == {KEY, f"activecampaign:{{{host}}}:pace"}


def children(pid: int) -> list[int]:
    """Processes that it has started."""
    return [int(pid) for pid in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_worker_that_is_killed_costs_nothing(redis: RedisServer, tmp_path: Path) -> None:
    sandbox, out = Sandbox(contacts=6_000, rate=30), tmp_path / "contacts.ndjson"
    with served(sandbox) as env:
        command = [
            *COMMAND,
            "contacts",
            "export",
            "--out",
            str(out),
            "--workers",
            "2",
            "--redis",
            redis.url,
            "--rate",
            "30",
        ]
        boss = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
        until(lambda: len(children(boss.pid)) == 2 and len(sandbox.requests) > 30, 20)
        os.kill(children(boss.pid)[0], signal.SIGKILL)
        _, said = boss.communicate(timeout=60)
    assert boss.returncode == 0
    assert "6,000 contacts in " in said, "none of them before"
    assert Counter(int(row["id"]) for row in rows_in(out)) == Counter(sandbox.contact_ids())
    assert len(sandbox.requests) < 130


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_ended_in_the_middle_it_leaves_no_worker_and_goes_on(
    redis: RedisServer, how: signal.Signals, tmp_path: Path
) -> None:
    sandbox, out = Sandbox(contacts=6_000, rate=30), tmp_path / "contacts.ndjson"
    with served(sandbox) as env:
        command = [
            *COMMAND,
            "contacts",
            "export",
            "--out",
            str(out),
            "--workers",
            "2",
            "--redis",
            redis.url,
            "--rate",
            "30",
        ]
        boss = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
        until(lambda: len(children(boss.pid)) == 2 and len(sandbox.requests) > 40, 20)
        workers = children(boss.pid)
        boss.send_signal(how)
        _, said = boss.communicate(timeout=20)
        if how is signal.SIGINT:
            assert boss.returncode == 130
            assert "the same command with --resume goes on from there" in said
        until(lambda: not any(alive(pid) for pid in workers), 10)
        quiet = len(sandbox.requests)
        time.sleep(0.3)
        assert len(sandbox.requests) == quiet, "nobody goes on alone"
        lone = run(env, "--out", out, "--resume", *FAST)
        assert lone.returncode == 1
        assert "was begun with --workers" in lone.stderr
        other = subprocess.run(
            [*command, "--resume", "--status", "active"], env=env, capture_output=True, text=True, check=False
        )
        assert "other filters" in other.stderr
        done = subprocess.run([*command, "--resume"], env=env, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        assert "of them before" in done.stderr
    assert Counter(int(row["id"]) for row in rows_in(out)) == Counter(sandbox.contact_ids())


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_run_that_comes_to_nothing_leaves_nothing(redis: RedisServer, tmp_path: Path) -> None:
    sandbox, out = Sandbox(contacts=600, rate=40), tmp_path / "contacts.ndjson"
    given = ("--out", out, "--workers", "2", "--redis", redis.url, "--rate", "40")
    with served(sandbox) as env:
        sandbox.fail("401", path="/contacts", always=True)
        assert run(env, *given).returncode == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == ["redis"]
        sandbox.heal()
        assert run(env, *given).returncode == 0


def test_an_error_of_the_account_is_one_line(redis: RedisServer, tmp_path: Path) -> None:
    sandbox, out = Sandbox(contacts=6_000, rate=40), tmp_path / "contacts.ndjson"
    with served(sandbox) as env:
        sandbox.fail("402", path="/contacts", skip=40, always=True)
        done = run(env, "--out", out, "--workers", "2", "--redis", redis.url, "--rate", "40")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("activecampaign: payment: ")
    assert sandbox.key not in done.stderr
