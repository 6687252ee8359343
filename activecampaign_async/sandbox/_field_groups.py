"""`/groupDefinitions`, `/groupMembers`: groups of custom fields. Their ids are numbers."""

from ._account import Account, Table
from ._query import Query, whole
from ._tables import id_in, page, remove, sent, wrote
from ._wire import Answer, Row, answer, message, missing, refused

_BY = {"created_by": 1, "updated_by": 1}


def create(account: Account, body: object, query: list[tuple[str, str]]) -> Answer:
    """The label comes in the body or, as the document has it, in the query."""
    values = sent(body, "groupDefinition")
    values |= {name.removeprefix("groupDefinition."): value for name, value in query}
    label = values.get("label")
    if not label:
        return answer({}, 400)
    table = account.tables["groupDefinitions"]
    place = _number(values, "ordernum", len(table) + 1)
    row = table.add({"type_id": _number(values, "groupType", 1), "label": str(label), "ordernum": place})
    wrote(account, table, row)
    return answer({"groupDefinition": row | _BY})


def members(account: Account, query: Query) -> Answer:
    """The groups; with `group_id`, the fields in that one."""
    group = query.plain.get("group_id")
    if group is None:
        return answer({"groupDefinitions": page(list(account.tables["groupDefinitions"]), query)})
    return answer({"groupMembers": page(account.tables["groupMembers"].having("group_id", group), query)})


def member(account: Account, id: int) -> Answer:
    row = account.tables["groupMembers"].get(id)
    return refused(404, "Not Found") if row is None else answer({"groupMember": row})


def add_member(account: Account, body: object) -> Answer:
    values = sent(body, "groupMember")
    refusal = _refused(account, values)
    if refusal:
        return refusal
    table = account.tables["groupMembers"]
    row = table.add(_placed(values, _end(table, values)))
    wrote(account, table, row)
    return answer({"groupMember": row | _BY})


def change_member(account: Account, id: int, body: object) -> Answer:
    table = account.tables["groupMembers"]
    row, values = table.get(id), sent(body, "groupMember")
    if row is None:
        return refused(404, "Not Found")
    if values.get("group_id") is None:  # documented as optional, null by default: it stays where it is
        values = {**values, "group_id": row["group_id"]}
    refusal = _refused(account, values)
    if refusal:
        return refusal
    last = "ordernum" in values and values["ordernum"] is None  # documented: null appends
    row |= _placed(values, _end(table, values, id) if last else _number(row, "ordernum", 1))
    wrote(account, table, row)
    return answer({"groupMember": row | _BY})


def remove_member(account: Account, id: int) -> Answer:
    table = account.tables["groupMembers"]
    if table.get(id) is None:
        return refused(404, "Not Found")
    remove(account, table, id)
    return answer({})


def _refused(account: Account, values: Row) -> Answer | None:
    if id_in(values, "rel_id") is None:
        return message(403, 'Client error: 400 Bad Request: {"message": {"rel_id": "rel_id is required"}}')
    group = id_in(values, "group_id")
    if group is None or account.tables["groupDefinitions"].get(group) is None:
        return missing("GroupDefinition", group or "")
    return None


def _end(table: Table, values: Row, but: int | None = None) -> int:
    """The place after all others of the group; `but`: a member that is no other."""
    others = (row for row in table.having("group_id", id_in(values, "group_id")) if row["id"] != but)
    return max((_number(row, "ordernum", 0) for row in others), default=0) + 1


def _placed(values: Row, place: int) -> Row:
    wanted: Row = {name: id_in(values, name) for name in ("group_id", "rel_id")}
    return wanted | {"ordernum": _number(values, "ordernum", place)}


def _number(values: Row, name: str, otherwise: int) -> int:
    value = whole(str(values.get(name)))
    return otherwise if value is None else value
