"""`/tags`."""

from collections.abc import Callable

from ._account import Account
from ._query import Query
from ._tables import listing, remove
from ._wire import Answer, Row, answer, invalid, missing, stored

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


def list_(account: Account, query: Query) -> Answer:
    """Tags made without a type are not shown."""
    rows = [row for row in account.tags if row["tagType"]]
    if text := query.plain.get("search"):
        rows = [row for row in rows if text.casefold() in _name(row)]
    for operator, test in _OPERATORS.items():
        if (text := query.filters.get(f"search{operator}")) is not None:
            rows = [row for row in rows if test(_name(row), text.casefold())]
    for name, descending in reversed(query.orders):
        if name == "search":
            rows.sort(key=_name, reverse=descending)
    return listing("tags", rows, query)


def create(account: Account, body: object) -> Answer:
    """A known name (of that type, whatever its case) answers 200 with the tag that is there."""
    values = _values(body)
    name = values.get("tag")
    if not isinstance(name, str) or not name:
        return invalid("No tag name provided", "field_missing", "tag")
    kind = stored(values.get("tagType")) or ""
    for row in account.tags:
        if (_name(row), row["tagType"]) == (name.casefold(), kind):
            return answer({"tag": row})
    row = account.tags.add(new_tag(account, name, kind, stored(values.get("description")) or ""))
    account.wrote("tags", int(str(row["id"])))
    shown: Row = {
        "tag": name,
        "description": values.get("description", ""),
        "tagType": values.get("tagType", ""),
    }
    return answer({"tag": shown | {key: row[key] for key in ("cdate", "links", "id")}}, 201)


def new_tag(account: Account, name: str, kind: str, description: str) -> Row:
    row: Row = {"tagType": kind, "tag": name, "description": description, "subscriber_count": "0"}
    return row | {"cdate": account.stamp(), **account.stamps(), "deleted": "0"}


def update(account: Account, id: int, body: object) -> Answer:
    row = account.tags.get(id)
    if row is None:
        return missing("Tag", id)
    values = {key: value for key, value in _values(body).items() if key in ("tag", "tagType", "description")}
    row |= {key: stored(value) for key, value in values.items()}
    row |= {"updated_timestamp": account.stamps()["updated_timestamp"]}
    account.wrote("tags", id)
    return answer({"tag": row | values})


def delete(account: Account, id: int) -> Answer:
    if account.tags.get(id) is None:
        return missing("Tag", id)
    account.tags.remove(id)
    for row in [row for row in account.contact_tags if row["tag"] == str(id)]:
        remove(account, account.contact_tags, int(str(row["id"])))
    account.wrote("tags", id)
    return answer({})


def _name(row: Row) -> str:
    return str(row["tag"]).casefold()


def _values(body: object) -> Row:
    values = body.get("tag") if isinstance(body, dict) else None
    return values if isinstance(values, dict) else {}
