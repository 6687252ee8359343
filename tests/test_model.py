"""Models: nothing of the wire is lost, one odd value stops nobody, and what is made is whole."""

from __future__ import annotations

import copy
import logging
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any

import attrs
import pytest
from attrs import frozen
from hypothesis import given, settings, strategies as st

from activecampaign_async import _model
from activecampaign_async._model import Included, Model, Wire, decode, plan
from activecampaign_async._wire import clone, encode
from activecampaign_async.errors import DecodeError
from activecampaign_async.resources.activities import Activity
from activecampaign_async.resources.contact_deals import ContactDeal
from activecampaign_async.resources.contact_lists import ListStatus
from activecampaign_async.resources.contacts import Contact
from activecampaign_async.resources.field_values import FieldValue
from activecampaign_async.resources.tags import Tag, TagType
from tests.fidelity.rows import MODELS
from tests.support import examples


@frozen(kw_only=True, repr=False)
class Sample(Model):
    """Every kind of field there is."""

    KEY, KEYS = "sample", "samples"

    name: str
    whole: int | None = None
    flag: bool | None = None
    amount: Decimal | None = None
    moment: datetime | None = None
    day: date | None = None
    kind: TagType | str | None = None
    status: ListStatus | int | None = None
    many: tuple[int, ...] | None = None
    words: Annotated[tuple[str, ...] | None, Wire("the words")] = None
    tag: Tag | None = None


@pytest.fixture(autouse=True)
def _fresh_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_model, "_told", set())


def read(field: str, raw: Any) -> Any:
    wire = {f.name: f.wire for f in plan(Sample)}[field]
    sample = decode(Sample, {"name": "x"} | {wire: raw})
    assert sample.to_dict() == {"name": "x"} | {wire: raw}  # whatever it is
    assert sample.misfits <= {field}
    return "misfit" if sample.misfits else getattr(sample, field)


EMPTY = (None, "", "0000-00-00", "0000-00-00 00:00:00", "0000-00-00T00:00:00-06:00")
ZONE = timezone(timedelta(hours=-5))


