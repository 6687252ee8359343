"""Every recorded exchange with the real API, through the real client: what leaves, and what is made of the answer.

Whatever the folder holds: nothing here knows a recording by name, or how many there are.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from activecampaign_async import _model
from activecampaign_async._model import Model, decode, plan

from .judge import check_known_rows, is_built, judge, known_rows
from .page import counted, table
from .recorded import EVERY, FOLDER, SHARED, Exchange, needs_recordings
from .rows import BY_KEY

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

KEYS = "key-sets-2026-08.json"


@needs_recordings
@pytest.mark.parametrize("exchange", [pytest.param(one, id=one.name) for one in EVERY if is_built(one)])
async def test_as_recorded(exchange: Exchange) -> None:
    await judge(exchange)


@needs_recordings
@pytest.mark.parametrize("exchange", [pytest.param(one, id=one.name) for one in EVERY if not is_built(one)])
def test_known_rows_of_other_areas(exchange: Exchange) -> None:
    if exchange.status < 300:
        check_known_rows(exchange)


@needs_recordings
@pytest.mark.skipif(FOLDER.resolve() != (SHARED / "recordings").resolve(), reason="a matter of speed, told of those")
def test_recorded_rows_go_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(model: type[Model], *_: Any) -> Any:
        pytest.fail(f"{model.__name__} goes field by field")

    monkeypatch.setattr(_model, "_patiently", slow)
    for exchange in EVERY:
        for model, row in known_rows(exchange.answer) if exchange.status < 300 else ():
            decode(model, row)


@needs_recordings
async def test_counts(request: pytest.FixtureRequest) -> None:
    """Each exchange is in one column, and those of the areas are in all but the last."""
    counts = await counted(EVERY)
    lacking = [one.asked for one in EVERY if is_built(one) and await judge(one) == "no argument"]
    queries = ((asked, urlencode(asked.query, doseq=True, safe="[]")) for asked in lacking)
    said = [f"no argument: {asked.verb} {asked.path}?{query}" for asked, query in queries]
    request.node.user_properties.append(("told", "\n".join([table(counts), *said])))
    assert sum(area.total() for area in counts.values()) == len(EVERY)
    assert sum(area["not built yet"] for area in counts.values()) == sum(not is_built(one) for one in EVERY)


KEY_SETS = next((f for f in (FOLDER / KEYS, SHARED / "recordings" / KEYS) if f.exists()), None)
SETS: dict[str, list[str]] = json.loads(KEY_SETS.read_text(encoding="utf-8"))["key_sets"] if KEY_SETS else {}
KINDS = {
    "contact",
    "contactList",
    "contactTag",
    "field",
    "fieldOption",
    "fieldRel",
    "fieldValue",
    "groupLimit",
    "groupMember",
    "list",
    "note",
    "score",
    "tag",
    "user",
}
"""Those of the areas that are whole, of which a live account's keys are known."""


@pytest.mark.skipif(not SETS, reason=f"no {KEYS} here: set AC_RECORDINGS")
@pytest.mark.parametrize("kind", sorted(KINDS | (SETS.keys() & BY_KEY.keys())))
def test_every_key_of_a_live_account_is_a_field(kind: str) -> None:
    assert SETS[kind]
    assert set(SETS[kind]) <= {f.wire for f in plan(BY_KEY[kind])}
