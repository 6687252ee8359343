"""`/users`."""

from urllib.parse import unquote

from ._account import Account
from ._query import Query
from ._tables import echoes, id_in, listing, remove, remove_having, sent, write, wrote
from ._wire import Answer, Row, answer, invalid, missing, stored

_ME = (
    "username", "firstName", "lastName", "email", "phone", "signature", "lang", "localZoneid", "mfaEnabled",
    "roles", "links", "id",
)  # fmt: skip
_SENDABLE = ("username", "email", "firstName", "lastName")
_MADE = ("username", "email", "firstName", "lastName", "localZoneid", "cdate", "udate", "links", "id")


def me(account: Account) -> Answer:
    """Whose key it is. Fewer columns than a user has elsewhere."""
    row = next(iter(account.users)) | {"lang": "english", "roles": ["ROLE_USER"]}
    return answer({"user": {name: row[name] for name in _ME}})


def list_(account: Account, query: Query) -> Answer:
    return listing("users", list(account.users), query)


def by(column: str, account: Account, value: str) -> Answer:
    """`/users/email/{email}` and `/users/username/{username}`."""
    value = unquote(value)
    row = _named(account, column, value)
    return answer({"user": row}) if row else missing("User", value)


def create(account: Account, body: object) -> Answer:
    """The password is kept nowhere."""
    values = sent(body, "user")
    for name in ("username", "email"):
        if not values.get(name):
            return invalid(f"The user {name} was not provided.", "field_missing", name)
    if _named(account, "username", str(values["username"])):
        return invalid("A user with this username already exists", "duplicate", "username")
    group = id_in(values, "group")
    if "group" in values and (group is None or account.groups.get(group) is None):
        return missing("Group", group or "")
    row = add(account, {name: stored(values[name]) for name in _SENDABLE if name in values}, group=group or 3)
    wrote(account, account.users, row)
    return answer({"user": {name: row[name] for name in _MADE} | echoes(values, _SENDABLE)}, 201)


def add(account: Account, values: Row, id: int | None = None, group: int = 3) -> Row:
    """A user, in a group, with the permissions that come with it."""
    row = account.users.add(values, id)
    number = int(str(row["id"]))
    account.tables["userGroups"].add({"userid": row["id"], "groupid": str(group)}, number)
    account.tables["userConversationsPermissions"].add({"user": row["id"]}, number)
    return row


def update(account: Account, id: int, body: object) -> Answer:
    row = account.users.get(id)
    if row is None:
        return missing("User", id)
    values = sent(body, "user")
    if "group" in values:
        group = id_in(values, "group")
        if group is None or account.groups.get(group) is None:
            return missing("Group", group or "")
        members = account.tables["userGroups"]
        for member in members.having("userid", id):
            members.change(member, {"groupid": str(group), "udate": account.stamp()})
    shown = write(account, account.users, row, {name: values[name] for name in _SENDABLE if name in values})
    groups = account.tables["userGroups"].having("userid", id)
    permissions = account.tables["userConversationsPermissions"].having("user", id)
    shown |= {"userGroup": _first(groups), "userConversationsPermission": _first(permissions)}
    return answer({"userGroups": groups, "userConversationsPermissions": permissions, "user": shown})


def delete(account: Account, id: int) -> Answer:
    if account.users.get(id) is None:
        return missing("User", id)
    remove(account, account.users, id)
    remove_having(account, "userGroups", "userid", id)
    remove_having(account, "userConversationsPermissions", "user", id)
    return answer({})


def _named(account: Account, column: str, value: str) -> Row | None:
    return next((row for row in account.users if str(row[column]).casefold() == value.casefold()), None)


def _first(rows: list[Row]) -> object:
    return rows[0]["id"] if rows else None
