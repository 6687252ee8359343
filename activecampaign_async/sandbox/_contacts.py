"""`/contacts`: reading."""

import json
from collections.abc import Iterable

from . import _generate as generate
from ._account import Account
from ._of_contact import side_loads
from ._query import Query
from ._selection import select
from ._wire import Answer, Row, answer, missing

_IN_ROW = ("contactAutomations", "contactLists", "fieldValues", "geoIps", "deals", "accountContacts")
INCLUDES = ("fieldValues", "contactTags", "contactLists", "contactAutomations")


def list_(account: Account, query: Query) -> Answer:
    ids, total = select(account, query)
    if any(name in INCLUDES for name in query.include):
        return _with_includes(account, ids, total, query)
    # a page is a quarter of a megabyte: put together in one go, not copied about
    row = _text if account.tables["accountContacts"] else _plain_text
    listed = [text for id in ids for text in (row(account, id), ",")][:-1]
    text = "".join(('{"scoreValues":[],"contacts":[', *listed, '],"meta":', _meta(total, query), "}"))
    return Answer(200, text.encode())


def _plain_text(account: Account, id: int) -> str:
    return account.contacts.json(id)


def _text(account: Account, id: int) -> str:
    return json.dumps(_row(account, id), separators=(",", ":"))


def _row(account: Account, id: int) -> Row:
    """As a list has it."""
    accounts = ids_of(account.tables["accountContacts"].of_contact(id))
    return generate.listed(account.contacts.row(id)) | {"accountContacts": accounts}


def get(account: Account, id: int, query: Query | None = None) -> Answer:
    """With what always comes beside it, and what the query asks for."""
    if id not in account.contacts:
        return missing("Subscriber", id)
    loads = side_loads(account, id)
    asked = query.include if query else ()
    more = [name for name in INCLUDES if name in asked and name not in loads]
    loads |= {name: account.tables[name].of_contact(id) for name in more}
    ids: Row = {name: ids_of(loads[name]) for name in (*_IN_ROW, *more)}
    return answer({**loads, "contact": generate.single(account.contacts.row(id), ids)})


def ids_of(rows: Iterable[Row]) -> list[object]:
    return [row["id"] for row in rows]


def _meta(total: int, query: Query) -> str:
    number = query.number
    page_input = {
        "segmentid": number("segmentid") or 0,
        "formid": number("formid") or 0,
        "listid": number("listid") or 0,
        "tagid": number("tagid") or 0,
        "limit": query.limit,
        "offset": query.offset,
        "search": query.plain.get("search"),
        "sort": None,
        "seriesid": number("seriesid") or 0,
        "waitid": number("waitid") or 0,
        "status": -1 if (status := number("status")) is None else status,
        "forceQuery": number("forceQuery") or 0,
        "cacheid": "3e5985ad86d3488f5e4292907c8c9752",
    }
    meta = {"total": str(total), "sortable": True, "page_input": page_input}
    return json.dumps(meta, separators=(",", ":"))


def _with_includes(account: Account, ids: list[int], total: int, query: Query) -> Answer:
    loads: dict[str, list[Row]] = {name: [] for name in query.include if name in INCLUDES}
    rows: list[Row] = []
    for id in ids:
        row = _row(account, id)
        for name in loads:
            own = account.tables[name].of_contact(id)
            loads[name] += own
            row[name] = ids_of(own)
        rows.append(row)
    return answer({"scoreValues": [], **loads, "contacts": rows, "meta": json.loads(_meta(total, query))})
