"""The state of one account."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from ._clock import naive, stamp
from ._contacts_store import Contacts
from ._wire import PREFIX, Row


class Table:
    """Rows of one kind by id, as the store gives them back; found by contact where they belong to one."""

    def __init__(self, plural: str, singular: str, kind: str, link_names: tuple[str, ...]) -> None:
        self.plural: Final = plural
        self.singular: Final = singular
        self.kind: Final = kind
        """The vendor's inner name: `SubscriberTag` in an error about a contactTag."""
        self._link_names = link_names
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

    def add(self, values: Row, id: int | None = None) -> Row:
        """A new row, with its links, its id, and what follows the id."""
        if id is None:
            id = self._last + 1
        if id in self._rows:
            raise ValueError(f"{self.singular} {id} is there already")
        self._last = max(self._last, id)
        row = {**values, "links": self._links(id), "id": str(id)}
        self._rows[id] = row
        if "contact" in row:
            self._of_contact.setdefault(int(str(row["contact"])), []).append(id)
        return row

    def remove(self, id: int) -> Row:
        row = self._rows.pop(id)
        if "contact" in row:
            self._of_contact[int(str(row["contact"]))].remove(id)
        return row

    def of_contact(self, contact: int) -> list[Row]:
        return [self._rows[id] for id in self._of_contact.get(contact, ())]

    def contacts(self) -> Iterator[int]:
        return iter(self._of_contact)

    def move(self, base: str) -> None:
        self.base = base
        for id, row in self._rows.items():
            row["links"] = self._links(id)

    def _links(self, id: int) -> Row:
        return {name: f"{self.base}/{self.plural}/{id}/{name}" for name in self._link_names}


class Account:
    """Everything the account holds."""

    def __init__(self, contacts: int, holes: float, seed: int, url: str, now: Callable[[], int]) -> None:
        self.now = now
        self.contacts = Contacts(contacts, holes, seed, url + PREFIX, now)
        self.users = Table(
            "users",
            "user",
            "User",
            (
                "lists",
                "userGroup",
                "dealGroupTotals",
                "dealGroupUsers",
                "configs",
                "dealConnection",
                "userConversationsPermission",
                "seatUser",
            ),
        )
        self.tags = Table("tags", "tag", "Tag", ("contactGoalTags", "templateTags"))
        self.fields = Table("fields", "field", "Field", ("options", "relations"))
        self.lists = Table("lists", "list", "_List", ("contactGoalLists", "user", "addressLists"))
        self.automations = Table(
            "automations",
            "automation",
            "Series",
            ("campaigns", "contactGoals", "contactAutomations", "blocks", "goals", "sms", "sitemessages", "triggers"),
        )
        self.contact_tags = Table("contactTags", "contactTag", "SubscriberTag", ("tag", "contact"))
        self.contact_lists = Table(
            "contactLists",
            "contactList",
            "SubscriberList",
            (
                "automation",
                "list",
                "contact",
                "form",
                "autosyncLog",
                "campaign",
                "unsubscribeAutomation",
                "message",
            ),
        )
        self.contact_automations = Table(
            "contactAutomations",
            "contactAutomation",
            "SubscriberSeries",
            ("automation", "contact", "contactGoals"),
        )
        self.field_values = Table("fieldValues", "fieldValue", "FieldValue", ("owner", "field"))
        self.members: dict[tuple[str, int], set[int]] = {}
        """Contacts by filter and value (`("segmentid", 4)`), for what has no endpoint here."""
        self.written: Counter[tuple[str, int]] = Counter()
        """How often each row was written, by (plural name, id)."""
        self.move(url)

    @property
    def tables(self) -> dict[str, Table]:
        every = (
            self.users,
            self.tags,
            self.fields,
            self.lists,
            self.automations,
            self.contact_tags,
            self.contact_lists,
            self.contact_automations,
            self.field_values,
        )
        return {table.plural: table for table in every}

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
        for table in (self.contact_tags, self.contact_lists, self.contact_automations, self.field_values):
            for row in table.of_contact(id):
                table.remove(int(str(row["id"])))
