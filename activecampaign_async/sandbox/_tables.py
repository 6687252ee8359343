"""What every plain table of an account shares: a page of its rows, one row, a row less."""

from collections.abc import Callable, Sequence

from ._account import Account, Table
from ._query import Query
from ._wire import Answer, Row, answer, missing


def listing(
    plural: str, rows: Sequence[Row], query: Query, *, beside: Row | None = None, meta: Row | None = None
) -> Answer:
    """A page by offset, in the order given, with the total as text; what stands beside it comes first."""
    page = rows[query.offset : query.offset + query.limit]
    return answer({**(beside or {}), plural: list(page), "meta": {"total": str(len(rows)), **(meta or {})}})


def all_of(plural: str) -> Callable[[Account, Query], Answer]:
    return lambda account, query: listing(plural, list(account.tables[plural]), query)


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
    account.contacts.version += 1  # lists of contacts may be filtered by this table
    account.wrote(table.plural, id)