@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        ("name", "ö", "ö"),
        ("name", 5, "5"),
        ("whole", "5", 5),
        ("whole", 5, 5),
        ("whole", "-1", -1),
        ("whole", "0", 0),
        ("whole", "1234567", 1234567),
        ("whole", "", None),
        ("whole", None, None),
        ("whole", "1_000", "misfit"),
        ("whole", " 1", "misfit"),
        ("whole", "１", "misfit"),  # noqa: RUF001  # not a digit of the wire
        ("whole", 1.5, "misfit"),
        ("whole", True, "misfit"),
        ("whole", [], "misfit"),
        ("whole", "9" * 5000, "misfit"),
        ("flag", "0", False),
        ("flag", "1", True),
        ("flag", 0, False),
        ("flag", 1, True),
        ("flag", True, True),
        ("flag", False, False),
        ("flag", "", None),
        ("flag", "yes", "misfit"),
        ("flag", 2, "misfit"),
        ("flag", {}, "misfit"),
        ("amount", "10.50", Decimal("10.50")),
        ("amount", 156.24, Decimal("156.24")),
        ("amount", 10000, Decimal(10000)),
        ("amount", "", None),
        ("amount", "NaN", "misfit"),
        ("amount", "Infinity", "misfit"),
        ("amount", "ten", "misfit"),
        ("amount", True, "misfit"),
        ("moment", "2020-05-24T05:16:42-05:00", datetime(2020, 5, 24, 5, 16, 42, tzinfo=ZONE)),
        ("moment", "2018-09-12 16:53:50", datetime(2018, 9, 12, 16, 53, 50)),  # noqa: DTZ001  # no zone on the wire
        ("moment", "0000-00-00 00:00:00", None),
        ("moment", "0000-00-00T00:00:00-06:00", None),
        ("moment", "", None),
        ("moment", "2018-09-12", datetime(2018, 9, 12)),  # noqa: DTZ001  # as above
        ("moment", "20180912", "misfit"),  # ISO, too, but nothing the API means by it
        ("moment", "20180912T165350", "misfit"),
        ("moment", "2018-W37-3", "misfit"),
        ("moment", "2018W373", "misfit"),
        ("moment", "soon", "misfit"),
        ("moment", "later on", "misfit"),
        ("moment", 0, "misfit"),
        ("moment", [], "misfit"),
        ("moment", "9" * 5000, "misfit"),
        ("day", "2018-09-12", date(2018, 9, 12)),
        ("day", "2018-09-12 00:00:00", date(2018, 9, 12)),
        ("day", "2018-09-12 16:53:50", "misfit"),
        ("day", "20180912", "misfit"),
        ("day", "2018-W37-3", "misfit"),
        ("day", "2018", "misfit"),
        ("day", "0000-00-00", None),
        ("day", "", None),
        ("kind", "contact", TagType.CONTACT),
        ("kind", "tomorrow", "tomorrow"),
        ("kind", "", None),
        ("kind", [], "misfit"),
        ("status", "1", ListStatus.SUBSCRIBED),
        ("status", 1, ListStatus.SUBSCRIBED),
        ("status", "0", ListStatus.UNCONFIRMED),
        ("status", 0, ListStatus.UNCONFIRMED),
        ("status", "91", 91),
        ("status", "", None),
        ("status", "left", "misfit"),
        ("many", ["1", 2], (1, 2)),
        ("many", [], ()),
        ("many", {}, ()),
        ("many", None, None),
        ("many", ["1", "1234567"], (1, 1234567)),
        ("many", ["1", None], "misfit"),
        ("many", ["1", True], "misfit"),
        ("many", ["1", "1_0"], "misfit"),
        ("many", ["1", []], "misfit"),
        ("many", {"0": "1"}, "misfit"),
        ("many", "1", "misfit"),
        ("words", ["a", ""], ("a", "")),
        ("tag", [], None),
        ("tag", {"tag": "x"}, "misfit"),
    ],
)
def test_values(field: str, raw: Any, value: Any) -> None:
    got = read(field, raw)
    assert got == value
    assert type(got) is type(value)


def test_a_nested_model() -> None:
    sample = decode(Sample, {"name": "x", "tag": {"id": "3", "tag": "VIP"}})
    assert sample.tag == decode(Tag, {"id": 3, "tag": "VIP"})


def test_what_is_required() -> None:
    for raw, reason in (({}, "is missing"), ({"name": None}, "is missing"), ({"name": []}, "does not fit")):
        with pytest.raises(DecodeError, match=rf"^Sample\.name: {reason}"):
            decode(Sample, raw)


@pytest.mark.parametrize("row", [None, [], "x", 1, 1.5, True])
def test_a_row_is_an_object(row: Any) -> None:
    with pytest.raises(DecodeError, match=r"^Tag: an object was expected"):
        decode(Tag, row)


# -- misfits


def test_a_misfit_is_told_once_without_its_value(caplog: pytest.LogCaptureFixture) -> None:
    row = {"id": "1", "cdate": "somebody@example.com", "subscriber_count": ["secret"]}
    with caplog.at_level(logging.DEBUG, "activecampaign_async"):
        for _ in range(3):
            tag = decode(Tag, row)
    assert tag.misfits == {"created_at", "subscriber_count"}
    assert (tag.created_at, tag.subscriber_count, tag.id) == (None, None, 1)
    assert tag.to_dict() == row
    assert [r.getMessage().split(":")[0] for r in caplog.records] == ["Tag.subscriber_count", "Tag.created_at"]
    assert "somebody" not in caplog.text
    assert "secret" not in caplog.text
    assert "list" in caplog.text


def test_a_misfit_that_was_mended_is_none() -> None:
    tag = decode(Tag, {"id": "1", "cdate": "soon", "deleted": "perhaps"})
    mended = attrs.evolve(tag, deleted=False)
    assert mended.misfits == {"created_at"}
    assert mended.to_dict() == {"id": "1", "cdate": "soon", "deleted": False}


