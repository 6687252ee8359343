"""What a test sees of an account's state, and how it puts it there."""

import threading
from collections.abc import Iterable
from difflib import get_close_matches

from . import _field_values, _fields, _generate as generate, _groups, _lists, _notes, _tags, _users
from ._account import Account, Table
from ._associations import add_tag, enrol, set_list_status
from ._contacts_store import folded
from ._wire import Answer, Row


class State:
    """Looking in and seeding, from any thread."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lock = threading.RLock()
        self.imports = account.imports
        """Bulk imports: their limits, how long they take, what goes wrong with them."""

    # -- what is there -----------------------------------------------------------------------------

    def contact_ids(self) -> list[int]:
        """All of them, ascending."""
        with self._lock:
            return list(self._account.contacts.ids)

    def contact(self, id: int) -> Row | None:
        """The stored row, a copy."""
        with self._lock:
            return dict(self._account.contacts.row(id)) if id in self._account.contacts else None

    def find(self, email: str) -> int | None:
        """The id of the contact with this address."""
        with self._lock:
            return self._account.contacts.find(folded(email))

    def rows(self, plural: str) -> list[Row]:
        """All rows of one kind (`tags`, `fieldValues`, …) but contacts, copies."""
        with self._lock:
            return [dict(row) for row in self._table(plural)]

    def written(self, plural: str, id: int) -> int:
        """How often this row was made, changed or deleted by a request."""
        return self._account.written[plural, id]

    # -- seeding -----------------------------------------------------------------------------------

    def add_contact(self, email: str | None = None, *, id: int | None = None, **columns: object) -> int:
        """A contact with these columns (wire names, `cdate` and `udate` too); its id.

        Any free id will do, also one in between.
        """
        _check("add_contact", columns)
        with self._lock:
            contacts = self._account.contacts
            if email is None:
                email = f"added{contacts.next_id if id is None else id}@example.org"
            made = contacts.add({"email": email, **columns}, id)
            contacts.stand(made, columns)
            return made

    def update_contact(self, id: int, **columns: object) -> None:
        """As if somebody else had changed it: these columns, by their wire names."""
        _check("update_contact", columns)
        with self._lock:
            self._account.contacts.replace(id, columns)
            self._account.contacts.stand(id, columns)

    def delete_contact(self, id: int) -> None:
        """As if somebody else had deleted it."""
        with self._lock:
            self._account.remove_contact(id)

    def add_tag(self, name: str, kind: str = "contact", description: str = "", *, id: int | None = None) -> int:
        """A tag; its id. Without a `kind` it is hidden from the list. ValueError where there is one of this name."""
        with self._lock:
            if _tags.known(self._account, name, kind) is not None:
                raise ValueError(f"add_tag: there is a tag {name!r} already, whatever its case")
            return self._add(self._account.tags, {"tag": name, "tagType": kind, "description": description}, id)

    def add_field(self, title: str, type: str = "text", *, id: int | None = None) -> int:
        """A custom field of one of the API's types (`date`, `listbox`, …); its id."""
        if type not in _fields.TYPES:
            raise ValueError(f"add_field: type is one of {', '.join(_fields.TYPES)}: got {type!r}")
        with self._lock:
            fields = self._account.fields
            values: Row = {"title": title, "type": type, "perstag": _fields.perstag_of(title)}
            return self._add(fields, values | {"ordernum": str(len(fields) + 1)}, id)

    def add_list(self, name: str, *, id: int | None = None) -> int:
        """A list; its id."""
        with self._lock:
            return _id(_lists.add(self._account, name, {"user": 1}, id))

    def add_automation(self, name: str, *, id: int | None = None) -> int:
        """An automation; its id."""
        with self._lock:
            return self._add(self._account.automations, {"name": name}, id)

    def add_user(self, username: str, email: str, *, id: int | None = None) -> int:
        """A user beside the key's own; its id."""
        with self._lock:
            values: Row = {"username": username, "firstName": "Sam", "lastName": "Sandbox", "email": email}
            return _id(_users.add(self._account, values, id))

    def add_group(self, title: str, description: str | None = None, *, id: int | None = None) -> int:
        """A user group beside the account's own, which has the id 3; its id."""
        with self._lock:
            return _id(_groups.add(self._account, {"title": title, "descript": description}, id))

    def add_note(self, contact: int, text: str, *, id: int | None = None) -> int:
        """A note about a contact; its id."""
        with self._lock:
            return _id(_notes.add(self._account, {"note": text, "relid": str(contact)}, id))

    def add_row(self, plural: str, row: Row, id: int | None = None) -> int:
        """A row of any kind but contacts (`bounceLogs`, `deals`, …); its id.

        What is given stands as it is, the rest as a fresh row of that kind has it.
        """
        with self._lock:
            self._account.contacts.version += 1
            if plural == "notes":
                return _id(_notes.add(self._account, row, id))
            return self._add(self._table(plural), row, id)

    def tag_contact(self, contact: int, tag: int) -> None:
        """As if somebody had tagged the contact."""
        with self._lock:
            self._do(add_tag(self._account, {"contactTag": {"contact": contact, "tag": tag}}))

    def subscribe(self, contact: int, list: int, status: int = 1) -> None:
        """As if somebody had set the contact's status on the list: 1 subscribed, 2 unsubscribed."""
        values: Row = {"contact": contact, "list": list, "status": status}
        with self._lock:
            self._do(set_list_status(self._account, {"contactList": values}))

    def enrol(self, contact: int, automation: int) -> None:
        """As if the contact had entered the automation."""
        with self._lock:
            self._do(enrol(self._account, {"contactAutomation": {"contact": contact, "automation": automation}}))

    def set_field_value(self, contact: int, field: int, value: object) -> None:
        """As if somebody had written the contact's custom field."""
        values: Row = {"contact": contact, "field": field, "value": value}
        with self._lock:
            self._do(_field_values.put(self._account, {"fieldValue": values}))

    def add_members(self, name: str, value: int, contacts: "set[int] | list[int]") -> None:
        """Which contacts `segmentid=`, `formid=` or `waitid=` finds for a value."""
        with self._lock:
            self._account.members.setdefault((name, value), set()).update(contacts)
            self._account.contacts.version += 1

    def _table(self, plural: str) -> Table:
        tables = self._account.tables
        if plural not in tables:
            raise KeyError(f"the sandbox holds no {plural!r}{_meant(plural, tables)}")
        return tables[plural]

    def _add(self, table: Table, row: Row, id: int | None = None) -> int:
        return _id(table.add(row, id))

    def _do(self, answer: Answer) -> None:
        if answer.status >= 300:
            raise ValueError(answer.body.decode())


def _check(method: str, columns: Iterable[str]) -> None:
    for name in columns:
        if name not in generate.COLUMNS:
            raise TypeError(f"{method}: a contact has no column {name!r}{_meant(name, generate.COLUMNS)}")


def _meant(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"


def _id(row: Row) -> int:
    return int(str(row["id"]))
