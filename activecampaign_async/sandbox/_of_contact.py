"""`/contacts/{id}/…`: what hangs on one contact; no `meta`."""

from collections.abc import Callable
from typing import Final

from . import _generate as generate
from ._account import Account
from ._query import Query, whole
from ._tables import page
from ._wire import Answer, Row, answer, missing

Reads = Callable[[Account, int, Query], Row]

_PLAIN = (
    "contactTags", "contactLists", "fieldValues", "scoreValues", "accountContacts",
    "notes", "trackingLogs", "bounceLogs", "contactGoals", "contactLogs",
)  # fmt: skip


def _rows(plural: str) -> Reads:
    return lambda account, id, query: {plural: page(account.tables[plural].of_contact(id), query)}


def _only(plural: str) -> Reads:
    """One object; nothing at all where there is none."""

    def one(account: Account, id: int, query: Query) -> Row:
        table = account.tables[plural]
        rows = table.of_contact(id)
        return {table.singular: rows[0]} if rows else {}

    return one


def _geo_ips(account: Account, id: int, query: Query) -> Row:
    found = account.tables["geoIps"].of_contact(id)
    return {"geoIps": page(found, query)} if found else {}


def _organization(account: Account, id: int, query: Query) -> Row:
    number = whole(str(account.contacts.row(id)["orgid"]))
    row = account.tables["organizations"].get(number) if number else None
    return {} if row is None else {"organization": row}


def _deals(account: Account, id: int, query: Query) -> Row:
    return {"deals": page(deals(account, id), query)}


def _contact_deals(account: Account, id: int, query: Query) -> Row:
    """The deals in which the contact is a further one, and whose they are."""
    rows = page(account.tables["contactDeals"].of_contact(id), query)
    found = [row for one in rows for row in account.tables["deals"].having("id", one["deal"])]
    mains = {whole(str(row["contact"])) for row in found}
    contacts = [
        account.contacts.row(main) for main in sorted(main for main in mains if main) if main in account.contacts
    ]
    return {"contacts": [generate.brief(row) for row in contacts], "deals": found, "contactDeals": rows}


def _automations(account: Account, id: int, query: Query) -> Row:
    """Here, counts are numbers, and there is a column more."""
    rows: list[Row] = []
    for row in page(account.contact_automations.of_contact(id), query):
        counts: Row = {name: whole(str(row[name])) for name in ("completedElements", "totalElements")}
        logs = f"{account.contact_automations.base}/contactAutomations/{row['id']}/automationLogs"
        links = row["links"] if isinstance(row["links"], dict) else {}
        rows.append(row | counts | {"in_als": "0", "links": {**links, "automationLogs": logs}})
    return {"contactAutomations": rows}


def _entry_counts(account: Account, id: int, query: Query) -> Row:
    """How often the contact entered each automation."""
    rows: list[Row] = []
    for automation in account.automations:
        times = sum(row["automation"] == automation["id"] for row in account.contact_automations.of_contact(id))
        if times:
            shown = {name: automation[name] for name in ("id", "name", "status", "hidden")}
            rows.append(shown | {"contactEntryCount": str(times)})
    return {"automationEntryCounts": page(rows, query)}


def deals(account: Account, id: int) -> list[Row]:
    """The contact's deals; of one that the key's user may not see whole, four columns."""
    rows = account.tables["deals"].of_contact(id)
    return [row if not row["isDisabled"] else {name: row[name] for name in _DISABLED} for row in rows]


def side_loads(account: Account, id: int) -> dict[str, list[Row]]:
    """What `GET /contacts/{id}` brings beside the contact."""
    loads = {name: account.tables[name].of_contact(id) for name in SIDE_LOADS}
    loads["deals"] = deals(account, id)
    loads["contactAutomations"] = [
        {name: value for name, value in row.items() if name not in ("batchid", "lastlogid")}
        for row in loads["contactAutomations"]
    ]
    if places := [row["geoaddrid"] for row in loads["geoIps"]]:
        loads["geoAddresses"] = [row for row in account.tables["geoAddresses"] if row["id"] in places]
    return loads


SIDE_LOADS = ("contactAutomations", "contactLists", "deals", "fieldValues", "geoIps", "accountContacts")
_DISABLED = ("title", "status", "id", "isDisabled")

COLLECTIONS: Final[dict[str, Reads]] = {
    **{plural: _rows(plural) for plural in _PLAIN},
    "contactAutomations": _automations,
    "deals": _deals,
    "contactDeals": _contact_deals,
    "automationEntryCounts": _entry_counts,
    "geoIps": _geo_ips,
    "contactData": _only("contactData"),
    "plusAppend": _only("plusAppends"),
    "organization": _organization,
}


def of_contact(account: Account, id: int, name: str, query: Query) -> Answer:
    """`GET /contacts/{id}/{name}`."""
    if id not in account.contacts:
        return missing("Subscriber", id)
    return answer(COLLECTIONS[name](account, id, query))


def contact_of_event(account: Account, id: int) -> Answer:
    """`GET /trackingLogs/{id}/contact`."""
    event = account.tables["trackingLogs"].get(id)
    contact = whole(str(event["subscriberid"])) if event else None
    if contact is None or contact not in account.contacts:
        return missing("TrackingLog", id)
    return answer({"contact": generate.brief(account.contacts.row(contact))})


def _led(plural: str, column: str, to: str) -> Callable[[Account, int], Answer]:
    """Where the link of a row leads that names another one."""

    def follow(account: Account, id: int) -> Answer:
        row, table = account.tables[plural].get(id), account.tables[to]
        number = whole(str(row[column])) if row else None
        found = table.get(number) if number else None
        return missing(account.tables[plural].kind, id) if found is None else answer({table.singular: found})

    return follow


OF_OTHERS: Final[dict[tuple[str, str], Callable[[Account, int], Answer]]] = {
    ("contactLists", "list"): _led("contactLists", "list", "lists"),
    ("contactTags", "tag"): _led("contactTags", "tag", "tags"),
    ("geoIps", "geoAddress"): _led("geoIps", "geoaddrid", "geoAddresses"),  # by the id of the geoIp, as its link has it
    ("trackingLogs", "contact"): contact_of_event,
}
"""What is read below a row that is no contact: by the path before and after its id."""
