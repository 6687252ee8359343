"""Files that anybody may have made: every row is read, or told with its line, and the rest goes on."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from activecampaign_async.jobs import HeaderError, RowFile, UnreadableRow
from activecampaign_async.jobs._text import LONGEST, MOST_LINES
from tests.support import examples

HEAD = "email,first_name,tags\n"
GOOD = {"email": "ann@example.org", "first_name": "Ann"}


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def read(path: Path, text: str | bytes, **options: Any) -> list[tuple[int, Any]]:
    """Line and row of each; of an unreadable one, why."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    rows = RowFile(path, **options)
    return [(rows.line(n), str(r) if isinstance(r, UnreadableRow) else r) for n, r in enumerate(rows, 1)]


# -- the columns


@pytest.mark.parametrize(
    ("head", "targets"),
    [
        ("email,First Name,last_name", ["email", "first_name", "last_name"]),
        ("E-Mail;firstName;PHONE", ["email", "first_name", "phone"]),
        ("Email address\tTags\tSubscribe", ["email", "tags", "subscribe"]),
        ('"email","field:7","%BIRTH_DAY%"', ["email", "field:7", "field:BIRTH_DAY"]),
        ("email|Account Name|#note", ["email", "customer_acct_name", None]),
        ("email,", ["email", None]),
    ],
)
def test_names_of_columns_tell_what_they_are(people: Path, head: str, targets: list[str | None]) -> None:
    people.write_text(head + "\n")
    assert list(RowFile(people).columns.values()) == targets


@pytest.mark.parametrize(
    ("head", "options", "said"),
    [
        ("", {}, "it is empty"),
        ("\n\n", {}, "it is empty"),
        ("name,phone", {}, "no column is the e-mail address; say which one is: name, phone"),
        ("ann@example.org,Ann", {}, "the first line looks like a contact; it has to name the columns"),
        ("email,Vorname", {}, "what is 'Vorname'?"),
        ("email,e-mail", {}, "two columns are email: 'e-mail' is the second one"),
        ("email,Vorname", {"columns": {"Vorname": "firstname"}}, "cannot be 'firstname'"),
        ("email,Vorname", {"columns": {"Nachname": "last_name"}}, "there is no column 'Nachname'"),
        ("email,x", {"skip": ["y"]}, "there is no column 'y'"),
        ("email,x", {"columns": {"x": "field:"}}, "cannot be 'field:'"),
        ("email,x", {"columns": {"x": "fields"}}, "cannot be 'fields'"),
        ('email,"x', {}, "line 1: a quote is opened and not closed"),
        ("email,na\xefve".encode("latin-1"), {}, "line 1: is not UTF-8 like the rest: byte 0xEF at character 9"),
    ],
)
def test_a_wrong_header_is_told(people: Path, head: str | bytes, options: dict[str, Any], said: str) -> None:
    people.write_bytes(head if isinstance(head, bytes) else head.encode())
    with pytest.raises(HeaderError) as caught:
        RowFile(people, **options)
    assert said in str(caught.value)
    assert "@" not in str(caught.value)


def test_what_a_column_is_can_be_said(people: Path) -> None:
    text = "Mailadresse;Vorname;Geburtstag;Notiz\na@x.org;Ann;1990-05-17;?\n"
    columns = {"Mailadresse": "email", "Vorname": "first_name", "Geburtstag": "field:12"}
    assert read(people, text, columns=columns, skip=["Notiz"]) == [
        (2, {"email": "a@x.org", "first_name": "Ann", "fields": {"12": "1990-05-17"}})
    ]


def test_custom_fields_by_name_are_resolved(people: Path) -> None:
    people.write_text("email,%BORN%,field:Shoe size,field:9\na@x.org,1,2,3\n")
    rows = RowFile(people)
    assert rows.field_names == ["BORN", "Shoe size"]
    with pytest.raises(HeaderError, match="there is no custom field 'Shoe size'"):
        rows.resolve({"born": 4})
    rows.resolve({"born": 4, "SHOE SIZE": 5})
    assert list(rows) == [{"email": "a@x.org", "fields": {4: "1", 5: "2", "9": "3"}}]


def test_empty_cells_keep_or_clear(people: Path) -> None:
    text = "email,first_name,phone,tags,field:3\na@x.org,,1,,\n"
    assert read(people, text) == [(2, {"email": "a@x.org", "phone": "1"})]
    cleared = {"email": "a@x.org", "first_name": "", "phone": "1", "fields": {"3": ""}}
    assert read(people, text, empty="clear") == [(2, cleared)]


def test_tags_and_lists_are_several(people: Path) -> None:
    text = 'email,tags,subscribe\na@x.org,"vip, ""a, b"",  c","1, 2"\nb@x.org, ,\n'
    assert read(people, text) == [
        (2, {"email": "a@x.org", "tags": ["vip", "a, b", "c"], "subscribe": ["1", "2"]}),
        (3, {"email": "b@x.org"}),
    ]


# -- rows that are none


