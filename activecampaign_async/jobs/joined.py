"""Columns for contacts together with their custom fields, tags and lists."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from .._wire import encode, read_date, read_datetime, read_decimal
from ..resources.contacts import Contact
from ..resources.fields import Field, FieldType
from .formats import Column, columns_of

if TYPE_CHECKING:
    from ..resources._joined import JoinedContact

FIELD = "field:"
_KINDS: Mapping[Any, tuple[Any, Callable[[Any], Any]]] = {
    FieldType.NUMBER: (Decimal, read_decimal),
    FieldType.DATE: (date, read_date),
    FieldType.DATETIME: (datetime, read_datetime),
}
_SEVERAL = (FieldType.CHECKBOX, FieldType.LISTBOX)


def joined_columns(
    names: Iterable[str] | None = None,
    *,
    fields: Mapping[str, Field] | None = None,
    tags: bool = False,
    lists: bool = False,
) -> list[Column]:
    """Columns of a `JoinedContact`: `columns_of` the contact, its ``tags``, its ``lists``, and ``field:KEY`` for each
    of `fields`, which are by the keys by which the values stand.

    In CSV, tags are separated by commas, and lists stand as ``name=status``. A `RowFile` takes tags and fields as they
    stand there.
    """
    columns = [column._replace(get=partial(_of_contact, column.get)) for column in columns_of(Contact, names)]
    if tags:
        columns.append(Column("tags", lambda item: list(item.tags), text=_listed, arrow=_texts))
    if lists:
        columns.append(Column("lists", _lists, text=_statuses, arrow=_memberships))
    return columns + [_field(key, field) for key, field in (fields or {}).items()]


def _of_contact(get: Callable[[Any], Any], item: JoinedContact) -> Any:
    return get(item.contact)


def _field(key: str, field: Field) -> Column:
    def get(item: JoinedContact) -> Any:
        return encode(item.fields.get(key))

    if field.type in _SEVERAL:
        return Column(FIELD + key, get, text=_choices, arrow=_texts, read=_a_list)
    kind, read = _KINDS.get(field.type, (str, lambda value: value))
    return Column(FIELD + key, get, kind, read)


def _a_list(value: Any) -> list[str] | None:
    """TypeError for what was no list of choices, and stayed text."""
    if value is None or isinstance(value, list):
        return value
    raise TypeError("no list")


def _lists(item: JoinedContact) -> list[dict[str, Any]]:
    return [encode(entry._asdict()) for entry in item.lists]


def _texts(pa: Any) -> Any:
    return pa.list_(pa.string())


def _memberships(pa: Any) -> Any:
    return pa.list_(pa.struct([("id", pa.int64()), ("name", pa.string()), ("status", pa.int64())]))


def _statuses(lists: list[dict[str, Any]]) -> str:
    return _listed(f"{entry['name'] or '#' + str(entry['id'])}={entry['status']}" for entry in lists)


def _choices(choices: list[str]) -> str:
    """As ActiveCampaign writes several."""
    return f"||{'||'.join(choices)}||" if choices else ""


def _listed(names: Iterable[str]) -> str:
    """Separated by commas, one that holds a comma in double quotes: as a cell of an import takes it."""
    text = io.StringIO()
    csv.writer(text).writerow(list(names))
    return text.getvalue().removesuffix("\r\n")
