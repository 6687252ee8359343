"""What a caller gives by mistake, or hands on from a wrapper of its own, must not write something else in silence."""

from __future__ import annotations

import pydoc
from datetime import datetime
from enum import Enum
from typing import Any

import anyio
import pytest
from hypothesis import given, strategies as st

from activecampaign_async import (
    UNSET,
    AsyncClient,
    ContactStatus,
    DeadlineError,
    DecodeError,
    ListStatus,
    Note,
    NoteRelType,
    TagType,
    ValidationError,
)
from activecampaign_async._given import writer
from activecampaign_async._model import decode
from activecampaign_async._wire import Wire
from activecampaign_async.resources.contact_lists import ListSource
from activecampaign_async.resources.contacts import ContactFields, ContactFilters
from activecampaign_async.resources.deals import DealStatus
from activecampaign_async.resources.field_groups import FieldGroupType
from activecampaign_async.resources.field_values import value_text
from activecampaign_async.resources.fields import Field, FieldFields, FieldType
from activecampaign_async.resources.lists import ExclusionChannel, ListChannel, MatchType
from activecampaign_async.resources.scores import ScoreRelType
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]
CHECKBOX = Field(id=1, type=FieldType.CHECKBOX)


async def test_an_option_lands_on_the_field_that_was_named() -> None:
    account = Sandbox(rate=None)
    async with client_of(account) as ac:
        with pytest.raises(TypeError, match="field"):
            await ac.fields.create_options(1, [{"value": "x", "field": 2}])  # type: ignore[list-item]  # the mistake
    assert account.requests == []


async def test_unset_handed_on_keeps_the_safe_default() -> None:
    account = Sandbox(rate=None)
    async with client_of(account) as ac:
        await ac.tags.create(tag="n", tag_type=UNSET)  # type: ignore[arg-type]  # as a wrapper hands it on
        await ac.lists.create(
            name="News",
            string_id="news",
            sender_url="https://example.org",
            sender_reminder="you asked",
            send_last_broadcast=UNSET,  # type: ignore[arg-type]  # as a wrapper hands it on
        )
    tag, made = (asked.body for asked in account.requests)
    assert isinstance(tag, dict)
    assert isinstance(made, dict)
    assert tag["tag"]["tagType"] == TagType.CONTACT.value
    assert made["list"]["send_last_broadcast"] is False


HALF: list[tuple[str, str, tuple[Any, ...], dict[str, Any]]] = [
    ("contacts", "create", (), {"email": UNSET}),
    ("contacts", "sync", (), {"email": UNSET}),
    ("contacts", "set_list_status", (1, 1, UNSET), {}),
    ("contacts", "add_tag", (1, UNSET), {}),
    ("contact_deals", "create", (), {"contact": 1, "deal": UNSET}),
    ("fields", "create", (), {"title": "Size", "type": UNSET}),
    ("fields", "create_relation", (1, UNSET), {}),
    ("field_groups", "create", (), {"label": UNSET}),
    ("field_groups", "add_member", (UNSET, 1), {}),
    ("field_groups", "update_member", (1,), {"field": UNSET}),
    ("field_values", "create", (), {"contact": 1, "field": 1, "value": UNSET}),
    ("field_values", "update", (1,), {"contact": UNSET, "field": 1, "value": ""}),
    ("groups", "create", (), {"title": UNSET}),
    ("lists", "create", (), {"name": "a", "string_id": "a", "sender_url": UNSET, "sender_reminder": "a"}),
    ("notes", "create", (), {"note": "a", "rel_type": NoteRelType.CONTACT, "rel_id": UNSET}),
    ("tags", "create", (), {"tag": UNSET}),
    ("users", "create", (), {"username": UNSET, "email": "a@example.org"}),
]


@pytest.mark.parametrize(("area", "verb", "args", "given"), HALF)
async def test_half_a_request_never_goes_out(
    area: str, verb: str, args: tuple[Any, ...], given: dict[str, Any]
) -> None:
    account = Sandbox(rate=None)
    async with client_of(account) as ac:
        with pytest.raises(TypeError, match=r"UNSET|Unset|email: must be given"):
            await getattr(getattr(ac, area), verb)(*args, **given)
    assert account.requests == []


