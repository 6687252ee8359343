"""`/lists/exclusions`: who gets nothing. Answers without an envelope, totals as numbers."""

from ._account import Account
from ._query import Query
from ._tables import listing, wrote
from ._wire import Answer, Row, answer, message, missing, refused

_CHANNELS = ("all", "allSms", "allEmail", "several")


def list_(account: Account, query: Query) -> Answer:
    for name, direction in query.directions.items():
        if direction.upper() not in ("ASC", "DESC"):
            text = f'Invalid order direction: "{direction}". Allowed values are: "ASC", "DESC"'
            return _invalid(text, f"orders[{name}]")
    rows = list(account.tables["exclusions"])
    if phrase := query.filters.get("matchPhrase"):
        rows = [row for row in rows if phrase.casefold() in str(row["matchPhrase"]).casefold()]
    if wanted := query.filters.get("lists[]") or query.filters.get("lists"):
        rows = [row for row in rows if set(wanted.split(",")) & set(_lists(row))]
    for name, descending in reversed(query.orders):
        if name in ("matchPhrase", "lists"):
            rows.sort(key=lambda row: str(row[name]), reverse=descending)
    return listing("exclusions", rows, query, numeric=True)


def get(account: Account, id: int) -> Answer:
    row = account.tables["exclusions"].get(id)
    return message(404, f"Exclusion not found [id={id}]") if row is None else answer(row)


def update(account: Account, id: int, body: object) -> Answer:
    """Only the channel `several` has lists."""
    table = account.tables["exclusions"]
    row = table.get(id)
    if row is None:
        return missing("Exclusion", id)
    values: Row = body if isinstance(body, dict) else {}
    channel, lists = values.get("channel", row["channel"]), values.get("lists", [])
    if channel not in _CHANNELS:
        return _invalid("The channel is not valid", "channel")
    if not isinstance(lists, list):
        return _invalid("Lists must be an array of string-quoted integers", "lists")
    for place, one in enumerate(lists):
        if not (isinstance(one, str) and one.isdecimal()):
            return _invalid("Lists must be an array of string-quoted integers", f"lists[{place}]")
    if lists and channel != "several":
        return _invalid('Lists go with the channel "several" only', "lists")
    row |= {"channel": channel, "lists": lists}
    wrote(account, table, row)
    return answer(row)


def _lists(row: Row) -> list[str]:
    lists = row["lists"]
    return [str(one) for one in lists] if isinstance(lists, list) else []


def _invalid(detail: str, pointer: str) -> Answer:
    return refused(422, "Invalid attribute", detail=detail, source={"pointer": f"/data/attributes/{pointer}"})
