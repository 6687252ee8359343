"""`/lists` and `/listGroups`: lists, and which user group may do what with them."""

from ._account import Account
from ._kind_columns import LIST_FILLED
from ._query import Query
from ._tables import echo, echoes, id_in, listing, remove, remove_having, sent, writable, write, wrote
from ._text import matching, ordered
from ._wire import Answer, Row, answer, filled, invalid, message, missing, stored

_MADE = ("cdate", "udate", "links", "id")


def list_(account: Account, query: Query) -> Answer:
    """Listed rows count their subscribers."""
    rows = matching(list(account.lists), "name", query, "name")
    rows = ordered(rows, "name", query, "name")
    return listing("lists", [row | _counts(account, row) for row in rows], query)


def _counts(account: Account, row: Row) -> Row:
    own = account.contact_lists.having("list", row["id"])
    active = sum(one["status"] == "1" for one in own)
    return {"active_subscribers": str(active), "non_deleted_subscribers": str(len(own))}


def create(account: Account, body: object) -> Answer:
    """What was sent, and little else."""
    values = sent(body, "list")
    name = stored(values.get("name"))
    if not name:
        return invalid("The list name was not provided.", "field_missing", "name")
    row = add(account, name, values)
    wrote(account, account.lists, row)
    shown = echoes(values, writable(values, row)) | {key: row[key] for key in _MADE}
    return answer({"list": {"name": echo(values["name"]), "stringid": row["stringid"]} | shown}, 201)


def add(account: Account, name: str, values: Row, id: int | None = None) -> Row:
    """A list; its short name from its name where none is given."""
    row = account.lists.add({"name": name, "stringid": "-".join(name.casefold().split())}, id)
    account.lists.change(row, {key: stored(value) for key, value in writable(values, row).items()})
    return row


def update(account: Account, id: int, body: object) -> Answer:
    row = account.lists.get(id)
    if row is None:
        return missing("_List", id)
    row |= filled(row, LIST_FILLED) | {"updated_by": "1"}
    return answer({"list": write(account, account.lists, row, sent(body, "list"))})


def delete(account: Account, id: int) -> Answer:
    if account.lists.get(id) is None:
        return missing("_List", id)
    remove(account, account.lists, id)
    for plural, column in (("contactLists", "list"), ("listGroups", "list"), ("fieldRels", "relid")):
        remove_having(account, plural, column, id)
    return answer({})


def permit(account: Account, body: object) -> Answer:
    """`POST /listGroups`: what is sent as `listid` comes back as `list`."""
    values = sent(body, "listGroup")
    list_, group = id_in(values, "listid"), id_in(values, "groupid")
    if list_ is None or account.lists.get(list_) is None:
        return message(403, "Forbidden")
    if group is None or account.groups.get(group) is None:
        return message(403, "Forbidden")
    table = account.tables["listGroups"]
    row = table.add({"list": str(list_), "group": str(group)})
    wrote(account, table, row)
    shown: Row = {"list": echo(values["listid"]), "group": echo(values["groupid"])}
    return answer({"listGroup": shown | {name: row[name] for name in ("links", "id")}}, 201)
