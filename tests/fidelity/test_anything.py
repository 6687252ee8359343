"""Whatever JSON answers whichever call: it decodes, or is a DecodeError that names the place; that soon."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from activecampaign_async._model import Model, plan
from activecampaign_async._paging import Page
from activecampaign_async.errors import DecodeError, PaginationError
from tests.support import examples

from .calls import CALLS, Asked, Canned, Watched, areas_on, at_once, returned
from .made import EVERY_CALL
from .rows import BY_KEY, BY_KEYS, MODELS

EXAMPLES = examples(100)
"""Of answers, for each call."""
EMPTY: tuple[Any, ...] = (None, "", [], {}, "0000-00-00", "0000-00-00 00:00:00")


class Reading(NamedTuple):
    """A call that reads something, and what: the key that it looks for, "" for the whole answer, and the model."""

    pattern: str
    asked: Asked
    key: str
    model: type[Model]

    def read(self, answer: Any, *, strict: bool = False) -> Any:
        return at_once(CALLS[self.pattern](areas_on(Canned(answer, strict=strict)), self.asked))


def _reading(pattern: str, asked: Asked) -> Reading:
    watched: Any = Watched(areas_on(Canned({"nothing": 1})))
    try:
        at_once(CALLS[pattern](watched, asked))
    except DecodeError as error:
        key = error.where.split(".")[0]
        if (model := BY_KEYS.get(key) or BY_KEY.get(key)) is not None:
            return Reading(pattern, asked, key, model)
    whole = returned(*watched.called[0])
    assert issubclass(whole, Model), f"{pattern}: what does it look for?"
    return Reading(pattern, asked, "", whole)


READINGS = [_reading(pattern, asked) for pattern, asked in EVERY_CALL if not pattern.startswith("DELETE ")]

SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(EMPTY)
ANY = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
NESTED = st.lists(SCALAR, max_size=2) | st.dictionaries(st.text(max_size=2), SCALAR, max_size=2)
VALUE = SCALAR | st.integers(0, 9).map(str) | NESTED
IDS = st.integers(1, 99).map(str)


def _rows(model: type[Model]) -> st.SearchStrategy[Any]:
    """Rows with some of the model's keys, mostly with an id. Few keys a row: a hundred would cost more than they
    find."""
    keys = st.sampled_from([f.wire for f in plan(model)])
    return st.builds(dict.__or__, st.fixed_dictionaries({"id": IDS}), st.dictionaries(keys, VALUE, max_size=5))


ROWS = {model: _rows(model) for model in MODELS}


@st.composite
def answers(draw: st.DrawFn, reading: Reading) -> Any:
    """Any JSON, and what is more and more like an answer to that."""
    how = draw(st.integers(0, 5))
    if how == 0:
        return draw(ANY)
    row = ROWS[reading.model]
    value = draw(ANY if how == 1 else st.lists(row, max_size=3) if reading.key in BY_KEYS else row)
    if not reading.key:
        return value
    if how < 4:
        return {reading.key: value}
    other = draw(st.sampled_from(MODELS))
    beside = {other.KEYS: draw(st.lists(ROWS[other], max_size=2) | ANY), "meta": draw(ANY)}
    return beside | {reading.key: value}


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: f"{reading.pattern}-{reading.key}")
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
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
        assert {misfit.partition(".")[0] for misfit in made.misfits} <= {f.name for f in plan(type(made))}
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
