"""Filters and orders by a text column: without regard to case, with the documented operators."""

from collections.abc import Callable

from ._query import Query
from ._wire import Row

_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "": lambda name, text: text in name,
    "[contains]": lambda name, text: text in name,
    "[starts_with]": lambda name, text: name.startswith(text),
    "[eq]": lambda name, text: name == text,
    "[neq]": lambda name, text: name != text,
    "[lt]": lambda name, text: name < text,
    "[lte]": lambda name, text: name <= text,
    "[gt]": lambda name, text: name > text,
    "[gte]": lambda name, text: name >= text,
}
"""By what follows `filters[name]`."""


def matching(rows: list[Row], column: str, query: Query, name: str) -> list[Row]:
    """The rows that `filters[name]` and `filters[name][operator]` leave."""
    for operator, test in _OPERATORS.items():
        if (text := query.filters.get(f"{name}{operator}")) is not None:
            rows = [row for row in rows if test(folded(row, column), text.casefold())]
    return rows


def ordered(rows: list[Row], column: str, query: Query, name: str) -> list[Row]:
    """The rows in the order that `orders[name]` asks for; as they are without it."""
    for asked, descending in query.orders:
        if asked == name:
            return sorted(rows, key=lambda row: folded(row, column), reverse=descending)
    return rows


def folded(row: Row, column: str) -> str:
    return str(row[column]).casefold()
