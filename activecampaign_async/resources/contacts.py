"""Contacts: people. https://developers.activecampaign.com/reference/contact"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from enum import IntEnum
from math import inf
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict, Unpack

from attrs import frozen

from .._call import Call, id_text, one, query, under
from .._fanout import Found
from .._given import encode_fields, near, sendable
from .._model import _HOMES, UNSET, Row, Unset, Wire
from .._paging import Pager
from .._wire import camel
from ..errors import PaginationError
from ._by_ids import get_many
from ._changed import OVERLAP, Changes
from ._contact_associations import ContactAssociations
from ._contact_collections import ContactCollections
from ._contact_imports import ContactImports
from ._find_many import FoundByEmail, find_many
from ._gone import gone
from ._inputs import folded, include_text, not_blank, orders_of, several_ids, true_or_false
from ._resource import Resource, rows
from ._saved import Saved
from .field_values import FieldInputs, field_inputs

if TYPE_CHECKING:
    from .._call import Send
    from ..jobs.store import Store
    from ._joined import Joined
    from ._saved import AsyncStore


class ContactStatus(IntEnum):
    """A contact's status on its lists, as a filter."""

    ANY = -1
    UNCONFIRMED = 0
    ACTIVE = 1
    UNSUBSCRIBED = 2
    BOUNCED = 3


@frozen(kw_only=True, repr=False)
class Contact(Row):
    """A person. What came beside it stands in `included`: tags, lists, field values, ...

    ``contact.included.contact_tags`` is empty if there are none, and also if they were not loaded;
    ``"contact_tags" in contact.included`` tells the two apart.
    """

    KEY, KEYS = "contact", "contacts"

    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    created_at: Annotated[datetime | None, Wire("cdate")] = None
    updated_at: Annotated[datetime | None, Wire("udate")] = None
    deleted: bool | None = None
    deleted_at: Annotated[datetime | None, Wire("deleted_at")] = None
    anonymized: bool | None = None
    org_id: Annotated[int | None, Wire("orgid")] = None
    """0 for none, as for every reference."""
    org_name: Annotated[str | None, Wire("orgname")] = None
    organization: int | None = None
    hash: str | None = None
    ip: str | None = None
    """The address as one number, in decimal digits."""
    ua: str | None = None
    """User agent."""
    gravatar: bool | None = None
    sentiment: str | None = None
    email_empty: Annotated[bool | None, Wire("email_empty")] = None
    email_local: Annotated[str | None, Wire("email_local")] = None
    email_domain: Annotated[str | None, Wire("email_domain")] = None
    sent_count: Annotated[int | None, Wire("sentcnt")] = None
    bounced_hard: Annotated[int | None, Wire("bounced_hard")] = None
    bounced_soft: Annotated[int | None, Wire("bounced_soft")] = None
    bounced_date: Annotated[date | None, Wire("bounced_date")] = None
    rating_date: Annotated[date | None, Wire("rating_tstamp")] = None
    best_send_hour: Annotated[int | None, Wire("best_send_hour")] = None
    mpp_tracking: Annotated[bool | None, Wire("mpp_tracking")] = None
    """Whether Apple's mail privacy protection hides what is opened."""
    last_open_date: Annotated[datetime | None, Wire("last_open_date")] = None
    last_mpp_open_date: Annotated[datetime | None, Wire("last_mpp_open_date")] = None
    last_click_date: Annotated[datetime | None, Wire("last_click_date")] = None
    sms_consent: Annotated[int | None, Wire("sms_consent")] = None
    sms_consent_updated_at: Annotated[datetime | None, Wire("sms_consent_updated_at")] = None
    whatsapp_id: Annotated[str | None, Wire("whatsapp_id")] = None
    whatsapp_username: Annotated[str | None, Wire("whatsapp_username")] = None
    segmentio_id: Annotated[str | None, Wire("segmentio_id")] = None
    social_data_last_check: Annotated[datetime | None, Wire("socialdata_lastcheck")] = None
    adate: datetime | None = None
    edate: datetime | None = None
    # The four below carry no zone on the wire, and are not UTC despite their names.
    created_timestamp: Annotated[datetime | None, Wire("created_timestamp")] = None
    updated_timestamp: Annotated[datetime | None, Wire("updated_timestamp")] = None
    created_utc_timestamp: Annotated[datetime | None, Wire("created_utc_timestamp")] = None
    updated_utc_timestamp: Annotated[datetime | None, Wire("updated_utc_timestamp")] = None
    created_by: Annotated[int | None, Wire("created_by")] = None
    updated_by: Annotated[int | None, Wire("updated_by")] = None
    # Ids only: the rows themselves stand in `included`.
    account_contacts: tuple[int, ...] | None = None
    contact_automations: tuple[int, ...] | None = None
    contact_lists: tuple[int, ...] | None = None
    contact_tags: tuple[int, ...] | None = None
    deals: tuple[int, ...] | None = None
    field_values: tuple[int, ...] | None = None
    geo_ips: tuple[int, ...] | None = None
    score_values: tuple[int, ...] | None = None


