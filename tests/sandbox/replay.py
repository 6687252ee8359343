"""Replays recorded exchanges: brings a sandbox into the state that one assumes, asks, and compares.

Of a recorded row only what it refers to and what a filter may look for goes into the sandbox; every other
column is the sandbox's own, so that nothing is compared with itself.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from activecampaign_async.sandbox import Sandbox
from activecampaign_async.sandbox._batches import Batch
from activecampaign_async.sandbox._kinds import KINDS
from activecampaign_async.sandbox._wire import parsed
from tests.fidelity.recorded import Exchange

from .listed import listed
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
        "name", "title", "username", "email", "perstag", "value", "matchPhrase", "descript", "defval")  # fmt: skip
"""Columns that go into the sandbox: what a row refers to, and what somebody named and wrote."""
SOUGHT = ("email", "firstName", "lastName", "phone", "orgid", "cdate", "udate")
"""Columns of a contact that filters look at."""
PLURALS = {**{kind.name: kind.plural for kind in KINDS}, "Subscriber": "contacts",
           "contactDatum": "contactData", "geoAddress": "geoAddresses"}  # fmt: skip
"""By the vendor's inner name, and of what an answer has one, where it is not the name and an s."""
WEATHER = {200: "html200", 401: "401", 402: "402", 403: "403", 429: "429", 500: "html500", 503: "503"}
"""The sandbox's faults for what comes whatever was asked."""
ALWAYS = (401, 402, 405, 406, 408, 411, 413, 414, 415, 429, 431)
"""Refusals that say nothing of what was asked."""
REFUSING = ("contactAutomations", "listGroups", "fieldRels", "groupMembers")
"""Areas that answer 403 to what cannot be, and not only to whoever may not."""
FILTERS = {"listid": "lists", "tagid": "tags", "seriesid": "automations"}


async def compare(exchange: Exchange) -> tuple[list[str], int]:
    """How the sandbox's answer differs from the recorded one, and how many keys were compared; each key, whatever the
    number of its rows, is one.

    A 200 to a POST does not tell whether the row was there: the state that it is nearer to.
    """
    states = (True, False) if (exchange.asked.verb, exchange.status) == ("POST", 200) else (False,)
    answers = [await _compare(exchange, was_there=state) for state in states]
    return min(answers, key=lambda one: (sum(listed(found) is None for found in one[0]), len(one[0])))


async def _compare(exchange: Exchange, *, was_there: bool) -> tuple[list[str], int]:
    sandbox, asked = Sandbox(rate=None), exchange.asked
    Seed(sandbox, exchange, was_there=was_there).sow()
    params = {name: value for name, value in asked.query.items() if name != "offset"}  # its page is all we hold
    async with asking(sandbox) as client:
        answer = await client.request(asked.verb, asked.path, params=params, json=asked.body)
    real, ours = exchange.answer, parsed(answer.content)
    if answer.status_code == exchange.status:
        return sorted(set(differences(real, ours))), 1 + len(set(keys(real)) | set(keys(ours)))
    found = {f"{asked.verb} /{exchange.path}: status is {answer.status_code}, not {exchange.status}"}
    if (answer.status_code < 400) != (exchange.status < 400):  # another outcome has another body
        return sorted(found), 1 + len(set(keys(real)))
    return sorted(found | set(differences(real, ours))), 1 + len(set(keys(real)) | set(keys(ours)))


def differences(real: Any, ours: Any, where: str = "") -> Iterator[str]:
    """What is not the same, by path: keys, types (null is one), and of a list each row and their number."""
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
        if len(real) != len(ours):
            yield f"{where} has {len(ours)} rows, not {len(real)}"
        for one, other in zip(real, ours, strict=False):
            yield from differences(one, other, f"{where}[]")
    elif type(real) is not type(ours):
        yield f"{where} is {type(ours).__name__}, not {type(real).__name__}"


