"""Lists: what contacts subscribe to. https://developers.activecampaign.com/reference/lists"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Literal, TypedDict, Unpack

from attrs import frozen

from .._call import Call, bare, id_text, one, query, under
from .._given import encode_fields, given_ones
from .._model import UNSET, Row, Unset, Wire
from .._paging import Pager
from ._inputs import given_id, given_id_or_none, not_blank, orders_of, several_ids
from ._resource import NameOrder, Resource, RowOrder, name_order, only, removal, rows, same


class ListChannel(Enum):
    """How a list's subscribers are reached."""

    EMAIL = "email"
    SMS = "sms"


@frozen(kw_only=True, repr=False)
class List(Row):
    """Something to subscribe to."""

    KEY, KEYS = "list", "lists"

    name: str | None = None
    string_id: Annotated[str | None, Wire("stringid")] = None
    """The name as it stands in URLs."""
    description: str | None = None
    channel: ListChannel | str | None = None
    user: int | None = None
    """Who owns it."""
    user_id: Annotated[int | None, Wire("userid")] = None
    """The owner again, under its older name; 0 for none."""
    sender_name: Annotated[str | None, Wire("sender_name")] = None
    sender_addr1: Annotated[str | None, Wire("sender_addr1")] = None
    sender_addr2: Annotated[str | None, Wire("sender_addr2")] = None
    sender_city: Annotated[str | None, Wire("sender_city")] = None
    sender_state: Annotated[str | None, Wire("sender_state")] = None
    sender_zip: Annotated[str | None, Wire("sender_zip")] = None
    sender_country: Annotated[str | None, Wire("sender_country")] = None
    sender_phone: Annotated[str | None, Wire("sender_phone")] = None
    sender_url: Annotated[str | None, Wire("sender_url")] = None
    """The website that the list is for."""
    sender_reminder: Annotated[str | None, Wire("sender_reminder")] = None
    """Tells subscribers why they get mail."""
    full_address: Annotated[str | None, Wire("fulladdress")] = None
    to_name: Annotated[str | None, Wire("to_name")] = None
    """What contacts without a name are called."""
    carbon_copy: Annotated[str | None, Wire("carboncopy")] = None
    """E-mail addresses, joined by commas, that get a copy of every mailing."""
    subscription_notify: Annotated[str | None, Wire("subscription_notify")] = None
    """E-mail addresses, joined by commas, that are notified of new subscribers."""
    unsubscription_notify: Annotated[str | None, Wire("unsubscription_notify")] = None
    """E-mail addresses, joined by commas, that are notified when somebody unsubscribes."""
    send_last_broadcast: Annotated[bool | None, Wire("send_last_broadcast")] = None
    """Whether a new subscriber gets the last campaign that was sent."""
    private: bool | None = None
    require_name: Annotated[bool | None, Wire("require_name")] = None
    get_unsubscribe_reason: Annotated[bool | None, Wire("get_unsubscribe_reason")] = None
    optin_optout: Annotated[int | None, Wire("optinoptout")] = None
    optin_message_id: Annotated[int | None, Wire("optinmessageid")] = None
    optout_conf: Annotated[int | None, Wire("optoutconf")] = None
    p_embed_image: Annotated[bool | None, Wire("p_embed_image")] = None
    p_use_tracking: Annotated[bool | None, Wire("p_use_tracking")] = None
    p_use_analytics_read: Annotated[bool | None, Wire("p_use_analytics_read")] = None
    p_use_analytics_link: Annotated[bool | None, Wire("p_use_analytics_link")] = None
    p_use_captcha: Annotated[bool | None, Wire("p_use_captcha")] = None
    p_use_facebook: Annotated[bool | None, Wire("p_use_facebook")] = None
    p_use_twitter: Annotated[bool | None, Wire("p_use_twitter")] = None
    analytics_domains: Annotated[str | None, Wire("analytics_domains")] = None
    analytics_source: Annotated[str | None, Wire("analytics_source")] = None
    analytics_ua: Annotated[str | None, Wire("analytics_ua")] = None
    facebook_session: Annotated[str | None, Wire("facebook_session")] = None
    twitter_token: Annotated[str | None, Wire("twitter_token")] = None
    twitter_token_secret: Annotated[str | None, Wire("twitter_token_secret")] = None
    active_subscribers: Annotated[int | None, Wire("active_subscribers")] = None
    non_deleted_subscribers: Annotated[int | None, Wire("non_deleted_subscribers")] = None
    created_at: Annotated[datetime | None, Wire("cdate")] = None
    updated_at: Annotated[datetime | None, Wire("udate")] = None
    deleted_at: Annotated[datetime | None, Wire("deletestamp")] = None
    created_timestamp: Annotated[datetime | None, Wire("created_timestamp")] = None
    updated_timestamp: Annotated[datetime | None, Wire("updated_timestamp")] = None
    created_by: Annotated[int | None, Wire("created_by")] = None
    updated_by: Annotated[int | None, Wire("updated_by")] = None


