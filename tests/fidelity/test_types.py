"""Every field of every model has a type of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from activecampaign_async._model import Model, plan
from activecampaign_async._wire import Links

from .rows import MODELS, normal


def loose(hint: Any) -> Iterator[str]:
    """What in an annotation says nothing."""
    if hint == Links:  # names of collections -> their addresses: the one mapping whose keys are no ids
        return
    origin, args = get_origin(hint), get_args(hint)
    if hint in (Any, object, dict, list, tuple, set, frozenset, Mapping):
        yield str(hint)
    elif origin in (dict, Mapping) and args[0] is not int:
        yield f"{hint}: its keys are no ids"
    for arg in args:
        if arg not in (NoneType, Ellipsis):
            yield from loose(arg)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_is_typed(model: type[Model]) -> None:
    hints = get_type_hints(model, include_extras=True)
    assert {f.name: found for f in plan(model) if (found := list(loose(hints[f.name])))} == {}


@pytest.mark.parametrize("hint", [Any, dict[str, int], dict, list, list[Any], tuple[object, ...] | None])
def test_a_loose_type_is_found(hint: Any) -> None:
    assert list(loose(hint))


def test_models_are_found() -> None:
    assert len(MODELS) >= 39
    assert list(loose(dict[int, str] | tuple[int, ...] | None)) == []


@pytest.mark.parametrize(
    "same",
    [
        ["1", 1, True],
        ["0", 0, False],
        ["", None, [], {}, "0000-00-00", "0000-00-00 00:00:00", "0000-00-00T00:00:00-05:00", {"a": None}],
        ["2024-01-02", "2024-01-02 00:00:00", "2024-01-02T00:00:00"],
        ["2024-01-02 03:04:05", "2024-01-02T03:04:05"],
        ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05+00:00", "2024-01-02T03:04:05.000+00:00"],
        ["12.5", 12.5],
        [["1", "2"], [1, 2]],
        [{"id": "1", "x": ""}, {"id": 1}],
    ],
)
def test_the_normal_form(same: list[Any]) -> None:
    assert all(normal(value) == normal(same[0]) for value in same)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", "0"), ("1", "a"), ("a", "A"), ("1", ""), ("0", ""), (["1"], ["2"]), (["1"], []), ({"a": 1}, {"b": 1}),
     ("2024-01-02", "2024-01-03"), ("2024-01-02T03:04:05-05:00", "2024-01-02T03:04:05")],
)  # fmt: skip
def test_the_normal_form_tells_apart(one: Any, other: Any) -> None:
    assert normal(one) != normal(other)
