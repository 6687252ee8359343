"""The vendor's OpenAPI document as the tests read it. It is not part of this repository: `AC_OPENAPI` names it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from .calls import PATHS, Asked

FILE = Path(os.environ.get("AC_OPENAPI") or Path(__file__).parents[3] / "shared" / "api" / "openapi" / "v3.json")
DOCUMENT = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {"paths": {}}
needs_document = pytest.mark.skipif(not DOCUMENT["paths"], reason="no document here: set AC_OPENAPI")

NAMES: dict[str, tuple[str, ...]] = {
    "ids": ("ids[]",),  # an array there, which PHP wants with its brackets
    "filters[lists]": ("filters[lists][]",),  # as above
}
"""Query parameters as the document writes them -> as they are sent."""
OPERATORS = ("eq", "neq", "lt", "lte", "gt", "gte", "contains", "starts_with")

BODIES: dict[str, tuple[str, str]] = {
    "create-custom-field-options": ("the schema is one option; its example has the envelope", "fieldOptions"),
    "update-custom-field-field-group": ("the schema is bare; its example has the envelope", "groupMember"),
}
"""Operations whose body's schema lacks the envelope: why, and which."""

MOVED = {"create-a-custom-field-group": "its fields stand as query parameters, groupDefinition itself is text there"}
"""Operations whose body stands among the query parameters, by `envelope.key`, and why."""

VALUES: dict[tuple[str, str], Any] = {
    ("update-an-exclusion", "channel"): "several",  # else lists would not go with it
    ("list-all-contacts", "in_group_lists"): "true",
    ("list-contact-activities", "emails"): "true",
    ("retrieve-all-lists", "orders[name]"): "asc",
    ("retrieve-all-tags", "orders[search]"): "asc",
}
"""Where the value matters."""

WRONG_REQUESTS = {
    "delete-custom-field-field-group": "copied from the update: a DELETE has no body",
    "get-custom-field-to-field-group": "copied from the update: a GET has no body",
}
"""Operations whose request example cannot be sent, and why."""

MENDED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "list-contact-activities-200-Result": (
        "no JSON: its keys have no quotes, and a brace is missing",
        lambda text: json.loads(re.sub(r"(\w+):(?=\s)", r'"\1":', text.replace("}],\n\tact", "}}],\n\tact"))),
    ),
    "retrieve-contact-deals-list-200-Result": (
        'a placeholder, "XX", where the number of an organization stands',
        lambda value: json.loads(re.sub(r'"X+"', '"1"', json.dumps(value))),
    ),
    "create-a-contact-custom-field-201-Result": (
        "shows the answer of the list; the recorded one has a lone field",
        lambda value: {"field": value["fields"][0]},
    ),
}
"""Examples of answers that the document has wrong: why, and how they decode all the same."""


class Operation(NamedTuple):
    """One operation of the document."""

    id: str
    verb: str
    template: str
    said: Any

    @property
    def parameters(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Query parameters as they are sent, with their schemas."""
        for parameter in self.said.get("parameters", ()):
            if parameter["in"] != "query":
                continue
            name: str = parameter["name"]
            each = NAMES.get(name, (name,))
            if "<operator>" in name:
                each = tuple(name.replace("<operator>", operator) for operator in OPERATORS)
            yield from ((one, parameter.get("schema", {})) for one in each)

    @property
    def asked(self) -> Asked:
        """A request with every parameter and every key of the body that the document has."""
        query: dict[str, Any] = {}
        body: Any = None
        for name, schema in self.parameters:
            if self.id in MOVED:
                envelope, key = name.split(".")
                body = body or {envelope: {}}
                body[envelope][key] = self._made(key, schema)
            else:
                value = self._made(name, schema)
                query[name] = [value] if name.endswith("[]") and not isinstance(value, list) else value
        schema = next((one["schema"] for one in self._contents() if "schema" in one), {})
        if schema and self.id not in MOVED:
            body = self._made("", schema)
            if self.id in BODIES:
                envelope = BODIES[self.id][1]
                body = {envelope: [body] if envelope.endswith("s") else body}
        return Asked(self.verb, self.path, query, body)

    @property
    def path(self) -> str:
        """The template, filled in."""
        return re.sub(r"\{[^}]*\}", "1", self.template)

    @property
    def request_examples(self) -> list[Any]:
        """Bodies that the document shows, and that can be sent."""
        if self.id in WRONG_REQUESTS:
            return []
        return [example["value"] for one in self._contents() for example in one.get("examples", {}).values()]

    @property
    def answers(self) -> Iterator[tuple[str, int, Any]]:
        """(name, status, value) of each example of an answer; text that is no JSON comes as text."""
        for status, response in self.said["responses"].items():
            for content in response.get("content", {}).values():
                for name, example in content.get("examples", {}).items():
                    value = example.get("value")
                    with suppress(ValueError):
                        value = json.loads(value) if isinstance(value, str) else value
                    yield f"{self.id}-{status}-{name}", int(status), value

    def _contents(self) -> list[Any]:
        return list(self.said.get("requestBody", {}).get("content", {}).values())

    def _made(self, name: str, schema: Any) -> Any:
        """A value of that schema."""
        if (self.id, name) in VALUES:
            return VALUES[self.id, name]
        if "properties" in schema:
            return {key: self._made(key, inner) for key, inner in schema["properties"].items()}
        match schema.get("type"):
            case "array" if "properties" in schema.get("items", {}):
                return [self._made(name, schema["items"])]
            case "array":
                return [{"field": "1", "value": "1"} if name == "fieldValues" else "1"]
            case "boolean":
                return True
            case "integer" | "number":
                return 1
        if name.startswith("orders["):
            return "ASC"
        return "2024-01-01T00:00:00+00:00" if re.search(r"created_|updated_|^after$", name) else "1"


OPERATIONS = [
    Operation(said["operationId"], verb.upper(), path, said)
    for path, verbs in DOCUMENT["paths"].items()
    for verb, said in verbs.items()
    if verb in ("get", "post", "put", "patch", "delete") and path.split("/")[1] in PATHS
]
"""Those of the areas that are built."""