class ContactFields(TypedDict, total=False):
    """What can be written besides the e-mail address. Left out is kept, ``""`` clears."""

    first_name: str | None
    last_name: str | None
    phone: str | None
    field_values: Annotated[FieldInputs, Wire("fieldValues", field_inputs)]
    """Custom field id -> value. An id that does not exist is ignored by ActiveCampaign in silence."""
    org_id: Annotated[int, Wire("orgid")]
    """Deprecated by ActiveCampaign in favour of account contacts."""
    deleted: bool
    """Deprecated by ActiveCampaign in favour of `Contacts.delete`."""


def _address(given: str | None, name: str) -> str | None:
    return None if given is None else not_blank(given, name)


class _Written(ContactFields, total=False):
    email: Annotated[str | None, Wire("email", _address)]


class _Created(_Written, total=False):
    allow_null_email: bool


_WITHOUT_A_MODEL = {
    "automationEntryCounts", "bounceLogs", "contactData", "contactGoals", "contactLogs", "organization", "plusAppend",
    "trackingLogs",
}  # fmt: skip
"""Further collections that a contact links to."""
_COLLECTIONS = _HOMES.keys() | _WITHOUT_A_MODEL


def _collections(given: Any, name: str) -> str:
    """`include` as the wire takes it. Others than those known here pass, since nothing says which there are; but a
    name that is nearly one of those would be ignored in silence.
    """
    text = include_text(given, name)
    for asked in (given if isinstance(given, str) else ",".join(given)).split(","):
        first = asked.strip().partition(".")[0]  # of "contactTags.tag"
        if first and camel(first) not in _COLLECTIONS and (meant := _meant(first)):
            raise ValueError(f"{name}: {first!r} is not known here; did you mean {meant}?")
    return text


def _meant(asked: str) -> str | None:
    """The known collection, by its Python name, of which that is another spelling: "tags", "contactTag"."""
    lower = {wire.casefold(): wire for wire in sorted(_COLLECTIONS)}
    spelt = lower | {form.removesuffix("s"): wire for form, wire in lower.items()}
    bare = "".join(filter(str.isalnum, asked)).casefold()
    wire = spelt.get(bare) or spelt.get(f"contact{bare}") or near(bare, spelt, 0.9)
    return re.sub("([A-Z])", r"_\1", wire).lower() if wire else None


class ContactFilters(TypedDict, total=False):
    """Filters for contacts. All that are given must match."""

    ids: Annotated[Sequence[int | str], Wire("ids[]", several_ids)]
    """For many, `Contacts.get_many`."""
    email: str
    email_like: Annotated[str, Wire("email_like")]
    """Contains it."""
    phone: str
    """Starts with it."""
    search: str
    """Found in names, organization, phone or e-mail."""
    status: ContactStatus | int | str
    list_id: Annotated[int | str, Wire("listid", id_text)]
    tag_id: Annotated[int | str, Wire("tagid", id_text)]
    form_id: Annotated[int | str, Wire("formid", id_text)]
    automation_id: Annotated[int | str, Wire("seriesid", id_text)]
    wait_id: Annotated[int | str, Wire("waitid", id_text)]
    """In the queue of that wait step of an automation."""
    organization_id: Annotated[int | str, Wire("organization", id_text)]
    """Deprecated by ActiveCampaign in favour of account contacts."""
    segment_id: Annotated[int | str, Wire("segmentid", id_text)]
    """Computed by ActiveCampaign at most once an hour, unless `force_query`."""
    force_query: Annotated[bool, Wire("forceQuery")]
    """Asks for a new computation with every page: only for a list of one page."""
    exclude: Annotated[int | str, Wire("exclude", id_text)]
    """All but this contact."""
    id_greater: Annotated[int, Wire("id_greater")]
    id_less: Annotated[int, Wire("id_less")]
    created_after: Annotated[datetime | date, Wire("filters[created_after]")]
    created_before: Annotated[datetime | date, Wire("filters[created_before]")]
    updated_after: Annotated[datetime | date, Wire("filters[updated_after]")]
    updated_before: Annotated[datetime | date, Wire("filters[updated_before]")]
    in_group_lists: Annotated[bool, Wire("in_group_lists", true_or_false)]
    """Only those whom the key's user may see."""
    sort_id: Annotated[int | str, Wire("sortId", id_text)]
    """The score or custom field by which `order_by` sorts."""
    include: Annotated[str | Sequence[str], Wire("include", _collections)]
    """Collections to bring along, e.g. ``("contact_tags", "field_values")``. Undocumented: may be ignored, and then
    ``"contact_tags" in contact.included`` is False. A name that is nearly that of a known one is a ValueError."""


