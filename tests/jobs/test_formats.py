"""What an export writes: columns by name, CSV that any reader takes, Parquet that is typed."""
# a test may wait for a small file

from __future__ import annotations

import csv
from typing import Any

import pytest

from activecampaign_async.jobs import (
    CSV,
    NDJSON,
    Column,
    columns_of,
)
from activecampaign_async.resources.contacts import Contact
from activecampaign_async.resources.tags import Tag


def column(name: str, hint: Any = str, **more: Any) -> Column:
    return Column(name, lambda item: item.get(name), hint, **more)


def test_columns_are_known_by_either_name() -> None:
    named = columns_of(Contact, ["cdate", "created_at", "firstName", "cdate"])
    assert [each.name for each in named] == ["cdate", "created_at", "firstName"]
    assert [each.get({"cdate": "x", "firstName": "Ann"}) for each in named] == ["x", "x", "Ann"]
    names = [each.name for each in columns_of(Contact)]
    assert names[:3] == ["id", "email", "first_name"]
    assert not {"contact_tags", "links", "field_values"} & set(names)
    assert "tag" in [each.name for each in columns_of(Tag)], "of any model"
    with pytest.raises(ValueError, match="no field 'fist_name': did you mean first_name"):
        columns_of(Contact, ["fist_name"])


def test_csv_is_read_as_it_was_written() -> None:
    rows: list[dict[str, Any]] = [
        {"a": 'x, "y"\nz', "b": None, "c": ["1", 2]},
        {"a": "", "b": True, "c": {"d": "e"}},
        {"a": "\ud83d", "b": 1.5},
    ]
    form = CSV([column("a"), column("b"), column("c")])
    text = (form.head() + form.lines(rows)).decode()
    assert text.count("\r\n") == 4, "one end a row; those in cells are as they came"
    assert list(csv.reader(text.splitlines(keepends=True))) == [
        ["a", "b", "c"],
        ['x, "y"\nz', "", '["1",2]'],
        ["", "true", '{"d":"e"}'],
        ["?", "1.5", ""],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_guard_is_for_what_a_spreadsheet_would_calculate(start: str) -> None:
    row = {"a": f"{start}1+1", "b": f"x{start}", "c": ""}
    columns = [column(name) for name in "abc"]
    (guarded,) = csv.reader([CSV(columns, guard=True).lines([row]).decode()])
    assert guarded == [f"'{start}1+1", f"x{start}", ""]
    (plain,) = csv.reader([CSV(columns).lines([row]).decode()])
    assert plain == [f"{start}1+1", f"x{start}", ""]


def test_marks_tell_formats_apart() -> None:
    a, b = [column("a")], [column("b")]
    marks = [NDJSON().mark, NDJSON(a).mark, NDJSON(b).mark, CSV(a).mark, CSV(b).mark, CSV(a, guard=True).mark]
    assert len(set(marks)) == len(marks)
