"""Which method of the library makes which request: by HTTP verb and path pattern, never by single recording.

Arguments are made of the request's own path, query and body, by the TypedDicts that the methods take them by. A wire
value is handed over as it is, unless the argument has another type.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any, NamedTuple, TypedDict, TypeVar, cast, get_type_hints
from urllib.parse import unquote

from activecampaign_async import AsyncClient
from activecampaign_async._answer import Answer
from activecampaign_async._call import Call, Send
from activecampaign_async._given import _kinds
from activecampaign_async._model import UNSET, Model, plan
from activecampaign_async._paging import Pager
from activecampaign_async._wire import Wire, wire_mark
from activecampaign_async.resources import activities, contacts, fields, imports, lists, tags
from activecampaign_async.resources._inputs import true_or_false
from activecampaign_async.resources._resource import NoFilters
from activecampaign_async.resources.account_contacts import AccountContact
from activecampaign_async.resources.contact_automations import AutomationEntryCount, ContactAutomation
from activecampaign_async.resources.contact_deals import ContactDeal, ContactDeals
from activecampaign_async.resources.contact_goals import ContactGoal
from activecampaign_async.resources.contact_lists import ContactList, ListSource, ListStatus, ListStatusFields
from activecampaign_async.resources.contact_logs import BounceLog, ContactLog, TrackingLog
from activecampaign_async.resources.contact_tags import ContactTag
from activecampaign_async.resources.deals import Deal
from activecampaign_async.resources.field_groups import FieldGroup, FieldGroupMember, _Group, _Place
from activecampaign_async.resources.field_values import (
    FieldValue,
    FieldValueFilters,
    FieldValues,
    field_inputs,
    value_text,
)
from activecampaign_async.resources.geo_ips import GeoIp
from activecampaign_async.resources.groups import Group, GroupLimit, Groups
from activecampaign_async.resources.notes import Note, NoteFields
from activecampaign_async.resources.score_values import ScoreValue
from activecampaign_async.resources.scores import Score
from activecampaign_async.resources.users import User, Users

T = TypeVar("T")

PAGING = ("limit", "offset")
WRITTEN_AS_NUMBERS = ("phone",)
"""Texts that others send as numbers."""


class Unknown(AssertionError):
    """A finding: something that no argument of the library stands for."""


class NoArgument(Unknown):
    """Query parameters that no argument of the library stands for."""

    def __init__(self, method: str, names: Iterable[str]) -> None:
        super().__init__(f"{method} has no argument for {sorted(names)}")
        self.names = frozenset(names)


class NoKey(Unknown):
    """Keys of a body that no argument of the library stands for."""

    def __init__(self, where: str, names: Iterable[str]) -> None:
        super().__init__(f"{where}: no argument for {sorted(names)}")
        self.names = frozenset(names)


class Asked(NamedTuple):
    """A request, as somebody made it."""

    verb: str
    path: str
    """Below /api/3."""
    query: Mapping[str, Any] = {}
    body: Any = None
    rising: bool = True
    """Whether the rows of its answer come in the order of their ids."""
    holds: frozenset[str] = frozenset()
    """What its answer has, where that depends on the account."""

    @property
    def ids(self) -> list[str]:
        """What stands in the path for each ``{}`` of its pattern."""
        found = _match(pattern_of(self) or "", self)
        return [unquote(part) for part in found or ()]

    @property
    def id(self) -> str:
        return self.ids[0]

    @property
    def offset(self) -> int:
        """How many rows of the list come before."""
        offset = str(self.query.get("offset", ""))
        return int(offset) if offset.isdigit() else 0

    def inside(self, envelope: str, *beside: str, kind: type = dict) -> Any:
        """What stands in the body's envelope."""
        if not isinstance(self.body, dict) or not isinstance(self.body.get(envelope), kind):
            raise Unknown(f"the body has no {envelope}")
        if more := self.body.keys() - {envelope, *beside}:
            raise NoKey(f"beside {envelope}", more)
        return self.body[envelope]

    def row(self, allowed: type, envelope: str, *beside: str) -> dict[str, Any]:
        """The object in the body's envelope as keyword arguments."""
        return given(allowed, self.inside(envelope, *beside))

    def only(self, envelope: str, **names: str) -> dict[str, Any]:
        """The object in the body's envelope as arguments: Python name -> wire name."""
        row = self.inside(envelope)
        if more := row.keys() - names.values():
            raise NoKey(envelope, more)
        return {name: row[wire] for name, wire in names.items() if wire in row}

    def filters(self, allowed: type, *but: str) -> dict[str, Any]:
        """The query without orders and paging as keyword arguments."""
        rest = {k: v for k, v in self.query.items() if k not in (*PAGING, *but, *self.orders)}
        if more := rest.keys() - _marks(allowed).keys():
            raise NoArgument(allowed.__qualname__, more)
        return given(allowed, rest)

    @property
    def paged(self) -> dict[str, Any]:
        """`limit`, as far as the pager takes it."""
        limit = str(self.query.get("limit", ""))
        return {"limit": min(int(limit), 100)} if limit.isdigit() and int(limit) else {}

    def listed(self, model: type[Model], allowed: type = NoFilters, *but: str) -> dict[str, Any]:
        """What the list of a model takes of which no document says how it can be ordered."""
        order = self.order({f.name: f.wire for f in plan(model)})
        return {"order_by": order, **self.filters(allowed, *but), **self.paged}

    @property
    def orders(self) -> dict[str, str]:
        return {name: way.upper() for name, way in self.query.items() if name.startswith("orders[")}

    def order(self, names: Mapping[str, str]) -> Any:
        """`order_by`; `names`: Python name -> wire name, as the areas have it."""
        python = {f"orders[{wire}]": name for name, wire in names.items()}
        if more := [name for name, way in self.orders.items() if name not in python or way not in ("ASC", "DESC")]:
            raise NoArgument("order_by", more)
        return [("-" if way == "DESC" else "") + python[name] for name, way in self.orders.items()] or UNSET

    def name_order(self, wire: str) -> Any:
        """`order_by` of a list that has one order."""
        ways = {"ASC": "name", "DESC": "-name", "WEIGHT": "weight"}
        if more := [name for name, way in self.orders.items() if name != f"orders[{wire}]" or way not in ways]:
            raise NoArgument("order_by", more)
        return next((ways[way] for way in self.orders.values()), UNSET)


