"""Bulk import: up to 250 contacts a request, processed later.

For many rows see `Contacts.import_many`, which makes these calls for you.
https://developers.activecampaign.com/reference/bulk-import-contacts
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, TypeAlias, TypedDict

from attrs import field, frozen

from .._call import Call, Send, bare
from .._given import encode_fields, sendable
from .._model import UNSET, Model, Unset, Wire
from ._import_pace import MinuteLimiter
from ._inputs import given_id, not_blank, true_or_false
from ._verbs import Verbs
from .field_values import FieldInput, FieldInputs, field_inputs, value_text

if TYPE_CHECKING:
    from ..limits import RateLimiter

MOST = 250
"""Contacts a request."""


class BatchState(Enum):
    """The state of a batch. Others stay text."""

    NEW = False
    """In its first second, and whenever ActiveCampaign knows no more about it."""
    WAITING = "waiting"
    CLAIMED = "claimed"
    ACTIVE = "active"
    COMPLETED = "completed"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


FINISHED = frozenset({BatchState.COMPLETED, BatchState.FAILED, BatchState.INTERRUPTED})


@frozen(kw_only=True, repr=False)
class Batch(Model):
    """A request that was queued."""

    batch_id: str
    success: int | None = None
    accepted: Annotated[int | None, Wire("Success")] = None
    """`success`, as the document spells it."""
    queued_contacts: Annotated[int | None, Wire("queued_contacts")] = None
    message: str | None = None


@frozen(kw_only=True, repr=False)
class BatchStatus(Model):
    """The state of a batch, and what became of its contacts."""

    status: BatchState | str | None = None
    success: tuple[int, ...] | None = None
    """Ids of the contacts that were created or changed."""
    failure: tuple[str, ...] | None = None
    """E-mail addresses of those that were refused."""

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in FINISHED


@frozen(kw_only=True, repr=False)
class ImportDay(Model):
    """How much of what was sent on one day was imported, or is left."""

    for_date: date | None = None
    batches: int | None = None
    contacts: int | None = None


@frozen(kw_only=True, repr=False)
class ImportOverview(Model):
    """All batches of the account, counted by day."""

    outstanding: tuple[ImportDay, ...] | None = None
    recently_completed: tuple[ImportDay, ...] | None = None


# -- what is given


def _tags(given: Any, name: str) -> list[str]:
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
        raise TypeError(f"{name}: several names were expected, not {type(given).__name__}")
    return [not_blank(tag, name) for tag in given]


_Fields: TypeAlias = (
    FieldInputs | Mapping[str, FieldInput] | Mapping[int | str, FieldInput] | Sequence[tuple[int | str, FieldInput]]
)


def _fields(given: Any, name: str) -> list[dict[str, Any]]:
    """As an import takes them: with other keys than a contact does. Names are left to who knows the account's."""
    pairs = list(given.items()) if isinstance(given, Mapping) else given
    if not isinstance(pairs, (list, tuple)) or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        return _by_id(field_inputs(pairs, name))  # which says what is wrong
    found: list[dict[str, Any]] = []
    for key, value in pairs:
        if not isinstance(key, str) or key.isdecimal():
            found += _by_id(field_inputs([(key, value)], name))
        else:
            found.append({"id": not_blank(key, name).strip(), "value": value_text(value, f"{name}[{key}]")})
    return found


def _by_id(inputs: Sequence[Mapping[str, str | None]]) -> list[dict[str, Any]]:
    return [{"id": int(pair["field"] or 0), "value": pair["value"]} for pair in inputs]


def _lists(given: Any, name: str) -> list[dict[str, Any]]:
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
        raise TypeError(f"{name}: several list ids were expected, not {type(given).__name__}")
    return [{"listid": given_id(id, name, "lists")} for id in given]


class _Address(TypedDict):
    email: Annotated[str, Wire("email", not_blank)]


class ImportRow(_Address, total=False):
    """One contact to import. For an existing contact, what is left out (in `import_many` also what is None) is kept;
    ``""`` clears it.
    """

    first_name: Annotated[str, Wire("first_name")]
    last_name: Annotated[str, Wire("last_name")]
    phone: str
    customer_acct_name: Annotated[str, Wire("customer_acct_name")]
    """Name of the account that the contact belongs to."""
    tags: Annotated[Sequence[str], Wire("tags", _tags)]
    """By name. ActiveCampaign creates those that do not exist."""
    fields: Annotated[_Fields, Wire("fields", _fields)]
    """Custom field -> value. By id; in `import_many` also by title or personalization tag, ignoring case."""
    subscribe: Annotated[Sequence[int | str], Wire("subscribe", _lists)]
    """Ids of lists. Whoever has left one is not subscribed again."""
    unsubscribe: Annotated[Sequence[int | str], Wire("unsubscribe", _lists)]
    """Ids of lists."""


class BatchRow(ImportRow, total=False):
    """One contact of a batch."""

    exclude_automations: Annotated[bool, Wire("exclude_automations")]
    """Start no automations for it. ActiveCampaign starts them if this is left out."""


class ImportParameter(TypedDict):
    """A name and value that are sent with a callback."""

    key: str
    value: str


class ImportCallback(TypedDict, total=False):
    """What ActiveCampaign calls when a batch is done."""

    url: str
    request_type: str
    """``"GET"`` or ``"POST"``."""
    detailed_results: Annotated[bool | str, Wire("detailed_results", lambda given, name: _true_or_text(given, name))]
    """True: with counts and the reason of each failure, only by POST. Sent as text, ``"true"``, which also fits."""
    params: Annotated[Sequence[ImportParameter], Wire("params", lambda given, name: _pairs(given, name))]
    headers: Annotated[Sequence[ImportParameter], Wire("headers", lambda given, name: _pairs(given, name))]


