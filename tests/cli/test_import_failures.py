"""The file of failures of `contacts import`: nothing of the user's is lost to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from activecampaign_async.sandbox import Sandbox
from tests.cli.support import FAST, importing as served, run_here as run

GO = ("--no-automations", "--yes", *FAST)
HEAD = "#line,#status,#reason,#raw,email,first_name\r\n"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("email,first_name\n" + "".join(f"p{n}@example.org,P{n}\n" for n in range(12)) + "nobody,N\n")
    return path


@pytest.mark.parametrize("name", ["people.csv", "link.csv", "people.csv.import.ndjson", "people.csv.import.checkpoint"])
@pytest.mark.parametrize("word", [(), ("--force",)])
def test_failures_never_take_the_place_of_what_the_import_needs(people: Path, name: str, word: tuple[str, ...]) -> None:
    before = people.read_bytes()
    people.with_name("link.csv").hardlink_to(people)
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        done = run(env, people, *GO, *word, "--failures", people.with_name(name))
    assert done.returncode == 2
    assert f"--failures: {people.with_name(name)} is " in done.stderr
    assert people.read_bytes() == before
    assert sandbox.requests == []


@pytest.mark.parametrize("place", ["missing/failures.csv", "."])
def test_failures_that_cannot_be_written_are_told_beforehand(people: Path, place: str) -> None:
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        done = run(env, people, *GO, "--failures", people.parent / place)
    assert done.returncode == 2
    assert sandbox.requests == []


def test_a_file_of_somebody_else_needs_force(people: Path) -> None:
    other = people.with_name("thesis.txt")
    other.write_text("important\n")
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        done = run(env, people, *GO, "--failures", other)
        assert (done.returncode, other.read_text()) == (1, "important\n")
        assert f"{other} exists, and is no file of failures" in done.stderr
        assert [asked.path for asked in sandbox.requests if asked.method != "GET"] == []
        done = run(env, people, *GO, "--failures", other, "--force")
        assert done.returncode == 1
    assert other.read_bytes().decode().startswith(HEAD + "14,failed,email: has no @,,nobody,N")


def test_failures_of_an_earlier_import_are_replaced(people: Path) -> None:
    ours = people.with_name("people.csv.failures.csv")
    with served(Sandbox(rate=None)) as env:
        for _ in range(2):
            done = run(env, people, *GO, "--force")
            assert f"1 row is in {ours}: correct it there, and import that" in done.stderr
        people.write_text(people.read_text().replace("nobody", "n@example.org"))
        assert run(env, people, *GO, "--force").returncode == 0
    assert not ours.exists()


def test_a_raw_line_that_nobody_corrected_says_so(tmp_path: Path) -> None:
    table, lines = tmp_path / "again.csv", tmp_path / "again.ndjson"
    table.write_text('#line,#status,#reason,#raw,email\n3,failed,?,"a@example.org,A",\n4,failed,?,old,b@example.org\n')
    lines.write_text('{"#line": 3, "#raw": "{\\"email\\": "}\n{"#raw": "old", "email": "c@example.org"}\n')
    with served(Sandbox(rate=None)) as env:
        for path in (table, lines):
            done = run(env, path, "--no-automations", "--dry-run")
            assert "2 rows, 1 of them to import" in done.stdout
            assert "is as it was: move what stands in #raw to where it belongs" in done.stdout


def test_an_import_that_is_done_leaves_corrected_failures_alone(people: Path) -> None:
    ours = people.with_name("people.csv.failures.csv")
    with served(Sandbox(rate=None)) as env:
        run(env, people, *GO)
        corrected = ours.read_bytes().replace(b"nobody", b"n@example.org")
        ours.write_bytes(corrected)
        done = run(env, people, *GO, "--resume")
        assert done.returncode == 1
        assert "nothing to do" in done.stderr
        assert ours.read_bytes() == corrected
        assert run(env, ours, *GO).returncode == 0


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le", "utf-8"])
@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_failures_are_imported_with_the_same_options(tmp_path: Path, kind: str, encoding: str) -> None:
    people, ours = tmp_path / f"people.{kind}", tmp_path / f"people.{kind}.failures.{kind}"
    rows = [("a@example.org", "M\u00fcller"), ("nobody", "Zo\u00eb")]
    lines = [f"{email},{name}" for email, name in rows]
    if kind == "ndjson":
        lines = [json.dumps({"email": email, "first_name": name}, ensure_ascii=False) for email, name in rows]
    people.write_bytes("\n".join(["email,first_name", *lines] if kind == "csv" else lines).encode(encoding))
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        for _ in range(2):  # an earlier file of failures is known again
            assert run(env, people, *GO, "--encoding", encoding, "--force").returncode == 1
        ours.write_bytes(ours.read_bytes().replace(b"nobody", b"b@example.org"))
        done = run(env, ours, *GO, "--encoding", encoding)
    assert done.returncode == 0, done.stderr
    found = [row for id in sandbox.contact_ids() if (row := sandbox.contact(id))]
    assert {(row["email"], row["firstName"]) for row in found} >= {rows[0], ("b@example.org", rows[1][1])}