def test_a_broken_row_is_told_and_the_rest_goes_on(people: Path) -> None:
    text = HEAD + "ann@example.org,Ann,\nshort\na,b,c,d\n\n" + "ann@example.org,Ann,\n"
    assert read(people, text) == [
        (2, GOOD),
        (3, "has 1 cells, and there are 3 columns"),
        (4, "has 4 cells, and there are 3 columns"),
        (6, GOOD),
    ]


def test_a_quote_that_is_not_closed_costs_its_own_line_alone(people: Path) -> None:
    lines = ["ann@example.org,Ann,"] * (3 * MOST_LINES)
    for broken in (0, 10, len(lines) - 1):
        lines[broken] = '"ann@example.org,Ann,'
    found = read(people, HEAD + "\n".join(lines))
    assert [line for line, row in found if row != GOOD] == [2, 12, len(lines) + 1]
    assert {row for _, row in found if row != GOOD} == {"a quote is opened and not closed as it should be"}


def test_a_cell_may_hold_line_ends_and_quotes(people: Path) -> None:
    text = HEAD + 'a@x.org,"Ann ""the\r\ncat""\r\n5\' 3"" tall",\r\nb@x.org,5" pipe,\r\n'
    assert read(people, text) == [
        (2, {"email": "a@x.org", "first_name": 'Ann "the\ncat"\n5\' 3" tall'}),
        (5, {"email": "b@x.org", "first_name": '5" pipe'}),
    ]


def test_a_value_without_a_column_is_told(people: Path) -> None:
    assert read(people, "email,\na@x.org,\nb@x.org,lost\n") == [
        (2, {"email": "a@x.org"}),
        (3, "there is something in a column that has no name"),
    ]


def test_mixed_encodings_cost_the_odd_lines_alone(people: Path) -> None:
    text = HEAD.encode() + "a@x.org,Zo\u00eb,\n".encode() + b"b@x.org,Zo\xeb,\n" + b"c@x.org,\x00,\n" + b"d@x.org,Di,\n"
    assert read(people, text) == [
        (2, {"email": "a@x.org", "first_name": "Zo\u00eb"}),
        (3, "is not UTF-8 like the rest: byte 0xEB at character 11"),
        (4, "holds a NUL character"),
        (5, {"email": "d@x.org", "first_name": "Di"}),
    ]
    assert read(people, b"email,first_name\nb@x.org,Zo\xeb\n", encoding="latin-1") == [
        (2, {"email": "b@x.org", "first_name": "Zo\u00eb"})
    ]
    with pytest.raises(LookupError):
        RowFile(people, encoding="klingon")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(people: Path, encoding: str) -> None:
    text = "email\tfirst_name\nann@example.org\tZo\u00eb \U0001f98a\n"
    mark = "" if encoding in ("utf-8-sig", "utf-16", "utf-32") else "\ufeff"
    found = read(people, (mark + text).encode(encoding), encoding="ascii")
    assert found == [(2, {"email": "ann@example.org", "first_name": "Zo\u00eb \U0001f98a"})]


def test_a_mark_between_files_that_were_put_together_is_dropped(people: Path) -> None:
    first, second = (f"\ufeff{HEAD}{name}@x.org,\ufeffZo,\n".encode() for name in "ab")
    assert read(people, first + second) == [
        (2, {"email": "a@x.org", "first_name": "\ufeffZo"}),
        (3, {"email": "email", "first_name": "first_name", "tags": ["tags"]}),
        (4, {"email": "b@x.org", "first_name": "\ufeffZo"}),
    ]
    assert read(people, HEAD + '\ufeff"b@x.org",,\n') == [(2, {"email": "b@x.org"})]
    items = '{"email": "a@x.org"}\n\ufeff{"email": "b@x.org"}\n\ufeff\n'
    found = read(people.with_suffix(".ndjson"), items.encode("utf-8-sig"))
    assert found == [(1, {"email": "a@x.org"}), (2, {"email": "b@x.org"})]


def test_half_a_character_in_a_wide_encoding_costs_its_line_alone(people: Path) -> None:
    whole = "email,first_name\na@x.org,Ann\nb@x.org,B\nc@x.org,C\n".encode("utf-16")
    place = whole.index("B".encode("utf-16-le"))
    broken = whole[:place] + b"\x00\xd8" + whole[place + 2 :]
    found = read(people, broken)
    assert [line for line, row in found if isinstance(row, str)] == [3]
    assert found[-1] == (4, {"email": "c@x.org", "first_name": "C"})


