"""Contacts: people. https://developers.activecampaign.com/reference/contact"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import IntEnum
from typing import Annotated, Literal, TypedDict, Unpack

from attrs import frozen

from .._answer import Answer
from .._call import Call, id_text, many, one, under
from .._fanout import Found, map_bounded, within
from .._model import UNSET, Row, Unset, Wire
from .._paging import MAX_LIMIT, Pager
from .._walk import DEFAULT_SIZE, row_total
from ..errors import ActiveCampaignError, PaginationError
from ._contact_associations import ContactAssociations
from ._contact_collections import ContactCollections
from ._inputs import include_text, orders_of, several_ids, true_or_false
from ._resource import Resource, not_blank, same
from .field_values import FieldInputs, field_inputs


class ContactStatus(IntEnum):
    """How a contact stands to the lists, as a filter."""

    ANY = -1
    UNCONFIRMED = 0
    ACTIVE = 1
    UNSUBSCRIBED = 2
    BOUNCED = 3


@frozen(kw_only=True, repr=False)
class Contact(Row):
    """A person. What came beside it stands in `included`: tags, lists, field values, ..."""

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
    # The four below carry no zone on the wire, and are not UTC for all their names.
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


class _Written(ContactFields, total=False):
    email: str | None
    allow_null_email: bool


class ContactFilters(TypedDict, total=False):
    """By what contacts can be filtered. All that are given must hold."""

    ids: Annotated[Sequence[int | str], Wire("ids[]", several_ids)]
    """For many, `Contacts.get_many`."""
    email: str
    email_like: Annotated[str, Wire("email_like")]
    """Contains it."""
    phone: str
    """Starts with it."""
    search: str
    """Found in names, organization, phone or e-mail."""
    status: ContactStatus | int
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
    include: Annotated[str | Sequence[str], Wire("include", include_text)]
    """Collections to bring along, e.g. ``("contact_tags", "field_values")``. Undocumented: may be ignored."""


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


class Contacts(Resource[Contact], ContactAssociations, ContactCollections):
    """``ac.contacts``"""

    path, model, written, filters = "/contacts", Contact, _Written, ContactFilters

    def list(
        self,
        *,
        order_by: ContactOrder | Sequence[ContactOrder] | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
        **filters: Unpack[ContactFilters],
    ) -> Pager[Contact]:
        """Contacts: ``GET /contacts``. `limit` rows a page, 1 to 100.

        Without `order_by` they come by id, each page asking for what lies beyond the last: rows that appear
        or vanish meanwhile shift nothing. Any other order goes by offset. A time among the filters needs its
        zone (ValueError). https://developers.activecampaign.com/reference/list-all-contacts
        """
        if order_by is UNSET or order_by == "id":
            return self._list(filters, keyset=True, limit=limit, timeout=timeout)
        return self._list(filters, orders=orders_of(_ORDERS, order_by), limit=limit, timeout=timeout)

    async def get(self, id: int | str, *, timeout: float | None = None) -> Contact:
        """Read one, with its automations, lists, deals, field values, geo IPs and accounts in `included`:
        ``GET /contacts/{id}``. NotFoundError when there is none.

        https://developers.activecampaign.com/reference/get-contact
        """
        return await self._get(id, timeout)

    async def get_many(self, ids: Iterable[int | str], *, timeout: float | None = None) -> Found[Contact]:
        """Read many, 100 a request and several requests at a time: ``GET /contacts?ids[]=…``.

        The result is in the order of `ids`, one contact at each place of an id that exists (a repeated id is
        asked for once); `missing` has the others. Where ActiveCampaign gave fewer than asked for and its total does
        not say that these are all, those that did not come are asked for again.
        `timeout` is for all of it, in seconds. An error has what had been read by then in its `found`.
        DeadlineError when the time is over, RateLimitError at once where it cannot be enough, PaginationError where
        contacts come that were not asked for.
        https://developers.activecampaign.com/reference/list-all-contacts
        """
        asked = [int(id) for id in several_ids(ids, "ids")]
        found: dict[int, Contact] = {}

        async def look_up(some: Sequence[int]) -> Sequence[int]:
            contacts, complete = await self._send(_by_id(some, timeout))
            if not {contact.id for contact in contacts} <= set(some):
                raise PaginationError("GET /contacts gave contacts that were not asked for: it ignores ids[]")
            found.update({contact.id: contact for contact in contacts})
            return [id for id in some if id not in found] if contacts and not complete else []

        def so_far() -> Found[Contact]:
            missing = dict.fromkeys(id for id in asked if id not in found)
            return Found([found[id] for id in asked if id in found], missing)

        try:
            async with within(timeout):
                todo = list(dict.fromkeys(asked))
                while todo:
                    batches = [todo[i : i + MAX_LIMIT] for i in range(0, len(todo), MAX_LIMIT)]
                    todo = [id for rest in await map_bounded(look_up, batches) for id in rest]
        except ActiveCampaignError as error:
            error.found = so_far()
            raise
        return so_far()

    async def find(self, email: str, *, timeout: float | None = None) -> Contact | None:
        """The contact with that e-mail address, without regard to case or blanks around it, or None:
        ``GET /contacts?email=…``. PaginationError where contacts come as if no address had been asked for.

        https://developers.activecampaign.com/reference/list-all-contacts
        """
        wanted = not_blank(email, "email").strip()
        page = await self.list(email=wanted, timeout=timeout)
        fits = next((contact for contact in page.items if same(contact.email, wanted)), None)
        if fits is None and page.has_more:
            raise PaginationError("GET /contacts gave other contacts, and has more: it ignores email")
        return fits

    async def by_event(self, event: int | str, *, timeout: float | None = None) -> Contact:
        """The contact of a tracked event: ``GET /trackingLogs/{id}/contact``. `event` is a `TrackingLog`'s id.

        https://developers.activecampaign.com/reference/get-contact-by-event-id
        """
        path = under("/trackingLogs", id_text(event, "event"), "contact")
        return await self._send(Call("GET", path, one(Contact), timeout=timeout))

    async def create(
        self,
        *,
        email: str | None,
        allow_null_email: bool | Unset = UNSET,
        timeout: float | None = None,
        **fields: Unpack[ContactFields],
    ) -> Contact:
        """Make a contact: ``POST /contacts``. DuplicateError when the address is known: see `sync`.

        `email` may be None together with ``allow_null_email=True`` and a phone, where the account allows
        contacts without an address. The answer holds only some of the fields.
        https://developers.activecampaign.com/reference/create-a-new-contact
        """
        if email is not None:
            not_blank(email, "email")
        elif not allow_null_email:
            raise ValueError("email: None needs allow_null_email=True")
        return await self._create({"email": email, "allow_null_email": allow_null_email, **fields}, timeout)

    async def update(
        self,
        id: int | str,
        *,
        email: str | Unset = UNSET,
        timeout: float | None = None,
        **fields: Unpack[ContactFields],
    ) -> Contact:
        """Change what is given, and only that: ``PUT /contacts/{id}``. DuplicateError for an address in use.

        https://developers.activecampaign.com/reference/update-a-contact-new
        """
        return await self._update(id, {"email": email, **fields}, timeout)

    async def sync(self, *, email: str, timeout: float | None = None, **fields: Unpack[ContactFields]) -> Contact:
        """Make the contact with that address, or update it: ``POST /contact/sync``. Safe to repeat.

        https://developers.activecampaign.com/reference/sync-a-contacts-data
        """
        body = self._body({"email": not_blank(email, "email"), **fields})
        call = Call("POST", "/contact/sync", one(Contact), body=body, repeatable=True, timeout=timeout)
        return await self._send(call)

    async def delete(self, id: int | str, *, timeout: float | None = None) -> None:
        """Delete one: ``DELETE /contacts/{id}``. NotFoundError when there is none.

        https://developers.activecampaign.com/reference/delete-contact
        """
        await self._delete(id, timeout)


def _by_id(ids: Sequence[int], timeout: float | None) -> Call[tuple[tuple[Contact, ...], bool]]:
    asked = {"ids[]": [str(id) for id in ids], "limit": str(MAX_LIMIT)}
    return Call("GET", "/contacts", _contacts_and_whether_all, asked, timeout=timeout)


def _contacts_and_whether_all(answer: Answer) -> tuple[tuple[Contact, ...], bool]:
    """The contacts, and whether the answer left none out: so its total says, and an endpoint's cap does not deny."""
    contacts = many(Contact)(answer)
    total = row_total(answer.data.get("meta"))
    return contacts, total == len(contacts) != DEFAULT_SIZE
