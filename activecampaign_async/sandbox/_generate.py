"""Contacts made up from their id alone: no memory until one is written, and the same ones every time."""

import json
import re
from dataclasses import dataclass

from ._clock import naive, stamp
from ._wire import Row

_FIRST = ("Ada", "Bjarne", "Chidi", "Dalia", "Emil", "Farah", "Grace", "Hiro", "Ines", "Joao", "Kemi",
          "Linus", "Maya", "Noor", "Olga", "Pavel")  # fmt: skip
_LAST = ("Abiola", "Bauer", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Haddad", "Ito", "Jansen",
         "Khan", "Lopez", "Moreau", "Novak", "Okafor", "Petrov")  # fmt: skip
_SPREAD, _HASH = 0x9E3779B97F4A7C15F39CC0605CEDC835, (1 << 128) - 1
_FIRST_MADE = 1_577_858_400  # 2020-01-01 in the account's zone
_APART = 7  # seconds between the creation of two neighbouring ids
_ADDRESS = re.compile(r"contact([1-9][0-9]{0,9})@example\.com")

LINKS = ("bounceLogs", "contactAutomations", "contactData", "contactGoals", "contactLists", "contactLogs",
         "contactTags", "contactDeals", "deals", "fieldValues", "geoIps", "notes", "organization",
         "plusAppend", "trackingLogs", "scoreValues", "accountContacts",
         "automationEntryCounts")  # fmt: skip
FILLED: Row = {"ua": "", "created_by": "0", "updated_by": "0", "best_send_hour": "0", "sms_consent": "0",
               "sms_consent_updated_at": "0000-00-00 00:00:00"}  # fmt: skip
"""Null until the first `PUT` of the contact, which writes them too."""
_READ_ONLY = ("last_click_date", "last_open_date", "last_mpp_open_date", "whatsapp_id", "whatsapp_username")


@dataclass(slots=True, frozen=True)
class Facts:
    """What filters and orders look at."""

    email: str
    first_name: str
    last_name: str
    phone: str
    made: float
    changed: float


def email_of(id: int) -> str:
    return f"contact{id}@example.com"


def id_of(email: str) -> int | None:
    """The id whose made-up address this is."""
    found = _ADDRESS.fullmatch(email)
    return int(found[1]) if found else None


def facts(id: int) -> Facts:
    mixed = id * 2_654_435_761 & 0xFFFFFFFF
    made = _FIRST_MADE + id * _APART
    return Facts(email_of(id), _FIRST[mixed >> 28], _LAST[mixed >> 24 & 15], _phone(mixed), made, made)


def _phone(mixed: int) -> str:
    return f"+1555{mixed % 10_000_000:07d}" if mixed & 3 else ""


def links(base: str, id: int | str) -> dict[str, str]:
    found = {name: f"{base}/contacts/{id}/{name}" for name in LINKS}
    found["contactAutomations"] += "?limit=2500&orders%5Blastdate%5D=DESC"
    return found


def blank(base: str, id: str, made: str, changed: str) -> Row:
    """A contact as the store holds one: every column, most of them empty."""
    return {
        "cdate": made,
        "email": "",
        "phone": "",
        "firstName": "",
        "lastName": "",
        "orgid": "0",
        "orgname": "",
        "segmentio_id": "",
        "bounced_hard": "0",
        "bounced_soft": "0",
        "bounced_date": None,
        "ip": "0",
        "ua": None,
        "hash": "",
        "socialdata_lastcheck": None,
        "email_local": "",
        "email_domain": "",
        "sentcnt": "0",
        "rating_tstamp": None,
        "gravatar": "0",
        "deleted": "0",
        "anonymized": "0",
        "adate": None,
        "udate": changed,
        "edate": None,
        "deleted_at": None,
        "created_utc_timestamp": naive(made),
        "updated_utc_timestamp": naive(changed),
        "created_timestamp": naive(made),
        "updated_timestamp": naive(changed),
        "created_by": None,
        "updated_by": None,
        "mpp_tracking": "0",
        "last_click_date": None,
        "last_open_date": None,
        "last_mpp_open_date": None,
        "best_send_hour": None,
        "sms_consent": None,
        "sms_consent_updated_at": None,
        "whatsapp_id": None,
        "whatsapp_username": None,
        "links": links(base, id),
        "id": id,
        "organization": None,
    }


_BLANK = blank("", "", "0001-02-03T04:05:06", "0001-02-03T04:05:06")
COLUMNS = tuple(name for name in _BLANK if name not in ("id", "links", "organization"))
"""Those that a test may put there: `organization` says what `orgid` does."""


def listed(row: Row) -> Row:
    """A stored row as `GET /contacts` lists it: the store's columns and two lists of ids."""
    return _with_lists(row, {"scoreValues": [], "accountContacts": []})


def brief(row: Row) -> Row:
    """A stored row as a write answers it, and as others side-load it."""
    return {name: value for name, value in row.items() if name not in _READ_ONLY}


def single(row: Row, ids: Row) -> Row:
    """A stored row as `GET /contacts/{id}` gives it."""
    return _with_lists(row, ids)


def _with_lists(row: Row, lists: Row) -> Row:
    last = ("links", "id", "organization")
    return {k: v for k, v in row.items() if k not in last} | lists | {k: row[k] for k in last}


class Template:
    """The JSON of a made-up contact, cut up once so that a row is one format and one join."""

    def __init__(self, base: str) -> None:
        iso = "0001-02-03T04:05:06-00:00"  # no made-up row has this one
        row = blank(base, "@id@", iso, iso)
        row |= {"email": "@email@", "phone": "@phone@", "firstName": "@first@", "lastName": "@last@"}
        row |= {"hash": "@hash@", "email_domain": "example.com"}
        text = json.dumps(listed(row), separators=(",", ":"))
        columns, tail = text.split('"links":')
        columns = columns.replace("%", "%%").replace(iso, "%(iso)s").replace(naive(iso), "%(plain)s")
        self._columns = re.sub(r"@(\w+)@", r"%(\1)s", columns)
        self._tail = f'"links":{tail}'.split("@id@")

    def row(self, id: int) -> str:
        """The row as `GET /contacts` lists it."""
        mixed = id * 2_654_435_761 & 0xFFFFFFFF
        iso = stamp(_FIRST_MADE + id * _APART)
        columns = self._columns % {
            "email": email_of(id),
            "phone": _phone(mixed),
            "first": _FIRST[mixed >> 28],
            "last": _LAST[mixed >> 24 & 15],
            "hash": f"{(mixed + 1) * _SPREAD & _HASH:032x}",  # mixed throughout, as a digest is
            "iso": iso,
            "plain": naive(iso),
        }
        return columns + str(id).join(self._tail)