def test_line_ends_of_any_system(people: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        assert read(people, HEAD.replace("\n", end) + f"ann@example.org,Ann,{end}ann@example.org,Ann,") == [
            (2, GOOD),
            (3, GOOD),
        ]


def test_a_line_without_end_is_told(people: Path) -> None:
    found = read(people, HEAD + "x" * (3 * LONGEST) + "\n" + "ann@example.org,Ann,\n" + "y" * LONGEST + ",,\n")
    assert found == [
        (2, f"is longer than {LONGEST:,} characters"),
        (3, GOOD),
        (4, f"is longer than {LONGEST:,} characters"),
    ]


# -- NDJSON


def test_ndjson_takes_either_spelling_and_keeps_types(tmp_path: Path) -> None:
    path = tmp_path / "people.ndjson"
    lines = [
        {"email": "a@x.org", "firstName": "Ann", "tags": ["vip", "a, b"], "fields": {"7": 1}, "#line": 3},
        {"E-Mail": "b@x.org", "first_name": None, "tags": "x, y", "field:8": "z"},
    ]
    assert read(path, "".join(json.dumps(line) + "\n" for line in lines)) == [
        (1, {"email": "a@x.org", "first_name": "Ann", "tags": ["vip", "a, b"], "fields": {"7": 1}}),
        (2, {"email": "b@x.org", "first_name": None, "tags": ["x", "y"], "fields": {"8": "z"}}),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"email": ', "is no JSON: Expecting value at character 11"),
        ("[1]", "is no JSON object"),
        ('"text"', "is no JSON object"),
        ('{"email": NaN}', "is no JSON that anybody means"),
        ("[" * 100_000, "is no JSON that anybody means"),
        ('{"n": ' + "9" * 5_000 + "}", "is no JSON that anybody means"),
        ('{"email": "a@x.org", "e-mail": "b@x.org"}', "two keys are email: 'e-mail' is the second one"),
    ],
)
def test_a_line_of_ndjson_that_is_none_is_told(tmp_path: Path, line: str, said: str) -> None:
    found = read(tmp_path / "people.jsonl", f'{line}\n\n{{"email": "c@x.org"}}\n')
    assert found[0][0] == 1
    assert said in found[0][1]
    assert found[1:] == [(3, {"email": "c@x.org"})]


def test_the_format_may_have_to_be_said(tmp_path: Path) -> None:
    path = tmp_path / "people"
    path.write_text('{"email": "a@x.org"}\n')
    with pytest.raises(HeaderError, match="csv or ndjson"):
        RowFile(path)
    assert list(RowFile(path, format="ndjson")) == [{"email": "a@x.org"}]


# -- any file

TEXT = st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")
ROW = st.tuples(st.integers(0, 99), st.text(TEXT, max_size=8))
FLAT = st.tuples(st.integers(0, 99), st.text(TEXT.filter(lambda c: c != "\n"), max_size=8))
JUNK = st.tuples(st.integers(0, 11), st.sampled_from(['"a"b,c', "one", "1,2,3,4", "\udcff,x", "a,b,"]))
UNCLOSED = st.tuples(st.integers(0, 11), st.sampled_from(['"', '"x,y', 'a,"b', '",']))
ANY_FILE = settings(
    max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def written(rows: list[tuple[int, str]], delimiter: str) -> list[str]:
    """Each row as the standard library writes it."""
    lines = []
    for number, name in rows:
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter).writerow([f"p{number}@example.org", name])
        lines.append(text.getvalue().removesuffix("\r\n"))
    return lines


def read_back(path: Path, lines: list[str], delimiter: str) -> RowFile:
    text = "\n".join([f"email{delimiter}first_name", *lines]) + "\n"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return RowFile(path, delimiter=delimiter, empty="clear")


def read_rows(rows: list[tuple[int, str]]) -> list[dict[str, str]]:
    return [{"email": f"p{number}@example.org", "first_name": name} for number, name in rows]


@ANY_FILE
@given(rows=st.lists(ROW, max_size=12), delimiter=st.sampled_from(",;\t"))
def test_what_is_written_is_read(tmp_path: Path, rows: list[tuple[int, str]], delimiter: str) -> None:
    source = read_back(tmp_path / "people.csv", written(rows, delimiter), delimiter)
    assert list(source) == read_rows(rows)
    assert [source.line(n) for n in range(1, len(rows) + 1)] == [line for line, _, _ in source.with_text()]


@ANY_FILE
@given(
    rows=st.lists(FLAT, max_size=12),
    junk=st.lists(JUNK, max_size=4),
    unclosed=st.lists(UNCLOSED, max_size=1),  # two of them are one cell of many lines, to any reader
    delimiter=st.sampled_from(",;\t"),
)
def test_every_good_row_is_read_whatever_stands_between(
    tmp_path: Path,
    rows: list[tuple[int, str]],
    junk: list[tuple[int, str]],
    unclosed: list[tuple[int, str]],
    delimiter: str,
) -> None:
    lines = written(rows, delimiter)
    for place, line in junk + unclosed:
        lines.insert(place, line.replace(",", delimiter))
    source = read_back(tmp_path / "people.csv", lines, delimiter)
    found = list(source)
    assert [row for row in found if not isinstance(row, UnreadableRow)] == read_rows(rows)
    assert len(found) == len(lines)
    assert [source.line(n) for n in range(1, len(found) + 1)] == list(range(2, len(lines) + 2))
