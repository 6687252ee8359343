"""What an editor completes and a type checker says. Checked by mypy and basedpyright, never run."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import assert_type

from activecampaign_async import AsyncClient, Found, Page
from activecampaign_async.resources.account_contacts import AccountContact
from activecampaign_async.resources.contact_automations import ContactAutomation
from activecampaign_async.resources.contact_lists import ContactList, ListStatus
from activecampaign_async.resources.contact_tags import ContactTag
from activecampaign_async.resources.contacts import Contact, Contacts, ContactStatus
from activecampaign_async.resources.deals import Deal
from activecampaign_async.resources.field_values import FieldValue
from activecampaign_async.resources.geo_ips import GeoIp
from activecampaign_async.resources.score_values import ScoreValue
from activecampaign_async.resources.tags import Tag, Tags, TagType
from activecampaign_async.resources.users import User


async def results(ac: AsyncClient, since: datetime) -> None:
    assert_type(ac.contacts, Contacts)
    assert_type(ac.tags, Tags)
    assert_type(await ac.users.me(), User)
    assert_type(await ac.contacts.get(1), Contact)
    assert_type(await ac.contacts.get_many([1, "2"]), Found[Contact])
    assert_type(await ac.contacts.find("a@example.com"), Contact | None)
    assert_type(await ac.tags.find("VIP"), Tag | None)
    assert_type(await ac.tags.create(tag="VIP", tag_type=TagType.CONTACT), Tag)
    assert_type(await ac.tags.update(1, description=None), Tag)
    pager = ac.contacts.list(updated_after=since, status=ContactStatus.ACTIVE, order_by=("name", "-id"))
    assert_type(await pager, Page[Contact])
    assert_type(await pager.collect(), list[Contact])
    resumed = pager.resume("cursor")
    assert_type(await resumed, Page[Contact])
    async for contact in ac.contacts.list(tag_id=3):
        assert_type(contact, Contact)
    assert_type((await ac.tags.list(search="x")).items, tuple[Tag, ...])
    assert_type(await ac.contacts.create(email="a", field_values={1: ["x", "y"], 2: date(2026, 1, 2)}), Contact)
    assert_type(await ac.contacts.sync(email="a", field_values=[(1, Decimal(5)), (2, None)]), Contact)
    assert_type(await ac.contacts.update(1, email="b", first_name=""), Contact)


def attributes(contact: Contact, page: Page[Contact], subscription: ContactList, tag: Tag) -> None:
    assert_type(contact.id, int)
    assert_type(contact.email, str | None)
    assert_type(contact.created_at, datetime | None)
    assert_type(contact.deleted, bool | None)
    assert_type(contact.field_values, tuple[int, ...] | None)
    assert_type(contact.links, Mapping[str, str] | None)
    assert_type(contact.misfits, frozenset[str])
    assert_type(subscription.status, ListStatus | int | None)
    assert_type(tag.tag_type, TagType | str | None)
    for included in (contact.included, page.included):
        assert_type(included.account_contacts, tuple[AccountContact, ...])
        assert_type(included.contact_automations, tuple[ContactAutomation, ...])
        assert_type(included.contact_lists, tuple[ContactList, ...])
        assert_type(included.contact_tags, tuple[ContactTag, ...])
        assert_type(included.deals, tuple[Deal, ...])
        assert_type(included.field_values, tuple[FieldValue, ...])
        assert_type(included.geo_ips, tuple[GeoIp, ...])
        assert_type(included.score_values, tuple[ScoreValue, ...])
        assert_type(included.of(Tag), tuple[Tag, ...])


async def refused(ac: AsyncClient, contact: Contact) -> None:
    """Each line is an error in the editor; both checkers complain of an ignore that is not needed."""
    await ac.contacts.create()  # type: ignore[call-arg]  # no e-mail address
    await ac.contacts.create(email="a", firstName="b")  # type: ignore[call-arg]  # a wire name
    await ac.contacts.create(email=5)  # type: ignore[arg-type]  # a wrong type
    await ac.contacts.update(1, first_name=5)  # type: ignore[arg-type]  # a wrong type
    await ac.tags.create(tag="x", tag_type=3)  # type: ignore[arg-type]  # no such type
    await ac.contacts.list(order_by="cdate")  # type: ignore[arg-type]  # a wire name
    await ac.contacts.list(updated_after="2026-01-02")  # type: ignore[arg-type]  # text
    await ac.contacts.list(listid=3)  # type: ignore[call-arg]  # a wire name
    contact.email = "x"  # type: ignore[misc]  # frozen
    ac.contatcs  # type: ignore[attr-defined]  # noqa: B018  # misspelt
