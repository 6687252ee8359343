"""`/contactTags`, `/contactLists`, `/contactAutomations`: what hangs on a contact."""

from . import _generate as generate
from ._account import Account
from ._tables import echoes, id_in, sent, write, wrote
from ._wire import Answer, Row, answer, invalid, message, missing, refused, stored

_LIST_STATUSES = ("0", "1", "2", "3")
_TAG_MADE = ("contact", "tag", "cdate", "links", "id")
_SUBSCRIBED_WITHOUT = ("udate", "channel", "created_timestamp", "updated_timestamp", "created_by", "updated_by")
_ENROLLED = (
    "contact", "seriesid", "startid", "status", "lastblock", "completedElements", "totalElements", "completed",
    "completeValue", "links", "id", "automation",
)  # fmt: skip


def add_tag(account: Account, body: object) -> Answer:
    """Twice gives the same row: 201 when made, 200 when it was there."""
    values = sent(body, "contactTag")
    contact, tag = id_in(values, "contact"), id_in(values, "tag")
    if tag is None:
        return invalid("No tag id provided", "field_missing", "tag")
    if contact is None:
        return refused(422, "Missing attribute", source={"pointer": "/data/attributes/contact"})
    if contact not in account.contacts:
        return refused(404, "Not Found", detail="Contact not found")
    tag_row = account.tags.get(tag)
    if tag_row is None:
        return missing("Tag", tag)
    for row in account.contact_tags.of_contact(contact):
        if row["tag"] == str(tag):
            return answer({"contactTag": row})
    row = account.contact_tags.add({"contact": str(contact), "tag": str(tag)})
    tag_row["subscriber_count"] = str(int(str(tag_row["subscriber_count"])) + 1)
    wrote(account, account.contact_tags, row)
    shown = {name: row[name] for name in _TAG_MADE} | echoes(values, ("contact", "tag"))
    return beside(account, contact, "contactTag", shown, 201)


def set_list_status(account: Account, body: object) -> Answer:
    """Twice changes the row in place."""
    values = sent(body, "contactList")
    contact, list_, status = id_in(values, "contact"), id_in(values, "list"), stored(values.get("status"))
    if contact is None or contact not in account.contacts:
        return missing("Subscriber", contact or "")
    if list_ is None or account.lists.get(list_) is None:
        return missing("_List", list_ or "")
    if status not in _LIST_STATUSES:
        return invalid("The value you selected is not a valid choice.", "field_invalid", "status")
    for row in account.contact_lists.of_contact(contact):
        if row["list"] == str(list_):
            written: Row = {name: values[name] for name in ("status", "sourceid") if name in values}
            shown = write(account, account.contact_lists, row, written)
            return beside(account, contact, "contactList", shown, 200)
    facts = account.contacts.facts(contact)
    made: Row = {"contact": str(contact), "list": str(list_), "status": status}
    made |= {"first_name": facts.first_name, "last_name": facts.last_name}
    made |= {"sourceid": stored(values.get("sourceid", "0"))}
    row = account.contact_lists.add(made)
    wrote(account, account.contact_lists, row)
    shown = {name: value for name, value in row.items() if name not in _SUBSCRIBED_WITHOUT}
    return beside(account, contact, "contactList", shown | echoes(values, ("status",)), 201)


def enrol(account: Account, body: object) -> Answer:
    """Each call enrols again: this one is not safe to repeat."""
    values = sent(body, "contactAutomation")
    contact, automation = id_in(values, "contact"), id_in(values, "automation")
    if contact is None or contact not in account.contacts or automation is None:
        return message(403, "Could not create SubscriberSeries")
    if account.automations.get(automation) is None:
        return message(403, "Could not create SubscriberSeries")
    row = account.contact_automations.add({"contact": str(contact), "seriesid": str(automation)})
    wrote(account, account.contact_automations, row)
    shown = {name: row[name] for name in _ENROLLED} | {"startid": 0, "status": 1}
    shown |= echoes(values, ("contact", "automation"))
    return beside(account, contact, "contactAutomation", shown, 201)


def beside(account: Account, contact: int, singular: str, row: Row, status: int) -> Answer:
    """A row with the contact it belongs to beside it."""
    return answer({"contacts": [generate.brief(account.contacts.row(contact))], singular: row}, status)