BLANK: list[tuple[str, dict[str, Any]]] = [
    ("contacts", {"email": " "}),
    ("fields", {"title": ""}),
    ("fields", {"type": ""}),
    ("groups", {"title": " "}),
    ("lists", {"name": ""}),
    ("notes", {"note": ""}),
    ("tags", {"tag": ""}),
    ("users", {"username": ""}),
]


@pytest.mark.parametrize(("area", "given"), BLANK)
async def test_a_name_cannot_be_cleared(area: str, given: dict[str, Any]) -> None:
    account = Sandbox(rate=None)
    async with client_of(account) as ac:
        with pytest.raises(ValueError, match="is empty"):
            await getattr(ac, area).update(1, **given)
    assert account.requests == []


HINTS: list[tuple[str, str, tuple[Any, ...], dict[str, Any], str]] = [
    ("contacts", "sync", (), {"email": "a@example.org", "firstName": "A"}, "first_name"),
    ("contacts", "sync", (), {"email": "a@example.org", "FIRSTNAME": "A"}, "first_name"),
    ("contacts", "update", (1,), {"orgid": 1}, "org_id"),
    ("contacts", "update", (1,), {"Email": "a@example.org"}, "email"),
    ("contacts", "update", (1,), {"time_out": 1}, "timeout"),
    ("contacts", "list", (), {"orderBy": "id"}, "order_by"),
    ("contacts", "list", (), {"updatedAfter": 1}, "updated_after"),
    ("contacts", "list", (), {"Limit": 1}, "limit"),
    ("lists", "update", (1,), {"stringid": "a"}, "string_id"),
    ("tags", "create", (), {"tag": "a", "tagType": "contact"}, "tag_type"),
    ("notes", "update", (1,), {"relType": "Deal"}, "rel_type"),
    ("notes", "create", (), {"note": "a", "rel_type": "Deal", "relid": 1}, "rel_id"),
    ("tags", "create", (), {"tags": "a"}, "tag"),
    ("contacts", "get", (1,), {"includes": "deals"}, "include"),
    ("contacts", "add_tag", (1,), {"tag_id": 1}, "tag"),
    ("contacts", "deals", (1,), {"limt": 5}, "limit"),
    ("users", "list", (), {"limt": 5}, "limit"),
    ("field_groups", "add_member", (1,), {"fieldId": 1}, "field"),
    ("field_values", "create", (), {"contactId": 1, "field": 1, "value": ""}, "contact"),
]


@pytest.mark.parametrize(
    ("area", "name", "said"),
    [
        ("contacts", "subscribe", "did you mean set_list_status"),
        ("contacts", "upsert", "did you mean sync"),
        ("contacts", "getMany", "did you mean get_many"),
        ("tags", "all", "did you mean list"),
        ("tags", "zzz", "; known: create, list, update, get, delete, find"),
        ("field_groups", "remove", "did you mean remove_member"),
    ],
)
async def test_a_verb_that_is_none_names_the_one_that_is_meant(area: str, name: str, said: str) -> None:
    async with client_of(Sandbox(rate=None)) as ac:
        found = getattr(ac, area)
        with pytest.raises(AttributeError, match=f"{name!r}.*{said}"):
            getattr(found, name)
        assert not hasattr(found, "_nothing")


