"""`/activities`: what happened to a contact. Nothing in here makes any: they are put there."""

from . import _generate as generate
from ._account import Account
from ._clock import seconds_of
from ._query import Query
from ._tables import page
from ._wire import Answer, Row, answer


def list_(account: Account, query: Query) -> Answer:
    """Of one contact, which must be named. The oldest first, unless asked otherwise."""
    contact = query.number("contact")
    if contact is None:
        return answer({}, 400)
    rows = sorted(account.tables["activities"].of_contact(contact), key=_moment)
    after = seconds_of(query.plain.get("after", ""))
    if after is not None:
        rows = [row for row in rows if _moment(row) > after]
    if ("tstamp", True) in query.orders:
        rows.reverse()
    beside: dict[str, list[Row]] = {"contacts": []}
    beside |= {plural: [] for name, plural in _LOADS.items() if name in query.include}
    shown = [_with_loads(account, row, beside) for row in page(rows, query)]
    if shown and contact in account.contacts:
        beside["contacts"].append(generate.brief(account.contacts.row(contact)))
    return answer({**beside, "activities": shown, "meta": {"total": str(len(rows))}})


_LOADS = {"recipients": "activityRecipients", "notes": "notes"}


def _with_loads(account: Account, row: Row, beside: dict[str, list[Row]]) -> Row:
    """The row with the ids of what belongs to it, which comes beside it where it was asked for."""
    notes = account.tables["notes"].having("relid", row["id"])
    own = {
        "recipients": account.tables["activityRecipients"].having("activityid", row["id"]),
        "notes": [note for note in notes if note["reltype"] == "Activity"],
    }
    for name, rows in own.items():
        if _LOADS[name] in beside:
            beside[_LOADS[name]] += rows
    return row | {name: [one["id"] for one in rows] for name, rows in own.items()}


def _moment(row: Row) -> float:
    return seconds_of(str(row["tstamp"])) or 0.0
