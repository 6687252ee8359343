"""Replays recorded exchanges: brings a sandbox into the state that one assumes, asks, and compares.

Of a recorded row only what it refers to and what a filter may look for goes into the sandbox; every other
column is the sandbox's own, so that nothing is compared with itself.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from activecampaign_async.sandbox import Sandbox

from .support import asking

REFERENCES = {
    "contact": "contacts",
    "subscriberid": "contacts",
    "tag": "tags",
    "list": "lists",
    "listid": "lists",
    "field": "fields",
    "automation": "automations",
    "seriesid": "automations",
    "group": "groups",
    "groupid": "groups",
    "group_id": "groupDefinitions",
}
"""Which kind of row a column names."""
KEPT = (*REFERENCES, "relid", "reltype", "rel_id", "deal", "score", "account", "userid", "geoaddrid", "isDisabled",
        "name", "title", "username", "email", "perstag", "value", "matchPhrase")  # fmt: skip
"""Columns that go into the sandbox."""
PLURALS = {"contactDatum": "contactData", "geoAddress": "geoAddresses"}
"""Of what an answer has one, where it is not the name and an s."""
FILTERS = {"listid": "lists", "tagid": "tags", "seriesid": "automations"}


def exchanges(folder: Path) -> Iterator[tuple[str, Any]]:
    """Every exchange of the folder's `*.jsonl`, named; what is none, such as a webhook, is passed over."""
    for file in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(file.read_text().splitlines()):
            exchange = json.loads(line)
            if {"method", "path", "status"} <= exchange.keys():
                exchange["path"] = exchange["path"].split("/api/3")[-1]
                yield f"{file.stem}-{number}-{exchange['method']}-{exchange['path']}", exchange


async def compare(exchange: Any) -> tuple[list[str], int]:
    """How the sandbox's answer differs from the recorded one, and how many keys and types were compared."""
    sandbox = Sandbox(rate=None)
    Seed(sandbox, exchange).sow()
    method = "PUT" if exchange["method"] == "PATCH" else exchange["method"]  # the proxy's own verb
    params = [(name, value) for name, value in exchange["query"] if name != "offset"]  # its page is all we hold
    async with asking(sandbox) as client:
        answer = await client.request(method, exchange["path"], params=params, json=exchange["request_body"])
    real, ours = exchange["response_body"], answer.json() if answer.content else None
    found = list(differences(real, ours))
    if answer.status_code != exchange["status"]:
        area = exchange["path"].strip("/").split("/")[0]
        found.append(f"{method} /{area}: status is {answer.status_code}, not {exchange['status']}")
    return sorted(found), 1 + points(real, ours)


def differences(real: Any, ours: Any, where: str = "") -> Iterator[str]:
    """Keys and types that are not the same, by path. Null fits any type: a column may be empty."""
    if isinstance(real, dict) and isinstance(ours, dict):
        for key in real.keys() | ours.keys():
            path = f"{where}.{key}".lstrip(".")
            if key not in ours:
                yield f"{path} is missing"
            elif key not in real:
                yield f"{path} is more"
            else:
                yield from differences(real[key], ours[key], path)
    elif isinstance(real, list) and isinstance(ours, list):
        if bool(real) != bool(ours):
            yield f"{where} is empty on one side"
        elif real:
            yield from differences(real[0], ours[0], f"{where}[]")
    elif type(real) is not type(ours) and real is not None and ours is not None:
        yield f"{where} is {type(ours).__name__}, not {type(real).__name__}"


def points(real: Any, ours: Any) -> int:
    """How many keys `differences` looks at."""
    if isinstance(real, dict) and isinstance(ours, dict):
        return sum(1 + points(real.get(key), ours.get(key)) for key in real.keys() | ours.keys())
    if isinstance(real, list) and isinstance(ours, list) and real and ours:
        return points(real[0], ours[0])
    return 0


