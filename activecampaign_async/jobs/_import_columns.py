"""Which column of a file is what of a contact. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal

from ..resources.imports import ImportRow

Empty = Literal["keep", "clear"]

TARGETS = tuple(name for name in ImportRow.__annotations__ if name != "fields")
"""What a column can be, beside a custom field."""
FIELD = "field:"
COMMENT = "#"
"""Begins the name of a column that is about the row, and no part of the contact."""
RAW = COMMENT + "raw"
"""A line that was no row, in a file of failures."""
STILL_RAW = f"is as it was: move what stands in {RAW} to where it belongs"
SEVERAL = ("tags", "subscribe", "unsubscribe")
_ALSO = {
    "emailaddress": "email",
    "mail": "email",
    "phonenumber": "phone",
    "account": "customer_acct_name",
    "accountname": "customer_acct_name",
    "tag": "tags",
}
_PLAIN = {name.replace("_", ""): name for name in TARGETS} | _ALSO
_TAG_OF_FIELD = re.compile(r"%(\w+)%")


class HeaderError(ValueError):
    """The columns of a file are not what contacts are made of. The text says what to do.

    `what` is it without that. `column` and `target`: what there is to be said of a column, where that would help;
    `target` may be a guess, and where it is None, `free` is what no other column is. `skip`: any one of these may be
    left out instead.
    """

    def __init__(
        self,
        what: str,
        column: str | None = None,
        target: str | None = None,
        *,
        skip: Sequence[str] = (),
        free: Sequence[str] = (),
    ) -> None:
        self.what, self.column, self.target = what, column, target
        self.skip, self.free = tuple(skip), tuple(free)
        super().__init__(what + self._in_python())

    def _in_python(self) -> str:
        if self.column is None:
            return ""
        said = repr(self.target) if self.target else "WHAT"
        ways = [f"columns={{{self.column!r}: {said}}}", *(f"skip=[{name!r}]" for name in self.skip)]
        kinds = ", ".join(map(repr, self.free))
        return f": {' or '.join(ways)}" + ("" if self.target else f", where WHAT is {kinds} or '{FIELD}ID'")


def target_of(column: str) -> str | None:
    """What a column is by its name; None where that does not tell: "E-Mail", "First Name", "field:7", "%BIRTHDAY%"."""
    name = column.strip()
    if tag := _TAG_OF_FIELD.fullmatch(name):
        return FIELD + tag[1]
    if name.lower().startswith(FIELD) and name[len(FIELD) :].strip():
        return FIELD + name[len(FIELD) :].strip()
    return _PLAIN.get("".join(filter(str.isalnum, name)).casefold())


def guess(column: str, free: Collection[str] = TARGETS) -> str | None:
    """What a column may be that is nearly named so: "Phnoe". One of `free`."""
    known = [name for name, target in _PLAIN.items() if target in free]
    near = get_close_matches("".join(filter(str.isalnum, column)).casefold(), known, n=1, cutoff=0.75)
    return _PLAIN[near[0]] if near else None


def checked_target(column: str, target: str) -> str:
    """`target` as the user gives it; HeaderError for what is none."""
    found = target if target in TARGETS else None
    if target.startswith(FIELD) and target[len(FIELD) :].strip():
        found = FIELD + target[len(FIELD) :].strip()
    if found is None:
        raise HeaderError(f"column {column!r} cannot be {target!r}: {', '.join(TARGETS)} or field:ID are what there is")
    return found


class Columns:
    """What the columns of a file are.

    `names`: of the columns, in turn; None where each row names its own (NDJSON). `given`: column -> target, where its
    name does not tell. `skip`: columns that are not imported. HeaderError for an unknown column, or two that are the
    same.
    """

    def __init__(
        self, names: Sequence[str] | None, given: Mapping[str, str], skip: Iterable[str], empty: Empty = "keep"
    ) -> None:
        self._empty = empty
        self._ids: dict[str, int] = {}
        told: dict[str, str | None] = {name: checked_target(name, target) for name, target in given.items()}
        told |= dict.fromkeys(skip)
        self.names = list(told) if names is None else list(names)
        if missing := [name for name in told if name not in self.names]:
            raise HeaderError(f"there is no column {missing[0]!r}; there are: {_list(self.names)}")
        self.targets = [told[name] if name in told else target_of(name) for name in self.names]
        """Of each column; None for one that is skipped, or has no name."""
        self._refuse_twice()
        if names is not None:
            self._refuse_unknown(told)

    @property
    def _free(self) -> list[str]:
        """What no column is."""
        return [target for target in TARGETS if target not in self.targets]

    def _refuse_twice(self) -> None:
        for place, target in enumerate(self.targets):
            if target is not None and target in self.targets[:place]:
                raise self._twice(target, self.names[self.targets.index(target)], self.names[place])

    def _twice(self, what: str, first: str, second: str) -> HeaderError:
        if first == second:  # an option would mean both
            return HeaderError(f"two columns are called {first!r}: rename or remove one in the file")
        said = f"two columns are {what}: {second!r} is the second one"
        return HeaderError(said, second, skip=(first, second), free=self._free)

    def _refuse_unknown(self, told: Collection[str]) -> None:
        if "email" not in self.targets:
            if any("@" in name for name in self.names):
                raise HeaderError("the first line looks like a contact; it has to name the columns")
            text = f"no column is the e-mail address; say which one is: {_list(self.names)}"
            near = (name for name in self.names if name not in told and guess(name) == "email")
            raise HeaderError(text, next(near, "NAME"), "email")
        pairs = zip(self.names, self.targets, strict=True)
        if unknown := [name for name, target in pairs if target is None and _is_data(name) and name not in told]:
            text = f"what is {_list(map(repr, unknown))}? Say what it is, or that it is to be skipped"
            column, free = unknown[0], self._free
            raise HeaderError(text, column, guess(column, free), skip=[column], free=free)

    @property
    def fields(self) -> list[str]:
        """The custom fields that are named otherwise than by their ids."""
        named = [target[len(FIELD) :] for target in self.targets if target and target.startswith(FIELD)]
        return [name for name in named if not name.isdecimal()]

    def resolve(self, fields: Mapping[str, int]) -> None:
        """Tell the ids of custom fields by name: personalization tag or title, without regard to case."""
        self._ids = {name.casefold(): id for name, id in fields.items()}
        if unknown := [name for name in self.fields if name.casefold() not in self._ids]:
            column = self.names[self.targets.index(FIELD + unknown[0])]
            raise HeaderError(f"there is no custom field {unknown[0]!r}", column, skip=[column], free=self._free)
        self._refuse_twice_by_id()

    def _refuse_twice_by_id(self) -> None:
        """One field by two names: the latter column would hide the former."""
        seen: dict[str, str] = {}
        for name, target in zip(self.names, self.targets, strict=True):
            if target is None or not target.startswith(FIELD):
                continue
            id = str(self._field(target))
            if id in seen:
                raise self._twice(f"the custom field {id}", seen[id], name)
            seen[id] = name

    def _field(self, target: str) -> str | int:
        name = target[len(FIELD) :]
        return self._ids.get(name.casefold(), name)

    def row(self, cells: Sequence[str]) -> dict[str, Any]:
        """A contact to import. ValueError where that cannot be told."""
        row: dict[str, Any] = {}
        for name, target, cell in zip(self.names, self.targets, cells, strict=True):
            if target is None:
                if cell.strip() and not name.strip():
                    raise ValueError("there is something in a column that has no name")
            elif target in SEVERAL:
                if several := listed(cell):
                    row[target] = several
            elif cell or target == "email" or self._empty == "clear":
                if target.startswith(FIELD):
                    row.setdefault("fields", {})[self._field(target)] = cell
                else:
                    row[target] = cell
        if not row.get("email") and any(name == RAW and cell for name, cell in zip(self.names, cells, strict=True)):
            raise ValueError(STILL_RAW)
        return row

    def item(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The same for a JSON object, whose values stay what they are. ValueError for a key that nobody spoke of."""
        row: dict[str, Any] = {}
        by_name = dict(zip(self.names, self.targets, strict=True))
        for key, value in given.items():
            target = by_name[key] if key in by_name else target_of(key) or key
            if target is None or key.startswith(COMMENT):
                continue
            if target.startswith(FIELD):
                row.setdefault("fields", {})[self._field(target)] = value
            elif target in row:
                raise ValueError(f"two keys are {target}: {key!r} is the second one")
            elif target == "fields" and isinstance(value, Mapping):
                row.setdefault("fields", {}).update(value)
            else:
                row[target] = listed(value) if target in SEVERAL and isinstance(value, str) else value
        if "email" not in row and given.get(RAW):
            raise ValueError(STILL_RAW)
        return row


def _is_data(name: str) -> bool:
    return bool(name.strip()) and not name.startswith(COMMENT)


def _list(names: Iterable[str]) -> str:
    return ", ".join(name for name in names if name.strip())


def listed(cell: str) -> list[str]:
    """The names in a cell: separated by commas, one that holds a comma in double quotes."""
    found = next(csv.reader([cell], skipinitialspace=True), [])
    return [name.strip() for name in found if name.strip()]
