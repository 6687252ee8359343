"""One row of an import: what our own checks can see of it before anything is sent."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any
from unicodedata import category

from .. import _json
from .._given import encode_fields
from ._inputs import folded
from .imports import ImportRow

SHARDS = 4096

# Only what no mail system takes: what is merely odd is for ActiveCampaign to refuse.
_LOCAL = re.compile(r'"[^"\r\n]+"|[^\s@"(),:;<>\[\]\\]+')
_LABEL = re.compile(r"[^\W_](?:[\w-]*[^\W_])?")
_UNSEEN = frozenset({"Cc", "Cf"})


class Refused(ValueError):
    """A row that is not worth sending; the text says why, and shows no address."""


class Row:
    """A row that may be sent."""

    __slots__ = ("email", "number", "size", "wire")

    def __init__(self, number: int, wire: dict[str, Any], size: int) -> None:
        self.number, self.size = number, size
        self.email: str = wire["email"]
        self.wire = wire
        """What is sent; emptied once that is done, since what waits for its batch should cost little."""

    @property
    def key(self) -> str:
        """What tells contacts apart."""
        return folded(self.email)


def goes_alone(row: Row, *, run_automations: bool) -> bool:
    """Whether `contact/sync` does the same: it cannot leave automations out, nor does it know account names."""
    return run_automations and "customer_acct_name" not in row.wire


def checked(number: int, given: object, *, run_automations: bool, most: int) -> Row:
    """The row as it is sent; Refused where it cannot be. `most`: bytes that it may have."""
    if isinstance(given, ValueError):  # a reader's word for what is no row
        raise Refused(str(given))
    if not isinstance(given, Mapping):
        raise Refused(f"a mapping was expected, not {type(given).__name__}")
    try:
        wire = encode_fields(ImportRow, _without_none(given), own=())
        wire["email"] = wire.get("email", "").strip()
        if not run_automations:
            wire["exclude_automations"] = True
        size = size_of(wire)
    except (TypeError, ValueError) as error:
        raise Refused(str(error)) from None
    if reason := no_address(wire["email"]) if wire["email"] else "is missing":
        raise Refused(f"email: {reason}")
    if size > most:
        raise Refused(f"{size} bytes: more than a whole request may have")
    return Row(number, wire, size)


def _without_none(given: Mapping[str, Any]) -> dict[str, Any]:
    """A database says None of what it does not have, and ActiveCampaign takes none."""
    kept = {key: value for key, value in given.items() if value is not None}
    if odd := [key for key in kept if not isinstance(key, str)]:  # `csv.DictReader` puts what is too much under None
        raise TypeError(f"{odd[0]!r} is no key of a contact")
    if isinstance(fields := kept.get("fields"), Mapping):
        kept["fields"] = {key: value for key, value in fields.items() if value is not None}
    elif isinstance(fields, (list, tuple)):
        kept["fields"] = [pair for pair in fields if not (isinstance(pair, tuple) and pair[1:] == (None,))]
    return kept


def size_of(wire: Mapping[str, Any]) -> int:
    """Bytes of a request that it takes."""
    return len(_json.dumps(wire)) + 1


def no_address(email: str) -> str:
    """Why that can be no e-mail address, or nothing."""
    if not email.isprintable() and (odd := next((each for each in email if category(each) in _UNSEEN), "")):
        return f"holds U+{ord(odd):04X}, a control or invisible character"
    local, at, domain = email.rpartition("@")
    if not at:
        return "has no @"
    if not _LOCAL.fullmatch(local) or len(local) > 64:
        return "what stands before the @ can be no mailbox"
    if not local.startswith('"') and (local.startswith(".") or local.endswith(".") or ".." in local):
        return "a dot out of place before the @"
    labels = domain.split(".")
    if len(labels) < 2 or len(domain) > 253 or not all(_LABEL.fullmatch(label) and len(label) < 64 for label in labels):
        return "what stands after the @ can be no domain"
    return ""


def named(wire: Mapping[str, Any], key: str) -> Collection[str]:
    """The tags, custom fields or lists that a row names."""
    if key == "tags":
        return [tag.strip() for tag in wire.get("tags", ())]
    if key == "fields":
        return [str(value["id"]) for value in wire.get("fields", ())]
    return [str(entry["listid"]) for entry in wire.get(key, ())]


class Seen:
    """Which addresses came: 8 bytes of a digest each, so that a million cost some 9 MB.

    Two of a million addresses look the same once in thirty million such imports.
    """

    def __init__(self) -> None:
        self._shards = [array("Q") for _ in range(SHARDS)]

    def add(self, key: str) -> bool:
        """Whether it is new."""
        mark = int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "big")
        shard = self._shards[mark % SHARDS]
        place = bisect_left(shard, mark)
        if place < len(shard) and shard[place] == mark:
            return False
        shard.insert(place, mark)
        return True
