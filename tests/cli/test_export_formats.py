"""`contacts export` in other formats, and with what belongs to a contact."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activecampaign_async.sandbox import Sandbox
from tests.cli.support import FAST, KINDS, NEEDS_PYARROW, parquet, rows_of, run, run_here, table
from tests.examples.support import served


def populated(contacts: int = 450, **options: Any) -> Sandbox:
    sandbox = Sandbox(contacts=contacts, rate=None, **options)
    for name in ("vip", "a, b"):
        sandbox.add_tag(name)
    for title, kind in (("Born", "date"), ("Size", "number"), ("Likes", "checkbox"), ("Word", "text")):
        sandbox.add_field(title, kind)
    sandbox.add_list("News")
    sandbox.add_list("Old news")
    for contact in (7, 8):
        sandbox.tag_contact(contact, 1)
        sandbox.subscribe(contact, 1)
    sandbox.tag_contact(7, 2)
    sandbox.subscribe(7, 2, 2)
    for field, value in enumerate(("1990-05-17", "12.50", "||red||blue||", '=cmd|"calc"'), 1):
        sandbox.set_field_value(7, field, value)
    return sandbox


Account = tuple[Sandbox, dict[str, str]]


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Sandbox, dict[str, str]]]:
    sandbox = populated()
    sandbox.update_contact(9, firstName="-1+cmd", lastName='a "quoted", line\nbreak \u00e9', phone="+49 30 1")
    with served(sandbox) as env:
        yield sandbox, env


def test_csv_holds_what_came(account: Account, tmp_path: Path) -> None:
    sandbox, env = account
    out = tmp_path / "contacts.csv"
    done = run(env, *FAST, "--out", out)
    assert (done.returncode, done.stdout) == (0, "")
    rows = {int(row["id"]): row for row in table(out)}
    assert sorted(rows) == sandbox.contact_ids()
    assert out.read_bytes().count(b"\nid,") == 0, "the names stand there once"
    nine, wire = rows[9], sandbox.contact(9)
    assert wire is not None
    assert (nine["first_name"], nine["phone"]) == ("-1+cmd", "+49 30 1"), "as it came: no guard unless asked for"
    assert nine["last_name"] == 'a "quoted", line\nbreak \u00e9'
    assert (nine["created_at"], nine["email"]) == (wire["cdate"], wire["email"])
    assert "contact_tags" not in nine
    assert "links" not in nine


def test_fields_by_either_name_and_in_that_order(account: Account, tmp_path: Path) -> None:
    _, env = account
    for kind in ("csv", "ndjson"):
        out = tmp_path / f"few.{kind}"
        assert run(env, *FAST, "--out", out, "--fields", "cdate,id, first_name").returncode == 0
    rows = [json.loads(line) for line in (tmp_path / "few.ndjson").read_bytes().splitlines()]
    assert {tuple(row) for row in rows} == {("cdate", "id", "first_name")}
    assert sorted(rows, key=str) == sorted(table(tmp_path / "few.csv"), key=str)
    wrong = run(env, "--fields", "emial")
    assert wrong.returncode == 2
    assert "--fields: there is no field 'emial': did you mean email?" in wrong.stderr


def test_formulas_are_guarded_where_that_is_asked_for(account: Account, tmp_path: Path) -> None:
    _, env = account
    out = tmp_path / "x"
    done = run(env, *FAST, "--out", out, "--format", "csv", "--guard-formulas", "--fields", "id,first_name,phone")
    assert done.returncode == 0
    (row,) = [row for row in table(out) if row["id"] == "9"]
    assert (row["first_name"], row["phone"]) == ("'-1+cmd", "'+49 30 1")
    assert run(env, "--guard-formulas").returncode == 2


@NEEDS_PYARROW
def test_parquet_is_typed(account: Account, tmp_path: Path) -> None:
    sandbox, env = account
    out = tmp_path / "contacts.parquet"
    done = run(env, *FAST, "--out", out)
    assert done.returncode == 0, done.stderr
    rows = {row["id"]: row for row in parquet(out)}
    assert sorted(rows) == sandbox.contact_ids()
    wire = sandbox.contact(9)
    assert wire is not None
    assert rows[9]["created_at"] == datetime.fromisoformat(str(wire["cdate"])).astimezone(UTC)
    assert rows[9]["created_timestamp"].tzinfo is None
    assert rows[9]["deleted"] is False
    assert rows[9]["last_name"] == 'a "quoted", line\nbreak \u00e9'
    assert sorted(path.name for path in tmp_path.iterdir()) == ["contacts.parquet", "contacts.parquet.checkpoint"]
    asked = len(sandbox.requests)
    again = run(env, *FAST, "--out", out, "--resume")
    assert (again.returncode, again.stderr) == (0, f"nothing to do: {out} is whole, 450 contacts\n")
    assert len(sandbox.requests) == asked
    assert run(env, *FAST, "--out", out).returncode == 1
    with out.open("ab") as file:
        file.write(b"x")
    assert "changed since" in run(env, *FAST, "--out", out, "--resume").stderr


@NEEDS_PYARROW
def test_what_does_not_fit_is_null_and_counted(tmp_path: Path) -> None:
    sandbox = Sandbox(contacts=3, rate=None)

    def spoil(answer: Any) -> Any:
        answer["contacts"][1] |= {"cdate": "the other day", "sentcnt": "many"}
        return answer

    sandbox.fail("edit", path="/contacts", always=True, edit=spoil)
    with served(sandbox) as env:
        done = run(env, *FAST, "--out", tmp_path / "x.parquet", "--fields", "id,created_at,sent_count")
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "null, since they did not fit: 1 of created_at, 1 of sent_count"
    (row,) = [row for row in parquet(tmp_path / "x.parquet") if row["id"] == 2]
    assert row == {"id": 2, "created_at": None, "sent_count": None}


@NEEDS_PYARROW
@pytest.mark.parametrize("ignores", [set(), {"include"}], ids=["included", "from tables"])
def test_with_tags_lists_and_fields(ignores: set[str], tmp_path: Path) -> None:
    sandbox = populated()
    sandbox.ignores |= ignores
    given = (*FAST, "--with", "tags,lists,fields", "--fields", "id,email")
    with served(sandbox) as env:
        for kind in ("csv", "ndjson", "parquet"):
            done = run(env, *given, "--out", tmp_path / f"x.{kind}")
            assert done.returncode == 0, done.stderr
            told = done.stderr.splitlines()[0]
            took = "from whole tables: fields, lists, tags" if ignores else "all comes along with the contacts"
            assert told.endswith(f"; {took}")
            assert f" {told.split()[0]} requests, " in f" {told}"
            spent = next(line for line in done.stderr.splitlines() if "of the budget" in line)
            assert told.split()[0] == spent.split()[0], "as the plan has said"
        asked = len(sandbox.requests)
        assert run(env, *given, "--out", tmp_path / "x.csv", "--resume").returncode == 0
        assert len(sandbox.requests) == asked, "nothing is asked for where the file is whole"
    (row,) = [row for row in table(tmp_path / "x.csv") if row["id"] == "7"]
    assert (row["tags"], row["lists"]) == ('vip,"a, b"', "News=1,Old news=2")
    assert [row[f"field:{tag}"] for tag in ("BORN", "SIZE", "LIKES", "WORD")] == [
        "1990-05-17", "12.50", "||red||blue||", '=cmd|"calc"',
    ]  # fmt: skip
    items = [json.loads(line) for line in (tmp_path / "x.ndjson").read_bytes().splitlines()]
    (item,) = [item for item in items if item["id"] == "7"]
    assert sorted(item["tags"]) == ["a, b", "vip"]
    assert item["fields"]["LIKES"] == ["red", "blue"]
    assert {(entry["name"], entry["status"]) for entry in item["lists"]} == {("News", 1), ("Old news", 2)}
    (typed,) = [row for row in parquet(tmp_path / "x.parquet") if row["id"] == 7]
    assert typed["field:BORN"] == date(1990, 5, 17)
    assert typed["field:SIZE"] == Decimal("12.50")
    assert typed["field:LIKES"] == ["red", "blue"]
    assert sorted(typed["tags"]) == ["a, b", "vip"]
    assert len(table(tmp_path / "x.csv")) == len(items) == 450


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("more", [(), ("--guard-formulas",)], ids=["", "guarded"])
def test_a_whole_file_of_other_fields_is_not_taken_for_this_one(
    kind: str, more: tuple[str, ...], tmp_path: Path
) -> None:
    if more and kind != "csv":
        return
    sandbox, out = populated(20), tmp_path / f"x.{kind}"
    sandbox.ignores |= {"include"}
    with served(sandbox) as env:

        def asked(*options: str) -> subprocess.CompletedProcess[str]:
            sandbox.requests.clear()
            return run_here(env, *FAST, "--out", out, *more, "--resume", *options, what="export")

        for what in ("tags", "tags,fields"):
            out.unlink(missing_ok=True)
            assert asked("--fields", "id", "--with", what).returncode == 0
            for fields in ("id,email,phone", "email"):
                other = asked("--fields", fields, "--with", what)
                assert (other.returncode, sandbox.requests) == (1, [])
                assert "another format or with other fields: give the same, or begin anew" in other.stderr
            other = asked("--fields", "id", "--with", "tags,lists")
            assert (other.returncode, sandbox.requests) == (1, [])
            assert "other filters" in other.stderr
            same = asked("--fields", "id", "--with", what)
            assert (same.returncode, sandbox.requests) == (0, [])
            assert same.stderr.startswith("nothing to do")


@NEEDS_PYARROW
def test_a_joined_parquet_file_that_was_begun_anew_is_gone_on_with(tmp_path: Path) -> None:
    sandbox, out = populated(), tmp_path / "x.parquet"
    given = (*FAST, "--out", out, "--with", "tags", "--fields", "id", "--lanes", "1")
    with served(sandbox) as env:
        assert run_here(env, *given, what="export").returncode == 0
        for _ in range(50):
            sandbox.add_contact()
        sandbox.fail("redirect", path="/contacts", skip=2, always=True)
        assert run_here(env, *given, "--force", what="export").returncode == 1
        assert rows_of(out)
        sandbox.heal()
        assert run_here(env, *given, "--resume", what="export").returncode == 0
    assert len(parquet(out)) == 500


def test_what_was_exported_can_be_imported(tmp_path: Path) -> None:
    sandbox = populated(20)
    with served(sandbox) as env:
        out = tmp_path / "x.csv"
        given = ("--with", "tags,fields", "--fields", "email,first_name,last_name,phone")
        assert run(env, *FAST, "--out", out, *given).returncode == 0
        done = run(env, out, "--no-automations", "--yes", what="import")
    assert done.returncode == 0, done.stderr
    assert "\n20 imported, 0 failed of 20 rows" in done.stderr


def test_since_brings_that_very_moment_along(account: Account) -> None:
    """Whether ActiveCampaign's own border counts, nobody knows."""
    sandbox, env = account
    assert run(env, *FAST, "--since", "2026-01-02T03:04:05Z").returncode == 0
    asked = dict(sandbox.requests[-1].query)
    assert datetime.fromisoformat(str(asked["filters[updated_after]"])) == datetime(2026, 1, 2, 3, 4, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--out", "x.xlsx"), "no .xlsx is written; --format ndjson, csv or parquet says what is"),
        (("--out", "x.csv.gz"), "no .gz is written"),
        (("--fields", "id,tags"), "--fields: 'tags' is no field; --with tags brings it along"),
        (("--fields", ""), "--fields: names were expected"),
        (("--account", "acme"), "--account is a name in Redis: give --redis URL too"),
    ],
)
def test_wrong_usage_says_what_is_meant(options: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = run_here({}, *options, what="export")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_format_that_is_given_may_have_any_name(tmp_path: Path) -> None:
    with served(Sandbox(contacts=3, rate=None)) as env:
        done = run_here(env, "--out", tmp_path / "x.gz", "--format", "csv", what="export")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x.gz").read_bytes().startswith(b"id,")


@pytest.mark.parametrize("contacts", [250, 400, 990, 1_500])
def test_a_joined_export_takes_what_its_plan_said(contacts: int, tmp_path: Path) -> None:
    sandbox = Sandbox(contacts=contacts, rate=None)
    with served(sandbox) as env:
        done = run_here(env, *FAST, "--with", "tags", "--out", tmp_path / "x.ndjson", what="export")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"{len(sandbox.requests)} requests, at least ")


