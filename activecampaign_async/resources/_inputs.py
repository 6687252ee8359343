"""What several areas take from a caller: each checks a value and gives what is sent, or names it in its error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._call import id_text
from .._given import one_of
from .._wire import camel


def given_id(given: Any, name: str) -> int | str:
    """An id in a body: a number stays one and text stays text, since the API answers in the type it was sent."""
    text = id_text(given, name)
    return text if isinstance(given, str) else int(text)


def several_ids(given: Any, name: str) -> list[str]:
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise TypeError(f"{name}: several ids were expected, not {type(given).__name__}")
    return [id_text(id, name) for id in given]


def include_text(given: Any, name: str) -> str:
    """Collections to bring along: Python or wire names."""
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) and n for n in names):
        raise TypeError(f'{name}: a str or several were expected, e.g. ("contact_tags", "field_values")')
    return ",".join(map(camel, names))


def true_or_false(given: Any, name: str) -> str:
    if not isinstance(given, bool):
        raise TypeError(f"{name}: bool was expected, not {type(given).__name__}")
    return "true" if given else "false"


def orders_of(names: Mapping[str, str], order_by: str | Sequence[str]) -> dict[str, str]:
    """`order_by` as query parameters; `names`: Python name -> wire name."""
    orders = one_of(names, order_by, "order_by")
    return {f"orders[{wire}]": "DESC" if down else "ASC" for wire, down in orders}
