"""Which endpoint a method and a path mean."""

from collections.abc import Callable

from . import (
    _associations as associations,
    _contact_writes as contact_writes,
    _contacts as contacts,
    _query,
    _tables,
    _tags,
    _users,
)
from ._account import Account
from ._query import Query
from ._wire import PREFIX, Answer, message

Lists = Callable[[Account, Query], Answer]
Reads = Callable[[Account, int], Answer]
Makes = Callable[[Account, object], Answer]
Changes = Callable[[Account, int, object], Answer]

_LISTS: dict[str, Lists] = {
    "contacts": contacts.list_,
    "tags": _tags.list_,
    "users": _users.list_,
    "fields": _users.fields,
    "lists": _users.lists,
    "automations": _users.automations,
    "fieldValues": associations.field_values,
    **{name: _tables.all_of(name) for name in ("contactTags", "contactLists", "contactAutomations")},
}
_READS: dict[str, Reads] = {
    "contacts": contacts.get,
    "fields": _users.field,
    **{
        name: _tables.get(name)
        for name in (
            "tags",
            "users",
            "lists",
            "automations",
            "contactTags",
            "contactLists",
            "contactAutomations",
            "fieldValues",
        )
    },
}
_MAKES: dict[str, Makes] = {
    "contacts": contact_writes.create,
    "contact/sync": contact_writes.sync,
    "contacts/sync": contact_writes.create,
    "tags": _tags.create,
    "contactTags": associations.add_tag,
    "contactLists": associations.set_list_status,
    "contactAutomations": associations.enrol,
    "fieldValues": associations.put_value,
}
_CHANGES: dict[str, Changes] = {
    "contacts": contact_writes.update,
    "tags": _tags.update,
    "fieldValues": lambda account, id, body: associations.put_value(account, body),
}
_DELETES: dict[str, Reads] = {
    "contacts": contact_writes.delete,
    "tags": _tags.delete,
    **{name: _tables.delete(name) for name in ("contactTags", "contactAutomations", "fieldValues")},
}
_OF_CONTACT = (
    "contactTags",
    "contactLists",
    "contactAutomations",
    "fieldValues",
    "scoreValues",
    "deals",
    "accountContacts",
    "notes",
    "trackingLogs",
    "bounceLogs",
    "geoIps",
)


def route(account: Account, method: str, path: str, query: list[tuple[str, str]], body: object) -> Answer:
    """The endpoint's answer; 404 where there is none."""
    found = _found(account, method, path.strip("/").split("/"), query, body)
    return found or message(404, "No route found for this path")


def _found(
    account: Account, method: str, parts: list[str], query: list[tuple[str, str]], body: object
) -> Answer | None:
    name = parts[0]
    if name == "users" and method == "GET" and len(parts) > 1 and not parts[1].isdecimal():
        return _user(account, parts[1:])
    id = _query.whole(parts[1]) if len(parts) > 1 else None
    if id is None:
        name = "/".join(parts)
        if method == "GET" and name in _LISTS:
            return _LISTS[name](account, _query.read(query))
        return _MAKES[name](account, body) if method == "POST" and name in _MAKES else None
    if len(parts) == 3 and name == "contacts" and method == "GET" and parts[2] in _OF_CONTACT:
        return contacts.related(parts[2])(account, id)
    if len(parts) > 2:
        return None
    if method == "GET" and name in _READS:
        return _READS[name](account, id)
    if method == "PUT" and name in _CHANGES:
        return _CHANGES[name](account, id, body)
    return _DELETES[name](account, id) if method == "DELETE" and name in _DELETES else None


def _user(account: Account, parts: list[str]) -> Answer | None:
    if parts == ["me"]:
        return _users.me(account)
    if len(parts) == 2 and parts[0] in ("email", "username"):
        return _users.by(parts[0], account, parts[1])
    return None


def inner(path: str) -> str | None:
    """The path below `/api/3`; None outside of it."""
    return path[len(PREFIX) :] if path.startswith(f"{PREFIX}/") else None
