"""`/groups`: user groups and what they may do."""

from ._account import Account
from ._tables import echoes, remove, remove_having, sent, writable, write, wrote
from ._wire import Answer, Row, answer, invalid, missing, stored

_MADE = ("links", "id")


def create(account: Account, body: object) -> Answer:
    """What was sent, and little else; an API-made group is an admin's."""
    values = sent(body, "group")
    if not values.get("title"):
        return invalid("The group title was not provided.", "field_missing", "title")
    row = add(account, values)
    wrote(account, account.groups, row)
    shown = {"p_admin": 1} | echoes(values, writable(values, row)) | {name: row[name] for name in _MADE}
    return answer({"group": shown}, 201)


def add(account: Account, values: Row, id: int | None = None) -> Row:
    """A group, and its limits."""
    row = account.groups.add({}, id)
    row |= {name: stored(value) for name, value in writable(values, row).items()}
    account.tables["groupLimits"].add({"groupid": row["id"]})
    return row


def update(account: Account, id: int, body: object) -> Answer:
    row = account.groups.get(id)
    if row is None:
        return missing("Group", id)
    row["sdate"] = account.stamp()  # null until the first change
    return answer({"group": write(account, account.groups, row, sent(body, "group"))})


def delete(account: Account, id: int) -> Answer:
    if account.groups.get(id) is None:
        return missing("Group", id)
    remove(account, account.groups, id)
    for plural, column in (("groupLimits", "groupid"), ("listGroups", "group"), ("userGroups", "groupid")):
        remove_having(account, plural, column, id)
    return answer({})
