"""`activecampaign contacts export` as its users meet it: a process, real HTTPS, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

import pytest
from attrs import asdict

from activecampaign_async.jobs import Checkpoint

EXPORT = [sys.executable, "-m", "activecampaign_async.cli", "contacts", "export"]
FAST = ("--sandbox", "300", "--rate", "1000", "--latency", "0")
SLOW = ("--sandbox", "6000", "--rate", "25", "--latency", "0")  # 2.4 s
QUICK = ("--sandbox", "6000", "--rate", "1000", "--latency", "0")


def run(*options: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    command = [*EXPORT, *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **more)


def started(*options: str | Path, stdout: int | IO[bytes] = subprocess.DEVNULL) -> subprocess.Popen[str]:
    command = [*EXPORT, *map(str, options)]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, text=True)


def ids(path: Path) -> list[int]:
    return sorted(int(json.loads(line)["id"]) for line in path.read_bytes().splitlines())


def checkpoint(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.with_name(path.name + ".checkpoint").read_bytes())
    except FileNotFoundError:
        return {"rows": 0}
    return found


def wait_until_saved(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 20
    while not checkpoint(path)["rows"]:
        assert process.poll() is None, "ended too soon"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def one_line(text: str) -> str:
    (line,) = text.splitlines()
    return line


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "contacts.ndjson"


def test_a_file_is_written_and_summed_up(out: Path) -> None:
    done = run(*FAST, "--out", out)
    assert (done.returncode, done.stdout) == (0, "")
    assert ids(out) == list(range(1, 301))
    assert checkpoint(out)["done"]
    contacts, requests, rate = done.stderr.splitlines()
    assert contacts.startswith("300 contacts in ")
    assert contacts.endswith(f"s to {out}")
    assert "requests, " in requests
    assert "of the budget (1000/s), 0 times 429" in requests
    assert rate.endswith(" contacts/s")
    assert rate[0] in "▁▂▃▄▅▆▇█"


def test_stdout_gets_nothing_but_rows() -> None:
    done = run(*FAST)
    assert done.returncode == 0
    assert len({json.loads(line)["id"] for line in done.stdout.splitlines()}) == 300
    assert done.stderr.startswith("300 contacts in ")


def test_an_existing_file_needs_a_word(out: Path) -> None:
    out.write_text("precious\n")
    done = run(*FAST, "--out", out)
    assert done.returncode == 1
    assert one_line(done.stderr).endswith("exists: --resume goes on with it, --force begins anew")
    assert run(*FAST, "--out", out, "--resume").returncode == 1
    assert out.read_text() == "precious\n"
    assert run(*FAST, "--out", out, "--force").returncode == 0
    assert len(ids(out)) == 300


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_says_how_to_go_on_and_does(out: Path, sent: signal.Signals, code: int) -> None:
    process = started(*SLOW, "--out", out)
    wait_until_saved(out, process)
    process.send_signal(sent)
    _, said = process.communicate(timeout=10)
    assert process.returncode == code
    assert "interrupted after " in one_line(said)
    assert "the same command with --resume goes on from there" in said
    rows = checkpoint(out)["rows"]
    assert 0 < rows < 6000
    assert len(ids(out)) >= rows

    done = run(*QUICK, "--out", out, "--resume")
    assert done.returncode == 0
    assert f"({rows:,} of them before)" in done.stderr
    assert ids(out) == list(range(1, 6001))


def test_killed_in_the_middle_of_a_line_it_loses_and_doubles_nothing(out: Path) -> None:
    process = started(*SLOW, "--out", out)
    wait_until_saved(out, process)
    process.kill()
    process.communicate(timeout=10)
    with out.open("ab") as file:
        file.write(b'{"id":"5999","em')
    done = run(*QUICK, "--out", out, "--resume")
    assert done.returncode == 0
    assert ids(out) == list(range(1, 6001))
    assert sorted(out.parent.iterdir()) == [out, out.with_name(out.name + ".checkpoint")]


def test_a_resume_with_other_filters_or_of_another_account_is_refused(out: Path) -> None:
    process = started(*SLOW, "--out", out)
    wait_until_saved(out, process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    before = checkpoint(out)
    other = run(*SLOW, "--out", out, "--resume", "--status", "active")
    assert other.returncode == 1
    assert "other filters" in one_line(other.stderr)
    other = run(*FAST, "--out", out, "--resume")
    assert other.returncode == 1
    assert "another account" in one_line(other.stderr)
    assert checkpoint(out) == before


def test_resume_of_a_whole_file_is_good_and_does_nothing(out: Path) -> None:
    assert run(*FAST, "--out", out, "--resume").returncode == 0
    before = out.stat().st_mtime_ns
    done = run(*FAST, "--out", out, "--resume")
    assert done.returncode == 0
    assert one_line(done.stderr) == f"nothing to do: {out} is whole, 300 contacts"
    assert out.stat().st_mtime_ns == before
    other = run(*FAST, "--out", out, "--resume", "--status", "active")
    assert other.returncode == 1
    assert "other filters" in one_line(other.stderr)


@pytest.mark.parametrize("text", ["", "rubbish", "[" * 100_000, '{"version": 1, "size": -5}', "negative"])
def test_a_broken_checkpoint_is_one_line(out: Path, text: str) -> None:
    out.write_text("precious\n")
    if text == "negative":
        text = json.dumps({"version": 1, **asdict(Checkpoint(account="sandbox of 300 contacts", size=-5))})
    out.with_name(out.name + ".checkpoint").write_text(text)
    done = run(*FAST, "--out", out, "--resume")
    assert done.returncode == 1
    assert "is not a checkpoint of an export" in one_line(done.stderr)
    assert out.read_text() == "precious\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_resume_needs_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for target in (pipe, Path(os.devnull)):
        done = run(*FAST, "--out", target, "--resume")
        assert done.returncode == 2
        assert one_line(done.stderr) == f"activecampaign: --resume needs a file, and {target} is a device or a pipe"


def redirected(how: str, *options: str | Path) -> subprocess.CompletedProcess[str]:
    """Run by a shell that redirects."""
    command = ["sh", "-c", f'exec "$@" {how}', "sh", *EXPORT, *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("how", ["2>&-", "2>/dev/full", "2>&- <&-"])
def test_where_stderr_is_closed_or_full_the_run_is_what_counts(how: str, out: Path) -> None:
    done = redirected(how, *FAST)
    assert (done.returncode, done.stderr) == (0, "")
    assert len({json.loads(line)["id"] for line in done.stdout.splitlines()}) == 300
    for options, code in ((FAST, 0), (FAST, 1), (("--resume", "--force"), 2), (("--lanes", "x"), 2)):
        done = redirected(how, *options, "--out", out)
        assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
    assert len(ids(out)) == 300


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    ("how", "code"), [(">&-", 1), (">&- 2>&-", 1), (">/dev/full", 1), (">/dev/full 2>/dev/full", 1)]
)
def test_where_stdout_is_closed_or_full_it_fails(how: str, code: int) -> None:
    for options in (FAST, ("--help",)) if "full" in how else (FAST,):
        done = redirected(how, *options)
        assert (done.returncode, done.stdout) == (code, "")
        if "2>" not in how:
            assert one_line(done.stderr).startswith("activecampaign: cannot write to stdout: ")
        else:
            assert done.stderr == ""


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    for target, why in ((tmp_path / "no" / "such", "No such file"), (tmp_path, "Is a directory")):
        done = run(*FAST, "--out", target)
        assert done.returncode == 1
        assert f"cannot write to {target}: {why}" in one_line(done.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_device_is_one_line() -> None:
    done = run(*FAST, "--out", "/dev/full")
    assert done.returncode == 1
    assert one_line(done.stderr) == "activecampaign: cannot write to /dev/full: No space left on device"


@pytest.mark.skipif(sys.platform == "win32", reason="needs rlimits")
def test_a_full_disk_is_one_line_and_can_go_on(out: Path) -> None:
    limited = "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000,) * 2); "
    limited += "runpy.run_module('activecampaign_async.cli', run_name='__main__')"
    options = [*QUICK, "--out", str(out)]
    command = [sys.executable, "-c", limited, "contacts", "export", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert f"cannot write to {out}: File too large after " in one_line(done.stderr)
    assert 0 < checkpoint(out)["rows"] < 6000
    assert out.stat().st_size == 1_000_000, "the last line is torn"
    assert run(*options, "--resume").returncode == 0
    assert ids(out) == list(range(1, 6001))


def test_a_reader_that_leaves_ends_it_in_one_line() -> None:
    process = started(*QUICK, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("{")
    process.stdout.close()
    assert process.stderr is not None
    assert one_line(process.stderr.read()).startswith("activecampaign: cannot write to stdout: Broken pipe")
    assert process.wait(10) == 1
    process.stderr.close()


def test_interrupted_while_nobody_reads_it_ends_at_once() -> None:
    read, write = os.pipe()
    with os.fdopen(read, "rb"), os.fdopen(write, "wb") as held:
        process = started(*QUICK, stdout=held)
        time.sleep(1.5)  # the pipe is full, and a thread waits in a write
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=5)
    assert process.returncode == 130
    assert one_line(said).startswith("activecampaign: interrupted")


@pytest.mark.parametrize(
    "options",
    [
        ("--resume",),
        ("--out", "x", "--resume", "--force"),
        ("--latency", "5"),
        ("--sandbox", "many"),
        ("--sandbox", "-1"),
        ("--sandbox", "10", "--rate", "0"),
        ("--sandbox", "10", "--lanes", "0"),
        ("--status", "asleep"),
        ("--updated-after", "yesterday"),
        ("--unknown",),
        ("surplus",),
    ],
)
def test_wrong_usage_is_2_and_touches_nothing(options: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*options, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
    assert list(tmp_path.iterdir()) == []


def test_filters_reach_the_account() -> None:
    done = run(*FAST, "--created-after", "2100-01-01")
    assert (done.returncode, done.stdout) == (0, "")
    assert run(*FAST, "--updated-after", "2000-01-01T00:00:00+00:00").stdout.count("\n") == 300


def test_without_an_account_it_says_what_to_set(tmp_path: Path) -> None:
    done = run("--out", tmp_path / "x")
    assert done.returncode == 1
    assert "AC_API_URL" in one_line(done.stderr)
    assert list(tmp_path.iterdir()) == []
