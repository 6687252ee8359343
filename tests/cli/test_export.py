"""`activecampaign contacts export` as its users meet it: a process, real HTTPS, exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pytest
from attrs import asdict

from activecampaign_async._paging import IN_FLIGHT
from activecampaign_async.jobs import Checkpoint
from activecampaign_async.jobs.checkpoint import VERSION

EXPORT = [sys.executable, "-m", "activecampaign_async.cli", "contacts", "export"]
FAST = ("--sandbox", "300", "--rate", "1000", "--latency", "0")
SLOW = ("--sandbox", "6000", "--rate", "25", "--latency", "0")  # 2.4 s
QUICK = ("--sandbox", "6000", "--rate", "1000", "--latency", "0")


def run(*options: str | Path | int, **more: Any) -> subprocess.CompletedProcess[str]:
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
        text = json.dumps({"version": VERSION, **asdict(Checkpoint(account="sandbox of 300 contacts", size=-5))})
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


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="no SIGPIPE here")
def test_a_reader_that_leaves_ends_it_without_a_word() -> None:
    process = started(*QUICK, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("{")
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(10) == -signal.SIGPIPE, "141, to a shell"
    process.stderr.close()


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="no SIGPIPE here")
@pytest.mark.parametrize("options", [FAST, ("--help",)])
def test_in_a_pipeline_it_is_as_quiet_as_its_neighbours(options: tuple[str, ...]) -> None:
    """All of it fits into the pipe: it may be over before the reader leaves, so that is seen to first."""
    read, write = os.pipe()
    os.close(read)
    process = started(*options, stdout=write)
    os.close(write)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (-signal.SIGPIPE, "")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_that_its_reader_leaves_is_one_line(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = started(*QUICK, "--out", pipe)
    with pipe.open("rb") as reader:
        reader.read(1)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 1
    assert one_line(said).startswith(f"activecampaign: cannot write to {pipe}: Broken pipe")


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


STUCK = """
import sys, time
from activecampaign_async.cli import main
from activecampaign_async.jobs.output import FileOutput

def stuck(self):
    print("cleaning up", flush=True)
    time.sleep(60)

FileOutput._close = stuck
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("second", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_second_interrupt_ends_at_once_what_cannot_end_in_order(out: Path, second: signal.Signals, code: int) -> None:
    command = [sys.executable, "-c", STUCK, "contacts", "export", *SLOW, "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until_saved(out, process)
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    assert process.stdout.readline() == "cleaning up\n"
    assert process.poll() is None
    process.send_signal(second)
    _, said = process.communicate(timeout=5)
    assert process.returncode == code
    assert one_line(said) == (
        "activecampaign: interrupted twice; the same command with --resume goes on from the last checkpoint"
    )
    assert run(*QUICK, "--out", out, "--resume").returncode == 0
    assert ids(out) == list(range(1, 6001))


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("gap", [0.0, 0.01])
def test_a_hammered_ctrl_c_shows_no_traceback(out: Path, gap: float) -> None:
    process = started(*SLOW, "--out", out)
    wait_until_saved(out, process)
    for _ in range(20):
        process.send_signal(signal.SIGINT)
        time.sleep(gap)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 130
    assert one_line(said).startswith("activecampaign: interrupted")
    assert "--resume goes on from" in said
    assert run(*QUICK, "--out", out, "--resume").returncode == 0
    assert ids(out) == list(range(1, 6001))


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
@pytest.mark.parametrize("options", [(), ("--stats",)])
def test_the_bar_leaves_room_for_what_a_terminal_shows_of_ctrl_c(options: tuple[str, ...]) -> None:
    """Else that begins a new line, and the bar is left standing above it."""
    import fcntl
    import struct
    import termios

    ours, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")} | {"TERM": "xterm"}
    command = [*EXPORT, "--sandbox", "600", "--rate", "50", "--latency", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal, env=env):
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # how a terminal says that nobody is left at its other end
            while more := os.read(ours, 65536):
                shown += more
        os.close(ours)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    lines = re.split(r"[\r\n]+", text)
    bars = [line for line in lines if "━" in line]
    assert bars
    assert max(map(len, bars)) == 60 - len("^C") - 1
    stats = [line for line in lines if re.match("429s|areas: |requests a minute: ", line)]
    assert len(stats) > 3 if options else not stats, "live, and at the end"
    assert all(len(line) <= 60 - len("^C") - 1 for line in stats)


def test_stats_are_told_at_the_end_whatever_that_is(out: Path) -> None:
    done = run(*FAST, "--out", out, "--stats")
    assert done.returncode == 0
    assert re.search(r"^requests +\d   retries +0   429s +0$", done.stderr, re.MULTILINE)
    assert re.search(r"^areas: \d contacts$", done.stderr, re.MULTILINE)
    again = run(*FAST, "--out", out, "--stats", "--resume")
    assert one_line(again.stderr).endswith("is whole, 300 contacts"), "nothing was spent"
    wrong = {**os.environ, "AC_API_URL": "https://127.0.0.1:9", "AC_API_TOKEN": "some-key"}
    failed = run("--out", out, "--force", "--stats", env=wrong)
    assert failed.returncode == 1
    *_, errors, why = failed.stderr.splitlines()
    assert re.fullmatch(r"errors: \d ConnectFailedError", errors)
    assert why.startswith("activecampaign: network: ")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("module", ["cyclopts", "activecampaign_async.cli._run", "activecampaign_async.sandbox"])
def test_interrupted_while_it_starts_it_is_as_quiet(module: str, out: Path) -> None:
    interrupting = f"""
import os, signal, sys
from activecampaign_async.cli import main

class Interrupting:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.exit(main())
"""
    command = [sys.executable, "-c", interrupting, "contacts", "export", *FAST, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (130, "activecampaign: interrupted\n")
    assert not out.exists()


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
        ("--sandbox", "10", "--lanes", "17"),
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


def test_more_lanes_than_the_library_has_are_wrong_usage() -> None:
    done = run(*FAST, "--lanes", IN_FLIGHT + 1)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--lanes" in done.stderr
    assert f"Must be <= {IN_FLIGHT}." in done.stderr
    assert run(*FAST, "--lanes", IN_FLIGHT).returncode == 0


def test_a_run_that_comes_to_nothing_blocks_no_other(out: Path, tmp_path: Path) -> None:
    """A URL that leads nowhere, then the right one."""
    wrong = {**os.environ, "AC_API_URL": "https://127.0.0.1:9", "AC_API_TOKEN": "some-key"}
    failed = run("--out", out, env=wrong)
    assert failed.returncode == 1
    assert one_line(failed.stderr).startswith("activecampaign: network: ")
    assert list(tmp_path.iterdir()) == []
    assert run(*FAST, "--out", out).returncode == 0
    assert run("--out", out, "--force", env=wrong).returncode == 1
    assert ids(out) == list(range(1, 301)), "it was good until there is something better"


def test_filters_reach_the_account() -> None:
    done = run(*FAST, "--created-after", "2100-01-01")
    assert (done.returncode, done.stdout) == (0, "")
    assert run(*FAST, "--updated-after", "2000-01-01T00:00:00+00:00").stdout.count("\n") == 300


def test_without_an_account_it_says_what_to_set(tmp_path: Path) -> None:
    done = run("--out", tmp_path / "x")
    assert done.returncode == 1
    assert "AC_API_URL" in one_line(done.stderr)
    assert list(tmp_path.iterdir()) == []