def _marks(allowed: type) -> dict[str, tuple[str, Any, Wire]]:
    """Wire name -> argument, its type, and how it is written."""
    hints = get_type_hints(allowed, include_extras=True)
    return {(mark := wire_mark(name, hint)).name: (name, hint, mark) for name, hint in hints.items()}


def given(allowed: type, row: Mapping[str, Any]) -> dict[str, Any]:
    """A wire object as the keyword arguments that a caller would give for it."""
    marks = _marks(allowed)
    if more := row.keys() - marks.keys():
        raise NoKey(allowed.__qualname__, more)
    made: dict[str, Any] = {}
    for key, value in row.items():
        name, hint, mark = marks[key]
        if mark.encode is field_inputs:
            made[name] = [(id, _field_value(inner)) for id, inner in _each(value, "field", "value")]
        elif mark.encode is imports._fields:
            made[name] = [(id, _field_value(inner)) for id, inner in _each(value, "id", "value")]
        elif mark.encode is imports._lists:
            made[name] = [id for (id,) in _each(value, "listid")]
        elif mark.encode is value_text:
            made[name] = _field_value(value)
        elif mark.encode is None:
            made[name] = _python(_kinds(hint), value)
        else:
            made[name] = _python((bool,), value) if mark.encode is true_or_false else value
        if key in WRITTEN_AS_NUMBERS and type(value) is int:
            made[name] = str(value)
    return made