def test_strict_names_model_and_field() -> None:
    with pytest.raises(DecodeError) as raised:
        decode(Tag, {"id": "1", "cdate": "soon"}, strict=True)
    assert raised.value.where == "Tag.created_at"


# -- nothing is lost


def test_to_dict_is_a_deep_copy() -> None:
    row = {"id": "1", "links": {"a": "b"}, "new": {"deep": [1]}}
    tag = decode(Tag, row)
    out = tag.to_dict()
    out["new"]["deep"].append(2)
    tag.extra["new"]["deep"].append(3)
    assert tag.links is not None
    tag.links["a"] = "c"  # type: ignore[index]  # not meant to be done
    assert tag.to_dict() == row == {"id": "1", "links": {"a": "b"}, "new": {"deep": [1]}}
    assert tag.extra == {"new": {"deep": [1]}}


def test_evolve_changes_only_what_it_changes() -> None:
    row = {"id": "1", "tag": "old", "cdate": "2020-05-24T05:16:42-05:00", "deleted": "0", "odd": {"a": []}}
    tag = decode(Tag, row, Included({"contacts": []}))
    new = attrs.evolve(tag, tag="new", tag_type=TagType.TEMPLATE, deleted=True)
    assert new.to_dict() == row | {"tag": "new", "tagType": "template", "deleted": True}
    assert attrs.evolve(tag).to_dict() == row
    assert attrs.evolve(new, created_at=None).to_dict()["cdate"] is None
    assert new.extra == {"odd": {"a": []}}
    assert tag.tag == "old"


def test_one_made_by_hand() -> None:
    tag = Tag(id=4, tag="VIP", created_at=datetime(2020, 1, 2, tzinfo=UTC))
    assert tag.to_dict() == {"id": 4, "tag": "VIP", "cdate": "2020-01-02T00:00:00+00:00"}
    assert tag == decode(Tag, tag.to_dict())


def test_equality_is_by_typed_fields() -> None:
    one, other = decode(Tag, {"id": "1", "deleted": "0", "x": 1}), decode(Tag, {"id": 1, "deleted": False})
    assert one == other
    assert hash(one) == hash(other)
    assert one != decode(Tag, {"id": "1", "deleted": "1"})
    assert len({decode(Contact, {"id": 1, "links": {"a": "b"}}), decode(Contact, {"id": 2})}) == 2


@pytest.mark.parametrize("again", [lambda x: pickle.loads(pickle.dumps(x)), copy.copy, copy.deepcopy])  # noqa: S301  # our own
def test_copies_and_pickles_keep_everything(again: Any) -> None:
    rows = [{"id": "1", "contact": "7", "tag": "3"}, {"id": "2", "contact": "8", "tag": "4"}]
    page = Included({"contactTags": rows})
    contact = decode(Contact, {"id": "7", "new": [1], "cdate": "soon", "email": "a@b.c"}, page)
    other = again(contact)
    assert other == contact
    assert type(other) is Contact
    assert other.to_dict() == contact.to_dict()
    assert other.misfits == contact.misfits == {"created_at"}
    assert other.extra == {"new": [1]}
    assert other.included["contactTags"] == rows[:1]
    assert str(rows[1]["tag"]) not in str(other.included._rows)  # its own rows, not the page's
    assert attrs.evolve(other, phone="1").to_dict() == contact.to_dict() | {"phone": "1"}


@frozen(kw_only=True, repr=False)
class Bare(Model):
    """An answer without an envelope or an id."""

    batch_id: str


def test_a_model_without_id_or_envelope() -> None:
    batch = decode(Bare, {"batchId": "b-1", "Success": 1})
    again = pickle.loads(pickle.dumps(batch))  # noqa: S301  # our own
    assert again == batch
    assert again.extra == {"Success": 1}
    assert dict(batch.included) == {}
    assert repr(batch) == "Bare()"