@pytest.mark.parametrize(
    ("verb", "args", "said"),
    [
        ("add_tag", (1, "customer"), "tag: .*; ac.tags.find looks one up"),
        ("set_list_status", ("Ann", 1, 1), "contact: .*; ac.contacts.find looks one up"),
        ("set_list_status", (1, "News", 1), "list: .*; ac.lists.find looks one up"),
        ("add_tag", (1, "-5"), "tag: an int of 1 or more, or its digits, was expected$"),
        ("add_to_automation", (1, "Welcome"), "automation: an int of 1 or more, or its digits, was expected$"),
        ("get", ("ann@example.org",), "id: .*; ac.contacts.find looks one up"),
        ("contact_data", ("ann@example.org",), "id: .*; ac.contacts.find looks one up"),
        ("geo_address", ("here",), "geo_ip: an int of 1 or more, or its digits, was expected$"),
    ],
)
async def test_a_name_for_an_id_is_told_where_to_find_the_id(verb: str, args: tuple[Any, ...], said: str) -> None:
    async with client_of(Sandbox(rate=None)) as ac:
        with pytest.raises(ValueError, match=said):
            await getattr(ac.contacts, verb)(*args)
        for area in ("contacts", "fields", "groups", "lists", "tags", "users"):
            with pytest.raises(ValueError, match=f"id: .*; ac.{area}.find looks one up"):
                await getattr(ac, area).delete("a name")
            with pytest.raises(ValueError, match=r"was expected$"):
                await getattr(ac, area).delete("-5")
        with pytest.raises(ValueError, match=r"id: .* was expected$"):
            await ac.notes.delete("a note")
        with pytest.raises(ValueError, match=r"id: .*; ac.contacts.find looks one up"):
            await ac.contacts.deals("ann@example.org")
        with pytest.raises(ValueError, match=r"user_id: .*; ac.users.find looks one up"):
            await ac.lists.update(1, user_id="ann@example.org")
        with pytest.raises(ValueError, match=r"group: .*; ac.groups.find looks one up"):
            await ac.users.update(1, group="Support")
        with pytest.raises(ValueError, match=r"digits, was expected$"):  # a group of fields
            await ac.field_groups.add_member("Support", 1)


@pytest.mark.parametrize(("area", "verb", "args", "given", "meant"), HINTS)
async def test_an_unknown_argument_names_the_nearest(
    area: str, verb: str, args: tuple[Any, ...], given: dict[str, Any], meant: str
) -> None:
    async with client_of(Sandbox(rate=None)) as ac:
        with pytest.raises(TypeError, match=rf"'\w+': did you mean {meant}\?"):
            await getattr(getattr(ac, area), verb)(*args, **given)


@pytest.mark.parametrize(
    ("verb", "args", "said"),
    [
        ("sync", ({"email": "a@example.org"},), r"\(by keyword: email=…, first_name=…, last_name=…\)$"),
        ("update", (1, {"email": "a@example.org"}), r"\(by keyword: email=…, first_name=…, last_name=…\)$"),
        ("list", ({"email": "a@example.org"},), r"\(by keyword: order_by=…, limit=…, ids=…\)$"),
        ("get_many", (1, 2), r"3 were given$"),
    ],
)
async def test_too_much_by_position_names_what_goes_by_keyword(verb: str, args: tuple[Any, ...], said: str) -> None:
    async with client_of(Sandbox(rate=None)) as ac:
        with pytest.raises(TypeError, match=said):
            await getattr(ac.contacts, verb)(*args)


async def test_a_list_names_the_nearest_argument_and_what_goes_by_keyword() -> None:
    async with client_of(Sandbox(contacts=3, rate=None)) as ac:
        people: Any = ac.contacts.list()
        with pytest.raises(TypeError, match=r"'max_item': did you mean max_items\?"):
            await people.collect(max_item=3)
        with pytest.raises(TypeError, match=r"'order': did you mean ordered\?"):
            people.ahead(8, order=False)
        with pytest.raises(TypeError, match=r"by keyword: ordered=…"):
            people.ahead_pages(8, False)
        with pytest.raises(TypeError, match=r"'curser': did you mean cursor\?"):
            people.resume(curser="x")
        async with people.ahead(2, ordered=False) as items:
            assert len([item async for item in items]) == 3


def test_help_names_what_goes_by_keyword() -> None:
    ac = AsyncClient("https://a.api-us1.com", "key")
    for verb, name, fields in (
        (ac.contacts.list, "filters", ContactFilters),
        (ac.contacts.update, "fields", ContactFields),
        (ac.contacts.sync, "fields", ContactFields),
        (ac.fields.create, "fields", FieldFields),
    ):
        told = pydoc.plain(pydoc.render_doc(verb))
        assert f"\n    `{name}`: {', '.join(fields.__annotations__)}." in told
        assert "\n     " not in told, "indented once, as `help` does it"
    assert "`filters`" not in pydoc.render_doc(ac.users.list)


