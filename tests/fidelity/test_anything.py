"""Whatever JSON answers whichever call: it decodes, or is a DecodeError that names the place; that soon."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from activecampaign_async._model import Model, plan
from activecampaign_async._paging import Page
from activecampaign_async.errors import DecodeError, PaginationError
from activecampaign_async.resources.lists import Exclusion

from .calls import CALLS, Asked, Canned, areas_on, at_once
from .rows import BY_KEY, BY_KEYS, MODELS

EMPTY: tuple[Any, ...] = (None, "", [], {}, "0000-00-00", "0000-00-00 00:00:00")
BODIES: dict[str, Any] = {
    "contact": {"email": "a@example.com"},
    "contacts": {"email": "a@example.com"},
    "contactAutomation": {"contact": 1, "automation": 1},
    "contactDeal": {"contact": 1, "deal": 1},
    "contactList": {"contact": 1, "list": 1, "status": 1},
    "contactTag": {"contact": 1, "tag": 1},
    "field": {"title": "x", "type": "text"},
    "fieldOptions": [{"field": 1, "value": "x"}],
    "fieldRel": {"field": 1, "relid": 1},
    "fieldValue": {"contact": 1, "field": 1, "value": "x"},
    "group": {"title": "x"},
    "groupDefinition": {"label": "x"},
    "groupMember": {"rel_id": 1, "group_id": 1},
    "list": {"name": "x", "stringid": "x", "sender_url": "x", "sender_reminder": "x"},
    "listGroup": {"listid": 1, "groupid": 1},
    "note": {"note": "x", "reltype": "Deal", "relid": 1},
    "tag": {"tag": "x"},
    "user": {"username": "x", "email": "a@example.com"},
}
"""The least that each write takes."""


class Reading(NamedTuple):
    """A call that reads something, and what: the key that it looks for, "" for the whole answer, and the model."""

    pattern: str
    asked: Asked
    key: str
    model: type[Model]

    def read(self, answer: Any, *, strict: bool = False) -> Any:
        return at_once(CALLS[self.pattern](areas_on(Canned(answer, strict=strict)), self.asked))


def _reading(pattern: str) -> Reading:
    verb, path = pattern.split(" ")
    path = path.replace("{}", "1")
    bodies: list[Any] = [None] if verb == "GET" else [{"channel": "all"}, *({key: row} for key, row in BODIES.items())]
    for body in bodies:
        asked = Asked(verb, path, {"contact": "1"} if path == "/activities" else {}, body)
        reading = Reading(pattern, asked, "", Exclusion)
        try:
            reading.read({"nothing": 1})
        except DecodeError as error:
            key = error.where.split(".")[0]
            model = BY_KEYS.get(key) or BY_KEY.get(key)
            return reading if model is None else reading._replace(key=key, model=model)
        except (KeyError, TypeError, ValueError, AssertionError):
            continue  # not what this call takes
    raise AssertionError(f"{pattern}: reads nothing")


READINGS = [_reading(pattern) for pattern in CALLS if not pattern.startswith("DELETE ")]

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(EMPTY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
MAYBE = ANY | st.integers(0, 9).map(str)
ROWS = {
    model: st.fixed_dictionaries(
        {"id": st.integers(1, 99).map(str) | MAYBE}, optional={f.wire: MAYBE for f in plan(model) if f.wire != "id"}
    )
    for model in MODELS
}


@st.composite
def answers(draw: st.DrawFn, reading: Reading) -> Any:
    """Any JSON, and what is more and more like an answer to that."""
    if draw(st.integers(0, 5)) == 0:
        return draw(ANY)
    row = ROWS[reading.model]
    value = draw(st.lists(row, max_size=3) if reading.key in BY_KEYS else row) if draw(st.booleans()) else draw(ANY)
    if not reading.key:
        return value
    other = draw(st.sampled_from(MODELS))
    beside = {other.KEYS: draw(st.lists(ROWS[other], max_size=2) | ANY), "meta": draw(ANY)}
    return beside | {reading.key: value} if draw(st.booleans()) else {reading.key: value}


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.pattern)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_json_decodes_or_is_a_decode_error(reading: Reading, data: st.DataObject) -> None:
    answer = data.draw(answers(reading))
    before = repr(answer)
    misfits = look_at(reading, answer)
    assert repr(answer) == before
    try:
        reading.read(answer, strict=True)
    except DecodeError as error:
        names_the_place(error)
    except PaginationError:
        pass
    else:
        assert not misfits


def names_the_place(error: DecodeError) -> None:
    assert error.where
    assert error.where in str(error)


def look_at(reading: Reading, answer: Any) -> set[str]:
    """All that can be asked of a result; its misfits."""
    try:
        result = reading.read(answer)
    except DecodeError as error:
        names_the_place(error)
        return set()
    except PaginationError:
        if reading.pattern != "GET /contacts":  # where ids that do not rise are one
            raise
        return set()
    misfits: set[str] = set()
    for made in result.items if isinstance(result, Page) else result if isinstance(result, tuple) else [result]:
        if made is None:
            continue
        made.to_dict(), made.extra, repr(made), dict(made.included)
        assert made.misfits <= {f.name for f in plan(type(made))}
        misfits |= made.misfits
        for model in MODELS:
            if model.KEYS in made.included:
                try:
                    made.included.of(model)
                except DecodeError as error:
                    names_the_place(error)
    return misfits


@pytest.mark.parametrize("reading", {r[2:]: r for r in READINGS}.values(), ids=lambda reading: reading.pattern)
def test_it_takes_no_time(reading: Reading) -> None:
    """What is deep, long or large is done with at once: each of these took none of the processor's time to speak of."""
    deep: Any = "end"
    for _ in range(1000):
        deep = {"a": [deep]}
    for huge in (deep, list(range(5000)), "9" * 50_000, "2024-01-01T" * 5000, "|" * 50_000, -(10**4000), 1e308):
        row = {f.wire: huge for f in plan(reading.model)} | {"id": "1"}
        answer = row if not reading.key else {reading.key: [row] if reading.key in BY_KEYS else row, "contacts": [row]}
        began = time.process_time()
        look_at(reading, answer)
        look_at(reading, huge)
        assert time.process_time() - began < 1
