"""`examples/worker.py` as a process: stopped, killed and started again, it does each line as wanted and loses none."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from activecampaign_async.sandbox import Sandbox

from .support import ROOT, served, until

LANES = 8
LINES = 48
PEOPLE = 40  # so that eight of them stand in two lines


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.ndjson"
    lines = [{"email": f"p{n % PEOPLE}@example.org", "first_name": f"Name {n}"} for n in range(LINES)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def account(latency: float = 60) -> Sandbox:
    return Sandbox(rate=100, rate_headers=True, latency=latency)


def command(people: Path, *options: str) -> list[str]:
    return [sys.executable, str(ROOT / "examples" / "worker.py"), str(people), "--lanes", str(LANES), *options]


def run(people: Path, env: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(people, *options), env=env, capture_output=True, text=True, check=False, timeout=30)


@contextmanager
def started(people: Path, env: dict[str, str], *options: str) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(command(people, *options), env=env, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def journal(people: Path) -> list[dict[str, Any]]:
    done = people.with_name(people.name + ".done")
    return [json.loads(line) for line in done.read_bytes().splitlines()]


def processed(sandbox: Sandbox) -> int:
    return sandbox.processed["POST /contact/sync"]


def check(sandbox: Sandbox) -> None:
    """Each person is there once, as the last line about it says."""
    assert len(sandbox.contact_ids()) == PEOPLE
    for number in range(PEOPLE):
        id = sandbox.find(f"p{number}@example.org")
        assert id is not None
        contact = sandbox.contact(id)
        assert contact is not None
        last = number + PEOPLE if number + PEOPLE < LINES else number
        assert contact["firstName"] == f"Name {last}"


def test_all_is_done_and_only_once(people: Path) -> None:
    with people.open("a") as file:
        file.write('\n[1]\nno json\n{"email": "a@example.org", "firstName": "A"}\n{"email": "nobody"}\n')
    sandbox = account(latency=0)
    with served(sandbox) as env:
        first = run(people, env)
        assert first.stdout == f"{LINES} done, 4 refused, 0 left\n"
        assert first.returncode == 1
        assert f"line {LINES + 2} is refused: a JSON object was expected\n" in first.stderr
        assert f"line {LINES + 3} is refused: it is not JSON\n" in first.stderr
        assert f"line {LINES + 4} is refused: unknown argument 'firstName': did you mean first_name?" in first.stderr
        assert f"line {LINES + 5} is refused: 422 " in first.stderr
        assert "@" not in first.stderr
        assert sandbox.key not in first.stderr
        check(sandbox)
        assert processed(sandbox) == LINES + 1  # the one that was refused there
        assert len(journal(people)) == LINES + 4

        again = run(people, env)
        assert (again.returncode, again.stdout) == (0, "0 done, 0 refused, 0 left\n")
        assert processed(sandbox) == LINES + 1

        with people.open("a") as file:
            file.write('{"email": "new@example.org"}\n')
        assert run(people, env).stdout == "1 done, 0 refused, 0 left\n"
        assert sandbox.find("new@example.org")


def test_lines_about_one_person_are_done_in_their_order(people: Path) -> None:
    names = [f"Name {n}" for n in range(12)]
    people.write_text("".join(json.dumps({"email": "p@example.org", "first_name": name}) + "\n" for name in names))
    sandbox = Sandbox(rate=500, rate_headers=True, jitter=40)
    with served(sandbox) as env:
        assert run(people, env).returncode == 0
    assert [asked.body["contact"]["firstName"] for asked in sandbox.requests if isinstance(asked.body, dict)] == names


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_stopped_it_finishes_what_it_holds_and_goes_on_later(people: Path, sent: signal.Signals, code: int) -> None:
    sandbox = account()
    with served(sandbox) as env:
        with started(people, env) as process:
            until(lambda: processed(sandbox) >= 12)
            process.send_signal(sent)
            out, err = process.communicate(timeout=10)
        done = len(journal(people))
        assert (process.returncode, err) == (code, "")
        assert out == f"{done} done, 0 refused, {LINES - done} left\n"
        assert 12 <= done < LINES
        assert processed(sandbox) == done  # nothing was cut off

        rest = run(people, env)
        assert (rest.returncode, rest.stdout) == (0, f"{LINES - done} done, 0 refused, 0 left\n")
        assert processed(sandbox) == LINES
        check(sandbox)


def test_killed_it_repeats_at_most_what_its_lanes_held(people: Path) -> None:
    sandbox = account()
    with served(sandbox) as env:
        with started(people, env) as process:
            until(lambda: processed(sandbox) >= 12)
            process.send_signal(signal.SIGSTOP)  # it would be done before the second has started
            second = run(people, env)
            assert second.returncode == 1
            assert second.stderr.startswith("worker: another worker is at ")
            process.kill()
            process.communicate(timeout=10)
        with people.with_name(people.name + ".done").open("ab") as file:
            file.write(b'{"item": "48:e8')
        done = people.with_name(people.name + ".done").read_bytes().count(b"\n")
        assert 0 < done < LINES

        rest = run(people, env)
        assert (rest.returncode, rest.stdout) == (0, f"{LINES - done} done, 0 refused, 0 left\n")
        assert LINES <= processed(sandbox) <= LINES + LANES
        assert len({entry["item"] for entry in journal(people)}) == LINES
        check(sandbox)


def test_what_outlasts_the_grace_is_cut_off_and_done_again(people: Path) -> None:
    sandbox = account(latency=0)
    sandbox.fail("hang_after", skip=20)
    with served(sandbox) as env:
        with started(people, env, "--grace", "0.2") as process:
            until(lambda: processed(sandbox) == LINES)
            until(lambda: len(journal(people)) == LINES - 1)
            process.terminate()
            out, err = process.communicate(timeout=5)
        assert process.returncode == 143
        assert out.endswith("done, 0 refused, 1 left\n")
        assert "cancelled in flight, and may have been processed: POST /contact/sync" in err
        assert run(people, env).returncode == 0
        assert processed(sandbox) == LINES + 1
        check(sandbox)


def test_a_line_that_is_left_holds_the_later_ones_about_the_same_person(people: Path) -> None:
    sandbox = account(latency=0)
    sandbox.fail("error200", skip=2)  # the third request to arrive: one of the first lines
    with served(sandbox) as env:
        first = run(people, env)
        assert first.returncode == 1
        assert first.stderr.count(" is left: ") == 1
        assert first.stdout == f"{LINES - 2} done, 0 refused, 2 left\n"
        assert run(people, env).returncode == 0
        check(sandbox)


def test_with_a_key_that_is_refused_it_soon_stops(people: Path) -> None:
    sandbox = account(latency=0)
    with served(sandbox) as env:
        done = run(people, {**env, "AC_API_TOKEN": "another-key"})
        assert done.returncode == 1
        assert done.stdout == f"0 done, 0 refused, {LINES} left\n"
        assert "another-key" not in done.stderr
        assert len(sandbox.requests) <= 2 * LANES + 5
        assert run(people, env).returncode == 0
        check(sandbox)


def test_what_cannot_work_is_one_line(people: Path) -> None:
    env = {"AC_API_URL": "http://example.org", "AC_API_TOKEN": "k", "PYTHONPATH": str(ROOT)}
    done = run(people, env)
    assert done.returncode == 1
    assert done.stderr.startswith("worker: ")
    assert done.stderr.count("\n") == 1
    missing = run(people.with_name("missing"), env)
    assert missing.returncode == 2
    assert list(people.parent.iterdir()) == [people, people.with_name(people.name + ".done")]
