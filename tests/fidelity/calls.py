"""Which method of the library makes which request: by HTTP verb and path pattern, never by single recording.

Arguments are made of the request's own path, query and body, by the TypedDicts that the methods take them by.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from importlib import import_module
from typing import Any, NamedTuple, TypeVar, cast, get_type_hints
from urllib.parse import unquote

from activecampaign_async import AsyncClient
from activecampaign_async._answer import Answer
from activecampaign_async._call import Call, Send
from activecampaign_async._given import _kinds
from activecampaign_async._model import UNSET
from activecampaign_async._paging import Pager
from activecampaign_async._wire import wire_mark
from activecampaign_async.resources import activities, contacts, fields, lists, tags
from activecampaign_async.resources._inputs import true_or_false
from activecampaign_async.resources._resource import NoFilters
from activecampaign_async.resources.contact_deals import ContactDeals
from activecampaign_async.resources.contact_lists import ListStatusFields
from activecampaign_async.resources.field_groups import _Group, _Place
from activecampaign_async.resources.field_values import FieldValueFilters, FieldValues, field_inputs
from activecampaign_async.resources.groups import Groups
from activecampaign_async.resources.notes import NoteFields
from activecampaign_async.resources.users import Users

T = TypeVar("T")

PAGING = ("limit", "offset")


class Unknown(AssertionError):
    """A finding: a key that no argument of the library stands for."""


class UnknownQuery(Unknown):
    """A parameter that the method does not take, since nothing says that the API does: `client.request` sends it."""


class Asked(NamedTuple):
    """A request, as somebody made it."""

    verb: str
    path: str
    """Below /api/3."""
    query: Mapping[str, Any] = {}
    body: Any = None
    rising: bool = True
    """Whether the rows of its answer come in the order of their ids."""

    @property
    def ids(self) -> list[str]:
        """What stands in the path for each ``{}`` of its pattern."""
        found = _match(pattern_of(self) or "", self)
        return [unquote(part) for part in found or ()]

    @property
    def id(self) -> str:
        return self.ids[0]

    def row(self, allowed: type, envelope: str) -> dict[str, Any]:
        """The object in the body's envelope as keyword arguments."""
        if not isinstance(self.body, dict) or not isinstance(self.body.get(envelope), dict):
            raise Unknown(f"the body has no {envelope}")
        if more := self.body.keys() - {envelope}:
            raise Unknown(f"beside {envelope}: {sorted(more)}")
        return given(allowed, self.body[envelope])

    def filters(self, allowed: type, *but: str) -> dict[str, Any]:
        """The query without orders and paging as keyword arguments."""
        rest = {k: v for k, v in self.query.items() if k not in (*PAGING, *but) and not k.startswith("orders[")}
        try:
            return given(allowed, rest)
        except Unknown as unknown:
            raise UnknownQuery(*unknown.args) from None

    @property
    def paged(self) -> dict[str, Any]:
        """`limit`, as far as the pager takes it."""
        limit = str(self.query.get("limit", ""))
        return {"limit": min(int(limit), 100)} if limit.isdigit() and int(limit) else {}

    def order(self, names: Mapping[str, str]) -> Any:
        """`order_by`; `names`: Python name -> wire name, as the areas have it."""
        python = {f"orders[{wire}]": name for name, wire in names.items()}
        asked = {name: way for name, way in self.query.items() if name.startswith("orders[")}
        if more := asked.keys() - python.keys():
            raise UnknownQuery(f"orders: {sorted(more)}")
        return [("-" if way.upper() == "DESC" else "") + python[name] for name, way in asked.items()] or UNSET

    def name_order(self, wire: str) -> Any:
        ways = {"ASC": "name", "DESC": "-name", "WEIGHT": "weight"}
        asked = {name: way.upper() for name, way in self.query.items() if name.startswith("orders[")}
        way = asked.pop(f"orders[{wire}]", "")
        if asked or (way and way not in ways):
            raise UnknownQuery(f"orders: {sorted(asked)} {way}")
        return ways.get(way, UNSET)


