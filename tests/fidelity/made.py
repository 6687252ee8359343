"""Requests and exchanges that nobody recorded: made of the table, of the document, and of recorded ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from .calls import CALLS, Asked
from .document import MENDED, OPERATIONS, Operation

LEAST: dict[str, Any] = {
    "POST /contact/sync": {"contact": {"email": "a@example.com"}},
    "POST /contactAutomations": {"contactAutomation": {"contact": 1, "automation": 1}},
    "POST /contactDeals": {"contactDeal": {"contact": 1, "deal": 1}},
    "POST /contactLists": {"contactList": {"contact": 1, "list": 1, "status": 1}},
    "POST /contactTags": {"contactTag": {"contact": 1, "tag": 1}},
    "POST /contacts": {"contact": {"email": "a@example.com"}},
    "POST /fieldOption/bulk": {"fieldOptions": [{"field": 1, "value": "a"}]},
    "POST /fieldRels": {"fieldRel": {"field": 1, "relid": 1}},
    "POST /fieldValues": {"fieldValue": {"contact": 1, "field": 1, "value": "a"}},
    "POST /fields": {"field": {"title": "a", "type": "text"}},
    "POST /groupDefinitions": {"groupDefinition": {"label": "a"}},
    "POST /groupMembers": {"groupMember": {"rel_id": 1, "group_id": 1}},
    "POST /groups": {"group": {"title": "a"}},
    "POST /import/bulk_import": {"contacts": [{"email": "a@example.com"}]},
    "POST /listGroups": {"listGroup": {"listid": 1, "groupid": 1}},
    "POST /lists": {"list": {"name": "a", "stringid": "a", "sender_url": "a", "sender_reminder": "a"}},
    "POST /notes": {"note": {"note": "a", "reltype": "Deal", "relid": 1}},
    "POST /tags": {"tag": {"tag": "a"}},
    "POST /users": {"user": {"username": "a", "email": "a@example.com"}},
    "PUT /contactDeals/{}": {"contactDeal": {"role": 1}},
    "PUT /contacts/{}": {"contact": {"phone": "1"}},
    "PUT /fieldOptions/{}": {"fieldOption": {"label": "a"}},
    "PUT /fieldValues/{}": {"fieldValue": {"contact": 1, "field": 1, "value": "a"}},
    "PUT /fields/{}": {"field": {"title": "a"}},
    "PUT /groupMembers/{}": {"groupMember": {"rel_id": 1}},
    "PUT /groups/{}": {"group": {"title": "a"}},
    "PUT /lists/exclusions/{}": {"channel": "several", "lists": ["1"]},
    "PUT /lists/{}": {"list": {"name": "a"}},
    "PUT /notes/{}": {"note": {"note": "a"}},
    "PUT /tags/{}": {"tag": {"tag": "a"}},
    "PUT /users/{}": {"user": {"username": "a"}},
}
"""The least that each write takes."""


def least(pattern: str) -> Asked:
    """A request of that pattern."""
    verb, path = pattern.split(" ")
    query = {"/activities": {"contact": "1"}, "/import/info": {"batchId": "a"}}.get(path, {})
    return Asked(verb, path.replace("{}", "1"), query, deepcopy(LEAST.get(pattern)))


EVERY_CALL = [(pattern, least(pattern)) for pattern in CALLS]
EVERY_CALL.append(("GET /groupMembers", Asked("GET", "/groupMembers", {"group_id": "1"})))


# -- lines of a recording


def documented(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """An operation of the document as a recording might have it: with each of its answers, each of its requests."""
    asked = operation.asked
    for name, status, value in operation.answers:
        if name in MENDED:
            value = MENDED[name][1](value)
        for number, body in enumerate([asked.body, *operation.request_examples]):
            line = {"method": asked.verb, "path": f"/api/3{asked.path}", "query": pairs(asked.query)}
            yield (
                f"{name}-{number}",
                line | {"request_body": body, "status": status, "headers": {}, "response_body": value},
            )


def pairs(query: Any) -> list[list[str]]:
    return [[key, each] for key, value in query.items() for each in (value if isinstance(value, list) else [value])]


ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w+")


def varied(line: dict[str, Any], by: int = 4711) -> dict[str, Any]:
    """The same exchange of another row and other people: its id is another one wherever it stands for the row, and
    every e-mail address."""
    area, *rest = line["path"].partition("?")[0].split("/api/3")[-1].strip("/").split("/")
    id = rest[0] if rest and rest[0].isdigit() else None

    def other(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: other(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [other(inner, key) for inner in value]
        if id is not None and key in ("id", area.removesuffix("s")) and str(value) == id:
            return type(value)(int(id) + by)
        return ADDRESS.sub(_other_address, value) if isinstance(value, str) else value

    def _other_address(found: re.Match[str]) -> str:
        return f"o.{by}+{found[0]}"

    path = line["path"] if id is None else line["path"].replace(f"{area}/{id}", f"{area}/{int(id) + by}")
    return {**other(line), "path": ADDRESS.sub(_other_address, path)}


def as_jsonl(each: Any) -> str:
    return "".join(json.dumps(line) + "\n" for line in each)


EVERY_DOCUMENTED = [made for operation in OPERATIONS for made in documented(operation)]