def _true_or_text(given: Any, name: str) -> str:
    if not isinstance(given, (bool, str)):
        raise TypeError(f"{name}: bool or str was expected, not {type(given).__name__}")
    return true_or_false(given, name) if isinstance(given, bool) else str(sendable(given, name))


def _pairs(given: Any, name: str) -> list[dict[str, Any]]:
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
        raise TypeError(f"{name}: several were expected, not {type(given).__name__}")
    return [encode_fields(ImportParameter, one) for one in given]


# -- what became of many


@frozen(kw_only=True)
class RowOutcome:
    """What became of one row of `Contacts.import_many`."""

    row: int
    """Its number among those given, from 1."""
    email: str | None = field(repr=False)
    status: Literal["imported", "failed", "unknown"]
    """`unknown`: it was sent, and may have been imported."""
    id: int | None = None
    """The contact's, if it was imported. Also None if ActiveCampaign did not tell it."""
    reason: str = ""
    """Why it was not imported, or why that is unknown."""
    batch_id: str | None = None


class Outcomes(Protocol):
    """Where the outcomes of rows go, so that each is there exactly once, even after a crash."""

    async def begin(self, mark: int | None) -> None:
        """Called first. `mark`: how far an earlier run had come, by what its last `write` gave. None: begin anew."""

    async def write(self, outcomes: Sequence[RowOutcome], mark: int) -> int:
        """Put them after `mark`, in place of whatever may stand there, and return the mark after them once they would
        survive a crash. The first mark is 0.
        """


@frozen(kw_only=True)
class ImportReport:
    """What became of the rows of `Contacts.import_many`: of all runs, if it was resumed."""

    rows: int
    """Rows read: the sum of the four below."""
    imported: int
    failed: int
    unknown: int
    """Sent, and nobody knows what became of them."""
    pending: int = 0
    """Not finished yet. 0 at the end of a run that was not stopped."""
    batches: int = 0
    """Requests that ActiveCampaign queued."""
    problems: tuple[RowOutcome, ...] = field(default=(), repr=False)
    """The first hundred rows of this run that failed or are unknown. `outcomes=` gets all."""


class ImportPace:
    """ActiveCampaign's limits for imports, besides the account's own: requests a minute with many contacts, and with
    one. `many` and `single`: limiters of your own, e.g. a `RedisLimiter` where several processes import.
    """

    def __init__(
        self,
        per_minute: int = 100,
        single_per_minute: int = 20,
        *,
        many: RateLimiter | None = None,
        single: RateLimiter | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.many: RateLimiter = many or MinuteLimiter(per_minute, clock=clock)
        self.single: RateLimiter = single or MinuteLimiter(single_per_minute, clock=clock)


# -- the calls


def _batch_call(contacts: Sequence[Any], timeout: float | None = None, **beside: Any) -> Call[Batch]:
    """The call that queues wire rows. Never repeated on its own: automations would run twice."""
    body = {"contacts": contacts, **beside}
    return Call("POST", "/import/bulk_import", bare(Batch), body=body, timeout=timeout)


class Imports(Verbs):
    """``ac.imports``"""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def start(
        self,
        contacts: Sequence[BatchRow],
        *,
        callback: ImportCallback | Unset = UNSET,
        timeout: float | None = None,
    ) -> Batch:
        """Queue 1 to 250 contacts, to be created or changed by address: ``POST /import/bulk_import``.

        All or nothing: ValidationError if one of them is refused, whose `errors` point to it if ActiveCampaign names
        it (``/contacts/0`` is the first). It runs automations, unless a row has `exclude_automations`, creates tags
        that do not exist, and calls no webhooks. TypeError for a key that a contact does not have: ActiveCampaign
        would silently drop it. At most 100 requests a minute, 20 of them with a single contact, then RateLimitError.
        OutcomeUnknownError if no clear answer came.
        https://developers.activecampaign.com/reference/bulk-import-contacts
        """
        given: Any = contacts
        if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
            raise TypeError(f"contacts: a list of rows was expected, not {type(given).__name__}")
        if not 1 <= len(contacts) <= MOST:
            raise ValueError(f"contacts: 1 to {MOST} a request, not {len(contacts)}")
        rows = [encode_fields(BatchRow, dict(row), needed={"email": row.get("email", UNSET)}) for row in contacts]
        names = (pair["id"] for row in rows for pair in row.get("fields", ()) if isinstance(pair["id"], str))
        if (named := next(names, None)) is not None:
            way_out = f"`await ac.fields.find({named!r})` has it, and import_many takes names"
            raise ValueError(f"fields: {named!r} is no id; {way_out}")
        beside = {} if callback is UNSET else {"callback": encode_fields(ImportCallback, dict(callback))}
        return await self._send(_batch_call(rows, timeout, **beside))

    async def status(self, batch_id: str, *, timeout: float | None = None) -> BatchStatus:
        """The state of a batch: ``GET /import/info?batchId=…``. A contact takes some seconds.

        https://developers.activecampaign.com/reference/bulk-import-status-info
        """
        return await self._send(_status_call(batch_id, timeout))

    async def overview(self, *, timeout: float | None = None) -> ImportOverview:
        """How many batches are outstanding, and were recently completed, by day: ``GET /import/bulk_import``.

        https://developers.activecampaign.com/reference/bulk-import-status-list
        """
        return await self._send(Call("GET", "/import/bulk_import", bare(ImportOverview), timeout=timeout))


def _status_call(batch_id: str, timeout: float | None = None) -> Call[BatchStatus]:
    asked = {"batchId": not_blank(batch_id, "batch_id")}
    return Call("GET", "/import/info", bare(BatchStatus), asked, timeout=timeout)