def test_a_resumed_joined_export_says_what_is_left(tmp_path: Path) -> None:
    sandbox, out = Sandbox(contacts=1_000, rate=None), tmp_path / "x.ndjson"
    given = (*FAST, "--with", "tags", "--out", out, "--lanes", "1")
    with served(sandbox) as env:
        sandbox.fail("redirect", path="/contacts", skip=7, always=True)
        broken = run_here(env, *given, what="export")
        assert broken.returncode == 1
        assert "13 requests, at least " in broken.stderr
        rows = rows_of(out)
        assert rows > 0
        sandbox.heal()
        sandbox.requests.clear()
        done = run_here(env, *given, "--resume", what="export")
    assert done.returncode == 0, done.stderr
    left = len(sandbox.requests)
    assert left == 13 - rows // 100 + 1  # the first page, for the plan
    assert f"{left} requests left, {rows} contacts are there, at least " in done.stderr


def test_a_resumed_joined_export_reads_no_table_twice(tmp_path: Path) -> None:
    sandbox, out = Sandbox(contacts=500, rate=None), tmp_path / "x.ndjson"
    sandbox.ignores = {"include"}
    sandbox.add_tag("vip")
    for id in range(1, 501):
        sandbox.tag_contact(id, 1)
    given = (*FAST, "--with", "tags", "--out", out, "--lanes", "1")
    with served(sandbox) as env:
        sandbox.fail("redirect", path="/contactTags", skip=3, always=True)
        stopped = run_here(env, *given, what="export")
        assert stopped.stderr.endswith("; the same command with --resume goes on with the tables\n")
        sandbox.heal()
        sandbox.fail("redirect", path="/contacts", skip=3, always=True)
        assert run_here(env, *given, "--resume", what="export").returncode == 1
        assert any(".table-" in each.name for each in tmp_path.iterdir())
        sandbox.heal()
        sandbox.requests.clear()
        refused = run_here(env, *given, what="export")
        assert "x.ndjson exists: --resume goes on with it" in refused.stderr
        assert not sandbox.requests
        done = run_here(env, *given, "--resume", what="export")
    assert done.returncode == 0, done.stderr
    assert f"{len(sandbox.requests)} requests left, 200 contacts are there" in done.stderr
    assert sum(asked.path == "/contactTags" for asked in sandbox.requests) == 1  # for the plan
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["tags"] for line in lines] == [["vip"]] * 500
    assert sorted(each.name for each in tmp_path.iterdir()) == ["x.ndjson", "x.ndjson.checkpoint"]