ContactOrder = Literal[
    "id", "-id", "created_at", "-created_at", "email", "-email", "first_name", "-first_name",
    "last_name", "-last_name", "name", "-name", "score", "-score",
]  # fmt: skip
_ORDERS = {
    "id": "id",
    "created_at": "cdate",
    "email": "email",
    "first_name": "first_name",
    "last_name": "last_name",
    "name": "name",
    "score": "score",
}


class Contacts(Resource[Contact], ContactAssociations, ContactCollections, ContactImports):
    """``ac.contacts``"""

    _path, _model, _written, _filters = "/contacts", Contact, _Written, ContactFilters

    def list(
        self,
        *,
        order_by: ContactOrder | Sequence[ContactOrder] | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
        **filters: Unpack[ContactFilters],
    ) -> Pager[Contact]:
        """Contacts: ``GET /contacts``. `limit` is the page size (1 to 100).

        Without `order_by` they come by id, and each page asks for the ids after the last: rows that appear or
        disappear meanwhile shift nothing. Any other order goes by offset. A time among the filters needs its time
        zone (ValueError). https://developers.activecampaign.com/reference/list-all-contacts
        """
        if order_by is UNSET or order_by == "id":
            return self._list(filters, keyset=True, limit=limit, timeout=timeout)
        return self._list(filters, orders=orders_of(_ORDERS, order_by), limit=limit, timeout=timeout)

    def changed(
        self,
        since: datetime | None = None,
        *,
        checkpoint: Store | AsyncStore | None = None,
        overlap: float = OVERLAP,
        limit: int | None = None,
        timeout: float | None = None,
        **filters: Unpack[ContactFilters],
    ) -> Changes:
        """Contacts that were created or changed since the last time: ``GET /contacts?filters[updated_after]=…``.

            from datetime import UTC, datetime

            since = datetime(2026, 1, 1, tzinfo=UTC)
            async for contact in ac.contacts.changed(since, checkpoint=StateFile("changes.json")):
                print(contact.id)

        Each change is given at least once, even one in the very second of the last run, one made during a run, or one
        after a crash in the middle. A contact that was changed several times comes in its latest state.
        Deletions are not included: see `deleted`.

        Arguments:
            since: a datetime with its time zone, for when nothing is saved yet.
            checkpoint: where to save the progress (`StateFile`). An interrupted run resumes where it stopped; the next
                run begins where the last one began. Without one, keep the `watermark` of the result yourself.
            overlap: extra seconds (300) that a run reaches back, for changes that become visible late, and clocks
                that differ. What was already given is left out.

        Raises ResumeError for a checkpoint of another account, or begun with other filters; ValueError without a
        `since` where nothing is saved. https://developers.activecampaign.com/reference/list-all-contacts
        """
        if "updated_after" in filters:
            raise TypeError("updated_after: is what since= stands for")
        if since is not None:
            if not isinstance(since, datetime):
                raise TypeError(f"since: a datetime with its zone was expected, not {type(since).__name__}")
            sendable(since, "since")
        if isinstance(overlap, bool) or not isinstance(overlap, (int, float)) or not 0 <= overlap < inf:
            raise ValueError("overlap: seconds, 0 or more")
        asked, saved = query(ContactFilters, filters), None
        if checkpoint is not None:
            head = {"overlap": overlap, "filters": asked}
            saved = Saved(checkpoint, kind="contacts.changed", account=self._send.home, query=head)

        def contacts(send: Send, after: datetime) -> Pager[Contact]:
            whole = {**asked, **query(ContactFilters, {"updated_after": after})}
            return rows(send, self._path, Contact, whole, limit=limit, keyset=True, timeout=timeout)

        _ = contacts(self._send, datetime.now(UTC))  # refuses what it cannot take, before anything is sent
        return Changes(self._send, contacts, since, saved, overlap)

    async def get(
        self, id: int | str, *, include: str | Sequence[str] | Unset = UNSET, timeout: float | None = None
    ) -> Contact:
        """Read one, with its automations, lists, deals, field values, geo IPs and accounts in `included`:
        ``GET /contacts/{id}``. NotFoundError if there is none.

        `include` names what else to bring along, as for `list`, and may be ignored as well.
        https://developers.activecampaign.com/reference/get-contact
        """
        asked = query(ContactFilters, {"include": include})
        return await self._send(Call("GET", self._at(id), one(Contact), asked, timeout=timeout))

    async def get_many(self, ids: Iterable[int | str], *, timeout: float | None = None) -> Found[Contact]:
        """Read many, 100 a request and several requests at a time: ``GET /contacts?ids[]=…``.

        The result is in the order of `ids`, with one contact for each id that exists (a repeated id is requested
        once); `missing` has the others. If ActiveCampaign returns fewer than requested and its total does not confirm
        that these are all, the others are requested again.
        If an endpoint ignores ``ids[]``, the list is read from id to id, which may take as many requests as there are
        ids: the result is the same, and its `swept` and a line in the log say so.
        `timeout` is for all of it, in seconds. An error has what had been read by then in its `found`.
        DeadlineError when the time is up, RateLimitError at once if it cannot be enough, PaginationError if neither
        way works.
        https://developers.activecampaign.com/reference/list-all-contacts
        """
        return await get_many(self._send, Contact, self._path, ids, timeout)

    async def deleted(
        self,
        known_ids: Iterable[int | str],
        *,
        checkpoint: Store | AsyncStore | None = None,
        timeout: float | None = None,
    ) -> builtins.list[int]:
        """Which of the contacts that you know are gone, in ascending order: ``GET /contacts?ids[]=…``, or
        ``GET /contacts`` by id, whichever takes fewer requests.

        ActiveCampaign has no list of deletions, so each id is looked up: one request for 100 of them, or fewer
        requests if most are gone. A contact that the key's user may not see counts as gone. Takes a few bytes an id,
        and reads no contact into memory. `timeout` and errors as in `get_many`: `found` has those that are surely gone.

        With a `checkpoint` (`StateFile`), an interrupted run resumes where it stopped, with the same ids in any order
        (ResumeError for others); a finished one begins anew.
        https://developers.activecampaign.com/reference/list-all-contacts
        """
        saved = None
        if checkpoint is not None:
            saved = Saved(checkpoint, kind="contacts.deleted", account=self._send.home, query={})
        return await gone(self._send, Contact, self._path, known_ids, saved, timeout)

    async def find(self, email: str, *, timeout: float | None = None) -> Contact | None:
        """The contact with that e-mail address, without regard to case or blanks around it, or None:
        ``GET /contacts?email=…``. PaginationError if the API ignores the address and gives other contacts.

        https://developers.activecampaign.com/reference/list-all-contacts
        """
        wanted = not_blank(email, "email").strip()
        page = await self.list(email=wanted, timeout=timeout)
        key = folded(wanted)
        fits = next((contact for contact in page.items if folded(contact.email or "") == key), None)
        if fits is None and page.has_more:
            raise PaginationError("GET /contacts gave other contacts, and has more: it ignores email")
        return fits

    async def find_many(self, emails: Iterable[str], *, timeout: float | None = None) -> FoundByEmail[Contact]:
        """The contacts with these e-mail addresses: ``GET /contacts?email=…``, or ``GET /contacts``, page by page.

            found = await ac.contacts.find_many(["contact7@example.com", "nobody@example.com"])
            print(found["contact7@example.com"].id, found.missing)

        No filter of the API takes many addresses, so the cheapest way is chosen by counting: one request for each; the
        pages of a domain (`email_like`), for ten or more that share one; or all contacts, if they fill fewer pages.
        Each answer is compared exactly, as in `find`; so are look-ups in the result. `timeout` is for all of it, in
        seconds. An error has what had been read by then in its `found`. PaginationError if ActiveCampaign ignores
        addresses.
        https://developers.activecampaign.com/reference/list-all-contacts
        """
        return await find_many(self, emails, timeout)

    def joined(
        self,
        *,
        field_values: bool | Sequence[int | str] = True,
        tags: bool = True,
        lists: bool = True,
        fields_by: Literal["title", "perstag"] = "title",
        limit: int | None = None,
        timeout: float | None = None,
        **filters: Unpack[ContactFilters],
    ) -> Joined:
        """Contacts with their custom field values, tags and lists: ``GET /contacts?include=…``.

            async with ac.contacts.joined(list_id=4).ahead(8) as people:
                async for person in people:
                    print(person.contact.email, person.fields.get("Birthday"), person.tags)

        The first page shows whether `include` brings them along: then they cost nothing extra. What does not come
        along is read from its whole table (``GET /fieldValues``, ``/contactTags``, ``/contactLists``) before the first
        contact is given, never contact by contact. `Joined.plan` tells the cost before it is spent.

        Arguments:
            field_values: all, none, or some: by id, title or personalization tag (LookupError for an unknown one, once
                it begins). For a few, only their own values are read, if that is less than the whole table.
            tags: whether to read tags.
            lists: whether to read lists.
            fields_by: what the keys of `fields` are.

        What is attached to a contact after its table was read is missing. PaginationError if what came along at first
        no longer does, or only in part. https://developers.activecampaign.com/reference/list-all-contacts
        """
        from ._joined import Joined, What, include_of  # knows contacts, and much else

        if isinstance(field_values, str) or not isinstance(field_values, (bool, Sequence)):
            raise TypeError(f"field_values: a bool or several fields were expected, not {type(field_values).__name__}")
        given: dict[What, bool | Sequence[int | str]] = {"field_values": field_values, "tags": tags, "lists": lists}
        what = {name: wanted for name, wanted in given.items() if wanted}
        asked = query(ContactFilters, filters)
        if what:
            asked["include"] = ",".join(filter(None, (str(asked.get("include", "")), include_of(list(what)))))
        keys = {"title": lambda field: field.title, "perstag": lambda field: field.perstag}
        if fields_by not in keys:
            raise ValueError('fields_by: "title" or "perstag"')
        return Joined(self._send, asked, what, keys[fields_by], limit=limit, timeout=timeout)

    async def by_event(self, event: int | str, *, timeout: float | None = None) -> Contact:
        """The contact of a tracked event: ``GET /trackingLogs/{id}/contact``. `event` is a `TrackingLog`'s id.

        https://developers.activecampaign.com/reference/get-contact-by-event-id
        """
        path = under("/trackingLogs", id_text(event, "event"), "contact")
        return await self._send(Call("GET", path, one(Contact), timeout=timeout))

    async def create(
        self,
        *,
        email: str | Unset | None = UNSET,
        allow_null_email: bool | Unset = UNSET,
        timeout: float | None = None,
        **fields: Unpack[ContactFields],
    ) -> Contact:
        """Create a contact: ``POST /contacts``. DuplicateError if the address already exists: see `sync`.

        `email` may be left out, or None, together with ``allow_null_email=True`` and a phone, if the account
        allows contacts without an address. The answer holds only some of the fields.
        https://developers.activecampaign.com/reference/create-a-new-contact
        """
        given = {"email": email, "allow_null_email": allow_null_email, **fields}
        body = {"contact": encode_fields(_Created, given)}
        if not allow_null_email:
            if email is None:
                raise ValueError("email: None needs allow_null_email=True")
            if email is UNSET:
                raise TypeError("email: must be given; a contact without one needs allow_null_email=True")
        return await self._send(Call("POST", self._path, one(Contact), body=body, timeout=timeout))

    async def update(
        self,
        id: int | str,
        *,
        email: str | Unset = UNSET,
        timeout: float | None = None,
        **fields: Unpack[ContactFields],
    ) -> Contact:
        """Change only what is given: ``PUT /contacts/{id}``. DuplicateError for an address in use.

        https://developers.activecampaign.com/reference/update-a-contact-new
        """
        if email is None:
            raise TypeError("email: None is no address; leave it out to keep the one there is")
        return await self._update(id, {"email": email, **fields}, timeout)

    async def sync(self, *, email: str, timeout: float | None = None, **fields: Unpack[ContactFields]) -> Contact:
        """Create the contact with that address, or update it: ``POST /contact/sync``. Safe to repeat.

        https://developers.activecampaign.com/reference/sync-a-contacts-data
        """
        body = self._body(fields, {"email": not_blank(email, "email")})
        call = Call("POST", "/contact/sync", one(Contact), body=body, repeatable=True, timeout=timeout)
        return await self._send(call)

    async def delete(self, id: int | str, *, timeout: float | None = None) -> None:
        """Delete one: ``DELETE /contacts/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/delete-contact
        """
        await self._delete(id, timeout)
