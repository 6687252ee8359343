"""`/users`, `/fields`, `/lists`, `/automations`: what is there to be read."""

from urllib.parse import unquote

from ._account import Account
from ._query import Query
from ._tables import listing
from ._wire import Answer, Row, answer, missing


def me(account: Account) -> Answer:
    """Whose key it is. Fewer columns than a user has elsewhere."""
    row = next(iter(account.users))
    names = (
        "username",
        "firstName",
        "lastName",
        "email",
        "phone",
        "signature",
        "lang",
        "localZoneid",
        "mfaEnabled",
        "roles",
        "links",
        "id",
    )
    extra: Row = {"lang": "english", "roles": ["ROLE_USER"]}
    return answer({"user": {name: (row | extra)[name] for name in names}})


def list_(account: Account, query: Query) -> Answer:
    return listing("users", list(account.users), query)


def by(column: str, account: Account, value: str) -> Answer:
    """`/users/email/{email}` and `/users/username/{username}`."""
    value = unquote(value)
    row = next((row for row in account.users if str(row[column]).casefold() == value.casefold()), None)
    return answer({"user": row}) if row else missing("User", value)


def fields(account: Account, query: Query) -> Answer:
    rows = list(account.fields)
    if perstag := query.filters.get("perstag"):
        rows = [row for row in rows if row["perstag"] == perstag]
    return listing("fields", rows, query, beside={"fieldOptions": [], "fieldRels": []}, meta={"selected": None})


def field(account: Account, id: int) -> Answer:
    row = account.fields.get(id)
    return missing("Field", id) if row is None else answer({"fieldOptions": [], "fieldRels": [], "field": row})


def lists(account: Account, query: Query) -> Answer:
    rows = list(account.lists)
    if (name := query.filters.get("name")) is not None:
        rows = [row for row in rows if str(row["name"]).casefold() == name.casefold()]
    return listing("lists", rows, query)


def automations(account: Account, query: Query) -> Answer:
    meta: Row = {"starts": [], "filtered": False, "smsLogs": []}
    return listing("automations", list(account.automations), query, meta=meta)


def new_user(account: Account, username: str, email: str) -> Row:
    now = account.stamp()
    row: Row = {"username": username, "firstName": "Sam", "lastName": "Sandbox", "email": email, "phone": ""}
    row |= {"signature": None, "localZoneid": "America/Chicago", "password_updated_utc_timestamp": None}
    return row | {"cdate": now, "udate": now, "mfaEnabled": "0"}


def new_field(account: Account, title: str, kind: str) -> Row:
    now = account.stamp()
    perstag = "".join(letter if letter.isalnum() else "_" for letter in title.upper())
    row: Row = {
        "title": title,
        "descript": None,
        "type": kind,
        "isrequired": "0",
        "perstag": perstag,
        "defval": None,
    }
    row |= {"show_in_list": "0", "rows": "0", "cols": "0", "visible": "1", "service": ""}
    row |= {"ordernum": str(len(account.fields) + 1), "cdate": now, "udate": now}
    return row | {**account.stamps(), "options": [], "relations": []}


def new_list(account: Account, name: str) -> Row:
    now = account.stamp()
    row: Row = {"stringid": "-".join(name.casefold().split()), "userid": "1", "name": name, "cdate": now}
    row |= {
        "p_use_tracking": "1",
        "p_use_analytics_read": "0",
        "p_use_analytics_link": "0",
        "p_use_twitter": "0",
    }
    row |= {"p_use_facebook": "0", "p_embed_image": "1", "p_use_captcha": "1", "send_last_broadcast": "0"}
    row |= {"private": "0", "analytics_domains": None, "analytics_source": "", "analytics_ua": ""}
    row |= {"twitter_token": "", "twitter_token_secret": "", "facebook_session": None, "carboncopy": ""}
    row |= {
        "subscription_notify": "",
        "unsubscription_notify": "",
        "require_name": "0",
        "get_unsubscribe_reason": "0",
    }
    row |= {
        "to_name": "Subscriber",
        "optinoptout": "1",
        "sender_name": "",
        "sender_addr1": "",
        "sender_addr2": "",
    }
    row |= {"sender_city": "", "sender_state": "", "sender_zip": "", "sender_country": "", "sender_phone": ""}
    row |= {"sender_url": "https://example.com", "sender_reminder": "You signed up.", "fulladdress": ""}
    row |= {"optinmessageid": "0", "optoutconf": "0", "deletestamp": None, "udate": now, **account.stamps()}
    return row | {"channel": "email", "description": "", "user": "1"}


def new_automation(account: Account, name: str) -> Row:
    now = account.stamp()
    row: Row = {
        "name": name,
        "cdate": now,
        "mdate": now,
        "userid": "1",
        "status": "1",
        "entered": "0",
        "exited": "0",
    }
    row |= {
        "hidden": "0",
        "entitlements_violation": "0",
        "source": "6",
        "description": "",
        "exit_on_unsubscribe": "0",
    }
    return row | {"exit_on_conversion": "0", "multientry": "1", "defaultscreenshot": "", "screenshot": ""}