NO_MEMBERS: list[tuple[str, str, tuple[Any, ...], dict[str, Any], str]] = [
    ("field_groups", "create", (), {"label": "a", "group_type": 99}, "99 is none of 1 .CONTACT., 2 .DEAL., 3 .ACC"),
    ("contacts", "set_list_status", (1, 1, 91), {}, "status: 91 is none of 0"),
    ("contacts", "list", (), {"status": 99}, "status: 99 is none of -1"),
    (
        "notes",
        "create",
        (),
        {"note": "a", "rel_type": "contact", "rel_id": 1},
        "did you mean NoteRelType.CONTACT",
    ),
    ("fields", "create", (), {"title": "a", "type": "Text"}, "did you mean FieldType.TEXT .'text'"),
    ("fields", "create", (), {"title": "a", "type": "txt"}, "type: did you mean FieldType.TEXT .'text'"),
    ("fields", "create", (), {"title": "a", "type": "checkboxes"}, "type: did you mean FieldType.CHECKBOX"),
    ("contacts", "set_list_status", (1, 1, "subscrbed"), {}, "did you mean ListStatus.SUBSCRIBED .1.. known: 0"),
    ("contacts", "set_list_status", (1, 1, "unsubscribe"), {}, "status: did you mean ListStatus.UNSUBSCRIBED .2."),
    ("contacts", "list", (), {"status": "subscribed"}, r"UNSUBSCRIBED .2.. known: .*1 \(ACTIVE\)"),
    ("tags", "create", (), {"tag": "a", "tag_type": " "}, "tag_type: is empty"),
]


@pytest.mark.parametrize(("area", "verb", "args", "given", "said"), NO_MEMBERS)
async def test_what_is_no_member_is_refused(
    area: str, verb: str, args: tuple[Any, ...], given: dict[str, Any], said: str
) -> None:
    account = Sandbox(rate=None)
    async with client_of(account) as ac:
        with pytest.raises(ValueError, match=said):
            await getattr(getattr(ac, area), verb)(*args, **given)
    assert account.requests == []


OTHERS: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("set_list_status", (1, 1, ContactStatus.ACTIVE), {}, "status: ListStatus was expected, not ContactStatus"),
    ("list", (), {"status": ListStatus.SUBSCRIBED}, "status: ContactStatus was expected, not ListStatus"),
    ("changed", (), {"status": ListStatus.SUBSCRIBED}, "status: ContactStatus was expected, not ListStatus"),
]


@pytest.mark.parametrize(("verb", "args", "given", "said"), OTHERS)
async def test_a_member_of_another_enum_is_refused_where_its_number_would_fit(
    verb: str, args: tuple[Any, ...], given: dict[str, Any], said: str
) -> None:
    account = Sandbox(rate=None)
    async with client_of(account) as ac:
        with pytest.raises(TypeError, match=said):
            await getattr(ac.contacts, verb)(*args, **given)
    assert account.requests == []


VERBS = [
    (name, verb)
    for name in sorted(AsyncClient.__annotations__)
    for verb in dir(getattr(AsyncClient("https://a.api-us1.com", "key"), name))
    if not verb.startswith("_") and verb != "import_many"  # which has no timeout
]


@pytest.mark.parametrize(("area", "verb"), VERBS)
async def test_every_verb_names_the_nearest_argument(area: str, verb: str) -> None:
    async with client_of(Sandbox(rate=None)) as ac:
        with pytest.raises(TypeError, match=r"'timeou': did you mean timeout\?"):
            await getattr(getattr(ac, area), verb)(timeou=1)


NEW = {
    FieldType: "currency email file list lookup money multiselect numeric percent rating richtext textbox time url",
    TagType: "account campaign content deal form list",
    NoteRelType: "Campaign DealNote Lead Task Ticket User",
    ListChannel: "mms push rcs voice whatsapp",
    ExclusionChannel: "allMms allPush allRcs none",
    MatchType: "begin contains inexact regex start",
    ScoreRelType: "account lead",
    ListStatus: "pending removed",
    ListSource: "import",
    ContactStatus: "deleted pending",
    FieldGroupType: "list order",
    DealStatus: "closed pending",
}
"""What ActiveCampaign may well know tomorrow."""