def given(allowed: type, row: Mapping[str, Any]) -> dict[str, Any]:
    """A wire object as the keyword arguments that a caller would give for it."""
    hints = get_type_hints(allowed, include_extras=True)
    marks = {(mark := wire_mark(name, hint)).name: (name, hint, mark) for name, hint in hints.items()}
    if more := row.keys() - marks.keys():
        raise Unknown(f"{allowed.__qualname__} lacks {sorted(more)}")
    made = {}
    for key, value in row.items():
        name, hint, mark = marks[key]
        if mark.encode is field_inputs:
            made[name] = [(item["field"], item["value"]) for item in value]
        elif mark.encode is None:
            made[name] = _python(_kinds(hint), value)
        else:
            made[name] = _python((bool,), value) if mark.encode is true_or_false else value
    return made


def _python(kinds: tuple[type, ...], value: Any) -> Any:
    """A wire value in the type that the argument has."""
    if value is None or type(value) in kinds:
        return value
    if bool in kinds and value in ("0", "1", 0, 1, "true", "false"):
        return value in ("1", 1, "true")
    if datetime in kinds:
        return datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    if int in kinds and str(value).removeprefix("-").isdigit():
        return int(value)
    if str in kinds:
        return str(value)
    closed = [kind for kind in kinds if issubclass(kind, Enum)]
    return closed[0](value) if closed else value


# -- the table

Method = Callable[[AsyncClient, Asked], Awaitable[Any]]


def _of_contact(collection: str) -> Method:
    return lambda ac, a: getattr(ac.contacts, collection)(a.id, **a.filters(NoFilters), **a.paged)


def _contacts(ac: AsyncClient, a: Asked) -> Pager[Any]:
    order = a.order(contacts._ORDERS)
    if order == ["id"] or (order is UNSET and a.rising):
        order = UNSET
    elif order is UNSET:
        order = "-id"  # any that goes by offset: by id, rows that do not rise are an error
    return ac.contacts.list(order_by=order, **a.filters(contacts.ContactFilters), **a.paged)


def _activities(ac: AsyncClient, a: Asked) -> Pager[Any]:
    filters = a.filters(activities.ActivityFilters, "contact")
    return ac.contacts.activities(a.query["contact"], order_by=a.order(activities.ORDERS), **filters, **a.paged)


def _list_status(ac: AsyncClient, a: Asked) -> Awaitable[Any]:
    row = dict(a.body["contactList"])
    ids = row.pop("contact"), row.pop("list"), row.pop("status")
    return ac.contacts.set_list_status(*ids, **given(ListStatusFields, row))


def _tag(ac: AsyncClient, a: Asked) -> Awaitable[Any]:
    return ac.contacts.add_tag(**_only(a, "contactTag", contact="contact", tag="tag"))


def _only(a: Asked, envelope: str, **names: str) -> dict[str, Any]:
    """The object in the envelope as arguments: Python name -> wire name."""
    row = a.body[envelope]
    if more := row.keys() - names.values():
        raise Unknown(f"{envelope}: {sorted(more)}")
    return {name: row[wire] for name, wire in names.items() if wire in row}


def _value(a: Asked) -> dict[str, Any]:
    inner = Asked(a.verb, a.path, body={"fieldValue": a.body["fieldValue"]})
    made = inner.row(FieldValues.written, "fieldValue")
    if more := a.body.keys() - {"fieldValue", "useDefaults"}:
        raise Unknown(f"beside fieldValue: {sorted(more)}")
    return made | ({"use_defaults": a.body["useDefaults"]} if "useDefaults" in a.body else {})


def _options(ac: AsyncClient, a: Asked) -> Awaitable[Any]:
    rows: list[Any] = [given(fields._Option, row) for row in a.body["fieldOptions"]]
    (field,) = {row.pop("field") for row in rows}
    return ac.fields.create_options(field, rows)


def _members(ac: AsyncClient, a: Asked) -> Pager[Any]:
    if "group_id" in a.query:
        return ac.field_groups.members(a.query["group_id"], **a.filters(NoFilters, "group_id"), **a.paged)
    return ac.field_groups.list(**a.filters(NoFilters), **a.paged)


