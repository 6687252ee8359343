"""What every plain table of an account shares: a page of its rows, one row, a row made, changed, gone."""

from collections.abc import Callable, Container, Sequence

from ._account import Account, Table
from ._query import Query, whole
from ._wire import Answer, Row, answer, missing, stored

_KEPT = ("id", "links", "cdate", "created_timestamp", "created_by", "subscriber_count")
"""Columns no request can write."""


def listing(
    plural: str,
    rows: Sequence[Row],
    query: Query,
    *,
    beside: Row | None = None,
    meta: Row | None = None,
    numeric: bool = False,
) -> Answer:
    """A page by offset, in the order given, with the total as text (or a number); what stands beside it comes
    first."""
    total = len(rows) if numeric else str(len(rows))
    return answer({**(beside or {}), plural: page(rows, query), "meta": {"total": total, **(meta or {})}})


def page(rows: Sequence[Row], query: Query) -> list[Row]:
    return list(rows[query.offset : query.offset + query.limit])


def all_of(plural: str, meta: Row | None = None, *, numeric: bool = False) -> Callable[[Account, Query], Answer]:
    def rows(account: Account, query: Query) -> Answer:
        return listing(plural, list(account.tables[plural]), query, meta=meta, numeric=numeric)

    return rows


def get(plural: str) -> Callable[[Account, int], Answer]:
    def one(account: Account, id: int) -> Answer:
        table = account.tables[plural]
        row = table.get(id)
        return missing(table.kind, id) if row is None else answer({table.singular: row})

    return one


def delete(plural: str) -> Callable[[Account, int], Answer]:
    def gone(account: Account, id: int) -> Answer:
        table = account.tables[plural]
        if table.get(id) is None:
            return missing(table.kind, id)
        remove(account, table, id)
        return answer({})

    return gone


def remove(account: Account, table: Table, id: int) -> None:
    """Takes the row away, and what was counted or worked out of it."""
    row = table.remove(id)
    tag = account.tags.get(int(str(row["tag"]))) if table is account.contact_tags else None
    if tag is not None:
        tag["subscriber_count"] = str(int(str(tag["subscriber_count"])) - 1)
    wrote(account, table, row)


def remove_having(account: Account, plural: str, column: str, value: object) -> None:
    """Takes away the rows that hang on one that goes."""
    table = account.tables[plural]
    for row in table.having(column, value):
        remove(account, table, int(str(row["id"])))


def wrote(account: Account, table: Table, row: Row) -> None:
    account.contacts.version += 1  # lists of contacts may be filtered by this table
    account.wrote(table.plural, int(str(row["id"])))


# -- what a body says ----------------------------------------------------------------------------------


def sent(body: object, name: str) -> Row:
    """The object in the envelope of this name; nothing where there is none."""
    values = body.get(name) if isinstance(body, dict) else None
    return values if isinstance(values, dict) else {}


def id_in(values: Row, name: str) -> int | None:
    """The id a body refers to, as a number or its text."""
    value = values.get(name)
    return whole(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None


def echo(value: object) -> object:
    """What was sent, as an answer says it again: in the JSON type sent, but for a bool."""
    return int(value) if isinstance(value, bool) else value


def echoes(values: Row, columns: Container[str]) -> Row:
    return {name: echo(value) for name, value in values.items() if name in columns}


def writable(values: Row, row: Row) -> Row:
    """Of what was sent, what the row has a column for."""
    return {name: value for name, value in values.items() if name in row and name not in _KEPT}


def write(account: Account, table: Table, row: Row, values: Row) -> Row:
    """Writes what was sent and keeps the rest. The stored row, but what was sent as it was sent."""
    own = writable(values, row)
    table.change(row, {name: stored(value) for name, value in own.items()})
    now = account.stamp()
    row |= {name: now for name in ("udate", "mdate") if name in row}
    if "updated_timestamp" in row:
        row["updated_timestamp"] = account.stamps()["updated_timestamp"]
    wrote(account, table, row)
    return row | {name: echo(value) for name, value in own.items()}
