"""The state of one account."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from ._batches import Imports
from ._clock import naive, stamp
from ._contacts_store import Contacts
from ._kind import NOW, PLAIN, Kind
from ._kind_columns import ADMIN
from ._kinds import KINDS
from ._wire import PREFIX, Row


class Table:
    """Rows of one kind by id, as the store gives them back; found by contact where they belong to one."""

    def __init__(self, kind: Kind, stamp: Callable[[], str]) -> None:
        self.plural: Final = kind.plural
        self.singular: Final = kind.singular
        self.kind: Final = kind.name
        self._kind = kind
        self._stamp = stamp
        self._rows: dict[int, Row] = {}
        self._of_contact: dict[int, list[int]] = {}
        self._last = 0
        self.base = ""

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def get(self, id: int) -> Row | None:
        return self._rows.get(id)

    def having(self, column: str, value: object) -> list[Row]:
        """The rows that say so in this column; numbers and their text are one."""
        return [row for row in self._rows.values() if str(row.get(column)) == str(value)]

    def add(self, values: Row, id: int | None = None) -> Row:
        """A new row: what is given, the kind's own columns for the rest, and what follows the id."""
        if id is None:
            id = self._last + 1
        if id in self._rows:
            raise ValueError(f"{self.singular} {id} is there already")
        self._last = max(self._last, id)
        row = {**self._blank(), **self._twice(values)}
        row["id"] = id if self._kind.numeric else str(id)
        row |= self._links(row)
        self._rows[id] = row
        contact = _contact_of(row)
        if contact is not None:
            self._of_contact.setdefault(contact, []).append(id)
        return row

    def change(self, row: Row, values: Row) -> None:
        """Writes these columns; the row may belong to another contact afterwards."""
        before = _contact_of(row)
        row |= self._twice(values)
        after = _contact_of(row)
        if before != after:
            id = int(str(row["id"]))
            if before is not None:
                self._of_contact[before].remove(id)
            if after is not None:
                self._of_contact.setdefault(after, []).append(id)

    def remove(self, id: int) -> Row:
        row = self._rows.pop(id)
        contact = _contact_of(row)
        if contact is not None:
            self._of_contact[contact].remove(id)
        return row

    def of_contact(self, contact: int) -> list[Row]:
        return [self._rows[id] for id in self._of_contact.get(contact, ())]

    def move(self, base: str) -> None:
        self.base = base
        for row in self._rows.values():
            row |= self._links(row)

    def _twice(self, values: Row) -> Row:
        """What is said once, under both of its names; "0", which is none, is null under the second."""
        both = {**values}
        for column, other in self._kind.same.items():
            if other in values:
                both.setdefault(column, values[other] if str(values[other]) != "0" else None)
            elif column in values:
                both[other] = values[column]
        return both

    def _blank(self) -> Row:
        now = self._stamp()
        times: dict[object, str] = {NOW: now, PLAIN: naive(now)}
        row: Row = {}
        for name, value in self._kind.columns.items():
            if isinstance(value, list | dict):  # a row never shares them with the next
                row[name] = value.copy()
            else:
                row[name] = times.get(value, value)
        return row

    def _links(self, row: Row) -> Row:
        if not self._kind.links:
            return {} if self._kind.links is None else {"links": []}
        own = f"{self.plural}/{row['id']}/"
        paths = {name: self._kind.paths.get(name, own + name).format(**row) for name in self._kind.links}
        return {"links": {name: f"{self.base}/{path}" for name, path in paths.items()}}


def _contact_of(row: Row) -> int | None:
    """Whom a row belongs to."""
    owner = row.get("relid") if row.get("reltype") == "Subscriber" else row.get("contact", row.get("subscriberid"))
    text = str(owner)
    return int(text) if text.isdecimal() else None


class Account:
    """Everything the account holds."""

    def __init__(self, contacts: int, holes: float, seed: int, url: str, now: Callable[[], int]) -> None:
        self.now = now
        self.contacts = Contacts(contacts, holes, seed, url + PREFIX, now)
        self.tables: Final = {kind.plural: Table(kind, self.stamp) for kind in KINDS}
        """By plural name."""
        self.tags = self.tables["tags"]
        self.fields = self.tables["fields"]
        self.lists = self.tables["lists"]
        self.users = self.tables["users"]
        self.groups = self.tables["groups"]
        self.automations = self.tables["automations"]
        self.contact_tags = self.tables["contactTags"]
        self.contact_lists = self.tables["contactLists"]
        self.contact_automations = self.tables["contactAutomations"]
        self.field_values = self.tables["fieldValues"]
        self.members: dict[tuple[str, int], set[int]] = {}
        """Contacts by filter and value (`("segmentid", 4)`), for what has no endpoint here."""
        self.written: Counter[tuple[str, int]] = Counter()
        """How often each row was written, by (plural name, id)."""
        self.imports = Imports()
        self.move(url)
        self._begin()

    def _begin(self) -> None:
        """What an account has from its first day."""
        name: Row = {"username": "sandbox", "firstName": "Sam", "lastName": "Sandbox"}
        never: Row = {"cdate": None, "udate": None, "password_updated_utc_timestamp": "0000-00-00 00:00:00"}
        self.users.add({**name, "email": "sandbox@example.com", **never})
        self.groups.add({"title": "Admin", "descript": "", **ADMIN, "sdate": self.stamp()}, 3)
        self.tables["groupLimits"].add({"groupid": "3"})
        self.tables["userGroups"].add({"userid": "1", "groupid": "3"})
        self.tables["userConversationsPermissions"].add({"user": "1"})
        self.tables["groupDefinitions"].add({"type_id": 1, "label": "{**DEFAULT**}", "ordernum": 1})

    def move(self, url: str) -> None:
        """Links point to this origin from now on."""
        self.contacts.move(url + PREFIX)
        for table in self.tables.values():
            table.move(url + PREFIX)

    def stamp(self) -> str:
        return stamp(self.now())

    def stamps(self) -> Row:
        """The four columns that tell when and by whom, for a row written now."""
        at = naive(self.stamp())
        return {"created_timestamp": at, "updated_timestamp": at, "created_by": None, "updated_by": None}

    def wrote(self, table: str, id: int) -> None:
        self.written[table, id] += 1

    def remove_contact(self, id: int) -> None:
        """The contact and what hangs on it."""
        self.contacts.remove(id)
        for table in self.tables.values():
            for row in table.of_contact(id):
                table.remove(int(str(row["id"])))