def test_models_are_frozen() -> None:
    tag = decode(Tag, {"id": "1"})
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        tag.tag = "x"  # type: ignore[misc]  # the point
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del tag.tag
    with pytest.raises(AttributeError):
        tag.colour = "x"  # type: ignore[attr-defined]  # the point
    assert type(tag) is Tag
    assert not hasattr(tag, "__dict__")


def test_repr_is_short_and_tells_nothing_about_anybody() -> None:
    contact = decode(Contact, {"id": "7", "email": "somebody@example.com", "x": "y" * 10_000})
    assert repr(contact) == str(contact) == "Contact(id=7)"
    assert repr(object.__new__(Contact)) == "Contact()"  # not even half an object breaks a debugger
    assert repr(Included({"contactTags": [1, 2]})) == "<Included contactTags: 2>"


def test_no_frame_holds_half_a_model() -> None:
    with pytest.raises(DecodeError) as raised:
        decode(Contact, {"id": "x", "email": "a"})
    trace, seen = raised.value.__traceback__, 0
    while trace is not None:
        seen += 1
        if trace.tb_frame.f_code.co_filename == _model.__file__:
            assert not any(isinstance(value, Model) for value in trace.tb_frame.f_locals.values())
        trace = trace.tb_next
    assert seen > 1
    assert raised.value.__cause__ is raised.value.__context__ is None


# -- what came beside


PAGE = {
    "contactTags": [{"id": "1", "contact": "7", "tag": "3"}, {"id": "2", "contact": 8, "tag": "4"}, "odd"],
    "fieldValues": [{"id": "5", "contact": "8", "field": "1", "value": "x"}],
    "geoAddresses": [{"id": "9", "city": "Kiel"}, {"id": "10", "city": "Bonn"}],
    "geoIps": None,
}


def test_rows_belong_to_their_item_and_to_the_page() -> None:
    page = Included({**PAGE, "contactTags": PAGE["contactTags"][:2]})  # type: ignore[index]  # it is a list
    seven, eight = (decode(Contact, {"id": id}, page) for id in ("7", "8"))
    assert [t.tag for t in seven.included.contact_tags] == [3]
    assert [t.tag for t in eight.included.contact_tags] == [4]
    assert seven.included.field_values == ()
    assert seven.included["fieldValues"] == []
    assert eight.included.field_values[0].value == "x"
    assert len(page.contact_tags) == 2
    assert page.of(FieldValue) == page.field_values
    assert dict(page)["geoAddresses"] == PAGE["geoAddresses"]
    assert page.geo_ips == ()


def test_rows_that_name_no_owner_are_found_by_id() -> None:
    page = Included(PAGE)
    contact = decode(Contact, {"id": "7", "geoAddresses": ["10"]}, page)
    assert contact.included["geoAddresses"] == [{"id": "10", "city": "Bonn"}]
    assert decode(Contact, {"id": "7"}, page).included["geoAddresses"] == []


def test_rows_are_found_by_the_id_that_an_item_names() -> None:
    page = Included({"deals": [{"id": "5", "title": "five"}, {"id": "6", "title": "six"}]})
    assert [d.id for d in decode(ContactDeal, {"id": "1", "deal": "6"}, page).included.deals] == [6]
    assert decode(ContactDeal, {"id": "1", "deal": None}, page).included.deals == ()


def test_rows_name_their_owner_in_the_older_way_too() -> None:
    page = Included({"activityRecipients": [{"activityid": "865", "relid": "4"}, {"activityid": "1", "relid": "5"}]})
    assert [r.rel_id for r in decode(Activity, {"id": "865"}, page).included.activity_recipients] == [4]


def test_rows_are_grouped_once_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    group = _model._group

    def counted(rows: list[Any], owner: str) -> dict[str, list[Any]]:
        asked.append(owner)
        return group(rows, owner)

    monkeypatch.setattr(_model, "_group", counted)
    page = Included({"contactTags": [{"id": str(i), "contact": str(i)} for i in range(100)]})
    contacts = [decode(Contact, {"id": str(i)}, page) for i in range(100)]
    assert asked == []  # nobody has asked yet
    assert [c.included.contact_tags[0].contact for c in contacts] == list(range(100))
    assert len(asked) == 1


