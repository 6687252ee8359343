"""Contacts: what each verb sends, and what it makes of the answer."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args, get_type_hints

import anyio
import pytest

from activecampaign_async._answer import Answer
from activecampaign_async._call import Call, one
from activecampaign_async._fanout import Found
from activecampaign_async._model import _HOMES, UNSET
from activecampaign_async._wire import wire_mark
from activecampaign_async.errors import DeadlineError, DecodeError, PaginationError, ServerError
from activecampaign_async.resources import contacts as module
from activecampaign_async.resources.contact_lists import ListStatus
from activecampaign_async.resources.contacts import Contact, ContactFilters, Contacts, ContactStatus
from activecampaign_async.resources.field_values import FieldValue
from tests.resources.road import Road, Timed

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

ANSWER = {"contact": {"id": "7", "email": "a@example.com", "cdate": "2026-05-28T04:33:44-05:00"}}
NOBODY: dict[str, Any] = {"contacts": [], "meta": {"total": "0"}}


async def asked(**given: Any) -> dict[str, Any]:
    """The query of the first page of `contacts.list(**given)`."""
    road = Road(NOBODY)
    await Contacts(road).list(**given)
    assert road.sent == ("GET", "/contacts", None)
    return dict(road.calls[0].query)


BY_ID = {"orders[id]": "ASC", "limit": "100"}


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({}, {}),
        ({"ids": [1, "2"]}, {"ids[]": ["1", "2"]}),
        ({"email": "a+b@example.com"}, {"email": "a+b@example.com"}),
        ({"email_like": "@example.com"}, {"email_like": "@example.com"}),
        ({"phone": "+49"}, {"phone": "+49"}),
        ({"search": "Ada"}, {"search": "Ada"}),
        ({"status": ContactStatus.ACTIVE}, {"status": "1"}),
        ({"status": -1}, {"status": "-1"}),
        ({"status": "4"}, {"status": "4"}),
        ({"list_id": 3}, {"listid": "3"}),
        ({"tag_id": "4"}, {"tagid": "4"}),
        ({"form_id": 5}, {"formid": "5"}),
        ({"automation_id": 6}, {"seriesid": "6"}),
        ({"wait_id": 7}, {"waitid": "7"}),
        ({"organization_id": 8}, {"organization": "8"}),
        ({"segment_id": 9, "force_query": True}, {"segmentid": "9", "forceQuery": "1"}),
        ({"exclude": 10}, {"exclude": "10"}),
        ({"in_group_lists": True}, {"in_group_lists": "true"}),
        ({"include": "contact_tags"}, {"include": "contactTags"}),
        ({"include": ("contact_tags", "fieldValues")}, {"include": "contactTags,fieldValues"}),
        (
            {"created_after": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)},
            {"filters[created_after]": "2026-01-02T03:04:05+00:00"},
        ),
        (
            {"updated_before": datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=-6)))},
            {"filters[updated_before]": "2026-01-02T00:00:00-06:00"},
        ),
        ({"created_before": date(2026, 1, 2)}, {"filters[created_before]": "2026-01-02"}),
        ({"updated_after": date(2026, 1, 2)}, {"filters[updated_after]": "2026-01-02"}),
        ({"limit": 20}, {"limit": "20"}),
        ({"order_by": "id"}, {}),
    ],
)
async def test_filters(given: dict[str, Any], query: dict[str, Any]) -> None:
    assert await asked(**given) == BY_ID | query


async def test_bounds_of_the_id_are_kept() -> None:
    query = await asked(id_greater=5, id_less=9)
    assert query["id_greater"] == "5"
    assert query["id_less"] == "9"


@pytest.mark.parametrize(
    ("order_by", "orders"),
    [
        ("created_at", [("orders[cdate]", "ASC")]),
        ("-created_at", [("orders[cdate]", "DESC")]),
        ("-id", [("orders[id]", "DESC")]),
        (("last_name", "-email"), [("orders[last_name]", "ASC"), ("orders[email]", "DESC")]),
        (["-score"], [("orders[score]", "DESC")]),
    ],
)
async def test_orders(order_by: Any, orders: list[tuple[str, str]]) -> None:
    query = await asked(order_by=order_by)
    assert [(k, v) for k, v in query.items() if k.startswith("orders")] == orders
    assert "id_greater" not in query


def test_every_order_goes_both_ways() -> None:
    names = list(module._ORDERS)
    assert sorted(get_args(module.ContactOrder)) == sorted(names + [f"-{name}" for name in names])


DOCUMENT = Path(__file__).parents[3] / "shared/api/openapi/v3.json"


@pytest.mark.skipif(not DOCUMENT.exists(), reason="the vendor's document is not here")
def test_every_documented_parameter_is_there() -> None:
    document = json.loads(DOCUMENT.read_text())
    documented = {p["name"] for p in document["paths"]["/contacts"]["get"]["parameters"]}
    hints = get_type_hints(ContactFilters, include_extras=True)
    ours = {wire_mark(name, hint).name.removesuffix("[]") for name, hint in hints.items()}
    ours |= {f"orders[{wire}]" for wire in module._ORDERS.values()}
    assert ours == documented | {"include"}


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"created_after": datetime(2026, 1, 2)}, ValueError, "created_after: .*zone"),  # noqa: DTZ001  # refused
        ({"order_by": "cdate"}, ValueError, "order_by: 'cdate' is none of id, created_at, email"),
        ({"order_by": "-cdate"}, ValueError, r"with a leading -\); did you mean -created_at\?$"),
        ({"order_by": "createdAt"}, ValueError, r"did you mean created_at\?$"),
        ({"order_by": ("id", "size")}, ValueError, r"order_by: 'size' .*with a leading -\)$"),
        ({"order_by": 5}, TypeError, "order_by: "),
        ({"order_by": None}, TypeError, "order_by: "),
        ({"email": None}, TypeError, "email: None is no filter"),
        ({"emial": "x"}, TypeError, "did you mean email"),
        ({"listid": 3}, TypeError, "did you mean list_id"),
        ({"list_id": 0}, ValueError, "list_id: "),
        ({"tag_id": [3]}, TypeError, "tag_id: "),
        ({"ids": "12"}, TypeError, "ids: several"),
        ({"ids": [0]}, ValueError, r"ids\[0\]: "),
        ({"status": "active"}, ValueError, "status: did you mean ContactStatus.ACTIVE"),
        ({"status": 99}, ValueError, "status: 99 is none of -1 .ANY., 0 .UNCONFIRMED."),
        ({"include": [1]}, TypeError, "include: "),
        ({"in_group_lists": "true"}, TypeError, "in_group_lists: bool"),
        ({"limit": 0}, ValueError, "limit"),
        ({"limit": 101}, ValueError, "limit"),
    ],
)
async def test_filters_refused(given: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        _ = Contacts(Road()).list(**given)


@pytest.mark.parametrize(
    ("include", "wire"),
    [
        ("contact_tags", "contactTags"),
        (["contactTags", "field_values"], "contactTags,fieldValues"),
        ("contactTags,fieldValues", "contactTags,fieldValues"),
        (("contact_tags.tag",), "contactTags.tag"),
        (sorted(_HOMES), ",".join(sorted(_HOMES))),
        (["contactLogs", "contact_goals", "bounce_logs"], "contactLogs,contactGoals,bounceLogs"),  # near others
        (["organization", "plus_append", "contact_data"], "organization,plusAppend,contactData"),
        (["contactEmails", "campaigns", "user", "tomorrow"], "contactEmails,campaigns,user,tomorrow"),
    ],
)
async def test_include(include: Any, wire: str) -> None:
    road = Road({"contacts": [], "contact": {"id": "7"}, "meta": {"total": "0"}})
    await Contacts(road).list(include=include)
    await Contacts(road).get(7, include=include)
    assert [call.query["include"] for call in road.calls] == [wire, wire]
    assert [call.path for call in road.calls] == ["/contacts", "/contacts/7"]


@pytest.mark.parametrize(
    ("include", "meant"),
    [
        ("contactTag", "contact_tags"),
        ("contact_tag", "contact_tags"),
        ("tags", "contact_tags"),
        ("tag", "contact_tags"),
        ("contacttags", "contact_tags"),
        ("contact-tags", "contact_tags"),
        ("contact_tgas", "contact_tags"),
        ("contactTag.tag", "contact_tags"),
        ("lists", "contact_lists"),
        ("automations", "contact_automations"),
        ("logs", "contact_logs"),
        ("field_value", "field_values"),
        ("geoIp", "geo_ips"),
        ("geo_address", "geo_addresses"),
        ("deal", "deals"),
        (["fieldValues", "tags"], "contact_tags"),
        ("fieldValues, tags", "contact_tags"),
    ],
)
async def test_include_of_a_name_that_is_nearly_known(include: Any, meant: str) -> None:
    road = Road()
    with pytest.raises(ValueError, match=rf"include: '[\w.-]+' is not known here; did you mean {meant}\?"):
        _ = Contacts(road).list(include=include)
    with pytest.raises(ValueError, match=meant):
        await Contacts(road).get(7, include=include)
    assert road.calls == []


@pytest.mark.parametrize(
    ("include", "error"), [(None, TypeError), ((), ValueError), ("", TypeError), (" ", ValueError), ([1], TypeError)]
)
async def test_include_of_nothing(include: Any, error: type[Exception]) -> None:
    road = Road()
    with pytest.raises(error, match="include"):
        await Contacts(road).get(7, include=include)
    assert road.calls == []


async def test_not_loaded_is_told_from_none() -> None:
    answer = {"contacts": [{"id": "1"}], "meta": {"total": "1"}}
    for beside, came in (({}, False), ({"contactTags": []}, True), ({"contactTags": {}}, True)):
        (contact,) = (await Contacts(Road(answer | beside)).list(include="contact_tags")).items
        assert contact.included.contact_tags == ()
        assert ("contactTags" in contact.included) is came
        one = await Contacts(Road({"contact": {"id": "1"}, **beside})).get(1, include="contact_tags")
        assert ("contactTags" in one.included) is came


async def test_list_gives_contacts_with_what_is_theirs() -> None:
    road = Road(
        {
            "contacts": [{"id": "1"}, {"id": "2", "cdate": "soon"}],
            "contactTags": [{"id": "5", "contact": "2", "tag": "9"}],
            "meta": {"total": "2"},
        }
    )
    page = await Contacts(road).list(include="contact_tags")
    one, two = page.items
    assert (one.included.contact_tags, two.included.contact_tags[0].tag) == ((), 9)
    assert page.included.contact_tags == two.included.contact_tags
    assert two.misfits == {"created_at"}
    assert page.total == 2


async def test_get() -> None:
    road = Road({**ANSWER, "fieldValues": [{"id": "3", "contact": "7", "field": "1", "value": "||a||b||"}]})
    contact = await Contacts(road).get("7", timeout=3)
    assert road.sent == ("GET", "/contacts/7", None)
    assert road.calls[0].timeout == 3
    assert contact.created_at == datetime(2026, 5, 28, 4, 33, 44, tzinfo=timezone(timedelta(hours=-5)))
    assert contact.included.field_values[0].values == ("a", "b")


@pytest.mark.parametrize("verb", ["get", "delete", "update"])
@pytest.mark.parametrize(("id", "error"), [(0, ValueError), ("", ValueError), ("1/2", ValueError), (True, TypeError)])
async def test_ids_refused(verb: str, id: Any, error: type[Exception]) -> None:
    road = Road()
    with pytest.raises(error, match="id: an int of 1 or more"):
        await getattr(Contacts(road), verb)(id, **({"phone": "1"} if verb == "update" else {}))
    assert road.calls == []


async def test_create() -> None:
    road = Road(ANSWER)
    contact = await Contacts(road).create(
        email="a@example.com", first_name="Ada", last_name=None, phone="", field_values={1: "x"}
    )
    fields = [{"field": "1", "value": "x"}]
    sent = {"email": "a@example.com", "firstName": "Ada", "lastName": None, "phone": "", "fieldValues": fields}
    assert road.sent == ("POST", "/contacts", {"contact": sent})
    assert (contact.id, contact.first_name) == (7, None)  # a partial answer
    call = road.calls[0]
    assert (call.repeatable, call.writes, call.result_due) == (False, True, True)


async def test_a_contact_without_an_address() -> None:
    road = Road(ANSWER)
    with pytest.raises(ValueError, match="allow_null_email"):
        await Contacts(road).create(email=None, phone="1")
    assert road.calls == []
    await Contacts(road).create(email=None, allow_null_email=True, phone="1")
    assert road.sent[2] == {"contact": {"email": None, "allowNullEmail": True, "phone": "1"}}


async def test_update_sends_what_is_given_and_no_more() -> None:
    road = Road(ANSWER)
    await Contacts(road).update(7, last_name="", org_id=3, deleted=False)
    assert road.sent == ("PUT", "/contacts/7", {"contact": {"lastName": "", "orgid": 3, "deleted": False}})
    nothing: list[Any] = [{"field_values": {}}, {"field_values": {1: UNSET}, "phone": UNSET}]
    for given in nothing:
        with pytest.raises(ValueError, match="nothing to change"):
            await Contacts(road).update(1, **given)
    with pytest.raises(ValueError, match="nothing to change"):
        await Contacts(road).update(7)
    assert len(road.calls) == 1


@pytest.mark.parametrize(("verb", "args", "given"), [("sync", (), {"email": "a@example.com"}), ("update", (7,), {})])
async def test_only_a_create_may_have_no_address(verb: str, args: tuple[int, ...], given: dict[str, str]) -> None:
    road = Road(ANSWER)
    with pytest.raises(TypeError, match="unknown argument 'allow_null_email'"):
        await getattr(Contacts(road), verb)(*args, **given, allow_null_email=True)
    assert road.calls == []


async def test_sync_may_be_repeated() -> None:
    road = Road(ANSWER)
    await Contacts(road).sync(email="a@example.com", phone="1")
    assert road.sent == ("POST", "/contact/sync", {"contact": {"email": "a@example.com", "phone": "1"}})
    assert road.calls[0].repeatable


async def test_delete() -> None:
    road = Road({})
    assert await Contacts(road).delete(7) is None  # type: ignore[func-returns-value]  # that is the point
    assert road.sent == ("DELETE", "/contacts/7", None)
    assert not road.calls[0].result_due


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"email": 5}, TypeError, "email: .*not int"),
        ({"email": " "}, ValueError, "email: is empty"),
        ({"email": "a", "firstName": "x"}, TypeError, "'firstName': did you mean first_name?"),
        ({"email": "a", "fist_name": "x"}, TypeError, "did you mean first_name?"),
        ({"email": "a", "first_name": 5}, TypeError, "first_name: str or None was expected, not int"),
        ({"email": "a", "org_id": True}, TypeError, "org_id: int was expected, not bool"),
        ({"email": "a", "deleted": 1}, TypeError, "deleted: bool was expected, not int"),
        ({"email": "a", "field_values": "x"}, TypeError, "field_values: a mapping"),
        ({"email": "a", "field_values": [1]}, TypeError, "field_values: pairs"),
        ({"email": "a", "field_values": {0: "x"}}, ValueError, "field_values: field id: an int of 1 or more"),
        ({"email": "a", "field_values": {"size": "x"}}, ValueError, "field_values: field id 'size': .*ac.fields.find"),
        ({"email": "a", "field_values": {"a@b.c": "x"}}, ValueError, "field_values: field id: .*ac.fields.find"),
        ({"email": "a", "field_values": {1: 1.5}}, TypeError, r"field_values\[1\]: .*not float"),
        ({"email": "a", "field_values": {1: True}}, TypeError, r"field_values\[1\]: .*not bool"),
        ({"email": "a", "field_values": {1: [1]}}, TypeError, r"field_values\[1\]: a list of str"),
        ({"email": "a", "field_values": {1: ["a||b"]}}, ValueError, r"field_values\[1\]: a choice"),
        ({"email": "a", "field_values": {1: [""]}}, ValueError, r"field_values\[1\]: a choice"),
        ({"email": "a", "first_name": "\ud800"}, ValueError, "first_name: .*surrogate"),
        ({"email": "a", "field_values": {1: ["\udfff"]}}, ValueError, r"field_values\[1\]: .*surrogate"),
        ({"email": "a", "field_values": {1: Decimal("NaN")}}, ValueError, r"field_values\[1\]: a finite"),
        ({"email": "a", "field_values": {1: datetime(2026, 1, 2)}}, ValueError, r"zone"),  # noqa: DTZ001  # refused
    ],
)
@pytest.mark.parametrize("verb", ["create", "sync"])
async def test_values_refused(verb: str, given: dict[str, Any], error: type[Exception], text: str) -> None:
    road = Road()
    with pytest.raises(error, match=text):
        await getattr(Contacts(road), verb)(**given)
    assert road.calls == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        ("", ""),
        (None, None),
        (5, "5"),
        (Decimal("1.50"), "1.50"),
        (Decimal("1E+3"), "1000"),
        (["a", "b"], "||a||b||"),
        (("a",), "||a||"),
        ([], ""),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "2026-01-02T03:00:00+00:00"),
    ],
)
async def test_field_values(value: Any, text: str | None) -> None:
    road = Road(ANSWER)
    shapes: list[Any] = [{4: value}, {"4": value}, [(4, value)]]
    for given in shapes:
        await Contacts(road).update(7, field_values=given)
        assert road.sent[2] == {"contact": {"fieldValues": [{"field": "4", "value": text}]}}


def test_values_of_a_field() -> None:
    assert FieldValue(id=1, value="||a||b||").values == ("a", "b")
    assert FieldValue(id=1, value="a").values == ("a",)
    assert FieldValue(id=1, value="").values == FieldValue(id=1).values == ()


def test_a_list_status_of_tomorrow() -> None:
    statuses = [{"id": i, "contact": 7, "status": s} for i, s in enumerate(("1", "91", 0))]
    row = {"contact": {"id": "7"}, "contactLists": statuses}
    got = one(Contact)(Answer(200, {}, row)).included.contact_lists
    assert [c.status for c in got] == [ListStatus.SUBSCRIBED, 91, ListStatus.UNCONFIRMED]


# -- look-ups


async def test_find_compares_on_our_side() -> None:
    rows = [{"id": "1", "email": "other@example.com"}, {"id": "2", "email": "Ada@Example.com "}]
    road = Road({"contacts": rows, "meta": {"total": "2"}})
    found = await Contacts(road).find(" ada@example.COM")
    assert found is not None
    assert found.id == 2
    assert road.calls[0].query["email"] == "ada@example.COM"
    assert await Contacts(road).find("nobody@example.com") is None  # an ignored filter gives everyone
    for email, error in (("", ValueError), (" ", ValueError), (None, TypeError)):
        with pytest.raises(error, match="email: "):
            await Contacts(road).find(email)  # type: ignore[arg-type]  # refused


def store(known: set[int], most: int = 100) -> Any:
    """An endpoint that knows these ids, and gives at most so many rows."""

    def answer(call: Call[Any]) -> dict[str, Any]:
        rows = [{"id": str(id)} for id in sorted({int(id) for id in call.query["ids[]"]} & known)]
        return {"contacts": rows[:most], "meta": {"total": str(len(rows))}}

    return answer


async def test_get_many_keeps_the_order_and_tells_what_is_missing() -> None:
    road = Road(store({1, 2, 3}))
    found = await Contacts(road).get_many([3, 9, "1", 3, 9, 2], timeout=5)
    assert isinstance(found, Found)
    assert [c.id for c in found] == [3, 1, 3, 2]
    assert found.missing == (9,)
    assert len(road.calls) == 1
    assert road.calls[0].query == {"ids[]": ["3", "9", "1", "2"], "limit": "100"}
    assert road.calls[0].timeout == 5


async def test_get_many_asks_for_a_hundred_at_a_time() -> None:
    road = Road(store(set(range(1, 231))))
    ids = list(range(230, 0, -1))
    found = await Contacts(road).get_many(iter(ids))
    assert [c.id for c in found] == ids
    assert found.missing == ()
    assert sorted(len(call.query["ids[]"]) for call in road.calls) == [30, 100, 100]


async def test_get_many_asks_again_for_what_was_cut_off() -> None:
    road = Road(store(set(range(1, 51)), most=20))
    found = await Contacts(road).get_many(range(1, 61))
    assert [c.id for c in found] == list(range(1, 51))
    assert found.missing == tuple(range(51, 61))
    assert len(road.calls) == 3


@pytest.mark.parametrize("meta", [{}, {"meta": {"total": 20}}, {"meta": {"total": "0"}}, {"meta": None}])
async def test_get_many_of_an_endpoint_that_caps_its_rows(meta: Any) -> None:
    road = Road(lambda call: {"contacts": [{"id": i} for i in call.query["ids[]"][:20]], **meta})
    found = await Contacts(road).get_many(range(1, 101))
    assert ([c.id for c in found], found.missing) == (list(range(1, 101)), ())
    assert len(road.calls) == 5


async def test_get_many_spends_nothing_on_ids_that_a_right_total_rules_out() -> None:
    road = Road(store({1, 2, 150}))
    found = await Contacts(road).get_many(range(1, 201))
    assert ([c.id for c in found], len(found.missing)) == ([1, 2, 150], 197)
    assert len(road.calls) == 2


class Slow(Road):
    """Takes a second for each call, one after the other."""

    async def __call__(self, call: Call[Any], /) -> Any:
        self.calls.append(call)
        await anyio.sleep(len(self.calls))
        return call.read(Answer(200, {}, store(set(range(1, 2001)))(call)))


async def test_the_time_limit_of_get_many_is_for_all_of_it() -> None:
    road = Slow()
    begun = anyio.current_time()
    with pytest.raises(DeadlineError) as caught:
        await Contacts(Timed(road)).get_many(range(1, 2001), timeout=5.5)
    assert anyio.current_time() - begun == pytest.approx(5.5)
    assert isinstance(caught.value.found, Found)
    assert len(caught.value.found) == 400
    assert len(caught.value.found.missing) == 1600
    assert len(await Contacts(Timed(Slow())).get_many(range(1, 2001), timeout=60)) == 2000


async def test_what_get_many_had_read_is_kept_by_its_error() -> None:
    def fail(call: Call[Any]) -> Any:
        raise ServerError("503")

    road = Road(store(set(range(1, 101))), fail)
    with pytest.raises(ServerError) as caught:
        await Contacts(road).get_many(range(1, 201))
    assert isinstance(caught.value.found, Found)
    assert caught.value.found[-1].id == 100
    assert caught.value.found.missing == tuple(range(101, 201))


async def test_find_where_the_address_is_ignored() -> None:
    road = Road({"contacts": [{"id": i, "email": f"{i}@x.org"} for i in range(1, 101)], "meta": {"total": "250"}})
    assert (await Contacts(road).find("7@x.org ")).id == 7  # type: ignore[union-attr]  # it is there
    with pytest.raises(PaginationError, match="ignores email"):
        await Contacts(road).find("200@x.org")


@pytest.mark.parametrize("name", ["email", "email_like", "phone", "search"])
@pytest.mark.parametrize("blank", ["", "  "])
async def test_a_blank_filter_is_refused(name: str, blank: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: is empty"):
        _ = Contacts(Road()).list(**{name: blank})  # type: ignore[arg-type]  # names of filters


@pytest.mark.parametrize("none", [[], (), iter(())])
async def test_no_ids_are_no_filter(none: Any) -> None:
    with pytest.raises(ValueError, match="ids: is empty"):
        _ = Contacts(Road()).list(ids=none)


async def test_what_belongs_to_what_belongs_to_a_contact() -> None:
    page = {
        "contacts": [{"id": "7", "contactTags": ["1"]}, {"id": "8"}],
        "contactTags": [{"id": "1", "contact": "7", "tag": "5"}, {"id": "2", "contact": "8", "tag": "6"}],
        "tags": [{"id": "5", "tag": "VIP"}, {"id": "6", "tag": "new"}, {"id": "7", "tag": "other"}],
        "meta": {"total": 2},
    }
    road = Road(page)
    seven, eight = (await Contacts(road).list(include="contact_tags.tag")).items
    assert road.calls[0].query["include"] == "contactTags.tag"
    assert seven.included["tags"] == [{"id": "5", "tag": "VIP"}]
    assert eight.included["tags"] == [{"id": "6", "tag": "new"}]


@pytest.mark.parametrize("odd", ["x", 5, True, {"a": 1}])
async def test_a_side_load_that_is_no_list_is_none(odd: Any) -> None:
    page = {"contacts": [{"id": "7"}], "contactTags": odd, "meta": {"total": 1}}
    assert (await Contacts(Road(page)).list()).items[0].included.contact_tags == ()
    if not isinstance(odd, dict):  # which may be a row that stands alone
        assert (await Contacts(Road({"contact": {"id": "7"}, "contactTags": odd})).get(7)).included.contact_tags == ()


async def test_phps_lists_with_gaps() -> None:
    road = Road({"contacts": {"0": {"id": "1"}, "2": {"id": "3"}}, "meta": {"total": "2"}})
    assert [c.id for c in await Contacts(road).list().collect()] == [1, 3]
    assert [c.id for c in await Contacts(road).get_many([1, 3])] == [1, 3]


async def test_get_many_of_an_endpoint_that_does_not_look_at_the_ids() -> None:
    road = Road({"contacts": [{"id": "99"}], "meta": {"total": "5000"}})
    with pytest.raises(PaginationError, match="ignores id_less"):
        await Contacts(road).get_many([1, 2])
    assert len(road.calls) == 2


@pytest.mark.parametrize("total", ["5000", 5000, None, "x", [], -1])
async def test_get_many_believes_no_total(total: Any) -> None:
    road = Road(
        lambda call: {"contacts": [{"id": i} for i in call.query["ids[]"] if i < "3"], "meta": {"total": total}}
    )
    found = await Contacts(road).get_many([1, 2, 3])
    assert ([c.id for c in found], found.missing) == ([1, 2], (3,))
    assert len(road.calls) <= 2


async def test_get_many_of_nobody_spends_nothing() -> None:
    road = Road()
    assert list(await Contacts(road).get_many([])) == []
    for ids, error in (("12", TypeError), (7, TypeError), ([0], ValueError), ([1, True], TypeError)):
        with pytest.raises(error, match="ids"):
            await Contacts(road).get_many(ids)  # type: ignore[arg-type]  # refused
    assert road.calls == []


async def test_strict_reaches_every_row() -> None:
    road = Road({"contacts": [{"id": "1", "cdate": "soon"}], "meta": {"total": "1"}}, strict=True)
    with pytest.raises(DecodeError, match=r"contacts\[0\]\.created_at"):
        await Contacts(road).list()
    with pytest.raises(DecodeError, match=r"contacts\[0\]\.created_at"):
        await Contacts(road).get_many([1])


async def test_a_field_value_that_is_unset_is_left_out() -> None:
    road = Road({"contact": {"id": "1"}})
    await Contacts(road).sync(email="a@example.org", field_values={1: UNSET, 2: None, 3: "x"})
    sent = [{"field": "2", "value": None}, {"field": "3", "value": "x"}]
    assert road.sent[2] == {"contact": {"email": "a@example.org", "fieldValues": sent}}


async def test_a_contact_without_an_address_has_to_be_meant() -> None:
    with pytest.raises(TypeError, match="email: must be given; a contact without one needs allow_null_email=True"):
        await Contacts(Road()).create(first_name="Ann")
