"""`/tags`."""

from ._account import Account
from ._query import Query
from ._tables import listing, remove_having, sent, write, wrote
from ._text import folded, matching, ordered
from ._wire import Answer, Row, answer, invalid, missing, stored


def list_(account: Account, query: Query) -> Answer:
    """Tags made without a type are not shown."""
    rows = [row for row in account.tags if row["tagType"]]
    if text := query.plain.get("search"):
        rows = [row for row in rows if text.casefold() in folded(row, "tag")]
    rows = matching(rows, "tag", query, "search")
    return listing("tags", ordered(rows, "tag", query, "search"), query)


def create(account: Account, body: object) -> Answer:
    """A known name (of that type, whatever its case) answers 200 with the tag that is there."""
    values = sent(body, "tag")
    name = values.get("tag")
    if not isinstance(name, str) or not name:
        return invalid("No tag name provided", "field_missing", "tag")
    kind = stored(values.get("tagType")) or ""
    there = known(account, name, kind)
    if there is not None:
        return answer({"tag": there})
    row = account.tags.add({"tag": name, "tagType": kind, "description": stored(values.get("description")) or ""})
    wrote(account, account.tags, row)
    shown: Row = {
        "tag": name,
        "description": values.get("description", ""),
        "tagType": values.get("tagType", ""),
    }
    return answer({"tag": shown | {key: row[key] for key in ("cdate", "links", "id")}}, 201)


def known(account: Account, name: str, kind: str) -> Row | None:
    """The tag of this type and name, whatever its case."""
    return next((row for row in account.tags if (folded(row, "tag"), row["tagType"]) == (name.casefold(), kind)), None)


def update(account: Account, id: int, body: object) -> Answer:
    row = account.tags.get(id)
    if row is None:
        return missing("Tag", id)
    return answer({"tag": write(account, account.tags, row, sent(body, "tag"))})


def delete(account: Account, id: int) -> Answer:
    if account.tags.get(id) is None:
        return missing("Tag", id)
    account.tags.remove(id)
    remove_having(account, "contactTags", "tag", id)
    account.wrote("tags", id)
    return answer({})
