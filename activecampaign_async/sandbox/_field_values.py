"""`/fieldValues`: one row for each contact and custom field."""

from ._account import Account
from ._associations import beside
from ._query import Query
from ._tables import echoes, id_in, listing, sent, wrote
from ._wire import Answer, Row, invalid, missing, stored

_SILENT = ("created_by", "updated_by")


def list_(account: Account, query: Query) -> Answer:
    rows = list(account.field_values)
    for name, column in (("fieldid", "field"), ("val", "value")):
        if (wanted := query.filters.get(name)) is not None:
            rows = [row for row in rows if row[column] == wanted]
    return listing("fieldValues", rows, query)


def put(account: Account, body: object, made_status: int = 201) -> Answer:
    """POST and PUT alike: one row for each contact and field, whatever id stands in the path."""
    values = sent(body, "fieldValue")
    contact, field = id_in(values, "contact"), id_in(values, "field")
    if contact is None or contact not in account.contacts:
        return missing("Subscriber", contact or "")
    if field is None or account.fields.get(field) is None:
        return invalid("Field id is not valid", "field_invalid", "field")
    row, made = upsert(account, contact, field, values.get("value"))
    shown = written(row) | echoes(values, ("contact", "field", "value"))
    shown["owner"] = shown["contact"]
    return beside(account, contact, "fieldValue", shown, made_status if made else 200)


def put_at(account: Account, id: int, body: object) -> Answer:
    """`PUT /fieldValues/{id}`: the path's id does not decide."""
    return put(account, body, made_status=200)


def of_contact(account: Account, contact: int, entries: object) -> list[Row]:
    """Writes what rides along with a contact; an unknown field is dropped in silence."""
    rows: list[Row] = []
    for entry in entries if isinstance(entries, list) else ():
        field = id_in(entry, "field") if isinstance(entry, dict) else None
        if field is not None and account.fields.get(field) is not None:
            rows.append(upsert(account, contact, field, entry.get("value"))[0])
    return rows


def written(row: Row) -> Row:
    """The row as the answer to a write has it."""
    return {name: value for name, value in row.items() if name not in _SILENT}


def upsert(account: Account, contact: int, field: int, value: object) -> tuple[Row, bool]:
    """The row for this contact and field, and whether it was made."""
    table = account.field_values
    row = next((row for row in table.of_contact(contact) if row["field"] == str(field)), None)
    made = row is None
    if row is None:
        row = table.add({"contact": str(contact), "field": str(field), "value": stored(value)})
    else:
        row |= {"value": stored(value), "udate": account.stamp()}
    wrote(account, table, row)
    return row, made
