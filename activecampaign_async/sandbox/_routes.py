"""Which endpoint a method and a path mean."""

from collections.abc import Callable

from . import (
    _activities,
    _associations,
    _contact_deals,
    _contact_writes,
    _contacts,
    _exclusions,
    _field_groups,
    _field_values,
    _fields,
    _groups,
    _imports,
    _lists,
    _notes,
    _query,
    _tables,
    _tags,
    _users,
)
from ._account import Account
from ._of_contact import COLLECTIONS, OF_OTHERS, of_contact
from ._query import Query
from ._wire import PREFIX, Answer, message

Lists = Callable[[Account, Query], Answer]
Reads = Callable[[Account, int], Answer]
Makes = Callable[[Account, object], Answer]
Changes = Callable[[Account, int, object], Answer]

_LISTS: dict[str, Lists] = {
    "contacts": _contacts.list_,
    "tags": _tags.list_,
    "users": _users.list_,
    "fields": _fields.list_,
    "lists": _lists.list_,
    "lists/exclusions": _exclusions.list_,
    "automations": _tables.all_of("automations", {"starts": [], "filtered": False, "smsLogs": []}),
    "fieldValues": _field_values.list_,
    "groupMembers": _field_groups.members,
    "activities": _activities.list_,
    "notes": _tables.all_of("notes", numeric=True),
    "contactAutomations": _tables.all_of("contactAutomations", {"showcase_stats": []}),
    "import/bulk_import": _imports.overview,
    "import/info": _imports.info,
    **{
        name: _tables.all_of(name)
        for name in (
            "contactTags",
            "contactLists",
            "contactDeals",
            "fieldOptions",
            "fieldRels",
            "listGroups",
            "groups",
            "groupLimits",
            "scores",
        )
    },
}
_READS: dict[str, Reads] = {
    "contacts": _contacts.get,
    "fields": _fields.get,
    "lists/exclusions": _exclusions.get,
    "groupMembers": _field_groups.member,
    **{
        name: _tables.get(name)
        for name in (
            "tags",
            "users",
            "lists",
            "listGroups",
            "groups",
            "groupLimits",
            "automations",
            "contactTags",
            "contactLists",
            "contactDeals",
            "contactAutomations",
            "fieldValues",
            "fieldOptions",
            "fieldRels",
            "notes",
            "scores",
        )
    },
}
_MAKES: dict[str, Makes] = {
    "contacts": _contact_writes.create,
    "contact/sync": _contact_writes.sync,
    "contacts/sync": _contact_writes.create,
    "tags": _tags.create,
    "lists": _lists.create,
    "listGroups": _lists.permit,
    "fields": _fields.create,
    "fieldOption/bulk": _fields.add_options,
    "fieldRels": _fields.relate,
    "fieldValues": _field_values.put,
    "groupMembers": _field_groups.add_member,
    "users": _users.create,
    "groups": _groups.create,
    "notes": _notes.create,
    "import/bulk_import": _imports.start,
    "contactTags": _associations.add_tag,
    "contactLists": _associations.set_list_status,
    "contactAutomations": _associations.enrol,
    "contactDeals": _contact_deals.create,
}
_CHANGES: dict[str, Changes] = {
    "contacts": _contact_writes.update,
    "tags": _tags.update,
    "lists": _lists.update,
    "lists/exclusions": _exclusions.update,
    "contactDeals": _contact_deals.update,
    "fields": _fields.update,
    "fieldOptions": _fields.update_option,
    "fieldValues": _field_values.put_at,
    "groupMembers": _field_groups.change_member,
    "users": _users.update,
    "groups": _groups.update,
    "notes": _notes.update,
}
_DELETES: dict[str, Reads] = {
    "contacts": _contact_writes.delete,
    "tags": _tags.delete,
    "lists": _lists.delete,
    "fields": _fields.delete,
    "groupMembers": _field_groups.remove_member,
    "users": _users.delete,
    "groups": _groups.delete,
    **{
        name: _tables.delete(name)
        for name in (
            "contactTags",
            "contactDeals",
            "contactAutomations",
            "fieldValues",
            "fieldOptions",
            "fieldRels",
            "listGroups",
            "notes",
        )
    },
}


def route(account: Account, method: str, path: str, query: list[tuple[str, str]], body: object) -> Answer:
    """The endpoint's answer; 404 where there is none."""
    _imports.work(account)
    found = _found(account, method, path.strip("/").split("/"), query, body)
    return found or message(404, "No route found for this path")


def _found(
    account: Account, method: str, parts: list[str], query: list[tuple[str, str]], body: object
) -> Answer | None:
    if parts[:2] == ["lists", "exclusions"]:
        parts = ["lists/exclusions", *parts[2:]]
    name = parts[0]
    if name == "users" and method == "GET" and len(parts) > 1 and not parts[1].isdecimal():
        return _user(account, parts[1:])
    if parts == ["groupDefinitions"] and method == "POST":
        return _field_groups.create(account, body, query)
    id = _query.whole(parts[1]) if len(parts) > 1 else None
    if id is None:
        name = "/".join(parts)
        if method == "GET" and name in _LISTS:
            return _LISTS[name](account, _query.read(query))
        return _MAKES[name](account, body) if method == "POST" and name in _MAKES else None
    if len(parts) > 2:
        return _below(account, name, id, "/".join(parts[2:]), query) if method == "GET" else None
    if (method, name) == ("GET", "contacts"):
        return _contacts.get(account, id, _query.read(query))
    if method == "GET" and name in _READS:
        return _READS[name](account, id)
    if method == "PUT" and name in _CHANGES:
        return _CHANGES[name](account, id, body)
    return _DELETES[name](account, id) if method == "DELETE" and name in _DELETES else None


def _below(account: Account, name: str, id: int, rest: str, query: list[tuple[str, str]]) -> Answer | None:
    """What is read below one row."""
    if name == "contacts" and rest in COLLECTIONS:
        return of_contact(account, id, rest, _query.read(query))
    return OF_OTHERS[name, rest](account, id) if (name, rest) in OF_OTHERS else None


def _user(account: Account, parts: list[str]) -> Answer | None:
    if parts == ["me"]:
        return _users.me(account)
    if len(parts) == 2 and parts[0] in ("email", "username"):
        return _users.by(parts[0], account, parts[1])
    return None


def inner(path: str) -> str | None:
    """The path below `/api/3`; None outside of it."""
    return path[len(PREFIX) :] if path.startswith(f"{PREFIX}/") else None
