"""Groups of custom fields, as contacts' pages show them, and which fields are in them.
https://developers.activecampaign.com/reference/create-a-custom-field-group"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Annotated, Any, TypedDict, Unpack

from attrs import frozen

from .._call import Call, Send, id_text, one, under
from .._given import encode_fields
from .._model import UNSET, Row, Unset, Wire
from .._paging import Pager
from ._inputs import given_id, given_id_or_none, not_blank
from ._resource import RowOrder, removal, rows
from ._verbs import Verbs


class FieldGroupType(IntEnum):
    """Whose fields a group holds."""

    CONTACT = 1
    DEAL = 2
    ACCOUNT = 3


@frozen(kw_only=True, repr=False)
class FieldGroup(Row):
    """A group of custom fields."""

    KEY, KEYS = "groupDefinition", "groupDefinitions"

    label: str | None = None
    """Its name; ``{**DEFAULT**}`` and the like for those that every account has."""
    order_num: Annotated[int | None, Wire("ordernum")] = None
    type_id: Annotated[FieldGroupType | int | None, Wire("type_id")] = None
    created_by: Annotated[int | None, Wire("created_by")] = None
    updated_by: Annotated[int | None, Wire("updated_by")] = None


@frozen(kw_only=True, repr=False)
class FieldGroupMember(Row):
    """One custom field's place in a group."""

    KEY, KEYS = "groupMember", "groupMembers"

    group_id: Annotated[int | None, Wire("group_id")] = None
    rel_id: Annotated[int | None, Wire("rel_id")] = None
    """Id of the custom field."""
    order_num: Annotated[int | None, Wire("ordernum")] = None
    created_by: Annotated[int | None, Wire("created_by")] = None
    updated_by: Annotated[int | None, Wire("updated_by")] = None


class FieldGroupFields(TypedDict, total=False):
    """What can be written besides the label."""

    order_num: Annotated[int, Wire("ordernum")]
    group_type: FieldGroupType | int | str


class _Group(FieldGroupFields, total=False):
    label: Annotated[str, Wire("label", not_blank)]


class _Place(TypedDict, total=False):
    field: Annotated[int | str, Wire("rel_id", given_id)]
    group: Annotated[int | str | None, Wire("group_id", given_id_or_none)]
    order_num: Annotated[int | None, Wire("ordernum")]


class FieldGroups(Verbs):
    """``ac.field_groups``"""

    def __init__(self, send: Send) -> None:
        self._send = send

    def list(
        self, *, order_by: RowOrder | Unset = UNSET, limit: int | None = None, timeout: float | None = None
    ) -> Pager[FieldGroup]:
        """Groups of custom fields, of contacts, deals and accounts: ``GET /groupMembers``, which despite its name
        returns groups where it is as documented; DecodeError where it returns their `members`. https://developers.activecampaign.com/reference/get-all-custom-field-groups
        """
        return rows(self._send, "/groupMembers", FieldGroup, order_by=order_by, limit=limit, timeout=timeout)

    async def create(
        self, *, label: str, timeout: float | None = None, **fields: Unpack[FieldGroupFields]
    ) -> FieldGroup:
        """Create a group: ``POST /groupDefinitions``.

        https://developers.activecampaign.com/reference/create-a-custom-field-group
        """
        body = {"groupDefinition": encode_fields(_Group, fields, needed={"label": label})}
        call = Call("POST", "/groupDefinitions", one(FieldGroup), body=body, timeout=timeout)
        return await self._send(call)

    def members(
        self,
        group: int | str | Unset = UNSET,
        *,
        order_by: RowOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Pager[FieldGroupMember]:
        """The fields in a group: ``GET /groupMembers?group_id=…``, which is where a group's own link leads.
        Undocumented by ActiveCampaign. Without a `group`, ``GET /groupMembers``: DecodeError where the account answers
        that with groups, as documented.
        """
        query = {} if group is UNSET else {"group_id": id_text(group, "group")}
        return rows(
            self._send, "/groupMembers", FieldGroupMember, query, order_by=order_by, limit=limit, timeout=timeout
        )

    async def get_member(self, member: int | str, *, timeout: float | None = None) -> FieldGroupMember:
        """Read one place, by its own id: ``GET /groupMembers/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/get-custom-field-to-field-group
        """
        return await self._send(Call("GET", _member(member), one(FieldGroupMember), timeout=timeout))

    async def add_member(
        self,
        group: int | str | None,
        field: int | str,
        *,
        order_num: int | None = None,
        timeout: float | None = None,
    ) -> FieldGroupMember:
        """Put a custom field into a group, at the end unless `order_num` says where: ``POST /groupMembers``.
        NotFoundError if there is no such group.

        https://developers.activecampaign.com/reference/add-custom-field-to-field-group
        """
        body = _place({"group": group, "field": field}, {"order_num": order_num})
        return await self._send(Call("POST", "/groupMembers", one(FieldGroupMember), body=body, timeout=timeout))

    async def update_member(
        self,
        member: int | str,
        *,
        field: int | str,
        group: int | str | Unset | None = UNSET,
        order_num: int | Unset | None = UNSET,
        timeout: float | None = None,
    ) -> FieldGroupMember:
        """Change one place, by its own id: ``PUT /groupMembers/{id}``. `order_num` None puts the field last.

        ActiveCampaign requires the `field` each time.
        https://developers.activecampaign.com/reference/update-custom-field-field-group
        """
        body = _place({"field": field}, {"group": group, "order_num": order_num})
        return await self._send(Call("PUT", _member(member), one(FieldGroupMember), body=body, timeout=timeout))

    async def remove_member(self, member: int | str, *, timeout: float | None = None) -> None:
        """Take a custom field out of a group, by the place's own id: ``DELETE /groupMembers/{id}``. Also succeeds if
        it is already gone.

        https://developers.activecampaign.com/reference/delete-custom-field-field-group
        """
        await self._send(removal(_member(member), timeout, missing_is_done=True))


def _member(id: int | str) -> str:
    return under("/groupMembers", id_text(id, "member"))


def _place(needed: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {"groupMember": encode_fields(_Place, given, needed=needed)}
