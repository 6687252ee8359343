"""`/import/bulk_import` and `/import/info`: contacts in bulk, worked off later."""

from . import _field_values
from ._account import Account
from ._associations import add_tag, enrol, set_list_status
from ._batches import Batch
from ._contacts_store import plausible
from ._query import Query, whole
from ._tables import wrote
from ._tags import known
from ._wire import Answer, Row, answer, stored

MOST = 250
_COLUMNS = {"email": "email", "first_name": "firstName", "last_name": "lastName", "phone": "phone",
            "customer_acct_name": "orgname"}  # fmt: skip
"""Keys of an import -> columns of a contact. Whatever else is sent is dropped in silence."""
_INVALID = "JSON payload did not pass validation. Please fix failure Reasons and retry. "
_INVALID += "The import was not queued for processing."


def start(account: Account, body: object) -> Answer:
    """All or nothing. It answers JSON that calls itself HTML."""
    found = _started(account, body)
    found.content_type = "text/html; charset=UTF-8"
    return found


def _started(account: Account, body: object) -> Answer:
    imports = account.imports
    contacts = body.get("contacts") if isinstance(body, dict) else None
    if not isinstance(contacts, list) or not contacts or not all(isinstance(one, dict) for one in contacts):
        return _refused(_INVALID, ["'contacts' is a required field."])
    if len(contacts) > MOST:
        return _refused(_INVALID, [f"No more than {MOST} contacts may be imported at once."])
    alone = len(contacts) == 1
    limit = imports.single_per_minute if alone else imports.per_minute
    if not (imports.single if alone else imports.many).take(imports.clock(), limit):
        said = f"Up to {limit:g} imports may be requested per minute."
        said += "Please batch contacts into larger requests, or retry this request in a minute."
        imports.refused += 1
        return _refused("Rate limit exceeded.", [said])
    if reasons := _reasons(account, contacts):
        return _refused(_INVALID, reasons)
    batch = imports.add(contacts, account.stamp()[:10])
    shown: Row = {"success": 1, "queued_contacts": len(contacts), "batchId": batch.id}
    return answer(shown | {"message": "Contact import queued"})


def _refused(message: str, reasons: list[object]) -> Answer:
    return answer({"success": 0, "message": message, "failureReasons": reasons}, 400)


def _reasons(account: Account, contacts: list[Row]) -> list[object]:
    """What is wrong, contact by contact, counted from 1; or only of the first, or of none that is named."""
    reasons: list[object] = []
    for number, contact in enumerate(contacts, 1):
        reason = None if plausible(contact.get("email")) else "Field 'email' incorrect format"
        if reason is None and account.imports.refuse is not None:
            reason = account.imports.refuse(contact)
        if reason is not None:
            reasons.append({"contact": number, "failureReason": reason})
    if reasons and account.imports.named == "none":
        return ["One or more contacts did not pass validation."]
    return reasons[:1] if account.imports.named == "first" else reasons


def info(account: Account, query: Query) -> Answer:
    """How far a batch is; of one that nobody knows `status` is false, too."""
    id = query.plain.get("batchId")
    if not id:
        return answer({"success": 0, "message": "'batchId' is a required field."}, 400)
    batch = account.imports.batches.get(id)
    if batch is None:
        return answer({"status": False, "success": [], "failure": []})
    status = account.imports.status(batch)
    return answer({"status": status, "success": batch.success, "failure": batch.failure})


def overview(account: Account, query: Query) -> Answer:
    """Batches and contacts by day."""
    outstanding, completed = dict[str, list[int]](), dict[str, list[int]]()
    for batch in account.imports.batches.values():
        counts = (outstanding if batch.ending is None else completed).setdefault(batch.day, [0, 0])
        counts[0] += 1
        counts[1] += batch.count
    shown = [
        [{"forDate": day, "batches": str(n), "contacts": str(of)} for day, (n, of) in each.items()]
        for each in (outstanding, completed)
    ]
    return answer({"outstanding": shown[0], "recentlyCompleted": shown[1]})


def work(account: Account) -> None:
    """Works off what is due: called before every request, since nothing here runs by itself."""
    for batch in account.imports.due():
        batch.ending = account.imports.ending(batch) if account.imports.ending else "completed"
        half = len(batch.contacts) // 2
        for contact in batch.contacts if batch.ending == "completed" else batch.contacts[:half]:
            _import(account, batch, contact)
        if account.imports.shuffled:
            batch.success.reverse()
        batch.contacts = []


def _import(account: Account, batch: Batch, contact: Row) -> None:
    imports = account.imports
    email = str(contact["email"]).strip()
    if imports.fail is not None and imports.fail(contact):
        batch.failure.append(email)
        return
    imports.imported += 1
    if not imports.stores:
        batch.success.append(str(imports.imported))
        return
    values = {column: contact[key] for key, column in _COLUMNS.items() if key in contact}
    id = account.contacts.find(email)
    if id is None:
        id = account.contacts.add(values)
    else:
        account.contacts.update(id, values)
    account.wrote("contacts", id)
    _tie(account, id, contact)
    batch.success.append(str(id))


def _tie(account: Account, id: int, contact: Row) -> None:
    """What hangs on the contact: tags, which are made where they are not known, values, lists, automations."""
    for name in _entries(contact, "tags"):
        tag = _tag(account, str(name))
        add_tag(account, {"contactTag": {"contact": id, "tag": tag}})
    for entry in _entries(contact, "fields"):
        if not isinstance(entry, dict):
            continue
        field = whole(stored(entry.get("id")))
        if field is not None and account.fields.get(field) is not None:
            _field_values.upsert(account, id, field, entry.get("value"))
    left = {str(row["list"]) for row in account.contact_lists.of_contact(id) if row["status"] == "2"}
    for key, status in (("subscribe", 1), ("unsubscribe", 2)):
        for entry in _entries(contact, key):
            list_ = stored(entry.get("listid")) if isinstance(entry, dict) else None
            if list_ is not None and not (status == 1 and list_ in left):
                set_list_status(account, {"contactList": {"contact": id, "list": list_, "status": status}})
    if account.imports.automation is not None and contact.get("exclude_automations") is not True:
        enrol(account, {"contactAutomation": {"contact": id, "automation": account.imports.automation}})


def _entries(contact: Row, key: str) -> list[object]:
    entries = contact.get(key)
    return entries if isinstance(entries, list) else []


def _tag(account: Account, name: str) -> object:
    there = known(account, name, "contact")
    if there is not None:
        return there["id"]
    row = account.tags.add({"tag": name, "tagType": "contact"})
    wrote(account, account.tags, row)
    return row["id"]
