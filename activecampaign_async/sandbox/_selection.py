"""Which contacts a query is about, and in which order."""

from array import array
from collections.abc import Callable, Iterable

from ._account import Account
from ._clock import seconds_of
from ._contacts_store import Contacts
from ._generate import Facts
from ._ids import Ids
from ._query import Query, whole

Keep = Callable[[Account, int], bool]
"""Whether a filter leaves this contact."""

_FACTS: dict[str, Callable[[Facts], str]] = {
    "email": lambda facts: facts.email.casefold(),
    "first_name": lambda facts: facts.first_name.casefold(),
    "last_name": lambda facts: facts.last_name.casefold(),
    "name": lambda facts: f"{facts.first_name} {facts.last_name}".casefold(),
}


def select(account: Account, query: Query) -> tuple[list[int], int]:
    """The ids of the page that was asked for, and how many there are in all."""
    rows, low, high = _wanted(account, query)
    return _page(account.contacts, rows, low, high, query), max(high - low, 0)


def _wanted(account: Account, query: Query) -> tuple[Ids, int, int]:
    """The rows the filters leave, by id, and the ranks between `id_greater` and `id_less`."""
    rows = _filtered(account, query)
    above, below = query.number("id_greater"), query.number("id_less")
    low = rows.rank(above) if above is not None else 0
    high = rows.rank(below - 1) if below is not None else len(rows)
    return rows, low, high


def _filtered(account: Account, query: Query) -> Ids:
    contacts = account.contacts
    keeps = _keeps(query)
    if query.ids is not None:
        some: Iterable[int] = sorted({id for id in query.ids if id in contacts})
    elif email := query.plain.get("email"):
        found = contacts.find(email)
        some = () if found is None else (found,)
    elif keeps:
        return contacts.remember(
            ("filter", *_question(query)),
            lambda: Ids(array("I", (id for id in contacts.ids if all(keep(account, id) for keep in keeps)))),
        )
    else:
        return contacts.ids
    return Ids([id for id in some if all(keep(account, id) for keep in keeps)])


def _question(query: Query) -> list[object]:
    """What of a query decides which rows it is about, whatever the page."""
    return [
        *sorted((name, query.plain[name]) for name in _PLAIN if name in query.plain),
        *sorted(query.filters.items()),
    ]


def _keeps(query: Query) -> list[Keep]:
    keeps = [_PLAIN[name](value) for name, value in query.plain.items() if name in _PLAIN and _says(name, value)]
    for name, (changed, after) in _DATES.items():
        moment = seconds_of(query.filters.get(name, ""))
        if moment is not None:
            keeps.append(_dated(moment, changed=changed, after=after))
    return keeps


def _says(name: str, value: str) -> bool:
    """Whether it filters. No row has the id 0, which the API says itself where no filter was given."""
    return value != "" and not (value == "0" and name in _OF_ROWS)


_OF_ROWS = frozenset({"listid", "tagid", "seriesid", "formid", "segmentid", "waitid"})
_DATES = {
    "created_after": (False, True),
    "created_before": (False, False),
    "updated_after": (True, True),
    "updated_before": (True, False),
}


def _dated(moment: float, *, changed: bool, after: bool) -> Keep:
    def keep(account: Account, id: int) -> bool:
        facts = account.contacts.facts(id)
        at = facts.changed if changed else facts.made
        return at > moment if after else at < moment

    return keep


def _text(test: Callable[[Facts, str], bool]) -> Callable[[str], Keep]:
    def made(value: str) -> Keep:
        folded = value.casefold()
        return lambda account, id: test(account.contacts.facts(id), folded)

    return made


def _search(facts: Facts, text: str) -> bool:
    return any(text in part.casefold() for part in (facts.email, facts.first_name, facts.last_name, facts.phone))


def _row_of(table: str, column: str) -> Callable[[str], Keep]:
    """Contacts that have a row in this table whose column is the value."""

    def made(value: str) -> Keep:
        def keep(account: Account, id: int) -> bool:
            return any(row[column] == value for row in account.tables[table].of_contact(id))

        return keep

    return made


def _member(name: str) -> Callable[[str], Keep]:
    def made(value: str) -> Keep:
        number = whole(value) or 0
        return lambda account, id: id in account.members.get((name, number), ())

    return made


def _not(value: str) -> Keep:
    return lambda _, id: str(id) != value


def _status(value: str) -> Keep:
    if value == "-1":
        return lambda *_: True
    return _row_of("contactLists", "status")(value)


def _organization(value: str) -> Keep:
    return lambda account, id: account.contacts.row(id)["orgid"] == value


_PLAIN: dict[str, Callable[[str], Keep]] = {
    "email": _text(lambda facts, text: facts.email.casefold() == text.strip()),
    "email_like": _text(lambda facts, text: text in facts.email.casefold()),
    "phone": _text(lambda facts, text: facts.phone.startswith(text)),
    "search": _text(_search),
    "exclude": _not,
    "status": _status,
    "organization": _organization,
    "listid": _row_of("contactLists", "list"),
    "tagid": _row_of("contactTags", "tag"),
    "seriesid": _row_of("contactAutomations", "automation"),
    "formid": _member("formid"),
    "segmentid": _member("segmentid"),
    "waitid": _member("waitid"),
}


def _page(contacts: Contacts, rows: Ids, low: int, high: int, query: Query) -> list[int]:
    start, limit = query.offset, query.limit
    orders = [order for order in query.orders if order[0] in ("id", "cdate") or order[0] in _FACTS]
    if not orders:
        orders = [("id", True)]  # the API's own order: not ascending, so that nobody leans on it
    if orders[0][0] != "id":
        question = ("order", low, high, *orders, *(query.ids or ()), *_question(query))
        ordered = contacts.remember(question, lambda: _sorted(contacts, rows.slice(low, high), orders))
        return ordered[start : start + limit]
    if orders[0][1]:
        return rows.slice(max(high - start - limit, low), high - start)[::-1]
    return rows.slice(low + start, min(low + start + limit, high))


def _sorted(contacts: Contacts, ids: list[int], orders: list[tuple[str, bool]]) -> list[int]:
    for name, descending in reversed(orders):  # each sort keeps the order of the one before where it ties
        ids.sort(key=_key(contacts, name), reverse=descending)
    return ids


def _key(contacts: Contacts, name: str) -> Callable[[int], float | str]:
    if name == "id":
        return lambda id: id
    if name == "cdate":
        return lambda id: contacts.facts(id).made
    read = _FACTS[name]
    return lambda id: read(contacts.facts(id))
