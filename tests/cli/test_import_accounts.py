"""`contacts import` of one file into several accounts, and into the sandbox before: what stands in the way, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from activecampaign_async.sandbox import Sandbox
from tests.cli.support import FAST, importing as served, run as run_apart, run_here as run

GO = ("--no-automations", "--yes", *FAST)
DRY = ("--no-automations", "--dry-run", *FAST)
REHEARSE = ("--sandbox", "10", "--run-automations", "--yes", *FAST)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    write(path, 12)
    return path


def write(path: Path, count: int) -> None:
    path.write_text("email,first_name\n" + "".join(f"p{n}@example.org,P{n}\n" for n in range(count)))


def elsewhere(env: Mapping[str, str]) -> dict[str, str]:
    """The same server under another name, which is another account."""
    return {**env, "AC_API_URL": env["AC_API_URL"].replace("localhost", "127.0.0.1")}


def account(env: Mapping[str, str]) -> str:
    return urlsplit(env["AC_API_URL"]).netloc


def checkpoint(path: Path) -> Path:
    return path.with_name(path.name + ".import.checkpoint")


def writes(sandbox: Sandbox) -> int:
    return sum(asked.method != "GET" for asked in sandbox.requests)


def test_what_went_into_another_account_is_begun_anew(people: Path) -> None:
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        other = elsewhere(env)
        assert run(other, people, *GO).returncode == 0
        went = f"{people} was imported into {account(other)} before, and goes into {account(env)} now\n"
        told = run(env, people, *DRY)
        assert (told.returncode, told.stderr, went in told.stdout) == (0, "", True)
        done = run(env, people, *GO)
        assert (done.returncode, went in done.stderr) == (0, True)
        assert "12 imported, 0 failed of 12 rows" in done.stderr
        assert json.loads(checkpoint(people).read_bytes())["account"] == account(env)
        again = run(env, people, *GO)
        assert "was imported, and has not changed since" in again.stderr
    assert writes(sandbox) == 2


def test_what_is_under_way_in_another_account_needs_a_word(people: Path) -> None:
    write(people, 400)
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        other = elsewhere(env)
        sandbox.fail("402", path="/import/bulk_import", skip=1, always=True)
        assert run(other, people, *GO).returncode == 1
        sandbox.heal()
        before, sent = checkpoint(people).read_bytes(), writes(sandbox)
        refused = (
            f"an import of {people} into {account(other)} was begun, and this one is into {account(env)}: "
            "--resume with that account goes on, --force begins anew\n"
        )
        told, done = run(env, people, *DRY), run(env, people, *GO)
        assert (done.returncode, done.stderr) == (1, f"activecampaign: {refused}")
        assert (told.returncode, told.stderr) == (1, f"activecampaign: the import would be refused: {refused}")
        for word in (DRY, GO):
            gone_on = run(env, people, *word, "--resume")
            assert (gone_on.returncode, "cannot resume: the checkpoint is of account" in gone_on.stderr) == (1, True)
        assert (checkpoint(people).read_bytes(), writes(sandbox)) == (before, sent)
        assert run_apart(other, people, *GO, "--resume", what="import").returncode == 0  # a 402 is remembered
        assert run(env, people, *GO).returncode == 0, "that one is finished"


def test_force_takes_the_place_of_what_is_under_way_elsewhere(people: Path) -> None:
    write(people, 400)
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        sandbox.fail("402", path="/import/bulk_import", skip=1, always=True)
        assert run(elsewhere(env), people, *GO).returncode == 1
        sandbox.heal()
        assert run(env, people, *DRY, "--force").returncode == 0
        assert run(env, people, *GO, "--force").returncode == 0


def test_force_begins_anew_whatever_the_checkpoint_is(people: Path) -> None:
    checkpoint(people).write_text("nonsense")
    with served(Sandbox(rate=None)) as env:
        for word in (DRY, GO):
            refused = run(env, people, *word)
            assert refused.returncode == 1
            assert "is not a checkpoint (--force begins anew)" in refused.stderr
        assert run(env, people, *GO, "--force").returncode == 0


def test_a_dry_run_says_what_would_be_refused(people: Path) -> None:
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        assert run(env, people, *GO).returncode == 0
        sent = writes(sandbox)
        told = run(env, people, *DRY)
        assert (told.returncode, "12 rows, 12 of them to import" in told.stdout) == (1, True)
        said = f"{people} was imported, and has not changed since: --force imports it once more\n"
        assert told.stderr == f"activecampaign: the import would be refused: {said}"
        assert run(env, people, *DRY, "--force").returncode == 0
        assert run(env, people, *DRY, "--resume").returncode == 0
        told = run(env, people, "--run-automations", "--dry-run", "--resume")
        assert (told.returncode, "it was begun with other arguments (run_automations)" in told.stderr) == (1, True)
        write(people, 13)
        assert run(env, people, *DRY).returncode == 0
        told = run(env, people, *DRY, "--resume")
        assert (told.returncode, "these are more rows than it had" in told.stderr) == (1, True)
        write(people, 11)
        told = run(env, people, *DRY, "--resume")
        assert (told.returncode, "cannot resume: other rows" in told.stderr) == (1, True)
        assert writes(sandbox) == sent


def test_a_rehearsal_leaves_alone_what_is_known_of_accounts(people: Path) -> None:
    write(people, 3)
    with served(Sandbox(rate=None)) as env:
        for _ in range(2):  # the sandbox is gone each time
            done = run({}, people, *REHEARSE)
            assert done.returncode == 0, done.stderr
        assert sorted(path.name for path in people.parent.iterdir()) == [
            "people.csv",
            "people.csv.sandbox.import.checkpoint",
            "people.csv.sandbox.import.ndjson",
        ]
        assert run(env, people, *GO).returncode == 0
        kept = checkpoint(people).read_bytes()
        assert run({}, people, *REHEARSE).returncode == 0
        assert checkpoint(people).read_bytes() == kept
        assert "was imported, and has not changed since" in run(env, people, *GO).stderr


def test_what_fails_in_a_rehearsal_is_corrected_in_the_file(people: Path) -> None:
    ours = people.with_name("people.csv.failures.csv")
    people.write_text("email,first_name\np@example.org,P\nnobody,N\n")
    done = run({}, people, *REHEARSE)
    assert done.returncode == 1
    told = people.with_name("people.csv.sandbox.failures.csv")
    assert f"1 row is in {told}: correct it in {people}" in done.stderr
    assert (told.exists(), ours.exists()) == (True, False)
    for name in ("people.csv.sandbox.import.checkpoint", "people.csv.import.checkpoint"):
        assert run({}, people, *REHEARSE, "--failures", people.with_name(name)).returncode == 2
