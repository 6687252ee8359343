"""`/contactDeals`: the further contacts of a deal."""

from ._account import Account
from ._tables import echoes, id_in, sent, write, wrote
from ._wire import Answer, Row, answer, invalid, missing

_NEEDED = ("contact", "deal")
_SENDABLE = (*_NEEDED, "role")
_MADE = (*_NEEDED, "cdate", "links", "id")


def create(account: Account, body: object) -> Answer:
    values = sent(body, "contactDeal")
    for name in _NEEDED:
        if not values.get(name):
            return invalid(f"The contactDeal {name} was not provided.", "field_missing", name)
    refusal = _refused(account, values)
    if refusal:
        return refusal
    table = account.tables["contactDeals"]
    row = table.add({name: str(id_in(values, name)) for name in _NEEDED})
    wrote(account, table, row)
    return _beside(account, row, {name: row[name] for name in _MADE} | echoes(values, _NEEDED))


def update(account: Account, id: int, body: object) -> Answer:
    table = account.tables["contactDeals"]
    row = table.get(id)
    if row is None:
        return missing(table.kind, id)
    values = {name: value for name, value in sent(body, "contactDeal").items() if name in _SENDABLE}
    refusal = _refused(account, row | values, but=row)
    return refusal or _beside(account, row, write(account, table, row, values))


def _refused(account: Account, values: Row, but: Row | None = None) -> Answer | None:
    """`but`: the row itself, which is no other."""
    contact, deal = (id_in(values, name) for name in _NEEDED)
    if contact is None or contact not in account.contacts:
        return invalid("The related contact does not exist.", "related_missing", "contact")
    if deal is None or account.tables["deals"].get(deal) is None:
        return invalid("The related deal does not exist.", "related_missing", "deal")
    others = (row for row in account.tables["contactDeals"].of_contact(contact) if row is not but)
    if any(str(row["deal"]) == str(deal) for row in others):
        return invalid("The given contact is already associated to the deal", "field_invalid", "contact")
    return None


def _beside(account: Account, row: Row, shown: Row) -> Answer:
    """The row with its deal beside it."""
    return answer({"deals": account.tables["deals"].having("id", row["deal"]), "contactDeal": shown})
