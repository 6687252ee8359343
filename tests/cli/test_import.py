"""`contacts import`: what is asked for, what is sent, and that every line of the file is accounted for."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from activecampaign_async.cli._import_plan import ENCODING
from activecampaign_async.sandbox import Sandbox
from tests.cli.support import COMMAND, FAST, importing as served, run as run_apart, run_here as run
from tests.examples.support import until

PACED = ("--no-automations", "--yes")
GO = (*PACED, *FAST)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def written(path: Path, count: int = 30, head: str = "email,first_name") -> list[str]:
    lines = [head, *(f"p{number}@example.org,P{number}" for number in range(1, count + 1))]
    path.write_text("\n".join(lines) + "\n")
    return lines


def imported(sandbox: Sandbox) -> dict[str, str]:
    """E-mail address and first name of those that were not there before."""
    rows = (sandbox.contact(id) for id in sandbox.contact_ids())
    found = {str(row["email"]): str(row["firstName"]) for row in rows if row}
    return {email: name for email, name in found.items() if email.endswith("@example.org")}


def batches(sandbox: Sandbox) -> list[Any]:
    return [asked.body for asked in sandbox.requests if asked.path == "/import/bulk_import"]


def outcomes(path: Path) -> list[dict[str, Any]]:
    report = path.with_name(path.name + ".import.ndjson")
    return sorted((json.loads(line) for line in report.read_bytes().splitlines()), key=lambda told: told["row"])


def failures(path: Path) -> list[dict[str, str]]:
    with path.with_name(path.name + ".failures.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def writes(sandbox: Sandbox) -> list[str]:
    return [asked.path for asked in sandbox.requests if asked.method != "GET"]


@pytest.mark.parametrize(("choice", "excluded"), [("--run-automations", None), ("--no-automations", True)])
def test_all_rows_of_a_good_file_are_imported(people: Path, choice: str, excluded: bool | None) -> None:
    written(people)
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        done = run(env, people, choice, "--yes")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "30 imported, 0 failed of 30 rows in " in done.stderr
    assert imported(sandbox) == {f"p{number}@example.org": f"P{number}" for number in range(1, 31)}
    (batch,) = batches(sandbox)
    assert {contact.get("exclude_automations") for contact in batch["contacts"]} == {excluded}
    told = outcomes(people)
    assert [one["row"] for one in told] == list(range(1, 31))
    assert {one["status"] for one in told} == {"imported"}
    assert all(sandbox.contact(one["id"])["email"] == one["email"] for one in told)  # type: ignore[index]  # it is there
    assert not people.with_name("people.csv.failures.csv").exists()


BROKEN = {
    3: (b"short", "has 1 cells, and there are 3 columns"),
    5: (b"P1@Example.ORG,again,", "email: a row before has the same address"),
    7: (b"nobody,N,", "email: has no @"),
    9: (b'"q@example.org,Q,', "a quote is opened and not closed as it should be"),
    11: (b"jos\xe9@example.org,J,", "is not UTF-8 like the rest: byte 0xE9 at character 4"),
    13: (b"t@example.org,T,no such", "tags: there is no tag 'no such' (create_tags=True or --create-tags makes it)"),
}


def broken(path: Path) -> None:
    lines = [b"\xef\xbb\xbfE-Mail,Vorname,Tags", *(b"p%d@example.org,P,vip" % number for number in range(1, 31))]
    for number, (line, _) in BROKEN.items():
        lines[number - 1] = line
    path.write_bytes(b"\r\n".join(lines) + b"\r\n")


MAPPED = ("--column", "Vorname=first_name")


def test_bad_lines_are_told_and_kept_and_the_rest_goes_on(people: Path) -> None:
    broken(people)
    sandbox = Sandbox(rate=None)
    sandbox.add_tag("VIP")
    with served(sandbox) as env:
        done = run(env, people, *GO, *MAPPED)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"24 imported, {len(BROKEN)} failed of 30 rows" in done.stderr
        for number, (_, reason) in BROKEN.items():
            assert f"  line {number}: {reason}\n" in done.stderr
        assert "example" not in done.stderr.lower(), "addresses stay in the files"
        assert len(imported(sandbox)) == 24
        told = {int(row["#line"]): row for row in failures(people)}
        assert {number: row["#reason"] for number, row in told.items()} == {n: why for n, (_, why) in BROKEN.items()}
        assert told[7]["E-Mail"] == "nobody"
        assert told[9]["#raw"] == '"q@example.org,Q,'
        assert told[11]["#raw"] == "jos\\xe9@example.org,J,"
        for path in people.parent.glob("people.csv.*"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600

        corrected = people.with_name("corrected.csv")
        fixed = {7: "n@example.org", 13: "t@example.org"}
        rows = [row | {"E-Mail": fixed[number], "Tags": "vip"} for number, row in told.items() if number in fixed]
        with corrected.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
        done = run(env, corrected, *GO, *MAPPED)
        assert done.returncode == 0, done.stderr
    assert imported(sandbox).keys() >= {"n@example.org", "t@example.org"}


def test_ndjson_is_told_in_ndjson(tmp_path: Path) -> None:
    people, sandbox = tmp_path / "people.ndjson", Sandbox(rate=None)
    lines = [json.dumps({"email": f"p{number}@example.org", "firstName": "P"}) for number in range(12)]
    lines[2], lines[4] = '{"email": ', '{"email": "x@example.org", "nickname": "X"}'
    people.write_text("\n".join(lines))
    with served(sandbox) as env:
        done = run(env, people, *GO)
        assert done.returncode == 1
        assert "  line 3: is no JSON: Expecting value at character 11\n" in done.stderr
        assert "  line 5: unknown argument 'nickname'" in done.stderr
        again = people.with_name("people.ndjson.failures.ndjson")
        told = [json.loads(line) for line in again.read_text().splitlines()]
        assert told[0] == {"#line": 3, "#status": "failed", "#reason": told[0]["#reason"], "#raw": '{"email": '}
        assert (told[1]["#line"], told[1]["nickname"]) == (5, "X")
        assert run(env, again, *GO, "--skip", "nickname").returncode == 1
    assert len(imported(sandbox)) == 11


def test_a_dry_run_sends_nothing(people: Path) -> None:
    broken(people)
    sandbox = Sandbox(rate=None)
    sandbox.add_tag("VIP")
    with served(sandbox) as env:
        done = run(env, people, "--no-automations", *MAPPED, "--dry-run")
    assert (done.returncode, done.stderr) == (1, "")
    first, *problems, plan, tags = done.stdout.splitlines()
    assert first == f"{people}: 30 rows, 24 of them to import:"
    assert [problem.split(":")[0].strip() for problem in problems] == [f"line {number}" for number in (3, 5, 7, 9, 11)]
    way = "1 request to send, and 3 or more to ask: about 6 s at ActiveCampaign's limits for imports; no automations"
    assert plan == way
    assert tags == "tags that are not there: 'no such' (1 row); --create-tags makes them"
    assert writes(sandbox) == []
    assert list(people.parent.iterdir()) == [people]


def test_a_plan_counts_what_is_sent(people: Path) -> None:
    for count, requests in ((9, 9), (10, 1), (250, 1), (255, 2), (1_000, 4)):
        written(people, count)
        sandbox = Sandbox(rate=None)
        with served(sandbox) as env:
            told = run(env, people, "--run-automations", "--dry-run")
            assert told.returncode == 0
            assert f"\n{requests} request" in told.stdout
            if count <= 255:
                assert run(env, people, "--run-automations", "--yes", "--force").returncode == 0
                assert len(writes(sandbox)) == requests


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--yes",), "say --run-automations or --no-automations"),
        (("--no-automations",), "there is nobody to ask whether to send: give --yes, or --dry-run"),
        ((*GO, "--resume", "--force"), "give one of them"),
        ((*GO, "--column", "Vorname"), "--column: NAME=WHAT was expected"),
        ((*GO, "--delimiter", "abc"), "--delimiter: one character, or tab"),
        ((*GO, "--encoding", "klingon"), "--encoding: Python knows no 'klingon'"),
        ((*GO, "--column", "Vorname=first_name"), "there is no column 'Vorname'"),
        ((*GO, "--column", "first_name=name"), "column 'first_name' cannot be 'name'"),
        ((*GO, "--profile", "a", "--sandbox", "1"), "give one of them"),
    ],
)
def test_wrong_usage_is_2_and_sends_nothing(people: Path, options: tuple[str, ...], said: str) -> None:
    written(people)
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        done = run(env, people, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "--skip" not in done.stderr
    assert sandbox.requests == []
    assert run(os.environ, people.with_name("missing"), *GO).returncode == 2


def test_a_wrong_header_is_one_line(people: Path) -> None:
    people.write_text("Mail address;Vorname;Born\na@example.org;A;1990\n")
    with served(Sandbox(rate=None)) as env:
        done = run(env, people, *GO)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.endswith("which one is: Mail address, Vorname, Born (--column 'Mail address=email' says it)")
        done = run(
            env, people, *GO, *MAPPED, "--column", "Mail address=email", "--column", "Born=field:BORN", what="import"
        )
        assert "there is no custom field 'BORN'" in done.stderr


REST = "customer_acct_name, tags, subscribe, unsubscribe or field:NAME"
TWICE = (
    "two columns are email: 'e-mail' is the second one (--column e-mail=WHAT says it, where WHAT is first_name, "
    f"last_name, {REST}; --skip email or --skip e-mail leaves one of them out)"
)
UNKNOWN = (
    "what is 'Email 2', 'Vorname'? Say what it is, or that it is to be skipped (--column 'Email 2=WHAT' says it, where "
    f"WHAT is first_name, last_name, phone, {REST}; --skip 'Email 2' leaves it out)"
)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("people.csv", "email,Phnoe Nr\n", "unsubscribe or field:NAME; --skip 'Phnoe Nr' leaves it out)"),
        ("people.csv", "email,Phnoe\n", "(--column Phnoe=phone says it; --skip Phnoe leaves it out)"),
        ("people.csv", "emial,phone\n", "(--column emial=email says it)"),
        ("people.csv", "who,phone\n", "(--column NAME=email says it)"),
        ("people.csv", "", "a first line with the names of the columns was expected"),
        ("people.csv", "email,e-mail,phone\n", TWICE),
        ("people.csv", "Email;Email 2;Vorname\n", UNKNOWN),
        ("people.csv", "email,Tag,Tag\n", "two columns are called 'Tag': rename or remove one in the file"),
        ("people.xlsx", "?", "a spreadsheet's own format is not read: save it as CSV"),
        ("people.parquet", "?", "Parquet is not read: CSV and NDJSON are"),
        ("people.doc", "?", "csv or ndjson? Its name does not tell"),
    ],
)
def test_what_is_wrong_with_a_file_says_what_helps(tmp_path: Path, name: str, text: str, said: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with served(Sandbox(rate=None)) as env:
        done = run(env, path, *GO)
    assert (done.returncode, done.stderr.startswith(f"activecampaign: {path}: ")) == (2, True)
    assert done.stderr.endswith(f"{said}\n")


def test_what_is_wrong_with_a_file_comes_before_that_nobody_can_be_asked(people: Path) -> None:
    people.write_text("email,Vorname,field:Size\na@example.org,A,4\n")
    with served(Sandbox(rate=None)) as env:
        assert "what is 'Vorname'?" in run(env, people, "--no-automations").stderr
        done = run(env, people, "--no-automations", *MAPPED)
        assert "there is no custom field 'Size' (--column field:Size=WHAT says it, " in done.stderr
        assert done.stderr.endswith("; --skip field:Size leaves it out)\n")
        done = run(env, people, "--no-automations", *MAPPED, "--skip", "field:Size")
        assert (done.returncode, "there is nobody to ask whether to send" in done.stderr) == (2, True)


OTHER_ENCODING = f"the whole file may be in another encoding, as spreadsheets save it: {ENCODING}"


def test_a_file_in_another_encoding_is_told_with_the_option(people: Path) -> None:
    names = ["Zo\u00eb", "Ann", "Ren\u00e9"]
    text = "email,first_name\n" + "".join(f"p{number}@example.org,{name}\n" for number, name in enumerate(names))
    people.write_bytes(text.encode("cp1252"))
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        told = run(env, people, "--no-automations", "--dry-run")
        assert f"\n2 lines are not UTF-8: {OTHER_ENCODING}\n" in told.stdout
        done = run(env, people, *GO)
        assert f"\n2 lines are not UTF-8: {OTHER_ENCODING}\n" in done.stderr
        done = run(env, people, *GO, "--encoding", "cp1252")
        assert (done.returncode, OTHER_ENCODING in done.stderr) == (0, False)
    assert sorted(imported(sandbox).values()) == sorted(names)


def test_a_header_in_another_encoding_is_told_with_the_option(people: Path) -> None:
    people.write_bytes("email,Pr\u00e9nom\n".encode("cp1252"))
    with served(Sandbox(rate=None)) as env:
        done = run(env, people, *GO)
    assert done.stderr.endswith("byte 0xE9 at character 9 (--encoding cp1252 where the whole file is in that)\n")


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_no_other_encoding_is_spoken_of_where_it_would_garble_lines_or_change_nothing(
    people: Path, start: bytes
) -> None:
    other = "R" if start else "Ren\u00e9"
    people.write_bytes(start + f"email,first_name\na@example.org,{other}\n".encode() + b"b@example.org,Zo\xeb\n")
    with served(Sandbox(rate=None)) as env:
        done = run(env, people, *GO)
    assert "line 3: is not UTF-8 like the rest" in done.stderr
    assert "--encoding" not in done.stderr


def test_a_list_by_its_name_is_told_with_what_finds_its_id(people: Path) -> None:
    people.write_text("email,subscribe\na@example.org,News\n")
    with served(Sandbox(rate=None)) as env:
        done = run(env, people, *GO)
    said = "line 2: subscribe: an int of 1 or more, or its digits, was expected; ac.lists.find looks one up"
    assert f"  {said}\n" in done.stderr


def test_rows_that_are_bound_to_fail_are_not_counted_as_to_import(people: Path) -> None:
    rows = ["a@example.org,vip,1,", "b@example.org,,9,", 'c@example.org,"new,vip",9,5', "d@example.org,new,,"]
    people.write_text("\n".join(["email,tags,field:1,subscribe", *rows]))
    sandbox = Sandbox(rate=None)
    sandbox.add_tag("vip")
    sandbox.add_field("Born", "text")
    with served(sandbox) as env:
        done = run(env, people, "--run-automations", "--dry-run")
        assert (done.returncode, done.stdout.splitlines()[0]) == (1, f"{people}: 4 rows, 2 of them to import")
        assert "tags that are not there: 'new' (2 rows); --create-tags makes them" in done.stdout
        assert "lists that are not there: '5' (1 row)" in done.stdout
        done = run(env, people, "--run-automations", "--dry-run", "--create-tags")
        assert done.stdout.splitlines()[0] == f"{people}: 4 rows, 3 of them to import"


def test_less_than_the_import_limit_takes_longer(people: Path) -> None:
    written(people, 1_000)
    with served(Sandbox(rate=None)) as env:
        done = run(env, people, "--no-automations", "--dry-run", "--per-minute", "3")
    assert "4 requests to send, and 6 or more to ask: about 66 s at" in done.stdout


def test_less_than_the_account_s_limit_takes_longer(people: Path) -> None:
    written(people, 1_000)
    with served(Sandbox(rate=None)) as env:
        done = run(env, people, "--no-automations", "--dry-run", "--rate", "0.5")
    assert "4 requests to send, and 6 or more to ask: about 20 s at" in done.stdout


def test_custom_fields_by_their_tags(people: Path) -> None:
    people.write_text(
        "email,%BORN%,Shoe\n" + "".join(f"p{n}@example.org,1990-05-1{n % 10},4{n % 10}\n" for n in range(12))
    )
    sandbox = Sandbox(rate=None)
    sandbox.add_field("Born", "date")
    sandbox.add_field("Shoe size", "number")
    with served(sandbox) as env:
        done = run(env, people, *GO, "--column", "Shoe=field:shoe size")
    assert done.returncode == 0, done.stderr
    (batch,) = batches(sandbox)
    assert batch["contacts"][3]["fields"] == [{"id": 1, "value": "1990-05-13"}, {"id": 2, "value": "43"}]


def test_a_title_of_several_fields_is_refused_before_anything_is_sent(people: Path) -> None:
    people.write_text("email,Shoe\n" + "".join(f"p{n}@example.org,4\n" for n in range(12)))
    sandbox = Sandbox(rate=None)
    sandbox.add_field("Size")
    sandbox.add_field(" size ")
    with served(sandbox) as env:
        done = run(env, people, *GO, "--column", "Shoe=field:Size")
        assert (done.returncode, writes(sandbox)) == (2, [])
        assert f"{people}: several custom fields are called 'Size': give the id" in done.stderr
        assert "(--column Shoe=field:ID says it" in done.stderr
        assert run(env, people, *GO, "--column", "Shoe=field:2").returncode == 0
    (batch,) = batches(sandbox)
    assert batch["contacts"][0]["fields"] == [{"id": 2, "value": "4"}]


def test_blanks_around_a_title_do_not_matter(people: Path) -> None:
    people.write_text("email,Shoe\na@example.org,4\n")
    sandbox = Sandbox(rate=None)
    sandbox.add_field(" Shoe size ")
    with served(sandbox) as env:
        assert run(env, people, *GO, "--column", "Shoe=field:shoe size").returncode == 0
    (batch,) = batches(sandbox)
    assert batch["contacts"][0]["fields"] == [{"id": 1, "value": "4"}]


def test_in_ndjson_a_title_of_several_fields_is_told_by_its_rows(tmp_path: Path) -> None:
    people = tmp_path / "people.ndjson"
    lines = [{"email": "a@example.org", "Born": "1990-05-17"}, {"email": "b@example.org", "field:Size": "4"}]
    people.write_text("\n".join(map(json.dumps, lines)))
    sandbox = Sandbox(rate=None)
    sandbox.add_field("Born on", "date")
    sandbox.add_field("Size")
    sandbox.add_field("Size")
    with served(sandbox) as env:
        done = run(env, people, *GO, "--column", "Born=field:born on")
    assert done.returncode == 1
    assert "line 2: fields: several custom fields are called 'Size': give the id" in done.stderr
    assert "1 imported, 1 failed" in done.stderr


def test_two_names_of_one_field_are_refused(people: Path) -> None:
    people.write_text("email,%BORN%,field:1\na@example.org,1990,1991\n")
    sandbox = Sandbox(rate=None)
    sandbox.add_field("Born")
    with served(sandbox) as env:
        done = run(env, people, *GO)
    assert (done.returncode, writes(sandbox)) == (2, [])
    assert "two columns are the custom field 1: 'field:1' is the second one" in done.stderr


def test_what_was_begun_needs_a_word(people: Path) -> None:
    written(people)
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        assert run(env, people, *GO).returncode == 0
        sent = len(writes(sandbox))
        again = run(env, people, *GO)
        assert again.returncode == 1
        assert "people.csv was imported, and has not changed since: --force imports it once more" in again.stderr
        whole = run(env, people, *GO, "--resume")
        assert whole.returncode == 0
        assert "before; nothing to do" in whole.stderr
        assert len(writes(sandbox)) == sent
        other = run(env, people, "--run-automations", "--yes", "--resume")
        assert other.returncode == 1
        assert "it was begun with other arguments (run_automations)" in other.stderr
        written(people, 31)
        changed = run(env, people, *GO, "--resume")
        assert changed.returncode == 1
        assert "cannot resume: it is finished, and these are more rows than it had" in changed.stderr
        assert "(--force begins anew)" in changed.stderr
        assert run(env, people, *GO, "--force").returncode == 0
    assert len(imported(sandbox)) == 31


def test_a_finished_file_with_other_rows_is_begun_anew(people: Path) -> None:
    """As a job of each night has it."""
    written(people)
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        assert run(env, people, *GO).returncode == 0
        people.write_text("email,first_name\nnew@example.org,N\nnobody,N\nq@example.org,Q\n")
        again = run(env, people, *GO)
        assert again.returncode == 1
        assert "2 imported, 1 failed of 3 rows" in again.stderr
        assert [one["row"] for one in outcomes(people)] == [1, 2, 3]
        failed = people.with_name("people.csv.failures.csv")
        corrected = failed.read_text().replace("nobody", "n@example.org")
        failed.write_text(corrected.replace("n@example.org", "n@"))
        assert run(env, failed, *GO).returncode == 1
        failed.write_text(corrected)
        assert run(env, failed, *GO).returncode == 0, "corrected once more, in the same file"
    assert {"new@example.org", "n@example.org", "q@example.org"} <= imported(sandbox).keys()


def test_one_that_is_not_finished_needs_a_word(people: Path) -> None:
    written(people, 400)
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        sandbox.fail("402", path="/import/bulk_import", skip=1, always=True)
        assert run(env, people, *GO).returncode == 1
        written(people, 12)
        again = run_apart(env, people, *GO, what="import")
    assert again.returncode == 1
    assert "people.csv was begun: --resume goes on, --force begins anew" in again.stderr


def test_the_plan_and_the_import_agree_on_an_address_that_comes_twice(people: Path) -> None:
    people.write_text(
        "email,first_name,tags\nz@example.org,Old,none\nz@example.org,New,vip\ny@example.org,Y,vip\nY@example.org,,\n"
    )
    sandbox = Sandbox(rate=None)
    sandbox.add_tag("vip")
    with served(sandbox) as env:
        told = run(env, people, "--no-automations", "--dry-run").stdout.splitlines()
        assert told[0] == f"{people}: 4 rows, 2 of them to import:"
        assert told[1] == "  line 5: email: a row before has the same address"
        assert "2 imported, 2 failed of 4 rows" in run(env, people, *GO).stderr
    assert imported(sandbox) == {"z@example.org": "New", "y@example.org": "Y"}


def test_a_changed_file_or_another_account_is_not_gone_on_with(people: Path) -> None:
    lines = written(people, 400)
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        sandbox.fail("402", path="/import/bulk_import", skip=1, always=True)
        done = run(env, people, *GO)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith("activecampaign: payment: ")
        assert "the same command with --resume goes on from there" in done.stderr
        sandbox.heal()
        people.write_text("\n".join([lines[0], *reversed(lines[1:])]))
        changed = run_apart(env, people, *GO, "--resume", what="import")
        assert changed.returncode == 1
        assert "cannot resume: other rows, or in another order" in changed.stderr
        people.write_text("\n".join(lines))
        elsewhere = {**env, "AC_API_URL": env["AC_API_URL"].replace("localhost", "127.0.0.1")}
        other = run(elsewhere, people, *GO, "--resume")
        assert "cannot resume: the checkpoint is of account localhost" in other.stderr
        done = run_apart(env, people, *GO, "--resume", what="import")  # a 402 is remembered
        assert done.returncode == 0, done.stderr
    assert len(imported(sandbox)) == 400
    assert [one["row"] for one in outcomes(people)] == list(range(1, 401))


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_finishes_what_it_has_sent_and_goes_on(people: Path, how: signal.Signals, code: int) -> None:
    written(people, 5_000)
    sandbox = Sandbox(rate=None)
    command = [*COMMAND, "contacts", "import", str(people), *PACED]
    with served(sandbox) as env:
        process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
        until(lambda: len(writes(sandbox)) == 2, 20)
        process.send_signal(how)
        _, said = process.communicate(timeout=20)
        assert process.returncode == code
        first, *_, last = said.splitlines()
        assert first == "finishing what was sent; Ctrl-C once more ends at once"
        assert last.startswith("activecampaign: interrupted after ")
        under_way = r"(; \d+ requests? \([\d,]+ rows\) w\w+ sent and (is|are) not through yet)?"
        how_on = "; the same command with --resume goes on from there"
        assert re.search(rf" imported, 0 failed{under_way}{how_on}$", last)
        assert len(writes(sandbox)) < 15, "and begins nothing new"
        done = run(env, people, *GO, "--resume")
        assert done.returncode == 0, done.stderr
    assert len(imported(sandbox)) == 5_000
    assert [one["row"] for one in outcomes(people)] == list(range(1, 5_001))
    sent = Counter(contact["email"] for batch in batches(sandbox) for contact in batch["contacts"])
    assert set(sent.values()) == {1}


@pytest.mark.skipif(sys.platform == "win32", reason="no locks")
def test_two_imports_of_one_file_do_not_run_at_once(people: Path) -> None:
    written(people, 5_000)
    sandbox = Sandbox(rate=None)
    with served(sandbox) as env:
        first = subprocess.Popen(
            [*COMMAND, "contacts", "import", str(people), *PACED], env=env, stderr=subprocess.DEVNULL
        )
        until(lambda: writes(sandbox), 20)
        for word in ("--resume", "--force"):
            second = run(env, people, *GO, word)
            assert (second.returncode, second.stderr) == (
                1,
                f"activecampaign: {people} is being imported by another run\n",
            )
        first.kill()
        first.wait()


def test_killed_with_all_sent_it_looks_what_became_of_it(people: Path) -> None:
    """What is in flight at a kill: tests/jobs/test_import_killed.py."""
    written(people, 500)
    sandbox = Sandbox(rate=None)
    command = [*COMMAND, "contacts", "import", str(people), *PACED]
    with served(sandbox) as env:
        process = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
        until(lambda: len(writes(sandbox)) == 2, 20)
        time.sleep(0.5)
        process.kill()
        process.wait()
        done = run(env, people, *GO, "--resume")
        assert done.returncode == 0, done.stderr
    assert len(imported(sandbox)) == 500
    assert [one["row"] for one in outcomes(people)] == list(range(1, 501))
    assert len(writes(sandbox)) == 2


@pytest.mark.parametrize(("answer", "sent"), [("y", True), ("yes", True), ("n", False), ("", False)])
def test_on_a_terminal_it_asks(people: Path, answer: str, sent: bool) -> None:
    written(people, 12)
    sandbox = Sandbox(rate=None)
    ours, terminal = pty.openpty()
    with served(sandbox) as env:
        command = [*COMMAND, "contacts", "import", str(people), "--run-automations"]
        process = subprocess.Popen(command, env=env, stdin=terminal, stderr=subprocess.PIPE, text=True)
        os.write(ours, answer.encode() + b"\n")
        _, said = process.communicate(timeout=30)
        url = env["AC_API_URL"]
    os.close(ours)
    os.close(terminal)
    assert f"Import 12 contacts into {url}, automations run? [y/N] " in said
    assert process.returncode == (0 if sent else 1), said
    assert bool(writes(sandbox)) is sent
    assert ("nothing was sent" in said) is not sent
    if not sent:
        assert list(people.parent.iterdir()) == [people]
