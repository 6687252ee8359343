"""`/notes`."""

from . import _generate as generate
from ._account import Account
from ._query import whole
from ._tables import echo, sent, write, wrote
from ._wire import Answer, Row, answer, missing, stored

_OWNERS = {
    "Subscriber": "contact",
    "Deal": "deal",
    "Activity": "activity",
    "DealTask": "dealTask",
    "CustomerAccount": "account",
}
_SENDABLE = ("note", "reltype", "relid")
_MADE = ("cdate", "mdate", "userid", "links", "id", "user")


def create(account: Account, body: object) -> Answer:
    """What the note is about comes beside it."""
    values = sent(body, "note")
    refusal = _refused(account, {"reltype": None, "relid": None, "note": None} | values)
    if refusal:
        return refusal
    kind, about = str(values["reltype"]), str(values["relid"])
    row = add(account, {"note": stored(values["note"]), "reltype": kind, "relid": about})
    wrote(account, account.tables["notes"], row)
    shown: Row = {name: echo(values[name]) for name in _SENDABLE} | {name: row[name] for name in _MADE}
    shown |= {"is_draft": "", "owner": _owner(kind, echo(values["relid"]))}
    return answer({**_about(account, kind, about), "note": shown}, 201)


def add(account: Account, values: Row, id: int | None = None) -> Row:
    row = account.tables["notes"].add(values, id)
    if "owner" not in values:
        row["owner"] = _owner(str(row["reltype"]), row["relid"])
    return row


def update(account: Account, id: int, body: object) -> Answer:
    table = account.tables["notes"]
    row = table.get(id)
    if row is None:
        return missing("Note", id)
    values = {name: value for name, value in sent(body, "note").items() if name in _SENDABLE}
    refusal = _refused(account, row | values)
    if refusal:
        return refusal
    shown = write(account, table, row, values)
    row["owner"] = _owner(str(row["reltype"]), row["relid"])
    return answer({"note": shown | {"owner": row["owner"]}})


def _refused(account: Account, values: Row) -> Answer | None:
    kind, about = values["reltype"], whole(stored(values["relid"]))
    if not values["note"] or not isinstance(kind, str) or kind not in _OWNERS or about is None:
        return answer({}, 400)
    return missing("Subscriber", about) if kind == "Subscriber" and about not in account.contacts else None


def _about(account: Account, kind: str, id: str) -> Row:
    if kind == "Subscriber":
        return {"contacts": [generate.brief(account.contacts.row(int(id)))]}
    return {"deals": account.tables["deals"].having("id", id)} if kind == "Deal" else {}


def _owner(kind: str, id: object) -> Row:
    return {"type": _OWNERS.get(kind, kind), "id": id}