@frozen(kw_only=True, repr=False)
class ListGroup(Row):
    """What one group of users may do with one list."""

    KEY, KEYS = "listGroup", "listGroups"

    list: int | None = None
    group: int | None = None
    p_list_add: Annotated[bool | None, Wire("p_list_add")] = None
    p_list_edit: Annotated[bool | None, Wire("p_list_edit")] = None
    p_list_delete: Annotated[bool | None, Wire("p_list_delete")] = None
    p_list_sync: Annotated[bool | None, Wire("p_list_sync")] = None
    p_list_filter: Annotated[bool | None, Wire("p_list_filter")] = None
    p_message_add: Annotated[bool | None, Wire("p_message_add")] = None
    p_message_edit: Annotated[bool | None, Wire("p_message_edit")] = None
    p_message_delete: Annotated[bool | None, Wire("p_message_delete")] = None
    p_message_send: Annotated[bool | None, Wire("p_message_send")] = None
    p_subscriber_add: Annotated[bool | None, Wire("p_subscriber_add")] = None
    p_subscriber_edit: Annotated[bool | None, Wire("p_subscriber_edit")] = None
    p_subscriber_delete: Annotated[bool | None, Wire("p_subscriber_delete")] = None
    p_subscriber_import: Annotated[bool | None, Wire("p_subscriber_import")] = None
    p_subscriber_approve: Annotated[bool | None, Wire("p_subscriber_approve")] = None


class ExclusionChannel(Enum):
    """Where an exclusion applies."""

    ALL = "all"
    ALL_SMS = "allSms"
    ALL_EMAIL = "allEmail"
    SEVERAL = "several"
    """On the lists that it names."""


class MatchType(Enum):
    """How an exclusion compares addresses with its phrase. Others stay text."""

    EXACT = "exact"
    END = "end"


@frozen(kw_only=True, repr=False)
class Exclusion(Row):
    """Addresses that are sent nothing."""

    KEY, KEYS = "exclusion", "exclusions"

    match_phrase: str | None = None
    match_type: MatchType | str | None = None
    channel: ExclusionChannel | str | None = None
    hidden: bool | None = None
    lists: tuple[int, ...] | None = None


class ListFields(TypedDict, total=False):
    """What can be written besides what every list has."""

    send_last_broadcast: Annotated[bool, Wire("send_last_broadcast")]
    """Whether a new subscriber gets the last campaign that was sent."""
    carbon_copy: Annotated[str | None, Wire("carboncopy")]
    """E-mail addresses, joined by commas."""
    subscription_notify: Annotated[str | None, Wire("subscription_notify")]
    """E-mail addresses, joined by commas."""
    unsubscription_notify: Annotated[str | None, Wire("unsubscription_notify")]
    """E-mail addresses, joined by commas."""
    user: Annotated[int | str | None, Wire("user", given_id_or_none)]
    """Id of the owner."""
    user_id: Annotated[int | str | None, Wire("userid", given_id_or_none)]
    """The same, under its older name; `user` counts where both are given."""
    channel: ListChannel | str
    # The others are undocumented.
    description: str | None
    to_name: Annotated[str | None, Wire("to_name")]
    """What contacts without a name are called."""
    sender_name: Annotated[str | None, Wire("sender_name")]
    sender_addr1: Annotated[str | None, Wire("sender_addr1")]
    sender_addr2: Annotated[str | None, Wire("sender_addr2")]
    sender_city: Annotated[str | None, Wire("sender_city")]
    sender_state: Annotated[str | None, Wire("sender_state")]
    sender_zip: Annotated[str | None, Wire("sender_zip")]
    sender_country: Annotated[str | None, Wire("sender_country")]
    sender_phone: Annotated[str | None, Wire("sender_phone")]