def keys(value: Any, where: str = "") -> Iterator[str]:
    """The paths that `differences` looks at."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{where}.{key}"
            yield from keys(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for row in value:
            yield from keys(row, f"{where}[]")


def _number(id: object) -> int | None:
    return int(str(id)) if str(id).isdecimal() else None


class Seed:
    """The state in which the real account must have been."""

    def __init__(self, sandbox: Sandbox, exchange: Exchange, *, was_there: bool) -> None:
        self.sandbox = sandbox
        self.was_there = was_there
        self.method = exchange.asked.verb
        self.status = exchange.status
        self.query = exchange.asked.query
        self.headers = exchange.headers
        path = exchange.asked.path.strip("/").replace("lists/exclusions", "exclusions")
        self.area, *self.rest = path.split("/")
        self.id = int(self.rest[0]) if self.rest and self.rest[0].isdigit() else None
        self.body = exchange.asked.body if isinstance(exchange.asked.body, dict) else {}
        self.text = exchange.answer
        self.answer = exchange.answer if isinstance(exchange.answer, dict) else {}
        self.said = str(self.answer.get("message", ""))

    def sow(self) -> None:
        if self._is_weather():
            self._let_it_fail()
            return
        if self.area == "import":
            self._before_importing()
            return
        if self.status >= 400:
            self._before_refusal()
            return
        if self.text in (None, ""):
            self.sandbox.fail("error200" if "x-ac-error" in self.headers else "empty200")
        for values in self._values():
            self._before_sending(values)
        for contact in self.answer.get("contacts") or ():
            self._row("contacts", contact)
        if self.area in ("geoIps", "trackingLogs"):
            self._before_following()
        elif self.id is not None:
            self._row(self.area, {**self._main(), "id": self.id})
        if self.method == "GET":
            self._before_reading()
        elif self.was_there and self.area != "contactDeals":  # whose 200 is a create's own
            self._row("contacts" if self.area == "contact" else self.area, self._main())

    def _is_weather(self) -> bool:
        """Whether the answer says nothing of what was asked: it might have come to anything."""
        if self.status == 403:
            refused = self.method != "GET" and self.area in REFUSING
            return not refused and not self.said.startswith("No Result found")
        if self.status in (*ALWAYS, *range(300, 400)) or self.status >= 500:
            return True
        return isinstance(self.text, str) and self.text != ""

    def _let_it_fail(self) -> None:
        """In the sandbox's own words where it has some of that form: a page, or a `message`."""
        own = "200 500 503" if self.text and isinstance(self.text, str) else "401 402 403 429" if self.said else ""
        if str(self.status) in own.split():
            self.sandbox.fail(WEATHER[self.status])
        else:
            body = self.text if isinstance(self.text, str) else json.dumps(self.text) if self.text else ""
            self.sandbox.fail("custom", status=self.status, body=body)

    def _values(self) -> Iterator[Any]:
        """The objects that were sent, single or in a list."""
        for values in self.body.values():
            for row in values if isinstance(values, list) else [values]:
                if isinstance(row, dict):
                    yield row

    def _main(self) -> Any:
        """The answer's one row."""
        inside = next((row for row in self.answer.values() if isinstance(row, dict)), {})
        return self.answer if self.area == "exclusions" else inside

    def _before_following(self) -> None:
        """A link from one row to another: the one asked about is known by its id alone, the other is the answer."""
        if self.area == "geoIps":
            self._row("geoAddresses", self._main())
            self._row("geoIps", {"id": self.id, "geoaddrid": self._main()["id"]})
        else:
            self._row("trackingLogs", {"id": self.id, "subscriberid": self._main()["id"]})

    def _before_importing(self) -> None:
        """A batch as far as it is told to be, or what makes a request fail."""
        imports, reasons = self.sandbox.imports, self.answer.get("failureReasons", ())
        if self.said.startswith("Rate limit"):
            imports.per_minute = imports.single_per_minute = 0
        elif reasons:
            imports.named = "all" if isinstance(reasons[0], dict) else "none"
            refused = self.body["contacts"][: len(reasons)]
            imports.refuse = lambda contact: "Field 'email' incorrect format" if contact in refused else None
        elif self.answer.get("status"):
            status, success, failure = (self.answer.get(name) for name in ("status", "success", "failure"))
            batch = Batch(self.query["batchId"], [], 0.0, 1, "", list(success or ()), list(failure or ()))
            if status in ("completed", "failed", "interrupted"):
                batch.ending = status
            else:
                imports.seconds = 0.0  # long under way
            imports.batches[batch.id] = batch
        for name in ("outstanding", "recentlyCompleted"):
            for row in self.answer.get(name, ()):
                batch = Batch(f"{name} {row['forDate']}", [], 0.0, 1, row["forDate"])
                batch.ending = "completed" if name == "recentlyCompleted" else None
                imports.batches[batch.id] = batch

    def _before_refusal(self) -> None:
        """All that was referred to is there, but what the answer misses; where that is not told, the path's row or
        the last."""
        missed = [self._missed()] if self._missed() else []
        untold = self.status in (403, 404) and not missed
        if self.id is not None and not untold and (self.area, self.id) not in missed:
            self._row(self.area, {"id": self.id})
        for values in self._values():
            if self.area == "contactDeals":
                values = self._before_refused_deal(values)
            if "duplicate" in str(self.answer).casefold():
                names = ("email", "title", "username")
                self._row(self.area, {name: values[name] for name in names if name in values})
            referred = [name for name in values if name in REFERENCES and not self._is_there(name, values[name])]
            if untold and self.id is None:
                told = [name for name in referred if f"{name} not found" in str(self.answer).casefold()]
                missed = [(REFERENCES[name], _number(values[name])) for name in told or referred[-1:]]
            there = {name: id for name, id in values.items() if (REFERENCES.get(name), _number(id)) not in missed}
            if there.get("reltype") == "Subscriber" and ("contacts", _number(there["relid"])) not in missed:
                there["contact"] = there["relid"]
            self._refer(there)

    def _missed(self) -> tuple[str, int | None] | None:
        """The kind and the id of the row that the message says not to be there."""
        found = re.search(r"for (\w+) with id (\d+)$|(Exclusion) not found \[id=(\d+)\]", self.said)
        if found is None:
            return None
        return PLURALS.get(found[1] or found[3], self.area), int(found[2] or found[4])

    def _is_there(self, column: str, id: object) -> bool:
        """Whether every account has such a row."""
        plural = REFERENCES[column]
        return plural != "contacts" and any(str(row["id"]) == str(id) for row in self.sandbox.rows(plural))

    def _before_refused_deal(self, values: Any) -> Any:
        """What is told to be there already, and those of the values that are not told to be missing."""
        said = str(self.answer)
        there = {k: v for k, v in values.items() if "related_missing" not in said or f"attributes/{k}'" not in said}
        self._row("deals", {"id": there["deal"]}) if "deal" in there else None
        if "already" in said:
            other = (self.id or 0) + 1  # beside the row that is to be changed
            self._row("contactDeals", {"id": other, "contact": there["contact"], "deal": there["deal"]})
        return there

    def _before_sending(self, values: Any) -> None:
        """What the request refers to is there, but the row that it makes."""
        if self.area == "contactDeals":
            for deal in (*self.answer.get("deals", ()), {"id": values.get("deal") or self._main().get("deal")}):
                self._row("deals", deal)
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
        found = (self.answer.get("contacts") or ()) if self.area == "contacts" and not self.rest else ()
        status = int(self.query.get("status", -1))
        filters = {"listid": "1", **self.query} if status >= 0 else self.query
        for id in (int(contact["id"]) for contact in found):
            for name in filters.keys() & FILTERS.keys():
                self._row(FILTERS[name], {"id": filters[name]})
                number = int(filters[name])
                if name == "listid":
                    self.sandbox.subscribe(id, number, 1 if status < 0 else status)
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
            self._contact(id, row)
            for one in row.get("accountContacts", ()) if "accountContacts" not in self.answer else ():
                self._row("accountContacts", {"contact": id, "id": one})
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
            if plural != "users" or not self.rest or self.rest[0] not in ("email", "username"):
                return
            id = None
        name = str(kept.get("name") or kept.get("title") or kept.get("tag") or plural)
        if plural == "groups":
            self.sandbox.add_group(name, kept.get("descript"), id=id)
        elif plural == "users":
            self.sandbox.add_user(str(kept.get("username", "second")), str(kept.get("email", "")), id=id)
        elif plural == "fields":
            self.sandbox.add_row(plural, {"title": name, "perstag": "TAG", **kept}, id)
        else:
            if plural == "notes":
                self._refer({"contact": kept.get("relid")} if kept.get("reltype") == "Subscriber" else {})
            self.sandbox.add_row(plural, kept, id)

    def _contact(self, id: int | None, row: Any) -> None:
        """What a filter looks at, and whether somebody has written it: that fills what is null until then."""
        if id is not None and self.sandbox.contact(id):
            return
        kept = {name: row[name] for name in SOUGHT if row.get(name)}
        if self.sandbox.find(kept.get("email", "")):
            del kept["email"]
        id = self.sandbox.add_contact(id=id, **kept)
        if row.get("ua") == "":
            self.sandbox.update_contact(id, **{name: kept[name] for name in ("udate",) if name in kept})
