"""Values of custom fields: what each verb sends, and what it makes of the answer."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from activecampaign_async.resources.field_values import FieldValue, FieldValues
from tests.resources.road import Road

pytestmark = pytest.mark.anyio

ROW = {"id": "24", "contact": "2", "field": "3", "value": "Blue", "owner": "2", "created_by": None}
ANSWER = {"contacts": [{"id": "2", "email": "a@example.com"}], "fieldValue": ROW}


async def test_list() -> None:
    road = Road({"fieldValues": [ROW], "meta": {"total": "1"}})
    (found,) = (await FieldValues(road).list(field=3, value="Blue")).items
    assert road.sent == ("GET", "/fieldValues", None)
    assert {k: v for k, v in road.calls[0].query.items() if "filters" in k} == {
        "filters[fieldid]": "3",
        "filters[val]": "Blue",
    }
    assert (found.contact, found.field, found.value, found.owner) == (2, 3, "Blue", 2)


async def test_get_and_delete() -> None:
    road = Road(ANSWER)
    await FieldValues(road).get(24)
    assert road.sent == ("GET", "/fieldValues/24", None)
    await FieldValues(road).delete(24)
    assert road.sent == ("DELETE", "/fieldValues/24", None)
    assert not road.calls[-1].missing_is_done


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        ("Blue", "Blue"),
        ("", ""),
        (None, None),
        (5, "5"),
        (Decimal("1.50"), "1.50"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00+00:00"),
        (["a", "b"], "||a||b||"),
        (("a",), "||a||"),
        ([], ""),
    ],
)
async def test_both_verbs_set_a_value_and_may_be_repeated(value: Any, wire: str | None) -> None:
    road = Road(ANSWER)
    made = await FieldValues(road).create(contact=2, field="3", value=value)
    body = {"fieldValue": {"contact": 2, "field": "3", "value": wire}}
    assert road.sent == ("POST", "/fieldValues", body)
    assert made.included.contacts[0].id == 2
    await FieldValues(road).update(21, contact=2, field="3", value=value)
    assert road.sent == ("PUT", "/fieldValues/21", body)
    assert [(call.repeatable, call.writes) for call in road.calls] == [(True, True)] * 2


async def test_defaults_are_asked_for_beside_the_value() -> None:
    road = Road(ANSWER)
    for verb in (FieldValues(road).create, lambda **given: FieldValues(road).update(24, **given)):
        await verb(contact=2, field=3, value="x", use_defaults=True)
        assert road.sent[2] == {"fieldValue": {"contact": 2, "field": 3, "value": "x"}, "useDefaults": True}


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"contact": 0}, ValueError, "contact: an int of 1 or more"),
        ({"field": "COLOR"}, ValueError, "field: an int of 1 or more"),
        ({"value": 1.5}, TypeError, "value: str, int, Decimal"),
        ({"value": True}, TypeError, "value: str, int, Decimal"),
        ({"value": ["a", 1]}, TypeError, "value: a list of str"),
        ({"value": ["a||b"]}, ValueError, "value: a choice"),
        ({"value": datetime(2026, 1, 2)}, ValueError, "value: a time needs its zone"),  # noqa: DTZ001  # the point
        ({"use_defaults": "yes"}, TypeError, "use_defaults: bool was expected"),
    ],
)
async def test_refuses(given: dict[str, Any], error: type[Exception], text: str) -> None:
    road = Road()
    with pytest.raises(error, match=text):
        await FieldValues(road).create(**{"contact": 2, "field": 3, "value": "x", **given})
    assert road.calls == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (None, ()),
        ("", ()),
        ("||||", ()),
        ("||", ()),
        ("a", ("a",)),
        ("||a||", ("a",)),
        ("||a||b||", ("a", "b")),
        ("||a|||", ("a|",)),  # a choice may end with a bar
        ("||a|b||", ("a|b",)),
        ("||a", ("||a",)),
    ],
)
def test_choices(text: str | None, values: tuple[str, ...]) -> None:
    assert FieldValue(id=1, value=text).values == values
