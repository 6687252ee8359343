"""What is said of columns that are not understood leads somewhere."""

from __future__ import annotations

import re
from copy import copy
from pathlib import Path
from typing import Any

import pytest

from activecampaign_async.jobs import HeaderError
from activecampaign_async.jobs._import_columns import _PLAIN, TARGETS, Columns, target_of

KINDS = "'last_name', 'phone', 'customer_acct_name', 'tags', 'subscribe', 'unsubscribe' or 'field:ID'"


PAGE = Path(__file__).parents[2] / "docs" / "import.md"


def test_the_names_that_are_known_are_told() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| a column named | is |\n|---|---|\n")[2].partition("\n\n")[0]
    told: dict[str, str] = {}
    for row in table.splitlines():
        _, names, what, _ = row.split("|")
        for name in re.findall("`(.+?)`", names):
            target = target_of(name)
            told["".join(filter(str.isalnum, name)).casefold()] = target or ""
            assert what.startswith(f" `{target}`") or target not in TARGETS
    assert _PLAIN.items() <= told.items()


def error_of(names: list[str], given: dict[str, str] | None = None, skip: tuple[str, ...] = ()) -> HeaderError:
    with pytest.raises(HeaderError) as caught:
        Columns(names, given or {}, skip)
    return caught.value


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["email", "First Nmae"], "to be skipped: columns={'First Nmae': 'first_name'} or skip=['First Nmae']"),
        (
            ["email", "First name", "Nr"],
            f"to be skipped: columns={{'Nr': WHAT}} or skip=['Nr'], where WHAT is {KINDS}",
        ),
        (["e", "phone"], "say which one is: e, phone: columns={'NAME': 'email'}"),
        (["emial", "phone"], "say which one is: emial, phone: columns={'emial': 'email'}"),
        (
            ["email", "First name", "Mail"],
            f"second one: columns={{'Mail': WHAT}} or skip=['email'] or skip=['Mail'], where WHAT is {KINDS}",
        ),
    ],
)
def test_it_is_said_how_in_python(names: list[str], said: str) -> None:
    error = error_of(names)
    assert str(error).endswith(said)
    assert str(copy(error)) == str(error)


@pytest.mark.parametrize(
    ("names", "given"),
    [
        (["email", "Email 2", "Vorname"], {}),
        (["phone", "Phnoe", "email"], {}),
        (["email", "Nr", "Phnoe"], {"Nr": "phone"}),
    ],
)
def test_a_meaning_that_is_taken_is_not_suggested(names: list[str], given: dict[str, str]) -> None:
    error = error_of(names, given)
    assert error.target is None
    assert not set(error.free) & {"email", *given.values()}


@pytest.mark.parametrize("names", [["email", "Email 2", "Vorname"], ["email", "Phnoe"], ["email", "Mail"]])
def test_what_is_suggested_is_taken(names: list[str]) -> None:
    """One after another, each as it is said."""
    given: dict[str, Any] = {}
    skip: list[str] = []
    for _ in names:
        try:
            found = Columns(names, given, skip)
        except HeaderError as error:
            if error.target:
                given[str(error.column)] = error.target
            else:
                skip.append(error.skip[-1])
    assert found.targets[0] == "email"


def test_two_columns_of_one_name_are_to_be_renamed_since_an_option_would_mean_both() -> None:
    error = error_of(["email", "Tags", "Tags"])
    assert str(error) == "two columns are called 'Tags': rename or remove one in the file"
    assert (error.column, error.skip) == (None, ())
    Columns(["email", "Tags", "Tags"], {}, ["Tags"])


def test_a_column_that_is_something_else_already_is_not_taken_for_the_address() -> None:
    error = error_of(["Mail address", "Emial"], {"Mail address": "phone"})
    assert (error.column, error.target) == ("Emial", "email")


def test_custom_fields_name_their_columns() -> None:
    columns = Columns(["email", "field:Born", "%BORN%"], {}, ())
    with pytest.raises(HeaderError) as caught:
        columns.resolve({"born": 1})
    assert (caught.value.column, caught.value.skip) == ("%BORN%", ("field:Born", "%BORN%"))
    columns = Columns(["email", "Shoe"], {"Shoe": "field:Size"}, ())
    with pytest.raises(HeaderError, match=r"there is no custom field 'Size'") as caught:
        columns.resolve({})
    assert caught.value.skip == ("Shoe",)
