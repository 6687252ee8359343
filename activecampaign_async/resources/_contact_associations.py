"""A contact's tags, lists and automations: the verbs that add and remove them."""

from __future__ import annotations

from typing import Unpack

from .._call import Call, Send, id_text, one, under
from .._given import encode_fields
from ._inputs import given_id
from ._resource import removal
from ._verbs import Verbs
from .contact_automations import ContactAutomation
from .contact_lists import ContactList, ListStatus, ListStatusFields
from .contact_tags import ContactTag


class _Subscription(ListStatusFields, total=False):
    status: ListStatus | int | str


class ContactAssociations(Verbs):
    """A part of `Contacts`. Every id is an int of 1 or more, or its digits."""

    _send: Send

    async def add_tag(self, contact: int | str, tag: int | str, *, timeout: float | None = None) -> ContactTag:
        """Put a tag on a contact: ``POST /contactTags``. Safe to repeat: a contact that has it keeps it.

        `tag` is the tag's id; for its name see `Tags.find`. The answer's id is what `remove_tag` takes.
        NotFoundError if there is no such contact or tag.
        https://developers.activecampaign.com/reference/create-contact-tag
        """
        body = {"contactTag": {"contact": given_id(contact, "contact"), "tag": given_id(tag, "tag")}}
        call = Call("POST", "/contactTags", one(ContactTag), body=body, repeatable=True, timeout=timeout)
        return await self._send(call)

    async def remove_tag(self, contact_tag: int | str, *, timeout: float | None = None) -> None:
        """Take a tag off a contact: ``DELETE /contactTags/{id}``. Also succeeds if it is already off.

        `contact_tag` is the id of the `ContactTag` (from `add_tag` or `contact_tags`), not of the tag.
        https://developers.activecampaign.com/reference/remove-a-contacts-tag
        """
        path = under("/contactTags", id_text(contact_tag, "contact_tag"))
        await self._send(removal(path, timeout, missing_is_done=True))

    async def set_list_status(
        self,
        contact: int | str,
        list: int | str,
        status: ListStatus | int | str,
        *,
        timeout: float | None = None,
        **fields: Unpack[ListStatusFields],
    ) -> ContactList:
        """Subscribe a contact to a list, or unsubscribe it: ``POST /contactLists``. Safe to repeat.

        Somebody who has left the list is subscribed again with ``source_id=ListSource.RESUBSCRIBED``, and should
        have asked for it. `status` is a ListStatus or its number (ValueError for any other), or raw text
        (ValidationError if ActiveCampaign does not know it). NotFoundError if there is no such contact or list.
        https://developers.activecampaign.com/reference/update-list-status-for-contact
        """
        ids = {"contact": given_id(contact, "contact"), "list": given_id(list, "list")}
        body = {"contactList": ids | encode_fields(_Subscription, fields, needed={"status": status})}
        call = Call("POST", "/contactLists", one(ContactList), body=body, repeatable=True, timeout=timeout)
        return await self._send(call)

    async def add_to_automation(
        self, contact: int | str, automation: int | str, *, timeout: float | None = None
    ) -> ContactAutomation:
        """Start a contact in an automation: ``POST /contactAutomations``. PermissionDeniedError also if there is no
        such contact or automation.

        Each call starts it once more, so it is never repeated automatically: if it is unclear whether it was done,
        OutcomeUnknownError says so; look at `contact_automations` before you call again.
        https://developers.activecampaign.com/reference/create-new-contactautomation
        """
        ids = {"contact": given_id(contact, "contact"), "automation": given_id(automation, "automation")}
        body = {"contactAutomation": ids}
        call = Call("POST", "/contactAutomations", one(ContactAutomation), body=body, timeout=timeout)
        return await self._send(call)

    async def remove_from_automation(self, contact_automation: int | str, *, timeout: float | None = None) -> None:
        """Take a contact out of an automation: ``DELETE /contactAutomations/{id}``. Also succeeds if it is already out.

        `contact_automation` is the id of the `ContactAutomation`, not of the automation.
        https://developers.activecampaign.com/reference/delete-a-contactautomation
        """
        path = under("/contactAutomations", id_text(contact_automation, "contact_automation"))
        await self._send(removal(path, timeout, missing_is_done=True))
