"""`/contacts` and `/contact/sync`: writing."""

from . import _field_values, _generate as generate
from ._account import Account
from ._contacts import ids_of
from ._contacts_store import WRITABLE, plausible
from ._tables import echoes, sent
from ._wire import Answer, Row, answer, invalid, missing


def create(account: Account, body: object) -> Answer:
    values = sent(body, "contact")
    refusal = _refused(account, values.get("email"), None)
    return refusal or _made(account, values)


def sync(account: Account, body: object) -> Answer:
    """Upsert by address."""
    values = sent(body, "contact")
    email = values.get("email")
    if not email:
        return answer({"errors": [{"status": 400, "title": "Email address must be provided"}]}, 400)
    if not plausible(email):
        return _no_address()
    id = account.contacts.find(str(email))
    return _made(account, values, whole=True) if id is None else _changed(account, id, values, whole=True)


def update(account: Account, id: int, body: object) -> Answer:
    if id not in account.contacts:
        return missing("Subscriber", id)
    values = sent(body, "contact")
    refusal = _refused(account, values["email"], id) if "email" in values else None
    return refusal or _changed(account, id, values)


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
    """The 13 columns a create answers with, as they were sent."""
    id = account.contacts.add(values)
    account.wrote("contacts", id)
    row = account.contacts.row(id)
    shown: Row = {"email": "", "phone": "", "firstName": "", "lastName": "", "email_empty": False}
    shown |= {"cdate": row["cdate"], "udate": row["udate"], "orgid": "", "orgname": "", "hash": row["hash"]}
    shown |= echoes(values, WRITABLE)
    shown |= {"links": row["links"], "id": str(id), "organization": ""}
    return _answered(account, id, shown, values, 201, whole=whole)


def _changed(account: Account, id: int, values: Row, *, whole: bool = False) -> Answer:
    """The stored row; what was sent comes back as it was sent."""
    row = account.contacts.update(id, values)
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
