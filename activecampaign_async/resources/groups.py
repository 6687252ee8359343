"""Groups of users, and what they may do. https://developers.activecampaign.com/reference/groups"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypedDict, Unpack

from attrs import frozen

from .._model import UNSET, Row, Unset, Wire
from .._paging import Pager
from ._inputs import not_blank
from ._resource import NoFilters, Resource, RowOrder, only, rows, same


@frozen(kw_only=True, repr=False)
class Group(Row):
    """A group of users. The ``pg_…`` fields are its permissions."""

    KEY, KEYS = "group", "groups"

    title: str | None = None
    description: Annotated[str | None, Wire("descript")] = None
    p_admin: Annotated[bool | None, Wire("p_admin")] = None
    unsubscribe_link: Annotated[bool | None, Wire("unsubscribelink")] = None
    """Whether every mail must have a link to unsubscribe."""
    optin_confirm: Annotated[bool | None, Wire("optinconfirm")] = None
    """Whether subscribers must confirm."""
    pg_list_add: bool | None = None
    pg_list_edit: bool | None = None
    pg_list_delete: bool | None = None
    pg_list_headers: bool | None = None
    pg_list_email_account: Annotated[bool | None, Wire("pgListEmailaccount")] = None
    pg_list_bounce: bool | None = None
    pg_message_add: bool | None = None
    pg_message_edit: bool | None = None
    pg_message_delete: bool | None = None
    pg_message_send: bool | None = None
    pg_contact_add: bool | None = None
    pg_contact_edit: bool | None = None
    pg_contact_delete: bool | None = None
    pg_contact_merge: bool | None = None
    pg_contact_import: bool | None = None
    pg_contact_approve: bool | None = None
    pg_contact_export: bool | None = None
    pg_contact_sync: bool | None = None
    pg_contact_filters: bool | None = None
    pg_contact_actions: bool | None = None
    pg_contact_fields: bool | None = None
    pg_user_add: Annotated[bool | None, Wire("pg_user_add")] = None
    pg_user_edit: Annotated[bool | None, Wire("pg_user_edit")] = None
    pg_user_delete: Annotated[bool | None, Wire("pg_user_delete")] = None
    pg_group_add: bool | None = None
    pg_group_edit: bool | None = None
    pg_group_delete: bool | None = None
    pg_template_add: bool | None = None
    pg_template_edit: bool | None = None
    pg_template_delete: bool | None = None
    pg_personalization_add: bool | None = None
    pg_personalization_edit: bool | None = None
    pg_personalization_delete: bool | None = None
    pg_automation_manage: bool | None = None
    pg_form_edit: bool | None = None
    pg_reports_campaign: bool | None = None
    pg_reports_list: bool | None = None
    pg_reports_user: bool | None = None
    pg_reports_trend: bool | None = None
    pg_reports_deal: bool | None = None
    pg_startup_reports: int | None = None
    """The campaign whose report was viewed last, or whether there is one."""
    pg_startup_getting_started: Annotated[bool | None, Wire("pgStartupGettingstarted")] = None
    pg_account_add: bool | None = None
    pg_account_edit: bool | None = None
    pg_account_delete: bool | None = None
    pg_account_manage_custom_field: bool | None = None
    pg_deal: bool | None = None
    pg_deal_delete: bool | None = None
    pg_deal_reassign: bool | None = None
    pg_deal_fields: bool | None = None
    pg_deal_group_add: bool | None = None
    pg_deal_group_edit: bool | None = None
    pg_deal_group_delete: bool | None = None
    pg_saved_responses_manage: bool | None = None
    sdate: datetime | None = None
    req_approval: bool | None = None
    """Whether every campaign must be approved."""
    req_approval_1st: int | None = None
    """Whether first campaigns must be approved; ActiveCampaign itself sets 2."""
    req_approval_notify: str | None = None
    """E-mail address that is notified of what waits for approval."""
    social_data: Annotated[bool | None, Wire("socialdata")] = None
    """Whether campaigns show social links."""
    pg_mfa_admin: bool | None = None
    pg_deal_export: bool | None = None
    pg_deal_manage_roles: bool | None = None
    pg_account_note_add: bool | None = None
    pg_account_note_edit: bool | None = None
    pg_account_note_delete: bool | None = None
    pg_deal_note_add: bool | None = None
    pg_deal_note_edit: bool | None = None
    pg_deal_note_delete: bool | None = None
    pg_deal_list_all: bool | None = None
    pg_tag_manage: bool | None = None
    pg_contact_resubscribe: bool | None = None
    pg_deal_import: bool | None = None
    pg_account_import: bool | None = None
    pg_account_export: bool | None = None
    pg_landing_pages_access: bool | None = None
    pg_web_personalization_manage: bool | None = None


@frozen(kw_only=True, repr=False)
class GroupLimit(Row):
    """Limits on what a group's users may have and send."""

    KEY, KEYS = "groupLimit", "groupLimits"

    group: int | None = None
    group_id: Annotated[int | None, Wire("groupid")] = None
    """The same, under its older name."""
    limit_mail: int | None = None
    limit_mail_type: str | None = None
    """The period, e.g. "month"."""
    limit_contact: int | None = None
    limit_list: int | None = None
    limit_campaign: int | None = None
    limit_campaign_type: str | None = None
    """The period, e.g. "month"."""
    limit_attachment: int | None = None
    limit_user: int | None = None
    abuse_ratio: int | None = None
    force_sender_info: bool | None = None


