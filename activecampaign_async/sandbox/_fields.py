"""`/fields`, `/fieldOption/bulk`, `/fieldOptions`, `/fieldRels`: custom fields, their options, their lists."""

from ._account import Account
from ._query import Query
from ._tables import echo, echoes, id_in, listing, page, remove, remove_having, sent, write, wrote
from ._wire import Answer, Row, answer, invalid, message, missing, stored

_SENDABLE = (
    "title", "type", "descript", "isrequired", "perstag", "defval", "show_in_list", "rows", "cols", "visible",
    "service",
)  # fmt: skip
TYPES = ("text", "textarea", "hidden", "date", "datetime", "number", "dropdown", "radio", "checkbox", "listbox")
"""What a test may add; what the real one says to others is not known, so that requests are not refused."""
_MADE = ("created_by", "updated_by", "cdate", "udate", "perstag", "links", "id")
_OPTION = ("field", "label", "value", "orderid", "isdefault")
_OPTION_MADE = ("cdate", "udate", "links", "id")
_NO_OPTIONS = "Bulk operation failed. Request must contain an array of fieldOption objects."


def list_(account: Account, query: Query) -> Answer:
    rows = list(account.fields)
    if perstag := query.filters.get("perstag"):
        rows = [row for row in rows if row["perstag"] == perstag]
    shown, beside = _with_loads(account, page(rows, query))
    pages = {str(row["id"]): row for row in shown}
    rows = [pages.get(str(row["id"]), row) for row in rows]
    return listing("fields", rows, query, beside=beside, meta={"selected": None})


def get(account: Account, id: int) -> Answer:
    row = account.fields.get(id)
    if row is None:
        return missing("Field", id)
    shown, beside = _with_loads(account, [row])
    return answer({**beside, "field": shown[0]})


def create(account: Account, body: object) -> Answer:
    """A field's place among the others is not what was sent, and a number."""
    values = sent(body, "field")
    title = stored(values.get("title"))
    if not title:
        return invalid("The field title was not provided.", "field_missing", None)
    if account.fields.having("title", title):
        detail = f"There is already a field named '{title}' -- choose another name"
        return invalid("There is already a field with this title", "duplicate", None, detail)
    made: Row = {name: stored(values[name]) for name in _SENDABLE if name in values}
    made |= {"perstag": perstag_of(title, values.get("perstag")), "ordernum": str(len(account.fields) + 1)}
    row = account.fields.add(made)
    wrote(account, account.fields, row)
    shown = echoes(values, _SENDABLE) | {name: row[name] for name in _MADE}
    return answer({"field": shown | {"ordernum": len(account.fields)}}, 201)


def perstag_of(title: str, sent: object = None) -> str:
    """A personalization tag: upper case, from the title where none was sent."""
    if sent:
        return "".join(str(sent).upper().split())
    return "".join(letter if letter.isalnum() else "_" for letter in title.upper())


def update(account: Account, id: int, body: object) -> Answer:
    row = account.fields.get(id)
    if row is None:
        return missing("Field", id)
    values = sent(body, "field")
    if values.get("perstag"):
        values = values | {"perstag": perstag_of("", values["perstag"])}
    return answer({"field": write(account, account.fields, row, values)})


def delete(account: Account, id: int) -> Answer:
    if account.fields.get(id) is None:
        return missing("Field", id)
    remove(account, account.fields, id)
    for plural in ("fieldOptions", "fieldRels", "fieldValues"):
        remove_having(account, plural, "field", id)
    return answer({})


def add_options(account: Account, body: object) -> Answer:
    entries = body.get("fieldOptions") if isinstance(body, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return answer({"errors": _NO_OPTIONS}, 422)
    table = account.tables["fieldOptions"]
    for entry in entries:
        field = id_in(entry, "field")
        if field is None or account.fields.get(field) is None:
            return missing("Field", str(entry.get("field", "")))
    shown: list[Row] = []
    for entry in entries:
        row = table.add({name: stored(entry[name]) for name in _OPTION if name in entry})
        wrote(account, table, row)
        shown.append(echoes(entry, _OPTION) | {name: row[name] for name in _OPTION_MADE})
    return answer({"fieldOptions": shown}, 201)


def update_option(account: Account, id: int, body: object) -> Answer:
    table = account.tables["fieldOptions"]
    row = table.get(id)
    if row is None:
        return missing(table.kind, id)
    values = {name: value for name, value in sent(body, "fieldOption").items() if name in _OPTION and name != "field"}
    return answer({"fieldOption": write(account, table, row, values)})


def relate(account: Account, body: object) -> Answer:
    """`relid` 0 stands for every list."""
    values = sent(body, "fieldRel")
    field, list_ = id_in(values, "field"), id_in(values, "relid")
    if field is None or account.fields.get(field) is None or list_ is None:
        return message(403, "Forbidden")
    if list_ and account.lists.get(list_) is None:
        return message(403, "Forbidden")
    table = account.tables["fieldRels"]
    row = table.add({"field": str(field), "relid": str(list_)})
    wrote(account, table, row)
    shown: Row = {name: echo(values[name]) for name in ("relid", "field")}
    return answer({"fieldRel": shown | {name: row[name] for name in ("cdate", "links", "id")}}, 201)


def _with_loads(account: Account, rows: list[Row]) -> tuple[list[Row], Row]:
    """The rows with the ids of their options and relations, and those beside them."""
    options, rels = account.tables["fieldOptions"], account.tables["fieldRels"]
    beside: dict[str, list[Row]] = {"fieldOptions": [], "fieldRels": []}
    shown: list[Row] = []
    for row in rows:
        own = {"options": options.having("field", row["id"]), "relations": rels.having("field", row["id"])}
        beside["fieldOptions"] += own["options"]
        beside["fieldRels"] += own["relations"]
        shown.append(row | {name: [one["id"] for one in found] for name, found in own.items()})
    return shown, {**beside}