CALLS: dict[str, Method] = {
    "GET /contacts": _contacts,
    "POST /contacts": lambda ac, a: ac.contacts.create(**a.row(contacts._Written, "contact")),
    "POST /contact/sync": lambda ac, a: ac.contacts.sync(**a.row(contacts._Written, "contact")),
    "GET /contacts/{}": lambda ac, a: ac.contacts.get(a.id, **a.filters(NoFilters)),
    "PUT /contacts/{}": lambda ac, a: ac.contacts.update(a.id, **a.row(contacts._Written, "contact")),
    "DELETE /contacts/{}": lambda ac, a: ac.contacts.delete(a.id),
    "GET /contacts/{}/accountContacts": _of_contact("account_contacts"),
    "GET /contacts/{}/automationEntryCounts": _of_contact("automation_entry_counts"),
    "GET /contacts/{}/bounceLogs": _of_contact("bounce_logs"),
    "GET /contacts/{}/contactAutomations": _of_contact("contact_automations"),
    "GET /contacts/{}/contactData": lambda ac, a: ac.contacts.contact_data(a.id),
    "GET /contacts/{}/contactDeals": _of_contact("contact_deals"),
    "GET /contacts/{}/contactGoals": _of_contact("contact_goals"),
    "GET /contacts/{}/contactLists": _of_contact("contact_lists"),
    "GET /contacts/{}/contactLogs": _of_contact("contact_logs"),
    "GET /contacts/{}/contactTags": _of_contact("contact_tags"),
    "GET /contacts/{}/deals": _of_contact("deals"),
    "GET /contacts/{}/fieldValues": _of_contact("field_values"),
    "GET /contacts/{}/geoIps": _of_contact("geo_ips"),
    "GET /contacts/{}/notes": _of_contact("notes"),
    "GET /contacts/{}/organization": lambda ac, a: ac.contacts.organization(a.id),
    "GET /contacts/{}/plusAppend": lambda ac, a: ac.contacts.plus_append(a.id),
    "GET /contacts/{}/scoreValues": _of_contact("score_values"),
    "GET /contacts/{}/trackingLogs": _of_contact("tracking_logs"),
    "GET /trackingLogs/{}/contact": lambda ac, a: ac.contacts.by_event(a.id),
    "GET /geoIps/{}/geoAddress": lambda ac, a: ac.contacts.geo_address(a.id),
    "GET /activities": _activities,
    "POST /contactTags": _tag,
    "GET /contactTags/{}": lambda ac, a: ac.contact_tags.get(a.id),
    "DELETE /contactTags/{}": lambda ac, a: ac.contacts.remove_tag(a.id),
    "POST /contactLists": _list_status,
    "GET /contactAutomations": lambda ac, a: ac.contact_automations.list(**a.filters(NoFilters), **a.paged),
    "POST /contactAutomations": lambda ac, a: ac.contacts.add_to_automation(
        **_only(a, "contactAutomation", contact="contact", automation="automation")
    ),
    "GET /contactAutomations/{}": lambda ac, a: ac.contact_automations.get(a.id),
    "DELETE /contactAutomations/{}": lambda ac, a: ac.contacts.remove_from_automation(a.id),
    "GET /contactDeals": lambda ac, a: ac.contact_deals.list(**a.filters(NoFilters), **a.paged),
    "POST /contactDeals": lambda ac, a: ac.contact_deals.create(**a.row(ContactDeals.written, "contactDeal")),
    "GET /contactDeals/{}": lambda ac, a: ac.contact_deals.get(a.id),
    "PUT /contactDeals/{}": lambda ac, a: ac.contact_deals.update(a.id, **a.row(ContactDeals.written, "contactDeal")),
    "DELETE /contactDeals/{}": lambda ac, a: ac.contact_deals.delete(a.id),
    "GET /notes": lambda ac, a: ac.notes.list(**a.filters(NoFilters), **a.paged),
    "POST /notes": lambda ac, a: ac.notes.create(**a.row(NoteFields, "note")),
    "GET /notes/{}": lambda ac, a: ac.notes.get(a.id),
    "PUT /notes/{}": lambda ac, a: ac.notes.update(a.id, **a.row(NoteFields, "note")),
    "DELETE /notes/{}": lambda ac, a: ac.notes.delete(a.id),
    "GET /scores": lambda ac, a: ac.scores.list(**a.filters(NoFilters), **a.paged),
    "GET /scores/{}": lambda ac, a: ac.scores.get(a.id),
    "GET /tags": lambda ac, a: ac.tags.list(order_by=a.name_order("search"), **a.filters(tags.TagFilters), **a.paged),
    "POST /tags": lambda ac, a: ac.tags.create(**a.row(tags._Written, "tag")),
    "GET /tags/{}": lambda ac, a: ac.tags.get(a.id),
    "PUT /tags/{}": lambda ac, a: ac.tags.update(a.id, **a.row(tags._Written, "tag")),
    "DELETE /tags/{}": lambda ac, a: ac.tags.delete(a.id),
    "GET /lists": lambda ac, a: ac.lists.list(order_by=a.name_order("name"), **a.filters(lists.ListFilters), **a.paged),
    "POST /lists": lambda ac, a: ac.lists.create(**a.row(lists._Written, "list")),
    "GET /lists/{}": lambda ac, a: ac.lists.get(a.id),
    "PUT /lists/{}": lambda ac, a: ac.lists.update(a.id, **a.row(lists._Written, "list")),
    "DELETE /lists/{}": lambda ac, a: ac.lists.delete(a.id),
    "GET /lists/exclusions": lambda ac, a: ac.lists.exclusions(
        order_by=a.order(lists._EXCLUSION_ORDERS), **a.filters(lists.ExclusionFilters), **a.paged
    ),
    "GET /lists/exclusions/{}": lambda ac, a: ac.lists.get_exclusion(a.id),
    "PUT /lists/exclusions/{}": lambda ac, a: ac.lists.update_exclusion(a.id, **given(lists.ExclusionFields, a.body)),
    "GET /listGroups": lambda ac, a: ac.lists.groups(**a.filters(NoFilters), **a.paged),
    "POST /listGroups": lambda ac, a: ac.lists.add_group(**_only(a, "listGroup", list="listid", group="groupid")),
    "GET /listGroups/{}": lambda ac, a: ac.lists.get_group(a.id),
    "DELETE /listGroups/{}": lambda ac, a: ac.lists.remove_group(a.id),
    "GET /fields": lambda ac, a: ac.fields.list(**a.filters(fields.FieldFilters), **a.paged),
    "POST /fields": lambda ac, a: ac.fields.create(**a.row(fields._Written, "field")),
    "GET /fields/{}": lambda ac, a: ac.fields.get(a.id),
    "PUT /fields/{}": lambda ac, a: ac.fields.update(a.id, **a.row(fields._Written, "field")),
    "DELETE /fields/{}": lambda ac, a: ac.fields.delete(a.id),
    "POST /fieldOption/bulk": _options,
    "GET /fieldOptions/{}": lambda ac, a: ac.fields.get_option(a.id),
    "DELETE /fieldOptions/{}": lambda ac, a: ac.fields.delete_option(a.id),
    "POST /fieldRels": lambda ac, a: ac.fields.create_relation(**_only(a, "fieldRel", field="field", list="relid")),
    "GET /fieldRels/{}": lambda ac, a: ac.fields.get_relation(a.id),
    "DELETE /fieldRels/{}": lambda ac, a: ac.fields.delete_relation(a.id),
    "GET /fieldValues": lambda ac, a: ac.field_values.list(**a.filters(FieldValueFilters), **a.paged),
    "POST /fieldValues": lambda ac, a: ac.field_values.create(**_value(a)),
    "GET /fieldValues/{}": lambda ac, a: ac.field_values.get(a.id),
    "PUT /fieldValues/{}": lambda ac, a: ac.field_values.update(a.id, **_value(a)),
    "DELETE /fieldValues/{}": lambda ac, a: ac.field_values.delete(a.id),
    "POST /groupDefinitions": lambda ac, a: ac.field_groups.create(**a.row(_Group, "groupDefinition")),
    "GET /groupMembers": _members,
    "POST /groupMembers": lambda ac, a: ac.field_groups.add_member(**a.row(_Place, "groupMember")),
    "GET /groupMembers/{}": lambda ac, a: ac.field_groups.get_member(a.id),
    "PUT /groupMembers/{}": lambda ac, a: ac.field_groups.update_member(a.id, **a.row(_Place, "groupMember")),
    "DELETE /groupMembers/{}": lambda ac, a: ac.field_groups.remove_member(a.id),
    "GET /users": lambda ac, a: ac.users.list(**a.filters(NoFilters), **a.paged),
    "POST /users": lambda ac, a: ac.users.create(**a.row(Users.written, "user")),
    "GET /users/me": lambda ac, _: ac.users.me(),
    "GET /users/{}": lambda ac, a: ac.users.get(a.id),
    "PUT /users/{}": lambda ac, a: ac.users.update(a.id, **a.row(Users.written, "user")),
    "DELETE /users/{}": lambda ac, a: ac.users.delete(a.id),
    "GET /users/email/{}": lambda ac, a: ac.users.by_email(a.id),
    "GET /users/username/{}": lambda ac, a: ac.users.by_username(a.id),
    "GET /groups": lambda ac, a: ac.groups.list(**a.filters(NoFilters), **a.paged),
    "POST /groups": lambda ac, a: ac.groups.create(**a.row(Groups.written, "group")),
    "GET /groups/{}": lambda ac, a: ac.groups.get(a.id),
    "PUT /groups/{}": lambda ac, a: ac.groups.update(a.id, **a.row(Groups.written, "group")),
    "DELETE /groups/{}": lambda ac, a: ac.groups.delete(a.id),
    "GET /groupLimits": lambda ac, a: ac.groups.limits(**a.filters(NoFilters), **a.paged),
}
"""What is built."""

