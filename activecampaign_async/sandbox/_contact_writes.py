"""`/contacts` and `/contact/sync`: writing."""

from . import _field_values, _generate as generate
from ._account import Account
from ._contacts import ids_of
from ._contacts_store import WRITABLE, plausible
from ._tables import echoes, sent
from ._wire import Answer, Row, answer, invalid, missing, refused


def create(account: Account, body: object) -> Answer:
    values = sent(body, "contact")
    if values.get("allowNullEmail") and not values.get("email") and values.get("phone"):
        return _made(account, {**values, "email": ""})
    refusal = _refused(account, values.get("email"), None)
    return refusal or _made(account, values)


def sync(account: Account, body: object) -> Answer:
    """Upsert by address."""
    values = sent(body, "contact")
    email = values.get("email")
    if not email:
        return refused(400, "Email address must be provided")
    if not plausible(email):
        return _no_address()
    if account.imports.refuse is not None and (reason := account.imports.refuse(values)):
        return invalid(reason, "field_invalid", None)
    id = account.contacts.find(str(email))
    if id is None:
        return _made(account, values, whole=True)
    return _changed(account, id, account.contacts.update(id, values), values, whole=True)


def update(account: Account, id: int, body: object) -> Answer:
    if id not in account.contacts:
        return missing("Subscriber", id)
    values = sent(body, "contact")
    refusal = _refused(account, values["email"], id) if "email" in values else None
    return refusal or _changed(account, id, account.contacts.replace(id, values), values)


def delete(account: Account, id: int) -> Answer:
    if id not in account.contacts:
        return missing("Subscriber", id)
    account.remove_contact(id)
    account.wrote("contacts", id)
    return answer({})


def _refused(account: Account, email: object, own: int | None) -> Answer | None:
    if not plausible(email):
        return _no_address()
    if account.contacts.find(str(email)) not in (None, own):
        return invalid("Email address already exists in the system", "duplicate", "email", detail=None)
    return None


def _no_address() -> Answer:
    title = "Contact Email Address is not valid."
    return invalid(title, "field_invalid", "email", error="must_be_valid_email_address")


def _made(account: Account, values: Row, *, whole: bool = False) -> Answer:
    """The few columns a create answers with, as they were sent."""
    id = account.contacts.add(values)
    account.wrote("contacts", id)
    row = account.contacts.row(id)
    shown: Row = {"email": "", "phone": "", "firstName": "", "lastName": "", "orgid": "0", "orgname": ""}
    shown |= {"cdate": row["cdate"], "udate": row["udate"]} | echoes(values, WRITABLE)
    shown |= {"links": row["links"], "id": str(id), "organization": row["organization"]}
    return _answered(account, id, shown, values, 201, whole=whole)


def _changed(account: Account, id: int, row: Row, values: Row, *, whole: bool = False) -> Answer:
    """The stored row; what was sent comes back as it was sent."""
    account.wrote("contacts", id)
    shown = generate.brief(row) | echoes(values, WRITABLE)
    return _answered(account, id, shown, values, 200, whole=whole)


def _answered(account: Account, id: int, shown: Row, values: Row, status: int, *, whole: bool) -> Answer:
    """Field values that ride along are written, and side-loaded: those of this call alone."""
    if "fieldValues" not in values:
        return answer({"contact": shown}, status)
    rows = _field_values.of_contact(account, id, values["fieldValues"])
    if not whole:  # a sync tells by whom, the other writes do not
        rows = [_field_values.written(row) for row in rows]
    return answer({"fieldValues": rows, "contact": shown | {"fieldValues": ids_of(rows)}}, status)
