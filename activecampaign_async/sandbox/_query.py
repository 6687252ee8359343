"""What a list's query string says: which rows, in which order, how many."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_BRACKETS = re.compile(r"(filters|orders)\[([^\]]*)\]")


@dataclass(slots=True)
class Query:
    """A query string, sorted by what its parts mean. Everything unknown is in `plain` and ignored."""

    limit: int = DEFAULT_LIMIT
    offset: int = 0
    ids: list[int] | None = None
    orders: list[tuple[str, bool]] = field(default_factory=list)
    """(field, descending), in the order asked for."""
    directions: dict[str, str] = field(default_factory=dict)
    """The same as it was written."""
    filters: dict[str, str] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)

    def number(self, name: str) -> int | None:
        return whole(self.plain.get(name))

    @property
    def include(self) -> list[str]:
        return [name for name in self.plain.get("include", "").split(",") if name]


def read(pairs: Sequence[tuple[str, str]]) -> Query:
    query = Query()
    for name, value in pairs:
        if name in ("ids[]", "ids"):
            query.ids = [*(query.ids or ()), *(int(part) for part in value.split(",") if part.isdecimal())]
        elif found := _BRACKETS.match(name):
            if found[1] == "orders":
                query.orders.append((found[2], value.upper() == "DESC"))
                query.directions[found[2]] = value
            else:
                query.filters[found[2] + name[found.end() :]] = value
        else:
            query.plain[name] = value
    if (limit := query.number("limit")) is not None and limit > 0:
        query.limit = min(limit, MAX_LIMIT)
    if (offset := query.number("offset")) is not None:
        query.offset = offset
    return query


def whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