def _python(kinds: tuple[type, ...], value: Any) -> Any:
    """A wire value in the type that the argument has: as it is, unless it is of none of its types."""
    if value is None or type(value) in kinds:
        return value
    if bool in kinds and value in ("0", "1", 0, 1, "true", "false"):
        return value in ("1", 1, "true")
    if datetime in kinds and isinstance(value, str):
        with suppress(ValueError):  # what is no time is the library's to refuse
            return in_utc(datetime.fromisoformat(value)) if len(value) > 10 else date.fromisoformat(value)
    if int in kinds and isinstance(value, str) and value.removeprefix("-").isdigit():
        return int(value)
    return value


def in_utc(time: datetime) -> datetime:
    """One that does not say its zone cannot be given: nobody knows when it is."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _each(rows: Any, *names: str) -> Iterator[list[Any]]:
    """What each of several objects has under these names."""
    for row in rows if isinstance(rows, list) else [rows]:
        if isinstance(row, dict) and (more := row.keys() - set(names)):
            raise NoKey(", ".join(names), more)
        if not isinstance(row, dict) or set(names) - row.keys():
            raise Unknown(f"{list(names)} were expected: {row}")
        yield [row[name] for name in names]


def _field_value(value: Any) -> Any:
    """Of a custom field, which is a text whatever its kind."""
    if type(value) is float:
        return Decimal(str(value))
    return int(value) if type(value) is bool else value


# -- the table

Method = Callable[[AsyncClient, Asked], Awaitable[Any]]


def _of_contact(collection: str, model: type[Model]) -> Method:
    return lambda ac, a: getattr(ac.contacts, collection)(a.id, **a.listed(model))


def _contacts(ac: AsyncClient, a: Asked) -> Pager[Any]:
    order = a.order(contacts._ORDERS)
    by_id = (order is UNSET or order == ["id"]) and a.rising and not a.offset
    if by_id:
        order = UNSET
    elif order is UNSET:
        order = "-id"  # any that goes by offset: by id, rows that do not rise are an error
    return ac.contacts.list(order_by=order, **a.filters(contacts.ContactFilters), **a.paged)


class _Beside(TypedDict, total=False):
    include: str


def _activities(ac: AsyncClient, a: Asked) -> Pager[Any]:
    filters = a.filters(activities.ActivityFilters, "contact")
    contact = {"id": a.query["contact"]} if "contact" in a.query else {}
    return ac.contacts.activities(order_by=a.order(activities.ORDERS), **contact, **filters, **a.paged)


def _list_status(ac: AsyncClient, a: Asked) -> Awaitable[Any]:
    row = dict(a.inside("contactList"))
    needed = {name: row.pop(name) for name in ("contact", "list", "status") if name in row}
    if needed.get("status") not in (None, *ListStatus, *map(str, ListStatus)):
        needed["status"] = str(needed["status"])  # one that is not known goes as a str
    fields = given(ListStatusFields, row)
    if fields.get("source_id") not in (None, *ListSource):
        fields["source_id"] = str(fields["source_id"])
    return ac.contacts.set_list_status(**needed, **fields)


def _value(a: Asked) -> dict[str, Any]:
    made = a.row(FieldValues._written, "fieldValue", "useDefaults")
    return made | ({"use_defaults": _python((bool,), a.body["useDefaults"])} if "useDefaults" in a.body else {})


def _options(ac: AsyncClient, a: Asked) -> Awaitable[Any]:
    rows: list[Any] = [given(fields._Option, row) for row in a.inside("fieldOptions", kind=list)]
    of = {row.pop("field", None) for row in rows}
    if len(of) != 1:
        raise NoKey(f"options of {len(of)} fields", ["field"])
    return ac.fields.create_options(of.pop(), rows)


def _members(ac: AsyncClient, a: Asked) -> Pager[Any]:
    if "group_id" in a.query or "groupMembers" in a.holds:
        of = {"group": a.query["group_id"]} if "group_id" in a.query else {}
        return ac.field_groups.members(**of, **a.listed(FieldGroupMember, NoFilters, "group_id"))
    return ac.field_groups.list(**a.listed(FieldGroup))


def _batch(ac: AsyncClient, a: Asked) -> Awaitable[Any]:
    rows: list[Any] = [given(imports.BatchRow, row) for row in a.inside("contacts", "callback", kind=list)]
    if "callback" not in a.body:
        return ac.imports.start(rows)
    callback: Any = given(imports.ImportCallback, a.body["callback"])
    return ac.imports.start(rows, callback=callback)


def _batch_status(ac: AsyncClient, a: Asked) -> Awaitable[Any]:
    if more := a.query.keys() - {"batchId"}:
        raise NoArgument("status", more)
    return ac.imports.status(a.query.get("batchId", ""))


CALLS: dict[str, Method] = {
    "GET /contacts": _contacts,
    "POST /contacts": lambda ac, a: ac.contacts.create(**a.row(contacts._Created, "contact")),
    "POST /contact/sync": lambda ac, a: ac.contacts.sync(**a.row(contacts._Written, "contact")),
    "GET /contacts/{}": lambda ac, a: ac.contacts.get(a.id, **a.filters(_Beside)),
    "PUT /contacts/{}": lambda ac, a: ac.contacts.update(a.id, **a.row(contacts._Written, "contact")),
    "DELETE /contacts/{}": lambda ac, a: ac.contacts.delete(a.id),
    "GET /contacts/{}/accountContacts": _of_contact("account_contacts", AccountContact),
    "GET /contacts/{}/automationEntryCounts": _of_contact("automation_entry_counts", AutomationEntryCount),
    "GET /contacts/{}/bounceLogs": _of_contact("bounce_logs", BounceLog),
    "GET /contacts/{}/contactAutomations": _of_contact("contact_automations", ContactAutomation),
    "GET /contacts/{}/contactData": lambda ac, a: ac.contacts.contact_data(a.id),
    "GET /contacts/{}/contactDeals": _of_contact("contact_deals", ContactDeal),
    "GET /contacts/{}/contactGoals": _of_contact("contact_goals", ContactGoal),
    "GET /contacts/{}/contactLists": _of_contact("contact_lists", ContactList),
    "GET /contacts/{}/contactLogs": _of_contact("contact_logs", ContactLog),
    "GET /contacts/{}/contactTags": _of_contact("contact_tags", ContactTag),
    "GET /contacts/{}/deals": _of_contact("deals", Deal),
    "GET /contacts/{}/fieldValues": _of_contact("field_values", FieldValue),
    "GET /contacts/{}/geoIps": _of_contact("geo_ips", GeoIp),
    "GET /contacts/{}/notes": _of_contact("notes", Note),
    "GET /contacts/{}/organization": lambda ac, a: ac.contacts.organization(a.id),
    "GET /contacts/{}/plusAppend": lambda ac, a: ac.contacts.plus_append(a.id),
    "GET /contacts/{}/scoreValues": _of_contact("score_values", ScoreValue),
    "GET /contacts/{}/trackingLogs": _of_contact("tracking_logs", TrackingLog),
    "GET /trackingLogs/{}/contact": lambda ac, a: ac.contacts.by_event(a.id),
    "GET /geoIps/{}/geoAddress": lambda ac, a: ac.contacts.geo_address(a.id),
    "GET /activities": _activities,
    "GET /contactTags": lambda ac, a: ac.contact_tags.list(**a.listed(ContactTag)),
    "POST /contactTags": lambda ac, a: ac.contacts.add_tag(**a.only("contactTag", contact="contact", tag="tag")),
    "GET /contactTags/{}": lambda ac, a: ac.contact_tags.get(a.id),
    "DELETE /contactTags/{}": lambda ac, a: ac.contacts.remove_tag(a.id),
    "GET /contactLists": lambda ac, a: ac.contact_lists.list(**a.listed(ContactList)),
    "POST /contactLists": _list_status,
    "GET /contactLists/{}": lambda ac, a: ac.contact_lists.get(a.id),
    "GET /contactAutomations": lambda ac, a: ac.contact_automations.list(**a.listed(ContactAutomation)),
    "POST /contactAutomations": lambda ac, a: ac.contacts.add_to_automation(
        **a.only("contactAutomation", contact="contact", automation="automation")
    ),
    "GET /contactAutomations/{}": lambda ac, a: ac.contact_automations.get(a.id),
    "DELETE /contactAutomations/{}": lambda ac, a: ac.contacts.remove_from_automation(a.id),
    "GET /contactDeals": lambda ac, a: ac.contact_deals.list(**a.listed(ContactDeal)),
    "POST /contactDeals": lambda ac, a: ac.contact_deals.create(**a.row(ContactDeals._written, "contactDeal")),
    "GET /contactDeals/{}": lambda ac, a: ac.contact_deals.get(a.id),
    "PUT /contactDeals/{}": lambda ac, a: ac.contact_deals.update(a.id, **a.row(ContactDeals._written, "contactDeal")),
    "DELETE /contactDeals/{}": lambda ac, a: ac.contact_deals.delete(a.id),
    "GET /notes": lambda ac, a: ac.notes.list(**a.listed(Note)),
    "POST /notes": lambda ac, a: ac.notes.create(**a.row(NoteFields, "note")),
    "GET /notes/{}": lambda ac, a: ac.notes.get(a.id),
    "PUT /notes/{}": lambda ac, a: ac.notes.update(a.id, **a.row(NoteFields, "note")),
    "DELETE /notes/{}": lambda ac, a: ac.notes.delete(a.id),
    "GET /scores": lambda ac, a: ac.scores.list(**a.listed(Score)),
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
    "GET /listGroups": lambda ac, a: ac.lists.groups(**a.listed(lists.ListGroup)),
    "POST /listGroups": lambda ac, a: ac.lists.add_group(**a.only("listGroup", list="listid", group="groupid")),
    "GET /listGroups/{}": lambda ac, a: ac.lists.get_group(a.id),
    "DELETE /listGroups/{}": lambda ac, a: ac.lists.remove_group(a.id),
    "GET /fields": lambda ac, a: ac.fields.list(**a.listed(fields.Field, fields.FieldFilters)),
    "POST /fields": lambda ac, a: ac.fields.create(**a.row(fields._Written, "field")),
    "GET /fields/{}": lambda ac, a: ac.fields.get(a.id),
    "PUT /fields/{}": lambda ac, a: ac.fields.update(a.id, **a.row(fields._Written, "field")),
    "DELETE /fields/{}": lambda ac, a: ac.fields.delete(a.id),
    "POST /fieldOption/bulk": _options,
    "GET /fieldOptions": lambda ac, a: ac.fields.options(**a.listed(fields.FieldOption)),
    "GET /fieldOptions/{}": lambda ac, a: ac.fields.get_option(a.id),
    "PUT /fieldOptions/{}": lambda ac, a: ac.fields.update_option(a.id, **a.row(fields._OptionWritten, "fieldOption")),
    "DELETE /fieldOptions/{}": lambda ac, a: ac.fields.delete_option(a.id),
    "GET /fieldRels": lambda ac, a: ac.fields.relations(**a.listed(fields.FieldRel)),
    "POST /fieldRels": lambda ac, a: ac.fields.create_relation(**a.only("fieldRel", field="field", list="relid")),
    "GET /fieldRels/{}": lambda ac, a: ac.fields.get_relation(a.id),
    "DELETE /fieldRels/{}": lambda ac, a: ac.fields.delete_relation(a.id),
    "GET /fieldValues": lambda ac, a: ac.field_values.list(**a.listed(FieldValue, FieldValueFilters)),
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
    "GET /users": lambda ac, a: ac.users.list(**a.listed(User)),
    "POST /users": lambda ac, a: ac.users.create(**a.row(Users._written, "user")),
    "GET /users/me": lambda ac, _: ac.users.me(),
    "GET /users/{}": lambda ac, a: ac.users.get(a.id),
    "PUT /users/{}": lambda ac, a: ac.users.update(a.id, **a.row(Users._written, "user")),
    "DELETE /users/{}": lambda ac, a: ac.users.delete(a.id),
    "GET /users/email/{}": lambda ac, a: ac.users.by_email(a.id),
    "GET /users/username/{}": lambda ac, a: ac.users.by_username(a.id),
    "GET /groups": lambda ac, a: ac.groups.list(**a.listed(Group)),
    "POST /groups": lambda ac, a: ac.groups.create(**a.row(Groups._written, "group")),
    "GET /groups/{}": lambda ac, a: ac.groups.get(a.id),
    "PUT /groups/{}": lambda ac, a: ac.groups.update(a.id, **a.row(Groups._written, "group")),
    "DELETE /groups/{}": lambda ac, a: ac.groups.delete(a.id),
    "GET /groupLimits": lambda ac, a: ac.groups.limits(**a.listed(GroupLimit)),
    "POST /import/bulk_import": _batch,
    "GET /import/bulk_import": lambda ac, _: ac.imports.overview(),
    "GET /import/info": _batch_status,
}
"""What is built."""


class Area(NamedTuple):
    """One of the areas that are to be whole."""

    paths: tuple[str, ...]
    """First segments of its paths: nothing that was recorded or documented below them may be left over."""
    attributes: tuple[str, ...]
    """Of the client."""


AREAS: dict[str, Area] = {
    "contacts": Area(
        (
            "activities",
            "contact",
            "contactAutomations",
            "contactDeals",
            "contactLists",
            "contactTags",
            "contacts",
            "geoIps",
            "notes",
            "scores",
            "trackingLogs",
        ),
        ("contact_automations", "contact_deals", "contact_lists", "contact_tags", "contacts", "notes", "scores"),
    ),
    "tags": Area(("tags",), ("tags",)),
    "lists": Area(("listGroups", "lists"), ("lists",)),
    "custom fields": Area(
        ("fieldOption", "fieldOptions", "fieldRels", "fieldValues", "fields", "groupDefinitions", "groupMembers"),
        ("field_groups", "field_values", "fields"),
    ),
    "users and groups": Area(("groupLimits", "groups", "users"), ("groups", "users")),
    "bulk import": Area(("import",), ("imports",)),
}
"""What this library says of itself that it has whole. test_coverage.py compares it with the client, the table above
and the document."""

PATHS = {path for area in AREAS.values() for path in area.paths}

MISSING_IS_DONE = {
    f"DELETE /{area}/{{}}"
    for area in ("contactTags", "contactAutomations", "contactDeals", "listGroups", "fieldRels", "groupMembers")
}
"""Associations: where there is none, there is nothing left to do."""

_PATTERNS = sorted(CALLS, key=lambda pattern: pattern.count("{}"))  # literal ones first: /users/me is no id


def pattern_of(asked: Asked) -> str | None:
    """The pattern that a request fits, if it is built."""
    return pattern_among(_PATTERNS, asked)


def pattern_among(patterns: Iterable[str], asked: Asked) -> str | None:
    return next((pattern for pattern in patterns if _match(pattern, asked) is not None), None)


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


class Watched:
    """A client whose methods are noted when they are called."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self.called: list[tuple[str, str]] = []
        """(area, verb) in turn."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        return _WatchedArea(self, name, found) if name in AsyncClient.__annotations__ else found


class _WatchedArea:
    def __init__(self, watched: Watched, name: str, area: Any) -> None:
        self._watched, self._name, self._area = watched, name, area

    def __getattr__(self, verb: str) -> Any:
        self._watched.called.append((self._name, verb))
        return getattr(self._area, verb)


def area_class(area: str) -> type:
    """The class behind an attribute of the client."""
    found: type = getattr(import_module(f"activecampaign_async.resources.{area}"), AsyncClient.__annotations__[area])
    return found


def returned(area: str, verb: str) -> Any:
    """What a method says that it gives."""
    return get_type_hints(getattr(area_class(area), verb))["return"]


class _Areas:
    def __init__(self, send: Send) -> None:
        self._send = send

    def __getattr__(self, name: str) -> Any:
        return area_class(name)(self._send)


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
