"""Every example of an answer in the document decodes with no misfits, or stands in a list with its reason."""

from __future__ import annotations

from typing import Any

import pytest

from activecampaign_async._answer import Answer, refusal
from activecampaign_async.errors import DecodeError

from .calls import CALLS, Canned, areas_on, at_once, pattern_of
from .document import MENDED, OPERATIONS, Operation, needs_document
from .judge import right_field_errors
from .rows import check_answer

GOOD = [
    pytest.param(name, one, value, id=name) for one in OPERATIONS for name, status, value in one.answers if status < 300
]
REFUSED = [
    pytest.param(status, value, id=name) for one in OPERATIONS for name, status, value in one.answers if status >= 400
]


def read(operation: Operation, value: Any) -> Any:
    asked = operation.asked
    pattern = pattern_of(asked)
    assert pattern is not None
    return at_once(CALLS[pattern](areas_on(Canned(value)), asked))


@needs_document
@pytest.mark.parametrize(("name", "operation", "value"), GOOD)
def test_an_example_decodes(name: str, operation: Operation, value: Any) -> None:
    if name in MENDED:
        with pytest.raises((DecodeError, AssertionError)):  # else it is to be taken off the list
            judge(operation, value)
        value = MENDED[name][1](value)
    judge(operation, value)


def judge(operation: Operation, value: Any) -> None:
    result = read(operation, value)
    if operation.verb == "DELETE":
        assert result is None
    else:
        check_answer(result, value)


@needs_document
def test_what_is_listed_is_there() -> None:
    assert {name for one in OPERATIONS for name, _, _ in one.answers} >= MENDED.keys()


@needs_document
@pytest.mark.parametrize(("status", "value"), REFUSED)
def test_a_refusal_is_an_error(status: int, value: Any) -> None:
    text = value if isinstance(value, str) else ""
    error = refusal(Answer(status, {}, None if text else value, text))
    assert error is not None
    assert error.status == status
    body = value if isinstance(value, dict) else {}
    assert str(body.get("message", "")) in error.message
    right_field_errors(error, body)