AREAS = {pattern.split("/")[1] for pattern in CALLS}
"""First segments of the paths that are built."""

MISSING_IS_DONE = {
    f"DELETE /{area}/{{}}"
    for area in ("contactTags", "contactAutomations", "contactDeals", "listGroups", "fieldRels", "groupMembers")
}
"""Associations: where there is none, there is nothing left to do."""

_PATTERNS = sorted(CALLS, key=lambda pattern: pattern.count("{}"))  # literal ones first: /users/me is no id


def pattern_of(asked: Asked) -> str | None:
    """The pattern that a request fits, if it is built."""
    return next((pattern for pattern in _PATTERNS if _match(pattern, asked) is not None), None)


def _match(pattern: str, asked: Asked) -> Sequence[str] | None:
    form = re.escape(pattern).replace(r"\{\}", "([^/]*)").replace(r"\ ", " ")
    found = re.fullmatch(form, f"{asked.verb} {asked.path}")
    return found.groups() if found else None


# -- areas without HTTP


class Canned:
    """A road without HTTP, which gives one answer."""

    home = "https://example.api-us1.com"

    def __init__(self, answer: Any, *, strict: bool = False) -> None:
        self.answer = Answer(200, {}, answer, strict=strict)

    async def __call__(self, call: Call[T], /) -> T:
        return call.read(self.answer)


class _Areas:
    def __init__(self, send: Send) -> None:
        self._send = send

    def __getattr__(self, name: str) -> Any:
        module = import_module(f"activecampaign_async.resources.{name}")
        return getattr(module, AsyncClient.__annotations__[name])(self._send)


def areas_on(send: Send) -> AsyncClient:
    """What a client has of areas, upon a road of ours."""
    return cast("AsyncClient", _Areas(send))


def at_once(awaitable: Awaitable[Any]) -> Any:
    """The result of what never waits, without an event loop."""
    try:
        awaitable.__await__().__next__()
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")
