"""Every documented operation of the areas has a method, which asks for what the document says."""

from __future__ import annotations

import re
from typing import Any, TypeVar
from urllib.parse import unquote

import pytest

from activecampaign_async._call import Call

from .calls import CALLS, PAGING, Asked, areas_on, at_once, pattern_of
from .document import BODIES, MOVED, NAMES, OPERATIONS, VALUES, Operation, needs_document
from .rows import sent

T = TypeVar("T")

ADDED = {
    "GET /contacts": ({"orders[id]"}, "contacts go by id"),
}
"""Query parameters that no caller gave, and why."""

EXAMPLES = {
    "delete-custom-field-field-group": "copied from the update: a DELETE has no body",
    "get-custom-field-to-field-group": "copied from the update: a GET has no body",
}
"""Operations whose request example cannot be sent, and why."""


class Noted(Exception):
    """Ends a call where the road begins."""


class Notes:
    """A road that goes nowhere."""

    call: Call[Any]
    home = "https://example.api-us1.com"

    async def __call__(self, call: Call[T], /) -> T:
        self.call = call
        raise Noted


def call_of(asked: Asked) -> Call[Any]:
    pattern = pattern_of(asked)
    assert pattern is not None, f"no method for {asked.verb} {asked.path}"
    road = Notes()
    with pytest.raises(Noted):
        at_once(CALLS[pattern](areas_on(road), asked))
    return road.call


def shape(value: Any) -> Any:
    """Keys, without values."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else None


@needs_document
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: f"{operation.verb}-{operation.template}")
def test_an_operation_is_covered(operation: Operation) -> None:
    asked = operation.asked
    call = call_of(asked)
    assert (call.method, unquote(call.path)) == (operation.verb, operation.path)
    paging = set(PAGING) if operation.verb == "GET" else set()
    added, _ = ADDED.get(f"{operation.verb} {operation.template}", (set(), ""))
    assert call.query.keys() - paging - added == asked.query.keys() - paging - added
    assert shape(call.body) == shape(asked.body)


@needs_document
@pytest.mark.parametrize(
    ("operation", "body"),
    [
        pytest.param(one, body, id=f"{one.id}-{i}")
        for one in OPERATIONS
        if one.id not in EXAMPLES
        for i, body in enumerate(one.request_examples)
    ],
)
def test_a_request_example_leaves_as_it_stands(operation: Operation, body: Any) -> None:
    assert sent(call_of(Asked(operation.verb, operation.path, body=body)).body) == sent(body)


@needs_document
def test_what_is_listed_is_there() -> None:
    ids = {operation.id for operation in OPERATIONS}
    assert ids >= BODIES.keys() | MOVED.keys() | EXAMPLES.keys() | {id for id, _ in VALUES}
    names = {parameter["name"] for one in OPERATIONS for parameter in one.said.get("parameters", ())}
    assert names >= NAMES.keys()


@needs_document
def test_the_undocumented_are_few() -> None:
    """What is built beyond the document was recorded, or is a sibling of something recorded."""
    documented = {f"{one.verb} {re.sub(r'{[^}]*}', '{}', one.template)}" for one in OPERATIONS}
    assert CALLS.keys() - documented == {
        "DELETE /fieldOptions/{}",
        "DELETE /listGroups/{}",
        "GET /contactTags/{}",
        "GET /contacts/{}/contactTags",
        "GET /fieldOptions/{}",
        "GET /fieldRels/{}",
        "GET /listGroups",
        "GET /listGroups/{}",
        "PUT /lists/{}",
    }
