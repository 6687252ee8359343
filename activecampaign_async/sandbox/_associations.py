"""`/contactTags`, `/contactLists`, `/contactAutomations`, `/fieldValues`: what hangs on a contact."""

from . import _generate as generate
from ._account import Account
from ._contact_writes import put_field_value
from ._query import Query, whole
from ._tables import listing
from ._wire import Answer, Row, answer, invalid, message, missing, stored

_LIST_STATUSES = ("0", "1", "2", "3")
_MADE_WITHOUT = ("created_timestamp", "updated_timestamp", "created_by", "updated_by")


def add_tag(account: Account, body: object) -> Answer:
    """Twice gives the same row: 201 when made, 200 when it was there."""
    values = _values(body, "contactTag")
    contact, tag = _id(values, "contact"), _id(values, "tag")
    if tag is None:
        return invalid("No tag id provided", "field_missing", "tag")
    if contact is None:
        return invalid("Missing attribute", "field_missing", "contact")
    if contact not in account.contacts:
        return missing("Subscriber", contact)
    tag_row = account.tags.get(tag)
    if tag_row is None:
        return missing("Tag", tag)
    for row in account.contact_tags.of_contact(contact):
        if row["tag"] == str(tag):
            return answer({"contactTag": row})
    made: Row = {"contact": str(contact), "tag": str(tag), "cdate": account.stamp(), **account.stamps()}
    row = account.contact_tags.add(made)
    tag_row["subscriber_count"] = str(int(str(tag_row["subscriber_count"])) + 1)
    _wrote(account, "contactTags", row)
    return _with_contact(account, contact, "contactTag", _partial(row) | _echoed(values, ("contact", "tag")))


def set_list_status(account: Account, body: object) -> Answer:
    """Twice changes the row in place."""
    values = _values(body, "contactList")
    contact, list_, status = _id(values, "contact"), _id(values, "list"), stored(values.get("status"))
    if contact is None or contact not in account.contacts:
        return missing("Subscriber", contact or "")
    if list_ is None or account.lists.get(list_) is None:
        return missing("_List", list_ or "")
    if status not in _LIST_STATUSES:
        return invalid("The value you selected is not a valid choice.", "field_invalid", "status")
    now = account.stamp()
    for row in account.contact_lists.of_contact(contact):
        if row["list"] == str(list_):
            row |= {
                "status": status,
                "udate": now,
                "updated_timestamp": account.stamps()["updated_timestamp"],
            }
            _wrote(account, "contactLists", row)
            return answer({"contacts": [generate.brief(account.contacts.row(contact))], "contactList": row})
    facts = account.contacts.facts(contact)
    made: Row = {
        "contact": str(contact),
        "list": str(list_),
        "form": None,
        "seriesid": "0",
        "sdate": now,
        "udate": None,
    }
    made |= {
        "status": status,
        "responder": "1",
        "sync": "0",
        "unsubreason": "",
        "campaign": None,
        "message": None,
    }
    made |= {"first_name": facts.first_name, "last_name": facts.last_name, "ip4Sub": "0"}
    made |= {
        "sourceid": stored(values.get("sourceid", "0")),
        "autosyncLog": None,
        "ip4_last": "0",
        "ip4Unsub": "0",
    }
    made |= {**account.stamps(), "unsubscribeAutomation": None, "channel": "email", "automation": None}
    row = account.contact_lists.add(made)
    _wrote(account, "contactLists", row)
    return _with_contact(account, contact, "contactList", row | _echoed(values, ("contact", "list", "status")))


def enrol(account: Account, body: object) -> Answer:
    """Each call enrols again: this one is not safe to repeat."""
    values = _values(body, "contactAutomation")
    contact, automation = _id(values, "contact"), _id(values, "automation")
    if contact is None or contact not in account.contacts or automation is None:
        return message(403, "Could not create SubscriberSeries")
    if account.automations.get(automation) is None:
        return message(403, "Could not create SubscriberSeries")
    now = account.stamp()
    made: Row = {
        "contact": str(contact),
        "seriesid": str(automation),
        "startid": "0",
        "status": "1",
        "adddate": now,
    }
    made |= {"remdate": None, "timespan": None, "lastblock": "0", "lastdate": now, "completedElements": "0"}
    made |= {"totalElements": "0", "completed": 0, "completeValue": 100, "automation": str(automation)}
    row = account.contact_automations.add(made)
    _wrote(account, "contactAutomations", row)
    echoed = _echoed(values, ("contact", "automation"))
    return _with_contact(account, contact, "contactAutomation", row | echoed)


def field_values(account: Account, query: Query) -> Answer:
    rows = list(account.field_values)
    for name, column in (("fieldid", "field"), ("val", "value")):
        if (wanted := query.filters.get(name)) is not None:
            rows = [row for row in rows if row[column] == wanted]
    return listing("fieldValues", rows, query)


def put_value(account: Account, body: object) -> Answer:
    """POST and PUT alike: one row for each contact and field, whatever id stands in the path."""
    values = _values(body, "fieldValue")
    contact, field = _id(values, "contact"), _id(values, "field")
    if contact is None or contact not in account.contacts:
        return missing("Subscriber", contact or "")
    if field is None or account.fields.get(field) is None:
        return invalid("Field id is not valid", "field_invalid", "field")
    row, made = put_field_value(account, contact, field, values.get("value"))
    account.contacts.version += 1
    shown = {name: value for name, value in row.items() if name not in ("created_by", "updated_by")}
    shown |= _echoed(values, ("contact", "field", "value"))
    contacts = [generate.brief(account.contacts.row(contact))]
    return answer({"contacts": contacts, "fieldValue": shown}, 201 if made else 200)


def _values(body: object, name: str) -> Row:
    values = body.get(name) if isinstance(body, dict) else None
    return values if isinstance(values, dict) else {}


def _id(values: Row, name: str) -> int | None:
    value = values.get(name)
    return whole(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _echoed(values: Row, names: tuple[str, ...]) -> Row:
    return {name: values[name] for name in names if name in values}


def _partial(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _MADE_WITHOUT}


def _wrote(account: Account, plural: str, row: Row) -> None:
    account.contacts.version += 1  # lists of contacts may be filtered by this table
    account.wrote(plural, int(str(row["id"])))


def _with_contact(account: Account, contact: int, singular: str, row: Row) -> Answer:
    return answer({"contacts": [generate.brief(account.contacts.row(contact))], singular: row}, 201)
