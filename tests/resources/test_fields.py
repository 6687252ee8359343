"""Custom fields: what each verb sends, what it makes of the answer, and what their values mean."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from activecampaign_async import UNSET
from activecampaign_async._model import Included, decode
from activecampaign_async.resources.fields import Field, FieldData, Fields, FieldType
from tests.resources.road import Road

pytestmark = pytest.mark.anyio

ROW = {
    "id": "8",
    "title": "Colour",
    "type": "dropdown",
    "descript": None,
    "perstag": "COLOUR",
    "isrequired": "0",
    "visible": "1",
    "ordernum": 3,
    "options": ["1", "2"],
    "relations": ["5"],
}
OPTION = {"id": "1", "field": "8", "orderid": "1", "value": "r", "label": "Red", "isdefault": 0, "cdate": None}
REL = {"id": "5", "field": "8", "relid": "0", "dorder": "0", "links": []}
BESIDE = {"fieldOptions": [OPTION, {**OPTION, "id": "9", "field": "7"}], "fieldRels": [REL]}


async def test_list_brings_options_and_relations_of_each() -> None:
    road = Road({**BESIDE, "fields": [ROW, {"id": "7", "type": "tomorrow"}], "meta": {"total": "2"}}, strict=True)
    page = await Fields(road).list(perstag="COLOUR")
    assert road.sent == ("GET", "/fields", None)
    assert road.calls[0].query["filters[perstag]"] == "COLOUR"
    colour, other = page.items
    assert (colour.type, colour.is_required, colour.visible, colour.options) == (
        FieldType.DROPDOWN,
        False,
        True,
        (1, 2),
    )
    assert [option.id for option in colour.included.field_options] == [1]
    assert [(rel.rel_id, rel.dorder) for rel in colour.included.field_rels] == [(0, 0)]
    assert [option.id for option in other.included.field_options] == [9]
    assert other.type == "tomorrow"
    assert len(page.included.field_options) == 2


async def test_get_and_delete() -> None:
    road = Road({**BESIDE, "field": ROW})
    field = await Fields(road).get(8)
    assert road.sent == ("GET", "/fields/8", None)
    assert field.included.field_options[0].label == "Red"
    assert field.extra == {}
    await Fields(road).delete(8)
    assert road.sent == ("DELETE", "/fields/8", None)
    assert not road.calls[-1].missing_is_done


async def test_create_and_update() -> None:
    road = Road({"field": ROW})
    await Fields(road).create(
        title="Colour",
        type=FieldType.DROPDOWN,
        description=None,
        perstag="COLOUR",
        default="",
        is_required=False,
        visible=True,
        order_num=3,
    )
    wire = {
        "title": "Colour",
        "type": "dropdown",
        "descript": None,
        "perstag": "COLOUR",
        "defval": "",
        "isrequired": False,
        "visible": True,
        "ordernum": 3,
    }
    assert road.sent == ("POST", "/fields", {"field": wire})
    assert not road.calls[0].repeatable
    await Fields(road).update(8, type="tomorrow")
    assert road.sent == ("PUT", "/fields/8", {"field": {"type": "tomorrow"}})
    with pytest.raises(ValueError, match="nothing to change"):
        await Fields(road).update(8)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"title": ""}, ValueError, "title: is empty"),
        ({"type": 3}, TypeError, "type: FieldType or str was expected"),
        ({"defval": "x"}, TypeError, "did you mean default"),
        ({"isRequired": True}, TypeError, "did you mean is_required"),
        ({"order_num": "1"}, TypeError, "order_num: int was expected"),
    ],
)
async def test_create_refuses(given: dict[str, Any], error: type[Exception], text: str) -> None:
    road = Road()
    with pytest.raises(error, match=text):
        await Fields(road).create(**{"title": "x", "type": "text", **given})
    assert road.calls == []


async def test_find_by_title_or_personalization_tag() -> None:
    rows = [
        {"id": 1, "title": "Colour 2", "perstag": "COLOUR_2"},
        {"id": 2, "title": " colour", "perstag": "COLOUR"},
        {"id": 3, "title": None, "perstag": "SHADE"},
        {"id": 4, "title": "Shade", "perstag": "OTHER"},
    ]
    fields = Fields(road := Road({"fields": rows, "meta": {"total": 4}}))
    found = await fields.find("Colour ")  # title and tag of one field: that is one
    assert found is not None
    assert found.id == 2
    assert "filters[perstag]" not in road.calls[0].query
    assert await fields.find("col") is None
    with pytest.raises(LookupError, match="2 fields have that title or personalization tag, ids 3, 4"):
        await fields.find("shade")
    with pytest.raises(TypeError, match="title_or_perstag: "):
        await fields.find(8)  # type: ignore[arg-type]  # refused


# -- options and relations


async def test_options() -> None:
    road = Road({"fieldOptions": [OPTION, {**OPTION, "id": "2"}]})
    made = await Fields(road).create_options(
        "8", ["Red", {"value": "g", "label": "Green", "order_id": 2, "is_default": True}]
    )
    assert [option.id for option in made] == [1, 2]
    options = [
        {"field": "8", "label": "Red", "value": "Red"},
        {"field": "8", "value": "g", "label": "Green", "orderid": 2, "isdefault": True},
    ]
    assert road.sent == ("POST", "/fieldOption/bulk", {"fieldOptions": options})
    assert not road.calls[0].repeatable
    road = Road({"fieldOption": OPTION})
    assert (await Fields(road).get_option(1)).is_default is False
    assert road.sent == ("GET", "/fieldOptions/1", None)
    await Fields(road).delete_option(1)
    assert road.sent == ("DELETE", "/fieldOptions/1", None)
    assert not road.calls[-1].missing_is_done


async def test_options_of_all_fields() -> None:
    road = Road({"fieldOptions": [OPTION], "meta": {"total": "1"}}, strict=True)
    page = await Fields(road).options(limit=5, timeout=3)
    assert [(option.id, option.field, option.label) for option in page.items] == [(1, 8, "Red")]
    assert (road.sent, road.calls[0].query) == (("GET", "/fieldOptions", None), {"limit": "5", "offset": "0"})
    assert road.calls[0].timeout == 3


async def test_update_option() -> None:
    road = Road({"fieldOption": OPTION})
    option = await Fields(road).update_option("1", value="r", label="", order_id=2, is_default=True, timeout=3)
    assert option.value == "r"
    row = {"value": "r", "label": "", "orderid": 2, "isdefault": True}
    assert road.sent == ("PUT", "/fieldOptions/1", {"fieldOption": row})
    assert (road.calls[0].repeatable, road.calls[0].timeout) == (True, 3)
    await Fields(road).update_option(1, label="Red")
    assert road.sent == ("PUT", "/fieldOptions/1", {"fieldOption": {"label": "Red"}})


@pytest.mark.parametrize(
    ("option", "given", "error", "text"),
    [
        (1, {}, ValueError, "nothing to change"),
        (1, {"value": UNSET}, ValueError, "nothing to change"),
        (1, {"value": " "}, ValueError, "value: is empty"),
        (1, {"value": None}, TypeError, "value: a str"),
        (1, {"order_id": "2"}, TypeError, "order_id: int"),
        (1, {"isdefault": True}, TypeError, "did you mean is_default?"),
        (1, {"field": 8}, TypeError, "unknown argument 'field'"),
        (0, {"label": "a"}, ValueError, "option: an int"),
    ],
)
async def test_update_option_refuses(option: Any, given: dict[str, Any], error: type[Exception], text: str) -> None:
    road = Road()
    with pytest.raises(error, match=text):
        await Fields(road).update_option(option, **given)
    assert road.calls == []


async def test_relations_of_all_fields() -> None:
    road = Road({"fieldRels": [REL], "meta": {"total": "1"}}, strict=True)
    page = await Fields(road).relations(limit=5, timeout=3)
    assert [(rel.id, rel.field, rel.rel_id) for rel in page.items] == [(5, 8, 0)]
    assert (road.sent, road.calls[0].query) == (("GET", "/fieldRels", None), {"limit": "5", "offset": "0"})
    assert road.calls[0].timeout == 3


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ("Red", TypeError, "options: a list was expected, not str"),
        ([], ValueError, "options: is empty"),
        ([5], TypeError, r"options\[0\]: a str or a mapping was expected, not int"),
        (["Red", {"label": "Green"}], TypeError, r"options\[1\]: has no value"),
        ([""], ValueError, r"options\[0\]: value: is empty"),
        ([{"value": 3}], TypeError, r"options\[0\]: value: a str was expected"),
        ([{"value": "g", "orderid": 2}], TypeError, "did you mean order_id"),
    ],
)
async def test_create_options_refuses(options: Any, error: type[Exception], text: str) -> None:
    road = Road()
    with pytest.raises(error, match=text):
        await Fields(road).create_options(8, options)
    assert road.calls == []


async def test_relations() -> None:
    road = Road({"fieldRel": REL})
    fields = Fields(road)
    assert (await fields.create_relation(8)).rel_id == 0
    assert road.sent == ("POST", "/fieldRels", {"fieldRel": {"field": 8, "relid": 0}})
    assert not road.calls[-1].repeatable
    await fields.create_relation("8", "0")
    assert road.sent[2] == {"fieldRel": {"field": "8", "relid": "0"}}
    await fields.create_relation(8, 2)
    assert road.sent[2] == {"fieldRel": {"field": 8, "relid": 2}}
    await fields.get_relation(5)
    assert road.sent == ("GET", "/fieldRels/5", None)
    await fields.delete_relation(5)
    assert road.sent == ("DELETE", "/fieldRels/5", None)
    assert road.calls[-1].missing_is_done
    for wrong in (False, -1, None, "all"):
        with pytest.raises((TypeError, ValueError), match="list: "):
            await fields.create_relation(8, wrong)  # type: ignore[arg-type]  # refused


@pytest.mark.parametrize("asked", ["%SIZE%", " %size% ", "size", "%What size%"])
async def test_find_takes_a_tag_as_it_stands_in_mails(asked: str) -> None:
    road = Road({"fields": [{"id": "1", "title": "%What size%", "perstag": "SIZE"}, {"id": "2", "title": "Colour"}]})
    found = await Fields(road).find(asked)
    assert found is not None
    assert found.id == 1


# -- what stands in a field


def of(type: FieldType | str | None) -> Field:
    return Field(id=1, type=type)


ZONE = timezone(timedelta(hours=-5))


@pytest.mark.parametrize(
    ("type", "text", "value"),
    [
        (FieldType.TEXT, "2026-01-02", "2026-01-02"),
        (FieldType.TEXT, "", None),
        (FieldType.TEXT, None, None),
        (FieldType.HIDDEN, " x ", " x "),
        (FieldType.DROPDOWN, "Red", "Red"),
        (FieldType.RADIO, "5", "5"),
        ("tomorrow", "||a||", "||a||"),
        (None, "x", "x"),
        (FieldType.DATE, "2026-01-02", date(2026, 1, 2)),
        (FieldType.DATE, "0000-00-00", None),
        (FieldType.DATE, "", None),
        (FieldType.DATETIME, "2020-05-19T02:45:00-05:00", datetime(2020, 5, 19, 2, 45, tzinfo=ZONE)),
        (FieldType.DATETIME, None, None),
        (FieldType.NUMBER, "1234", Decimal(1234)),
        (FieldType.NUMBER, "-0.50", Decimal("-0.50")),
        (FieldType.NUMBER, "", None),
        (FieldType.LISTBOX, "||a||b||", ("a", "b")),
        (FieldType.CHECKBOX, "||a||", ("a",)),
        (FieldType.CHECKBOX, "", ()),
        (FieldType.LISTBOX, None, ()),
    ],
)
def test_a_value_is_what_its_field_says(type: FieldType | str | None, text: str | None, value: FieldData) -> None:
    field = of(type)
    read = field.parse(text)
    assert read == value
    assert read.__class__ is value.__class__
    assert field.parse(field.format(read)) == value
    if text not in (None, "0000-00-00"):
        assert field.format(read) == text


@pytest.mark.parametrize(
    ("type", "text"),
    [
        (FieldType.DATE, "tomorrow"),
        (FieldType.DATE, "2026-01-02T03:04:05+00:00"),
        (FieldType.DATETIME, "soon"),
        (FieldType.NUMBER, "1,5"),
        (FieldType.NUMBER, "1_000"),
        (FieldType.NUMBER, "NaN"),
        (FieldType.NUMBER, "1e999999"),
        (FieldType.NUMBER, "١"),  # noqa: RUF001  # no digit of the wire
        (FieldType.LISTBOX, "||a"),
    ],
)
def test_text_that_is_none_of_the_type_stays_text_and_is_not_written(type: FieldType, text: str) -> None:
    assert of(type).parse(text) == text
    with pytest.raises(ValueError, match=rf"value: a {type.value} field \(1\) takes .* or text like .*: this is"):
        of(type).format(text)


@pytest.mark.parametrize("type", [FieldType.DATE, FieldType.DATETIME, FieldType.NUMBER, FieldType.LISTBOX])
def test_what_is_told_to_fit_fits(type: FieldType) -> None:
    with pytest.raises(ValueError, match=r"\(Born\) takes") as caught:
        Field(id=1, type=type, title="Born").format("||rubbish")
    like = str(caught.value).partition("or text like ")[2].removesuffix(": this is other text")
    assert of(type).format(like) == like
    assert not isinstance(of(type).parse(like), str)


@pytest.mark.parametrize(
    ("type", "value", "text"),
    [
        (FieldType.NUMBER, 5, "5"),
        (FieldType.NUMBER, Decimal("1E+3"), "1000"),
        (FieldType.DATETIME, datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (FieldType.LISTBOX, ["a"], "||a||"),
        (FieldType.LISTBOX, (), ""),
        (FieldType.DATE, None, ""),
        (FieldType.DATE, "", ""),
        (FieldType.DATE, "1990-05-17", "1990-05-17"),
        (FieldType.DATE, "0000-00-00", "0000-00-00"),
        (FieldType.DATETIME, "1990-05-17 08:30:00", "1990-05-17 08:30:00"),
        (FieldType.NUMBER, "1.50", "1.50"),
        (FieldType.CHECKBOX, "red", "red"),
    ],
)
def test_format(type: FieldType, value: Any, text: str) -> None:
    assert of(type).format(value) == text


@pytest.mark.parametrize(
    ("type", "value", "error", "said"),
    [
        (FieldType.DATE, datetime(2026, 1, 2, tzinfo=UTC), TypeError, "a date field takes date, not datetime"),
        (FieldType.DATETIME, date(2026, 1, 2), TypeError, "a datetime field takes datetime, not date"),
        (FieldType.NUMBER, True, TypeError, "a number field takes int or Decimal, not bool"),
        (FieldType.NUMBER, 1.5, TypeError, "a number field takes int or Decimal, not float"),
        (FieldType.NUMBER, Decimal("NaN"), ValueError, "finite"),
        (FieldType.LISTBOX, ["a", 1], TypeError, "a list of str"),
        (FieldType.LISTBOX, ["a||b"], ValueError, "a choice is neither empty nor holds"),
        (FieldType.TEXT, 5, TypeError, "a text field takes str, not int"),
        ("tomorrow", ["a"], TypeError, "a tomorrow field takes str, not list"),
    ],
)
def test_format_refuses(type: FieldType | str, value: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=f"value: .*{said}"):
        of(type).format(value)


LISTS = (FieldType.CHECKBOX, FieldType.LISTBOX)


@given(st.sampled_from(FieldType), st.text(max_size=12) | st.text("|-+.:TZ0123456789 ", max_size=25))
def test_any_text_is_read_and_comes_back_or_is_refused(type: FieldType, text: str) -> None:
    field = of(type)
    value = field.parse(text)
    if isinstance(value, str):
        assert value == text
    if isinstance(value, str) and type in (FieldType.DATE, FieldType.DATETIME, FieldType.NUMBER, *LISTS):
        with pytest.raises(ValueError, match="this is other text"):
            field.format(value)
    else:
        assert field.parse(field.format(value)) == value


def with_options(type: FieldType, *values: str) -> Field:
    rows = [{"id": str(id), "field": "1", "value": value, "label": value.upper()} for id, value in enumerate(values, 1)]
    row = {"id": "1", "type": type.value, "options": [row["id"] for row in rows]}
    return decode(Field, row, Included({"fieldOptions": rows}))


@pytest.mark.parametrize(
    ("type", "value", "text"),
    [
        (FieldType.DROPDOWN, "red", "red"),
        (FieldType.DROPDOWN, "", ""),
        (FieldType.RADIO, None, ""),
        (FieldType.CHECKBOX, ["red", "blue"], "||red||blue||"),
        (FieldType.CHECKBOX, [], ""),
        (FieldType.LISTBOX, "||blue||", "||blue||"),
        (FieldType.TEXT, "green", "green"),
    ],
)
def test_what_can_be_chosen_passes(type: FieldType, value: Any, text: str) -> None:
    assert with_options(type, "red", "blue").format(value) == text


@pytest.mark.parametrize(
    ("type", "value"),
    [
        (FieldType.DROPDOWN, "green"),
        (FieldType.RADIO, "RED"),
        (FieldType.CHECKBOX, ["red", "green"]),
        (FieldType.LISTBOX, "green"),
    ],
)
def test_what_cannot_be_chosen_is_told_with_what_can(type: FieldType, value: Any) -> None:
    with pytest.raises(ValueError, match=r"value: '(green|RED)' is none of its options: 'red', 'blue'"):
        with_options(type, "red", "blue").format(value)
    assert with_options(type).format(value) == of(type).format(value)  # where none came along, nobody knows