class _Written(ListFields, total=False):
    name: Annotated[str, Wire("name", not_blank)]
    string_id: Annotated[str, Wire("stringid", not_blank)]
    sender_url: Annotated[str, Wire("sender_url")]
    sender_reminder: Annotated[str, Wire("sender_reminder")]


class ListFilters(TypedDict, total=False):
    """Filters for lists. All compare the name."""

    name: Annotated[str, Wire("filters[name]")]
    name_eq: Annotated[str, Wire("filters[name][eq]")]
    name_neq: Annotated[str, Wire("filters[name][neq]")]
    name_lt: Annotated[str, Wire("filters[name][lt]")]
    name_lte: Annotated[str, Wire("filters[name][lte]")]
    name_gt: Annotated[str, Wire("filters[name][gt]")]
    name_gte: Annotated[str, Wire("filters[name][gte]")]
    name_contains: Annotated[str, Wire("filters[name][contains]")]
    name_starts_with: Annotated[str, Wire("filters[name][starts_with]")]


class ExclusionFilters(TypedDict, total=False):
    """Filters for exclusions."""

    match_phrase: Annotated[str, Wire("filters[matchPhrase]")]
    lists: Annotated[Sequence[int | str], Wire("filters[lists][]", several_ids)]
    """Ids of lists."""


class ExclusionFields(TypedDict, total=False):
    """What can be changed of an exclusion."""

    channel: ExclusionChannel | str
    lists: Annotated[Sequence[int | str], Wire("lists", several_ids)]
    """Ids of lists; only together with the channel "several"."""


ExclusionOrder = Literal["match_phrase", "-match_phrase", "lists", "-lists"]
_EXCLUSION_ORDERS = {"match_phrase": "matchPhrase", "lists": "lists"}


