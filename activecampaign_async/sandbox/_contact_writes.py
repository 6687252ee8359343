"""`/contacts` and `/contact/sync`: writing."""

from . import _generate as generate
from ._account import Account
from ._contacts import ids_of
from ._contacts_store import WRITABLE, plausible
from ._query import whole
from ._wire import Answer, Row, answer, invalid, missing, stored


def create(account: Account, body: object) -> Answer:
    values = _values(body)
    refusal = _refused(account, values.get("email"), None)
    return refusal or _made(account, values)


def sync(account: Account, body: object) -> Answer:
    """Upsert by address."""
    values = _values(body)
    email = values.get("email")
    if not email:
        return answer({"errors": [{"status": 400, "title": "Email address must be provided"}]}, 400)
    if not plausible(email):
        return _no_address()
    id = account.contacts.find(str(email))
    return _made(account, values) if id is None else _changed(account, id, values)


def update(account: Account, id: int, body: object) -> Answer:
    if id not in account.contacts:
        return missing("Subscriber", id)
    values = _values(body)
    refusal = _refused(account, values["email"], id) if "email" in values else None
    return refusal or _changed(account, id, values)


def delete(account: Account, id: int) -> Answer:
    if id not in account.contacts:
        return missing("Subscriber", id)
    account.remove_contact(id)
    account.wrote("contacts", id)
    return answer({})


def _values(body: object) -> Row:
    values = body.get("contact") if isinstance(body, dict) else None
    return values if isinstance(values, dict) else {}


def _refused(account: Account, email: object, own: int | None) -> Answer | None:
    if not plausible(email):
        return _no_address()
    if account.contacts.find(str(email)) not in (None, own):
        return invalid("Email address already exists in the system", "duplicate", "email", detail=None)
    return None


def _no_address() -> Answer:
    title = "Contact Email Address is not valid."
    return invalid(title, "field_invalid", "email", error="must_be_valid_email_address")


def _made(account: Account, values: Row) -> Answer:
    """The 13 columns a create answers with, as they were sent."""
    id = account.contacts.add(values)
    account.wrote("contacts", id)
    row = account.contacts.row(id)
    sent = {name: _echo(value) for name, value in values.items() if name in WRITABLE}
    shown: Row = {"email": "", "phone": "", "firstName": "", "lastName": "", "email_empty": False}
    shown |= {"cdate": row["cdate"], "udate": row["udate"], "orgid": "", "orgname": "", "hash": row["hash"]}
    shown |= sent
    shown |= {"links": row["links"], "id": str(id), "organization": ""}
    return _answered(account, id, shown, values, 201)


def _changed(account: Account, id: int, values: Row) -> Answer:
    """The stored row; what was sent comes back as it was sent."""
    row = account.contacts.update(id, values)
    account.wrote("contacts", id)
    sent = {name: _echo(value) for name, value in values.items() if name in WRITABLE}
    shown = generate.brief(row) | sent
    return _answered(account, id, shown, values, 200)


def _answered(account: Account, id: int, shown: Row, values: Row, status: int) -> Answer:
    """Field values that ride along are written, and side-loaded: those of this call alone."""
    if "fieldValues" not in values:
        return answer({"contact": shown}, status)
    sent = values["fieldValues"]
    entries = sent if isinstance(sent, list) else ()
    rows = [row for entry in entries if (row := _field_value(account, id, entry))]
    return answer({"fieldValues": rows, "contact": shown | {"fieldValues": ids_of(rows)}}, status)


def _field_value(account: Account, id: int, entry: object) -> Row | None:
    if not isinstance(entry, dict):
        return None
    field = whole(str(entry.get("field", "")))
    if field is None or account.fields.get(field) is None:
        return None  # an unknown field is dropped in silence
    return put_field_value(account, id, field, entry.get("value"))[0]


def put_field_value(account: Account, contact: int, field: int, value: object) -> tuple[Row, bool]:
    """The row for this contact and field, and whether it was made: there is one for each pair."""
    now = account.stamp()
    for row in account.field_values.of_contact(contact):
        if row["field"] == str(field):
            row |= {"value": stored(value), "udate": now}
            account.wrote("fieldValues", int(str(row["id"])))
            return row, False
    values: Row = {"contact": str(contact), "field": str(field), "value": stored(value)}
    values |= {"cdate": now, "udate": now}
    values |= {"created_by": None, "updated_by": None, "owner": str(contact)}
    row = account.field_values.add(values)
    account.wrote("fieldValues", int(str(row["id"])))
    return row, True


def _echo(value: object) -> object:
    return int(value) if isinstance(value, bool) else value
