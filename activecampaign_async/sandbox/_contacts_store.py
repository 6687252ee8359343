"""The contacts of an account: generated ones, and over them what was written."""

import json
import re
from collections.abc import Callable, Mapping
from hashlib import md5
from typing import TypeVar

from . import _generate as generate
from ._clock import naive, seconds_of, stamp
from ._generate import Facts, Template
from ._ids import Ids, spread
from ._wire import Row, filled, stored

T = TypeVar("T")

WRITABLE = (
    "email",
    "firstName",
    "lastName",
    "phone",
    "orgid",
    "orgname",
    "ip",
    "deleted",
    "anonymized",
    "created_by",
    "updated_by",
    "segmentio_id",
    "gravatar",
    "sms_consent",
)
_LISTED_ONLY = ("scoreValues", "accountContacts")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def folded(email: str) -> str:
    return email.strip().lower()


def plausible(email: object) -> bool:
    return isinstance(email, str) and _EMAIL.fullmatch(email.strip()) is not None


class Contacts:
    """Rows by id. A generated row becomes an object when it is written, not before."""

    def __init__(self, count: int, holes: float, seed: int, base: str, now: Callable[[], int]) -> None:
        self.ids = Ids(spread(count, holes, seed))
        self.base = base
        self.version = 0
        """Goes up with every write: what was worked out of the rows before is void."""
        self._now = now
        self.next_id = self.ids.highest + 1
        self._written: dict[int, Row] = {}
        self._facts: dict[int, Facts] = {}
        self._by_email: dict[str, int] = {}
        self._template = Template(base)
        self._answers: dict[tuple[object, ...], object] = {}
        self._answers_of = 0

    def remember(self, question: tuple[object, ...], work: Callable[[], T]) -> T:
        """The answer to a question about all rows, worked out again only after a write."""
        if self._answers_of != self.version:
            self._answers.clear()
            self._answers_of = self.version
        if question not in self._answers:
            if len(self._answers) >= 32:
                self._answers.clear()
            self._answers[question] = work()
        found: T = self._answers[question]  # type: ignore[assignment] # a question has one type of answer
        return found

    def move(self, base: str) -> None:
        """Links point elsewhere from now on."""
        self.base = base
        self._template = Template(base)
        for id, row in self._written.items():
            row["links"] = generate.links(base, id)

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, id: int) -> bool:
        return id in self.ids

    def row(self, id: int) -> Row:
        """The stored row; KeyError where there is none."""
        if id in self._written:
            return self._written[id]
        if id not in self.ids:
            raise KeyError(id)
        row: Row = json.loads(self._template.row(id))
        for name in _LISTED_ONLY:
            del row[name]
        return row

    def json(self, id: int) -> str:
        """The row as `GET /contacts` lists it."""
        if id in self._written:
            return json.dumps(generate.listed(self._written[id]), separators=(",", ":"))
        return self._template.row(id)

    def facts(self, id: int) -> Facts:
        if id not in self._written:
            return generate.facts(id)
        if id not in self._facts:
            self._facts[id] = _facts(self._written[id])
        return self._facts[id]

    def find(self, email: str) -> int | None:
        """The contact with this address, without regard to case. Those without one are none of each other's."""
        if not email:
            return None
        email = folded(email)
        if email in self._by_email:
            return self._by_email[email]
        id = generate.id_of(email)
        return id if id is not None and id in self.ids and id not in self._written else None

    def add(self, values: Mapping[str, object], id: int | None = None) -> int:
        """A new contact. ValueError where the id or the address is taken."""
        email = str(values["email"])
        if self.find(email) is not None:
            raise ValueError("a contact with this address is there already")
        if id is None:
            id = self.next_id
        elif id in self.ids:
            raise ValueError(f"contact {id} is there already")
        self.next_id = max(self.next_id, id + 1)
        made = stamp(self._now())
        row = generate.blank(self.base, str(id), made, made)
        row["hash"] = md5(f"{id}".encode(), usedforsecurity=False).hexdigest()
        self._write(id, row, values)
        self.ids.add(id)
        return id

    def update(self, id: int, values: Mapping[str, object]) -> Row:
        """Writes what is given and keeps the rest."""
        row = self.row(id)
        self._by_email.pop(folded(str(row["email"])), None)
        changed = stamp(self._now())
        row |= {
            "udate": changed,
            "updated_utc_timestamp": naive(changed),
            "updated_timestamp": naive(changed),
        }
        self._write(id, row, values)
        return row

    def replace(self, id: int, values: Mapping[str, object]) -> Row:
        """As `update`, and what was null is blank from then on."""
        row = self.update(id, values)
        row |= filled(row, generate.FILLED)
        return row

    def stand(self, id: int, values: Mapping[str, object]) -> None:
        """These columns as they are given, also those that no request writes; a date stands in its other forms, too."""
        row = self._written[id]
        row |= {name: stored(value) for name, value in values.items() if name not in WRITABLE}
        for name, other in (("cdate", "created"), ("udate", "updated")):
            if isinstance(text := values.get(name), str):
                row |= dict.fromkeys((f"{other}_timestamp", f"{other}_utc_timestamp"), naive(text))
        self._facts.pop(id, None)
        self.version += 1

    def remove(self, id: int) -> None:
        row = self.row(id)
        if self._written.pop(id, None) is not None:
            self._by_email.pop(folded(str(row["email"])), None)
            self._facts.pop(id, None)
        self.ids.remove(id)
        self.version += 1

    def _write(self, id: int, row: Row, values: Mapping[str, object]) -> None:
        row |= {name: stored(value) for name, value in values.items() if name in WRITABLE}
        if "orgid" in values:
            row["organization"] = row["orgid"] if row["orgid"] not in ("0", "") else None
        if "email" in values:
            row["email"] = email = str(values["email"]).strip()
            row["email_domain"] = email.rpartition("@")[2]
        self._written[id] = row
        self._by_email[folded(str(row["email"]))] = id
        self._facts.pop(id, None)
        self.version += 1


def _facts(row: Row) -> Facts:
    def text(name: str) -> str:
        value = row[name]
        return value if isinstance(value, str) else ""

    made, changed = seconds_of(text("cdate")), seconds_of(text("udate"))
    return Facts(text("email"), text("firstName"), text("lastName"), text("phone"), made or 0.0, changed or 0.0)