class Lists(Resource[List]):
    """``ac.lists``"""

    _path, _model, _written, _filters = "/lists", List, _Written, ListFilters

    def list(
        self,
        *,
        order_by: NameOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
        **filters: Unpack[ListFilters],
    ) -> Pager[List]:
        """Lists that the key's user may see: ``GET /lists``. `limit` is the page size (1 to 100).

        `order_by` is "name", "-name", or "weight", for a filter: equal names first, then those that start with the
        text. https://developers.activecampaign.com/reference/retrieve-all-lists
        """
        orders = {} if order_by is UNSET else {"orders[name]": name_order(order_by)}
        return self._list(filters, orders=orders, limit=limit, timeout=timeout)

    async def get(self, id: int | str, *, timeout: float | None = None) -> List:
        """Read one: ``GET /lists/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/retrieve-a-list
        """
        return await self._get(id, timeout)

    async def create(
        self,
        *,
        name: str,
        string_id: str,
        sender_url: str,
        sender_reminder: str,
        timeout: float | None = None,
        **fields: Unpack[ListFields],
    ) -> List:
        """Create a list: ``POST /lists``. The answer holds only some of its fields.

        `string_id` is the name for URLs, `sender_url` the website the list is for, `sender_reminder` tells
        subscribers why they get mail. `send_last_broadcast` is sent as False unless it is given.
        https://developers.activecampaign.com/reference/create-new-list
        """
        needed = {
            "name": name,
            "string_id": string_id,
            "sender_url": sender_url,
            "sender_reminder": sender_reminder,
        }
        # Left out, new subscribers may be sent an old mail.
        given = {"send_last_broadcast": False, **given_ones(fields)}
        return await self._create(needed, given, timeout)

    async def update(
        self,
        id: int | str,
        *,
        name: str | Unset = UNSET,
        string_id: str | Unset = UNSET,
        sender_url: str | Unset = UNSET,
        sender_reminder: str | Unset = UNSET,
        timeout: float | None = None,
        **fields: Unpack[ListFields],
    ) -> List:
        """Change only what is given: ``PUT /lists/{id}``. Undocumented by ActiveCampaign.

        One account was seen to answer it with an internal error: ServerError.
        """
        given = {
            "name": name,
            "string_id": string_id,
            "sender_url": sender_url,
            "sender_reminder": sender_reminder,
            **fields,
        }
        return await self._update(id, given, timeout)

    async def delete(self, id: int | str, *, timeout: float | None = None) -> None:
        """Delete one: ``DELETE /lists/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/delete-a-list
        """
        await self._delete(id, timeout)

    async def find(self, name: str, *, timeout: float | None = None) -> List | None:
        """The list with that name, or None, ignoring case and surrounding blanks: ``GET /lists``, all pages.
        LookupError if several have it.

        https://developers.activecampaign.com/reference/retrieve-all-lists
        """
        wanted = not_blank(name, "name")
        # Unfiltered: whether `filters[name]` looks at case and blanks is nowhere said, and 100 come in a request.
        return await only(self.list(), lambda row: same(row.name, wanted), "lists have that name", timeout)

    # -- which groups of users may use a list

    def groups(
        self, *, order_by: RowOrder | Unset = UNSET, limit: int | None = None, timeout: float | None = None
    ) -> Pager[ListGroup]:
        """The permissions of all groups on all lists: ``GET /listGroups``. `limit` is the page size (1 to 100),
        `order_by` the order.

        Undocumented by ActiveCampaign.
        """
        return rows(self._send, "/listGroups", ListGroup, order_by=order_by, limit=limit, timeout=timeout)

    async def get_group(self, list_group: int | str, *, timeout: float | None = None) -> ListGroup:
        """One permission, by its own id: ``GET /listGroups/{id}``. NotFoundError if there is none.

        Undocumented by ActiveCampaign.
        """
        path = under("/listGroups", id_text(list_group, "list_group"))
        return await self._send(Call("GET", path, one(ListGroup), timeout=timeout))

    async def add_group(self, list: int | str, group: int | str, *, timeout: float | None = None) -> ListGroup:
        """Let a group of users use a list: ``POST /listGroups``. PermissionDeniedError also if there is no such list
        or group.

        https://developers.activecampaign.com/reference/create-a-list-group-permission
        """
        body = {"listGroup": {"listid": given_id(list, "list"), "groupid": given_id(group, "group", "groups")}}
        return await self._send(Call("POST", "/listGroups", one(ListGroup), body=body, timeout=timeout))

    async def remove_group(self, list_group: int | str, *, timeout: float | None = None) -> None:
        """Revoke a permission, by its own id: ``DELETE /listGroups/{id}``. Also succeeds if there is none.

        Undocumented by ActiveCampaign.
        """
        path = under("/listGroups", id_text(list_group, "list_group"))
        await self._send(removal(path, timeout, missing_is_done=True))

    # -- addresses that get nothing

    def exclusions(
        self,
        *,
        order_by: ExclusionOrder | Sequence[ExclusionOrder] | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
        **filters: Unpack[ExclusionFilters],
    ) -> Pager[Exclusion]:
        """Exclusions: ``GET /lists/exclusions``. `limit` is the page size (1 to 100).

        https://developers.activecampaign.com/reference/exclusions-retrieve-a-list
        """
        asked = query(ExclusionFilters, filters)
        if order_by is not UNSET:
            asked |= orders_of(_EXCLUSION_ORDERS, order_by)
        return rows(self._send, "/lists/exclusions", Exclusion, asked, limit=limit, timeout=timeout)

    async def get_exclusion(self, id: int | str, *, timeout: float | None = None) -> Exclusion:
        """Read one: ``GET /lists/exclusions/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/exclusions-retrieve-an-exclusion
        """
        path = under("/lists/exclusions", id_text(id))
        return await self._send(Call("GET", path, bare(Exclusion), timeout=timeout))

    async def update_exclusion(
        self, id: int | str, *, timeout: float | None = None, **fields: Unpack[ExclusionFields]
    ) -> Exclusion:
        """Change where one applies: ``PUT /lists/exclusions/{id}``.

        `lists` goes only with the channel "several" (ValueError, as ActiveCampaign would refuse it).
        https://developers.activecampaign.com/reference/update-an-exclusion
        """
        body = encode_fields(ExclusionFields, fields)
        if not body:
            raise ValueError("nothing to change was given")
        if body.get("lists") and body.get("channel", "several") != ExclusionChannel.SEVERAL.value:
            raise ValueError('lists: go only with the channel "several"')
        path = under("/lists/exclusions", id_text(id))
        return await self._send(Call("PUT", path, bare(Exclusion), body=body, timeout=timeout))
