"""Every documented operation of the areas has a method, which asks for what the document says."""

from __future__ import annotations

import inspect
import re
from copy import deepcopy
from fnmatch import fnmatchcase
from typing import Any, TypeVar, get_type_hints
from urllib.parse import unquote

import pytest

from activecampaign_async import AsyncClient
from activecampaign_async._call import Call
from activecampaign_async._wire import wire_mark

from . import calls, judge
from .calls import AREAS, CALLS, PAGING, PATHS, Asked, Unknown, Watched, area_class, areas_on, at_once, pattern_of
from .document import BODIES, DOCUMENT, MOVED, NAMES, OPERATIONS, VALUES, WRONG_REQUESTS, Operation, needs_document
from .judge import LOOSE, LOOSE_QUERY, _plain, differences, is_loose
from .made import EVERY_CALL, LEAST, least
from .rows import sent

T = TypeVar("T")

ADDED = {
    "GET /contacts": ({"orders[id]"}, "contacts go by id"),
}
"""Query parameters that no caller gave, and why."""


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


# -- the areas

TAGS = {"Bulk Import", "Contacts", "Fields", "Groups", "Lists", "Notes", "Scores", "Tags", "Users"}
"""What the document calls the areas."""

ELSEWHERE = {
    "activities": "of a contact, under Other",
    "geoIps": "of a contact, under Other",
    "trackingLogs": "of a contact, under Other",
    "fieldOptions": "recorded, in no document",
}
"""Paths of the areas that the document has in another place, or not at all."""

OF_SEVERAL_REQUESTS = {
    "changed": "goes through lists, again and again",
    "deleted": "asks for a hundred rows at a time",
    "find": "goes through a list, and compares by itself",
    "find_many": "goes through lists, and compares by itself",
    "get_many": "asks for a hundred rows at a time",
    "import_many": "sends batches, and asks what became of them",
    "joined": "goes through several lists",
}
"""Verbs that are made of those in the table."""


def test_the_areas_are_what_the_client_has() -> None:
    listed = [attribute for area in AREAS.values() for attribute in area.attributes]
    assert sorted(listed) == sorted(AsyncClient.__annotations__)


def test_the_areas_are_what_the_table_has() -> None:
    assert {pattern.split("/")[1] for pattern in CALLS} == PATHS
    assert len(PATHS) == sum(len(area.paths) for area in AREAS.values())


@needs_document
def test_the_areas_are_what_the_document_has() -> None:
    said = {
        path.split("/")[1]
        for path, verbs in DOCUMENT["paths"].items()
        for one in verbs.values()
        if TAGS & set(one.get("tags", ()))
    }
    assert said == PATHS - ELSEWHERE.keys()
    assert ELSEWHERE.keys() <= PATHS


def test_every_method_is_in_the_table() -> None:
    called = set()
    for pattern, asked in EVERY_CALL:
        watched: Any = Watched(areas_on(Notes()))
        with pytest.raises(Noted):
            at_once(CALLS[pattern](watched, asked))
        assert len(watched.called) == 1
        called.update(watched.called)
    methods = {
        (area, verb)
        for area in AsyncClient.__annotations__
        for verb, _ in inspect.getmembers(area_class(area), inspect.isfunction)
        if not verb.startswith("_")
    }
    assert called <= methods
    assert {verb for _, verb in methods - called} == OF_SEVERAL_REQUESTS.keys()


def test_each_write_has_a_body_to_try() -> None:
    assert LEAST.keys() == {pattern for pattern in CALLS if pattern.startswith(("POST", "PUT"))}


# -- what may leave in another JSON type

TRIED: tuple[Any, ...] = (
    "1", 1, 91, True, "a", [1], ["1"],
    [{"field": 1, "value": 2}], [{"field": "1", "value": "2"}], [{"id": "1", "value": 2}], [{"listid": "1"}],
)  # fmt: skip


