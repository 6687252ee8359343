"""What several areas take from a caller: each checks a value and gives what is sent, or names it in its error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._call import id_text
from .._given import one_of, sendable
from .._wire import camel


def folded(email: str) -> str:
    """An address as it compares: without regard to case or blanks around it. ``ß`` is not ``ss``."""
    return email.strip().lower()


def given_id(given: Any, name: str, finder: str | None = None) -> int | str:
    """An id in a body: a number stays one and text stays text, since the API answers in the type it was sent."""
    text = id_text(given, name, finder)
    return text if isinstance(given, str) else int(text)


def given_id_or_none(given: Any, name: str, finder: str | None = None) -> int | str | None:
    return None if given is None else given_id(given, name, finder)


def not_blank(value: str, name: str) -> str:
    """A name or an e-mail address. TypeError or ValueError for what cannot be one."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: a str was expected, not {type(value).__name__}")
    if not value.strip():
        raise ValueError(f"{name}: is empty")
    return str(sendable(value, name))


def several_ids(given: Any, name: str) -> list[str]:
    return list(each_id(given, name))


def each_id(given: Any, name: str) -> Iterator[str]:
    """Those of `several_ids`, one by one: there may be a million."""
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise TypeError(f"{name}: several ids were expected, not {type(given).__name__}")
    for place, id in enumerate(given):
        yield id_text(id, f"{name}[{place}]")


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