class Seed:
    """The state in which the real account must have been."""

    def __init__(self, sandbox: Sandbox, exchange: Any) -> None:
        self.sandbox = sandbox
        self.method: str = exchange["method"]
        self.status: int = exchange["status"]
        self.query = dict(exchange["query"])
        self.headers = {name.lower() for name in exchange["headers"]}
        path = exchange["path"].strip("/").replace("lists/exclusions", "exclusions")
        self.area, *self.rest = path.split("/")
        self.id = int(self.rest[0]) if self.rest and self.rest[0].isdigit() else None
        self.body = exchange["request_body"] if isinstance(exchange["request_body"], dict) else {}
        self.answer = exchange["response_body"] if isinstance(exchange["response_body"], dict) else {}

    def sow(self) -> None:
        if self.status >= 400:
            self._before_refusal()
            return
        if not self.answer and self.method != "DELETE":
            self.sandbox.fail("error200" if "x-ac-error" in self.headers else "empty200")
        elif "x-ac-error" in self.headers:
            self.sandbox.fail("error200")
        for values in self.body.values():
            for row in values if isinstance(values, list) else [values]:
                if isinstance(row, dict):
                    self._before_sending(row)
        for contact in self.answer.get("contacts", ()):
            self._row("contacts", contact)
        if self.area == "geoIps":
            self._row("geoAddresses", self._main())
        elif self.id is not None:
            self._row(self.area, {**self._main(), "id": self.id})
        if self.method == "GET":
            self._before_reading()
        elif self.method == "POST" and self.status == 200:
            self._row("contacts" if self.area == "contact" else self.area, self._main())

    def _main(self) -> Any:
        """The answer's one row."""
        inside = next((row for row in self.answer.values() if isinstance(row, dict)), {})
        return self.answer if self.area == "exclusions" else inside

    def _before_refusal(self) -> None:
        named = str(self.answer.get("message", ""))
        values = next(iter(self.body.values()), None) if self.body else None
        if not isinstance(values, dict):
            return
        if "duplicate" in str(self.answer):
            self._row(self.area, {name: values[name] for name in ("email", "title", "username") if name in values})
        if self.id is not None and f"with id {self.id}" not in named:
            self._row(self.area, {"id": self.id})
        self._refer({name: id for name, id in values.items() if f"with id {id}" not in named})

    def _before_sending(self, values: Any) -> None:
        """What the request refers to is there, but the row that it makes."""
        if self.area not in ("tags", "lists"):  # whose `tag` and `list` are no ids
            self._refer(values)
        for row in self.answer.get("fieldValues", ()):
            self._refer({"field": row["field"]})
        if self.area == "fieldRels":
            self._refer({"list": values.get("relid")})
        if values.get("reltype") == "Subscriber":
            self._refer({"contact": values["relid"]})

    def _before_reading(self) -> None:
        if self.rest and self.rest[0] in ("email", "username"):
            self._row("users", self._main())
        below = self.rest[-1] if len(self.rest) > 1 else self.area
        self._before_counting(below)
        for name in sorted(self.answer, key=lambda name: name != below):  # the rows asked for before those beside
            rows = self.answer[name]
            if isinstance(rows, list) and name != "automationEntryCounts":
                for row in rows:
                    self._row(name, row) if isinstance(row, dict) else None
            elif isinstance(rows, dict) and name != "meta" and len(self.rest) > 1:
                self._row(PLURALS.get(name, f"{name}s"), {**rows, "contact": str(self.id)})
        if "organization" in self.answer and self.id:
            self.sandbox.update_contact(self.id, orgid=self.answer["organization"]["id"])
        self._before_filtering()

    def _before_counting(self, below: str) -> None:
        for row in self.answer.get("automationEntryCounts", ()) if below == "automationEntryCounts" else ():
            self._row("automations", row)
            if self.id is not None:
                self.sandbox.enrol(self.id, int(row["id"]))

    def _before_filtering(self) -> None:
        """Contacts that a filter found belong to what it names."""
        found = self.answer.get("contacts", ()) if self.area == "contacts" and not self.rest else ()
        for id in (int(contact["id"]) for contact in found):
            for name in self.query.keys() & FILTERS.keys():
                self._row(FILTERS[name], {"id": self.query[name]})
                number = int(self.query[name])
                if name == "listid":
                    self.sandbox.subscribe(id, number, int(self.query.get("status", 1)))
                elif name == "tagid":
                    self.sandbox.tag_contact(id, number)
                else:
                    self.sandbox.enrol(id, number)
            for name in self.query.keys() & {"segmentid", "formid", "waitid"}:
                self.sandbox.add_members(name, int(self.query[name]), [id])

    def _refer(self, row: Any) -> None:
        for column, plural in REFERENCES.items():
            value = row.get(column)
            if str(value).isdecimal() and int(value):
                self._row(plural, {"id": value})

    def _row(self, plural: str, row: Any) -> None:
        """A row with this one's references, unless there is one with its id."""
        id = int(row["id"]) if str(row.get("id")).isdecimal() else None
        kept = {name: row[name] for name in KEPT if isinstance(row.get(name), str | int | bool)}
        if plural == "contacts":
            self._contact(id, kept.get("email") or None)
            return
        if plural in ("geoAddresses", "organizations"):
            kept.pop("contact", None)
        if plural not in ("tags", "lists", "fields"):  # whose columns of these names are no ids
            self._refer(kept)
        try:
            rows = self.sandbox.rows(plural)
        except KeyError:  # a kind the sandbox does not hold
            return
        if any(int(str(there["id"])) == id for there in rows):
            if "email" not in kept or plural != "users":
                return
            id = None
        name = str(kept.get("name") or kept.get("title") or kept.get("tag") or plural)
        if plural == "groups":
            self.sandbox.add_group(name, id=id)
        elif plural == "users":
            self.sandbox.add_user(str(kept.get("username", "second")), str(kept.get("email", "")), id=id)
        elif plural == "fields":
            self.sandbox.add_row(plural, {"title": name, "perstag": "TAG", **kept}, id)
        else:
            if plural == "notes":
                self._refer({"contact": kept.get("relid")} if kept.get("reltype") == "Subscriber" else {})
            self.sandbox.add_row(plural, kept, id)

    def _contact(self, id: int | None, email: str | None) -> None:
        if id is not None and self.sandbox.contact(id):
            return
        if email and self.sandbox.find(email):
            email = None
        self.sandbox.add_contact(email, id=id)