def test_what_is_looser_has_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key that can be written, with wire values of every type: what leaves as another type is listed, and
    nothing else is."""
    allowed: list[type] = []
    given = calls.given

    def noted(kind: type, row: Any) -> dict[str, Any]:
        allowed.append(kind)
        return given(kind, row)

    monkeypatch.setattr(calls, "given", noted)
    monkeypatch.setattr(judge, "is_loose", lambda *_: False)
    changed = set()
    for pattern, body in LEAST.items():
        allowed.clear()
        leaves(pattern, body)
        hints = {name: hint for kind in allowed for name, hint in get_type_hints(kind, include_extras=True).items()}
        keys = {wire_mark(name, hint).name for name, hint in hints.items()} | place(body, beside=False).keys()
        for key, value in ((key, value) for key in keys | {"useDefaults"} for value in TRIED):
            tried = deepcopy(body)
            place(tried, beside=key == "useDefaults")[key] = value
            if (left := leaves(pattern, tried)) is not None:
                where = pattern.split(" ")[1].removesuffix("/{}")
                changed |= {(where, found.split(" ")[0]) for found in differences(pattern, left, tried)}
    monkeypatch.undo()
    assert {one for one in changed if not is_loose(*one)} == set()
    assert {one for one in LOOSE if not any(is_loose_by(one, *found) for found in changed)} == set()


@pytest.mark.parametrize(("path", "key"), LOOSE_QUERY)
def test_what_is_looser_in_a_query_has_to_be(path: str, key: str) -> None:
    leaves_otherwise = False
    for value in ("1", "true", "2024-01-02 03:04:05"):
        asked = least(f"GET {path}")
        asked = asked._replace(query={**asked.query, key: value})
        try:
            left = call_of(asked).query
        except (TypeError, ValueError):  # a time where a truth is due, or the other way round
            continue
        leaves_otherwise |= sent(left[key]) != sent(value)
        assert _plain({key: left[key]}, path) == _plain({key: value}, path)
    assert leaves_otherwise


def is_loose_by(one: tuple[str, str], path: str, key: str) -> bool:
    return path == one[0] and fnmatchcase(key, one[1])


def place(body: Any, *, beside: bool) -> Any:
    """Where in a body its keys stand."""
    inner = next(iter(body.values()))
    if beside or not isinstance(inner, (dict, list)) or "lists" in body:
        return body
    return inner[0] if isinstance(inner, list) else inner


def leaves(pattern: str, body: Any) -> Any:
    """The body that leaves for a recorded one; None where the library takes no such thing."""
    road = Notes()
    try:
        at_once(CALLS[pattern](areas_on(road), least(pattern)._replace(body=body)))
    except Noted:
        return road.call.body
    except (Unknown, TypeError, ValueError):
        return None


# -- the document


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
    ours, theirs = ({k: v for k, v in one.query.items() if k not in paging | added} for one in (call, asked))
    assert _plain(ours, asked.path) == _plain(theirs, asked.path)
    assert shape(call.body) == shape(asked.body)
    assert list(differences(pattern_of(asked) or "", call.body, asked.body)) == []


@needs_document
@pytest.mark.parametrize(
    ("operation", "body"),
    [pytest.param(one, body, id=f"{one.id}-{i}") for one in OPERATIONS for i, body in enumerate(one.request_examples)],
)
def test_a_request_example_leaves_as_it_stands(operation: Operation, body: Any) -> None:
    assert sent(call_of(Asked(operation.verb, operation.path, body=body)).body) == sent(body)


@needs_document
def test_what_is_listed_is_there() -> None:
    ids = {operation.id for operation in OPERATIONS}
    assert ids >= BODIES.keys() | MOVED.keys() | WRONG_REQUESTS.keys() | {id for id, _ in VALUES}
    names = {parameter["name"] for one in OPERATIONS for parameter in one.said.get("parameters", ())}
    assert names >= NAMES.keys()


@needs_document
def test_the_undocumented_are_few() -> None:
    """What is built beyond the document was recorded, or is a sibling of something recorded."""
    documented = {f"{one.verb} {re.sub(r'{[^}]*}', '{}', one.template)}" for one in OPERATIONS}
    assert CALLS.keys() - documented == {
        "DELETE /fieldOptions/{}",
        "DELETE /listGroups/{}",
        "GET /contactLists",
        "GET /contactLists/{}",
        "GET /contactTags",
        "GET /contactTags/{}",
        "GET /contacts/{}/contactTags",
        "GET /fieldOptions",
        "GET /fieldOptions/{}",
        "GET /fieldRels",
        "GET /fieldRels/{}",
        "GET /listGroups",
        "GET /listGroups/{}",
        "PUT /fieldOptions/{}",
        "PUT /lists/{}",
    }