class GroupFields(TypedDict, total=False):
    """What can be written besides the title. The ``pg_…`` fields are permissions."""

    description: Annotated[str | None, Wire("descript")]
    unsubscribe_link: Annotated[bool, Wire("unsubscribelink")]
    """Whether every mail must have a link to unsubscribe."""
    optin_confirm: Annotated[bool, Wire("optinconfirm")]
    """Whether subscribers must confirm."""
    pg_list_add: bool
    pg_list_edit: bool
    pg_list_delete: bool
    pg_list_headers: bool
    pg_list_email_account: Annotated[bool, Wire("pgListEmailaccount")]
    pg_list_bounce: bool
    pg_message_add: bool
    pg_message_edit: bool
    pg_message_delete: bool
    pg_message_send: bool
    pg_contact_add: bool
    pg_contact_edit: bool
    pg_contact_delete: bool
    pg_contact_merge: bool
    pg_contact_import: bool
    pg_contact_approve: bool
    pg_contact_export: bool
    pg_contact_sync: bool
    pg_contact_filters: bool
    pg_contact_actions: bool
    pg_contact_fields: bool
    pg_user_add: Annotated[bool, Wire("pg_user_add")]
    pg_user_edit: Annotated[bool, Wire("pg_user_edit")]
    pg_user_delete: Annotated[bool, Wire("pg_user_delete")]
    pg_group_add: bool
    pg_group_edit: bool
    pg_group_delete: bool
    pg_template_add: bool
    pg_template_edit: bool
    pg_template_delete: bool
    pg_personalization_add: bool
    pg_personalization_edit: bool
    pg_personalization_delete: bool
    pg_automation_manage: bool
    pg_form_edit: bool
    pg_reports_campaign: bool
    pg_reports_list: bool
    pg_reports_user: bool
    pg_reports_trend: bool
    pg_startup_reports: bool | int
    """The campaign whose report was viewed last, or whether there is one."""
    pg_startup_getting_started: Annotated[bool, Wire("pgStartupGettingstarted")]
    pg_deal: bool
    pg_deal_delete: bool
    pg_deal_reassign: bool
    pg_deal_group_add: bool
    pg_deal_group_edit: bool
    pg_deal_group_delete: bool
    pg_saved_responses_manage: bool
    req_approval: bool
    """Whether every campaign must be approved."""
    req_approval_1st: bool | int
    """Whether first campaigns must be approved; ActiveCampaign itself sets 2."""
    req_approval_notify: str | None
    """E-mail address that is notified of what waits for approval."""
    social_data: Annotated[bool, Wire("socialdata")]
    """Whether campaigns show social links."""
    pg_tag_manage: bool
    p_admin: Annotated[bool, Wire("p_admin")]
    """Undocumented by ActiveCampaign."""


class _Written(GroupFields, total=False):
    title: Annotated[str, Wire("title", not_blank)]


class Groups(Resource[Group]):
    """``ac.groups``"""

    _path, _model, _written, _filters = "/groups", Group, _Written, NoFilters

    def list(
        self, *, order_by: RowOrder | Unset = UNSET, limit: int | None = None, timeout: float | None = None
    ) -> Pager[Group]:
        """All groups: ``GET /groups``. `limit` is the page size (1 to 100), `order_by` the order.

        https://developers.activecampaign.com/reference/list-all-groups
        """
        return self._list({}, order_by=order_by, limit=limit, timeout=timeout)

    async def get(self, id: int | str, *, timeout: float | None = None) -> Group:
        """Read one: ``GET /groups/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/retrieve-a-group
        """
        return await self._get(id, timeout)

    async def create(self, *, title: str, timeout: float | None = None, **fields: Unpack[GroupFields]) -> Group:
        """Create a group: ``POST /groups``. The answer holds only some of its fields. Titles need not be unique: see
        `find`.

        https://developers.activecampaign.com/reference/create-a-new-group
        """
        return await self._create({"title": title}, fields, timeout)

    async def update(
        self,
        id: int | str,
        *,
        title: str | Unset = UNSET,
        timeout: float | None = None,
        **fields: Unpack[GroupFields],
    ) -> Group:
        """Change only what is given: ``PUT /groups/{id}``.

        https://developers.activecampaign.com/reference/update-a-group
        """
        return await self._update(id, {"title": title, **fields}, timeout)

    async def delete(self, id: int | str, *, timeout: float | None = None) -> None:
        """Delete one: ``DELETE /groups/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/delete-a-group-1
        """
        await self._delete(id, timeout)

    async def find(self, title: str, *, timeout: float | None = None) -> Group | None:
        """The group with that title, or None, ignoring case and surrounding blanks: ``GET /groups``, all pages.
        LookupError if several have it.

        https://developers.activecampaign.com/reference/list-all-groups
        """
        wanted = not_blank(title, "title")
        return await only(self.list(), lambda group: same(group.title, wanted), "groups have that title", timeout)

    def limits(
        self, *, order_by: RowOrder | Unset = UNSET, limit: int | None = None, timeout: float | None = None
    ) -> Pager[GroupLimit]:
        """What each group's users may have and send: ``GET /groupLimits``. `limit` is the page size (1 to 100),
        `order_by` the order.

        https://developers.activecampaign.com/reference/list-all-group-limits
        """
        return rows(self._send, "/groupLimits", GroupLimit, order_by=order_by, limit=limit, timeout=timeout)