@pytest.mark.parametrize("members", NEW)
def test_every_value_of_an_enum_may_be_given_as_text(members: type[Enum]) -> None:
    write = writer(members | int | str, Wire("value"))
    for member in members:
        assert write(member, "value") == member.value
        assert write(member.value, "value") == member.value
        assert write(str(member.value), "value") == str(member.value)


@pytest.mark.parametrize("members", NEW)
def test_what_may_be_new_is_no_misspelling(members: type[Enum]) -> None:
    write, own = writer(members | str, Wire("value")), {str(member.value) for member in members}
    for text in [*NEW[members].split(), *(str(number) for number in range(10, 1000))]:
        assert text in own or write(text, "value") == text


async def test_raw_text_is_sent_on_purpose() -> None:
    account = Sandbox(rate=None)
    async with client_of(account) as ac:
        await ac.fields.create(title="a", type="tomorrow")
        await ac.contacts.list(status="91").collect()
    made, asked = account.requests
    assert isinstance(made.body, dict)
    assert made.body["field"]["type"] == "tomorrow"
    assert ("status", "91") in asked.query


@pytest.mark.parametrize("text", ["20240102", "2024-W01-2", "20240102T101500", "2024W012"])
@pytest.mark.parametrize("type", [FieldType.DATE, FieldType.DATETIME])
def test_only_dashed_dates_are_dates(type: FieldType, text: str) -> None:
    assert Field(id=1, type=type).parse(text) == text


def test_a_misfit_within_a_model_is_one_of_its_own() -> None:
    row = {"id": "1", "owner": {"type": "contact", "id": "abc"}}
    assert decode(Note, row).misfits == {"owner.id"}
    with pytest.raises(DecodeError, match=r"Note\.owner\.id: does not fit"):
        decode(Note, row, strict=True)


@pytest.mark.parametrize(("area", "wanted"), [("lists", "x"), ("fields", "x"), ("groups", "x"), ("tags", "g")])
async def test_a_timeout_is_for_the_whole_of_a_find(area: str, wanted: str) -> None:
    account = Sandbox(rate=None, latency=300)
    for number in range(900):
        account.add_tag(f"g{number}")
    account.fail("slow", seconds=0.1, always=True)
    async with client_of(account) as ac:
        begun = anyio.current_time()
        with pytest.raises(DeadlineError):
            await getattr(ac, area).find(wanted, timeout=0.6)
        assert anyio.current_time() - begun == pytest.approx(0.6)


async def test_a_contact_without_an_address() -> None:
    account = Sandbox(rate=None)
    async with client_of(account) as ac:
        for email in (None, UNSET):
            made = await ac.contacts.create(email=email, allow_null_email=True, phone="+4930123")
            assert (await ac.contacts.get(made.id)).phone == "+4930123"
        with pytest.raises(ValueError, match="allow_null_email"):
            await ac.contacts.create(email=None, phone="+4930123")
        with pytest.raises(TypeError, match="email"):
            await ac.contacts.update(made.id, email=None)  # type: ignore[arg-type]  # the mistake
        with pytest.raises(ValidationError):
            await ac.contacts.create(allow_null_email=True)
    assert account.requests[0].body == {"contact": {"email": None, "allowNullEmail": True, "phone": "+4930123"}}
    assert account.requests[2].body == {"contact": {"allowNullEmail": True, "phone": "+4930123"}}


def test_a_time_without_a_zone_goes_back_as_it_came() -> None:
    field = Field(id=1, type=FieldType.DATETIME)
    time = field.parse("2026-03-01 09:30:00")
    assert time == datetime(2026, 3, 1, 9, 30)  # noqa: DTZ001  # the account's own zone
    assert field.format(time) == "2026-03-01 09:30:00"


@pytest.mark.parametrize("choices", [["a|", "b"], ["|"], ["|", "a"]])
def test_choices_that_would_come_back_as_others_are_refused(choices: list[str]) -> None:
    with pytest.raises(ValueError, match="choice"):
        value_text(choices, "value")


@given(st.lists(st.text("ab|", max_size=3), max_size=4))
def test_choices_come_back_as_they_were_or_are_refused(choices: list[str]) -> None:
    try:
        text = CHECKBOX.format(choices)
    except ValueError:
        return
    assert (CHECKBOX.parse(text) or ()) == tuple(choices)