def test_rows_are_there_by_their_python_name_too() -> None:
    page = Included({"contactTags": [{"id": "1", "contact": "7"}], "geoIps": [], "odd_one": [1]})
    for name in ("contactTags", "contact_tags", "geoIps", "geo_ips", "odd_one"):
        assert name in page
    assert page["contact_tags"] == page["contactTags"] == [{"id": "1", "contact": "7"}]
    assert page["odd_one"] == [1]
    assert page.get("geo_ips") == []
    absent: tuple[Any, ...] = ("field_values", "fieldValues", "", 5, None)
    for key in absent:
        assert key not in page
    with pytest.raises(KeyError, match="field_values"):
        _ = page["field_values"]
    assert page.get("field_values") is None
    assert list(page) == ["contactTags", "geoIps", "odd_one"]  # by the wire's names
    contact = decode(Contact, {"id": "7"}, page)
    assert "contact_tags" in contact.included
    assert "field_values" not in contact.included


def test_rows_given_out_are_copies() -> None:
    page = Included({"contactTags": [{"id": "1", "contact": "7"}]})
    contact = decode(Contact, {"id": "7"}, page)
    contact.included["contactTags"].clear()
    page["contactTags"][0]["id"] = "2"
    assert contact.included.contact_tags[0].id == 1


def test_a_collection_that_is_no_list() -> None:
    assert [g.id for g in Included({"geoIps": {"id": "4"}}).geo_ips] == [4]
    assert Included({"geoIps": {}}).geo_ips == Included({}).geo_ips == ()
    assert Included({"geoIps": "x"}).geo_ips == ()
    assert [g.id for g in Included({"geoIps": {"0": {"id": "4"}, "2": {"id": "6"}}}).geo_ips] == [4, 6]
    with pytest.raises(DecodeError, match=r"^geoIps: a list"):
        _ = Included({"geoIps": "x"}, strict=True)


# -- any JSON at all

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(EMPTY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def rows_of(model: type[Model]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={f.wire: ANY | st.integers().map(str) for f in plan(model)})


ANY_MODEL: list[type[Model]] = [Sample, *MODELS]


@settings(max_examples=examples(300), deadline=None)
@given(st.data())
def test_any_json_decodes_or_is_a_decode_error(data: st.DataObject) -> None:
    model: type[Model] = data.draw(st.sampled_from(ANY_MODEL))
    row: Any = data.draw(rows_of(model) | ANY)
    before = repr(row)
    try:
        made = decode(model, row, Included({"contactTags": [row]}))
    except DecodeError:
        return
    assert repr(made.to_dict()) == repr(row) == before
    assert made.misfits <= {f.name for f in plan(model)}
    assert all(getattr(made, name) is None for name in made.misfits)
    assert made.extra.keys() == row.keys() - {f.wire for f in plan(model)}
    assert repr(attrs.evolve(made).to_dict()) == before
    for f in plan(model):
        encode(getattr(made, f.name))
    _ = hash(made), made == made, made.included, repr(made)
    try:
        decode(model, row, strict=True)
    except DecodeError:
        assert made.misfits
    else:
        assert not made.misfits


def test_depth_is_no_matter() -> None:
    deep: Any = "end"
    for _ in range(50_000):
        deep = {"a": [deep]}
    tag = decode(Tag, {"id": "1", "description": deep, "odd": deep})
    assert tag.misfits == {"description"}
    out: Any = tag.to_dict()["odd"]
    depth = 0
    while out != "end":
        out, depth = out["a"][0], depth + 1
    assert depth == 50_000
    while deep != "end":  # else the interpreter frees it by recursion
        deep = deep.pop("a").pop()


@given(ANY)
def test_clone_copies(value: Any) -> None:
    assert repr(clone(value)) == repr(value)


def test_whether_rows_came_is_told_without_a_copy_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activecampaign_async._model.clone", None)
    included = Included({"contactTags": [{"id": "1"}]})
    assert "contactTags" in included
    assert "fieldValues" not in included