@pytest.mark.parametrize("missing", ["AC_API_URL", "AC_API_TOKEN"])
def test_without_an_account_it_says_how_to_give_one(missing: str) -> None:
    env = {"AC_API_URL": "https://acme.api-us1.com", "AC_API_TOKEN": "some-key"}
    del env[missing]
    done = run_here(env, what="export")
    assert done.returncode == 1
    assert done.stderr == (
        f"activecampaign: settings: {missing} is not set: set AC_API_URL and AC_API_TOKEN as Settings > Developer "
        "shows them, or give --profile NAME; exports and imports can be tried with --sandbox N\n"
    )


@pytest.mark.parametrize(
    "options",
    [
        ("--format", "parquet"),
        ("--format", "xml"),
        ("--with", "deals"),
        ("--with", "tags", "--workers", "2", "--out", "x"),
        ("--workers", "2"),
        ("--workers", "0", "--out", "x"),
        ("--since", "2026-01-01", "--updated-after", "2026-01-01"),
        ("--profile", "a", "--sandbox", "5"),
    ],
)
def test_wrong_usage_is_2(options: tuple[str, ...]) -> None:
    done = run(os.environ, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "yesterday"), '--since: "yesterday" is not a time such as 2026-01-31 or 2026-01-31T12:00:00Z'),
        (("--created-after", "[/31.1.]"), '--created-after: "[/31.1.]" is not a time such as 2026-01-31 '),
        (("--tag-id", "customer"), '"customer" is not an id such as 3; ac.tags.find(NAME) of the library finds it'),
        (("--list-id", "News"), '"News" is not an id such as 3; ac.lists.find(NAME) of the library finds it'),
        (("--segment-id", "x"), '"x" is not an id such as 3'),
        (("--list-id", "0"), '"0" for --list-id. Must be >= 1'),
    ],
)
def test_a_value_that_is_none_is_told_with_one_that_is(options: tuple[str, ...], said: str) -> None:
    done = run(os.environ, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_without_pyarrow_it_says_so(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['pyarrow'] = None; import importlib.util as u; real = u.find_spec\n"
    hidden += "u.find_spec = lambda name, *a: None if name == 'pyarrow' else real(name, *a)\n"
    hidden += "from activecampaign_async.cli import main; sys.exit(main())"
    command = [
        sys.executable,
        "-c",
        hidden,
        "contacts",
        "export",
        "--sandbox",
        "5",
        "--out",
        str(tmp_path / "x.parquet"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "pip install 'activecampaign_async[parquet]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_another_format_or_other_fields_are_refused(tmp_path: Path) -> None:
    sandbox, out = Sandbox(contacts=600, rate=None), tmp_path / "contacts.x"
    with served(sandbox) as env:
        sandbox.fail("402", path="/contacts", skip=3, always=True)
        assert run(env, *FAST, "--out", out, "--format", "csv", "--lanes", "1").returncode == 1
        sandbox.heal()
        assert rows_of(out)
        for other in (
            ("--format", "ndjson"),
            ("--format", "csv", "--fields", "id"),
            ("--format", "csv", "--guard-formulas"),
        ):
            done = run(env, *FAST, "--out", out, "--resume", *other)
            assert done.returncode == 1
            assert "another format or with other fields" in done.stderr
        assert run(env, *FAST, "--out", out, "--resume", "--format", "csv").returncode == 0
    assert len(table(out)) == 600
