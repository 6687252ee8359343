"""What belongs to one contact, to read: each a list of its own below ``/contacts/{id}``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, Unpack

from .._call import Call, Send, id_text, one_or_none, query, under
from .._model import UNSET, Model, Unset
from .._paging import Pager
from ._inputs import orders_of
from ._resource import RowOrder, rows
from ._verbs import Verbs
from .account_contacts import AccountContact
from .activities import ORDERS, Activity, ActivityFilters, ActivityOrder
from .contact_automations import AutomationEntryCount, ContactAutomation
from .contact_data import ContactData, Organization, PlusAppend
from .contact_deals import ContactDeal
from .contact_goals import ContactGoal
from .contact_lists import ContactList
from .contact_logs import BounceLog, ContactLog, TrackingLog
from .contact_tags import ContactTag
from .deals import Deal
from .field_values import FieldValue
from .geo_ips import GeoAddress, GeoIp
from .notes import Note
from .score_values import ScoreValue

M = TypeVar("M", bound=Model)


class ContactCollections(Verbs):
    """A part of `Contacts`. `id` is the contact's, `limit` is the page size (1 to 100), `order_by` the order.

    NotFoundError if there is no such contact.
    """

    _send: Send

    def account_contacts(
        self,
        id: int | str,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[AccountContact]:
        """Its accounts: ``GET /contacts/{id}/accountContacts``.

        https://developers.activecampaign.com/reference/retrieve-contact-account-contacts
        """
        return self._of(id, AccountContact, order_by, limit, timeout)

    def automation_entry_counts(
        self,
        id: int | str,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[AutomationEntryCount]:
        """How often it entered which automation: ``GET /contacts/{id}/automationEntryCounts``.

        https://developers.activecampaign.com/reference/retrieve-contact-automation-entry-counts
        """
        return self._of(id, AutomationEntryCount, order_by, limit, timeout)

    def bounce_logs(
        self,
        id: int | str,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[BounceLog]:
        """Mails to it that bounced: ``GET /contacts/{id}/bounceLogs``.

        https://developers.activecampaign.com/reference/retrieve-contact-bounce-logs
        """
        return self._of(id, BounceLog, order_by, limit, timeout)

    def contact_automations(
        self,
        id: int | str,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[ContactAutomation]:
        """Its runs through automations: ``GET /contacts/{id}/contactAutomations``.

        https://developers.activecampaign.com/reference/list-all-contactautomations-for-contact
        """
        return self._of(id, ContactAutomation, order_by, limit, timeout)

    def contact_deals(
        self,
        id: int | str,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[ContactDeal]:
        """The deals in which it is a secondary contact: ``GET /contacts/{id}/contactDeals``. The deals themselves
        are in `included`. https://developers.activecampaign.com/reference/retrieve-contact-deals-list
        """
        return self._of(id, ContactDeal, order_by, limit, timeout)

    def contact_goals(
        self,
        id: int | str,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[ContactGoal]:
        """The goals it has reached: ``GET /contacts/{id}/contactGoals``.

        https://developers.activecampaign.com/reference/retrieve-contact-goals
        """
        return self._of(id, ContactGoal, order_by, limit, timeout)

    def contact_lists(
        self,
        id: int | str,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[ContactList]:
        """Its subscriptions, past ones too: ``GET /contacts/{id}/contactLists``.

        https://developers.activecampaign.com/reference/retrieve-contact-list-memberships
        """
        return self._of(id, ContactList, order_by, limit, timeout)

    def contact_logs(
        self,
        id: int | str,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[ContactLog]:
        """Its log: ``GET /contacts/{id}/contactLogs``.

        https://developers.activecampaign.com/reference/retrieve-contact-logs
        """
        return self._of(id, ContactLog, order_by, limit, timeout)

    def contact_tags(
        self,
        id: int | str,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[ContactTag]:
        """The tags on it, as rows with an id of their own: ``GET /contacts/{id}/contactTags``. Undocumented.

        https://developers.activecampaign.com/reference/contact-tags
        """
        return self._of(id, ContactTag, order_by, limit, timeout)

    def deals(
        self,
        id: int | str,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[Deal]:
        """The deals in which it is the first contact: ``GET /contacts/{id}/deals``.

        https://developers.activecampaign.com/reference/retrieve-contact-deals
        """
        return self._of(id, Deal, order_by, limit, timeout)

    def field_values(
        self,
        id: int | str,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[FieldValue]:
        """Its values in custom fields: ``GET /contacts/{id}/fieldValues``.

        https://developers.activecampaign.com/reference/retrieve-contact-field-values
        """
        return self._of(id, FieldValue, order_by, limit, timeout)

    def geo_ips(
        self,
        id: int | str,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[GeoIp]:
        """The IP addresses that it was seen at: ``GET /contacts/{id}/geoIps``.

        https://developers.activecampaign.com/reference/retrieve-contact-geo-ips
        """
        return self._of(id, GeoIp, order_by, limit, timeout)

    def notes(
        self,
        id: int | str,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[Note]:
        """Notes about it: ``GET /contacts/{id}/notes``. To write one: `Notes.create`.

        https://developers.activecampaign.com/reference/retrieve-contact-notes
        """
        return self._of(id, Note, order_by, limit, timeout)

    def score_values(
        self,
        id: int | str,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[ScoreValue]:
        """Its points in each score: ``GET /contacts/{id}/scoreValues``.

        https://developers.activecampaign.com/reference/retrieve-a-contacts-score-value
        """
        return self._of(id, ScoreValue, order_by, limit, timeout)

    def tracking_logs(
        self,
        id: int | str,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[TrackingLog]:
        """Its tracked events: ``GET /contacts/{id}/trackingLogs``.

        https://developers.activecampaign.com/reference/get-contacts-tracking-logsevents
        """
        return self._of(id, TrackingLog, order_by, limit, timeout)

    def activities(
        self,
        id: int | str,
        *,
        order_by: ActivityOrder | Sequence[ActivityOrder] | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
        **filters: Unpack[ActivityFilters],
    ) -> Pager[Activity]:
        """What happened to it: ``GET /activities?contact=…``.

        ActiveCampaign brings this up to date when the contact is read: `get` it first for the latest. A time in
        `after` needs its time zone (ValueError).
        https://developers.activecampaign.com/reference/list-contact-activities
        """
        orders = {} if order_by is UNSET else orders_of(ORDERS, order_by)
        asked = {"contact": id_text(id, finder="contacts"), **query(ActivityFilters, filters), **orders}
        return rows(self._send, "/activities", Activity, asked, limit=limit, timeout=timeout)

    # -- at most one of a kind

    async def contact_data(self, id: int | str, *, timeout: float | None = None) -> ContactData | None:
        """Where it was seen and how it came, or None: ``GET /contacts/{id}/contactData``.

        https://developers.activecampaign.com/reference/retrieve-contact-data
        """
        return await self._sole(id, "contactData", ContactData, timeout)

    async def organization(self, id: int | str, *, timeout: float | None = None) -> Organization | None:
        """Its organization, or None: ``GET /contacts/{id}/organization``.

        https://developers.activecampaign.com/reference/retrieve-contact-organization
        """
        return await self._sole(id, "organization", Organization, timeout)

    async def plus_append(self, id: int | str, *, timeout: float | None = None) -> PlusAppend | None:
        """What other services know about it, or None: ``GET /contacts/{id}/plusAppend``.

        https://developers.activecampaign.com/reference/retrieve-contact-plus-append
        """
        return await self._sole(id, "plusAppend", PlusAppend, timeout)

    async def geo_address(self, geo_ip: int | str, *, timeout: float | None = None) -> GeoAddress | None:
        """The place of one of `geo_ips`, by its id, or None: ``GET /geoIps/{id}/geoAddress``.

        https://developers.activecampaign.com/reference/retrieve-a-contacts-geo-ip-address
        """
        path = under("/geoIps", id_text(geo_ip, "geo_ip"), "geoAddress")
        return await self._send(Call("GET", path, one_or_none(GeoAddress), timeout=timeout))

    # -- how

    def _of(
        self, id: int | str, model: type[M], order_by: RowOrder | Unset, limit: int | None, timeout: float | None
    ) -> Pager[M]:
        path = under("/contacts", id_text(id, finder="contacts"), model.KEYS)
        return rows(self._send, path, model, order_by=order_by, limit=limit, small=True, timeout=timeout)

    async def _sole(self, id: int | str, name: str, model: type[M], timeout: float | None) -> M | None:
        path = under("/contacts", id_text(id, finder="contacts"), name)
        return await self._send(Call("GET", path, one_or_none(model), timeout=timeout))
