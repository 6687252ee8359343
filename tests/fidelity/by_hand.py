"""What is recorded or may be, of the areas that are whole, and has neither a method nor an argument: `client.request`
makes it, as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from activecampaign_async._model import plan

from .calls import Asked, pattern_among
from .rows import BY_KEY, BY_KEYS

PATHS: dict[str, str] = {
    "POST /contacts/sync": "creates like `contacts.create`, despite its name",
    "POST /contacts/{}/notes": "`notes.create` writes one",
    "PUT /contactTags/{}": "`contacts.remove_tag` and `contacts.add_tag` do it",
    "PUT /contactLists/{}": "`contacts.set_list_status` changes one",
    "DELETE /contactLists/{}": "`contacts.set_list_status` ends one, and keeps what was",
    "PUT /contactAutomations/{}": "`contacts.remove_from_automation` ends one",
    "PUT /listGroups/{}": "`lists.remove_group` and `lists.add_group` do it",
    "POST /fieldOptions": "`fields.create_options` makes one, or many",
    "PUT /fieldRels/{}": "`fields.delete_relation` and `fields.create_relation` do it",
    "GET /groupDefinitions": "`field_groups.list` reads them",
    "GET /groupDefinitions/{}": "`field_groups.list` reads them",
    "PUT /groupDefinitions/{}": "nobody was seen to need it",
    "DELETE /groupDefinitions/{}": "nobody was seen to need it",
}
"""In no document: pattern -> why it has no method."""

LINKS: dict[str, str] = {
    "contactAutomations": "automation automationLogs contact contactGoals",
    "contactDeals": "contact deal role",
    "contactLists": "automation autosyncLog campaign contact form list message unsubscribeAutomation",
    "contactTags": "contact tag",
    "fieldOptions": "field",
    "fieldValues": "field owner",
    "fields": "options relations",
    "groups": "addressGroups automationGroups dealGroupGroups groupLimit listGroups userGroups",
    "listGroups": "group list",
    "lists": "addressLists contactGoalLists user",
    "notes": "activities mentions notes owner user",
    "tags": "contactGoalTags templateTags",
    "users": "configs dealConnection dealGroupTotals dealGroupUsers lists seatUser userConversationsPermission "
    "userGroup",
}
"""Where the `links` of a row lead."""

LED = "where a row's own link leads"

KEYS: dict[str, dict[str, str]] = {
    "contact": {
        "ip4": "of the API before this one",
        "lang": "of the API before this one",
        "tags": "of the API before this one; `contacts.add_tag` puts one on",
        "fieldValues": "beside the contact ActiveCampaign drops them in silence; inside it they are `field_values`",
    },
    "contacts": {"exclude_automations": "each row of `imports.start` says it for itself"},
    "fieldOptions": {"field": "`fields.create_options` makes those of one field"},
    "fieldValue": {"useDefaults": "beside the value it is `use_defaults`"},
}
"""Envelope -> keys of bodies that have no argument, and why."""

AS_READ = "a key that its rows have; no document lets it be written"

REFUSED: dict[str, str] = {
    r"\w+: is empty, which is no filter": "a filter by nothing: all rows come",
    r"\w+(: field id( '.*')?)?: an int of 1 or more, or its digits, was expected": "no id: ignored, or half read",
    r"\w+: .*did you mean ": "nearly a word that is known",
    r"\w+: datetime or date was expected, not str": "a time in a form of its own",
    r"FieldValues\.update\(\) missing \d+ required ": "what the document says is required",
}
"""What the library says where it refuses what ActiveCampaign takes, and what was given."""


def why_no_method(asked: Asked) -> str | None:
    """Why a request has no method; None where that has no reason."""
    pattern = pattern_among(PATHS, asked)
    if pattern is not None:
        return PATHS[pattern]
    area, *rest = asked.path.strip("/").split("/")
    follows = asked.verb == "GET" and len(rest) == 2 and rest[1] in LINKS.get(area, "").split()
    return LED if follows else None


def why_no_key(asked: Asked, name: str) -> str | None:
    """Why a key of a body has no argument; None where that has no reason."""
    for envelope in _envelopes(asked.body):
        if name in KEYS.get(envelope, {}):
            return KEYS[envelope][name]
        model = BY_KEY.get(envelope) or BY_KEYS.get(envelope)
        if model is not None and any(f.wire == name for f in plan(model)):
            return AS_READ
    return None


def why_refused(error: Any) -> str | None:
    """Why the library refuses what ActiveCampaign takes; None where that has no reason."""
    return next((why for said, why in REFUSED.items() if re.match(said, str(error))), None)


def _envelopes(body: Any) -> Iterator[str]:
    """Names under which a body has objects."""
    for key, value in body.items() if isinstance(body, dict) else ():
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict):
                yield key
                yield from _envelopes(row)
