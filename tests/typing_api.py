"""What an editor completes and a type checker says. Checked by mypy and basedpyright, never run."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import assert_type

from activecampaign_async import ActiveCampaignError, AsyncClient, Found, LocalLimiter, Page, bulk
from activecampaign_async.resources._reference import Reference
from activecampaign_async.resources.account_contacts import AccountContact
from activecampaign_async.resources.activities import Activity, ActivityRecipient
from activecampaign_async.resources.contact_automations import AutomationEntryCount, ContactAutomation
from activecampaign_async.resources.contact_data import ContactData, Organization, PlusAppend
from activecampaign_async.resources.contact_deals import ContactDeal
from activecampaign_async.resources.contact_goals import ContactGoal
from activecampaign_async.resources.contact_lists import ContactList, ListSource, ListStatus
from activecampaign_async.resources.contact_logs import BounceLog, ContactLog, TrackingLog
from activecampaign_async.resources.contact_tags import ContactTag
from activecampaign_async.resources.contacts import Contact, Contacts, ContactStatus
from activecampaign_async.resources.deals import Deal
from activecampaign_async.resources.field_groups import FieldGroup, FieldGroupMember
from activecampaign_async.resources.field_values import FieldValue
from activecampaign_async.resources.fields import Field, FieldData, FieldOption, FieldRel, FieldType
from activecampaign_async.resources.geo_ips import GeoAddress, GeoIp
from activecampaign_async.resources.groups import Group, GroupLimit
from activecampaign_async.resources.lists import Exclusion, ExclusionChannel, List, ListChannel, ListGroup
from activecampaign_async.resources.notes import Note, NoteRelType, Notes
from activecampaign_async.resources.score_values import ScoreValue
from activecampaign_async.resources.scores import Score, ScoreRelType
from activecampaign_async.resources.tags import Tag, Tags, TagType
from activecampaign_async.resources.users import User, UserConversationsPermission, UserGroup


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


async def of_one_contact(ac: AsyncClient, since: datetime) -> None:
    assert_type(await ac.contacts.add_tag(1, "2"), ContactTag)
    assert_type(await ac.contacts.set_list_status(1, 2, ListStatus.SUBSCRIBED), ContactList)
    assert_type(await ac.contacts.set_list_status(1, 2, 1, source_id=ListSource.RESUBSCRIBED), ContactList)
    assert_type(await ac.contacts.add_to_automation(1, 2), ContactAutomation)
    await ac.contacts.remove_tag(3)
    await ac.contacts.remove_from_automation("3")
    assert_type(await ac.contacts.by_event(1), Contact)
    assert_type(await ac.contacts.account_contacts(1), Page[AccountContact])
    assert_type(await ac.contacts.activities(1, after=since, order_by="-created_at"), Page[Activity])
    assert_type(await ac.contacts.automation_entry_counts(1), Page[AutomationEntryCount])
    assert_type(await ac.contacts.bounce_logs(1), Page[BounceLog])
    assert_type(await ac.contacts.contact_automations(1), Page[ContactAutomation])
    assert_type(await ac.contacts.contact_data(1), ContactData | None)
    assert_type(await ac.contacts.contact_deals(1), Page[ContactDeal])
    assert_type(await ac.contacts.contact_goals(1), Page[ContactGoal])
    assert_type(await ac.contacts.contact_lists(1).collect(), list[ContactList])
    assert_type(await ac.contacts.contact_logs(1), Page[ContactLog])
    assert_type(await ac.contacts.contact_tags("1"), Page[ContactTag])
    assert_type(await ac.contacts.deals(1), Page[Deal])
    assert_type(await ac.contacts.field_values(1), Page[FieldValue])
    assert_type(await ac.contacts.geo_address(1), GeoAddress | None)
    assert_type(await ac.contacts.geo_ips(1), Page[GeoIp])
    assert_type(await ac.contacts.notes(1), Page[Note])
    assert_type(await ac.contacts.organization(1), Organization | None)
    assert_type(await ac.contacts.plus_append(1), PlusAppend | None)
    assert_type(await ac.contacts.score_values(1), Page[ScoreValue])
    assert_type(await ac.contacts.tracking_logs(1, limit=20), Page[TrackingLog])


async def beside_contacts(ac: AsyncClient, note: Note, score: Score, activity: Activity) -> None:
    assert_type(ac.notes, Notes)
    assert_type(await ac.notes.create(note="x", rel_type=NoteRelType.CONTACT, rel_id=1), Note)
    assert_type(await ac.notes.update(1, note="x"), Note)
    assert_type(await ac.notes.list(), Page[Note])
    assert_type(await ac.contact_tags.get(1), ContactTag)
    assert_type(await ac.contact_automations.list(), Page[ContactAutomation])
    assert_type(await ac.contact_deals.create(contact=1, deal=2), ContactDeal)
    assert_type(await ac.contact_deals.update(1, role=3), ContactDeal)
    assert_type(await ac.scores.get(1), Score)
    assert_type(note.rel_type, NoteRelType | str | None)
    assert_type(note.owner, Reference | None)
    assert_type(score.rel_type, ScoreRelType | str | None)
    assert_type(activity.recipients, tuple[int, ...] | None)
    assert_type(activity.included.activity_recipients, tuple[ActivityRecipient, ...])
    assert_type(note.included.contacts, tuple[Contact, ...])
    assert_type(note.included.geo_addresses, tuple[GeoAddress, ...])
    assert_type(note.included.contact_deals, tuple[ContactDeal, ...])
    assert_type(note.included.notes, tuple[Note, ...])


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


async def lists_and_fields(ac: AsyncClient) -> None:
    assert_type((await ac.lists.list(name_contains="x", order_by="-name")).items, tuple[List, ...])
    assert_type(await ac.lists.find("News"), List | None)
    made = await ac.lists.create(
        name="News", string_id="news", sender_url="u", sender_reminder="r", channel=ListChannel.SMS, user=1
    )
    assert_type(made.channel, ListChannel | str | None)
    assert_type(await ac.lists.update(1, name="x", send_last_broadcast=False), List)
    assert_type(await ac.lists.groups().collect(), list[ListGroup])
    assert_type(await ac.lists.add_group(1, 2), ListGroup)
    assert_type((await ac.lists.exclusions(lists=[1, "2"], order_by="lists")).items, tuple[Exclusion, ...])
    assert_type(await ac.lists.update_exclusion(1, channel=ExclusionChannel.SEVERAL, lists=[1]), Exclusion)
    field = await ac.fields.create(title="Born", type=FieldType.DATE, is_required=True)
    assert_type(field.type, FieldType | str | None)
    assert_type(field.parse("2026-01-02"), FieldData)
    assert_type(field.format(date(2026, 1, 2)), str)
    assert_type(field.included.field_options, tuple[FieldOption, ...])
    assert_type(field.included.field_rels, tuple[FieldRel, ...])
    assert_type(await ac.fields.find("BORN"), Field | None)
    assert_type(await ac.fields.create_options(1, ["a", {"value": "b", "label": "B"}]), tuple[FieldOption, ...])
    assert_type(await ac.fields.create_relation(1), FieldRel)
    value = await ac.field_values.create(contact=1, field=2, value=["a", "b"], use_defaults=True)
    assert_type(value, FieldValue)
    assert_type(value.included.contacts, tuple[Contact, ...])
    assert_type((await ac.field_values.list(field=2)).items, tuple[FieldValue, ...])
    assert_type((await ac.field_groups.list()).items, tuple[FieldGroup, ...])
    assert_type(await ac.field_groups.add_member(1, 2), FieldGroupMember)
    assert_type(await ac.field_groups.members(1).collect(), list[FieldGroupMember])


async def people_of_the_account(ac: AsyncClient) -> None:
    assert_type(await ac.users.by_email("a@example.com"), User)
    assert_type(await ac.users.create(username="a", email="a@example.com", password="x" * 9, group=4), User)
    user = await ac.users.update(1, first_name="B")
    assert_type(user.included.user_groups, tuple[UserGroup, ...])
    assert_type(user.included.user_conversations_permissions, tuple[UserConversationsPermission, ...])
    assert_type(await ac.groups.create(title="Staff", pg_list_add=True), Group)
    assert_type(await ac.groups.limits().collect(), list[GroupLimit])
    await ac.groups.update(1, pg_list_ad=True)  # type: ignore[call-arg]  # misspelt
    await ac.lists.create(name="News")  # type: ignore[call-arg]  # not all that a list needs
    await ac.lists.list(order_by="cdate")  # type: ignore[arg-type]  # no such order
    await ac.fields.create_options(1, [{"label": "B"}])  # type: ignore[list-item]  # no value
    await ac.fields.create(title="x", type=3)  # type: ignore[arg-type]  # no such type


async def what_had_been_read(ac: AsyncClient) -> None:
    try:
        await ac.contacts.get_many([1, 2])
    except ActiveCampaignError as error:
        print(error.found.missing, len(error.found))
        if error.report is not None:
            assert_type(error.report.pending, int)


async def refused(ac: AsyncClient, contact: Contact) -> None:
    """Each line is an error in the editor; both checkers complain of an ignore that is not needed."""
    await ac.contacts.create(email="a", firstName="b")  # type: ignore[call-arg]  # a wire name
    await ac.contacts.create(email=5)  # type: ignore[arg-type]  # a wrong type
    await ac.contacts.update(1, first_name=5)  # type: ignore[arg-type]  # a wrong type
    await ac.tags.create(tag="x", tag_type=3)  # type: ignore[arg-type]  # no such type
    await ac.contacts.list(order_by="cdate")  # type: ignore[arg-type]  # a wire name
    await ac.contacts.list(updated_after="2026-01-02")  # type: ignore[arg-type]  # text
    await ac.contacts.list(listid=3)  # type: ignore[call-arg]  # a wire name
    await ac.contacts.set_list_status(1, 2)  # type: ignore[call-arg]  # no status
    await ac.contacts.set_list_status(1, 2, 1, sourceid=4)  # type: ignore[call-arg]  # a wire name
    await ac.contacts.add_tag(1, [2])  # type: ignore[arg-type]  # one tag a call
    await ac.notes.create(note="x", rel_id=1)  # type: ignore[call-arg]  # about what?
    await ac.notes.update(1, reltype="Deal")  # type: ignore[call-arg]  # a wire name
    contact.email = "x"  # type: ignore[misc]  # frozen
    ac.contatcs  # type: ignore[attr-defined]  # noqa: B018  # misspelt


async def a_page_is_not_all_there_is(ac: AsyncClient) -> None:
    """The commonest bug with this API: a type checker finds it."""
    page = await ac.contacts.list()
    len(page)  # type: ignore[arg-type]  # the mistake
    _ = page[0]  # type: ignore[index]  # the mistake
    _ = [contact for contact in page]  # type: ignore[attr-defined]  # noqa: C416  # the mistake


async def a_block_is_not_gone_through(ac: AsyncClient) -> None:
    async with ac.contacts.list().ahead(8) as contacts:
        assert_type(await anext(contacts), Contact)
    async for _ in ac.contacts.list().ahead(8):  # type: ignore[attr-defined]  # the mistake
        pass
    async with ac.contacts.list():  # type: ignore[attr-defined]  # no block
        pass
    async with bulk.map(ac.contacts.get, [1, 2], lanes=3) as outcomes:
        assert_type(await anext(outcomes), bulk.Outcome[int, Contact])
    bulk.map(ac.contacts.get, [1, 2], lane=2)  # type: ignore[call-arg]  # misspelt


def a_client() -> None:
    assert_type(AsyncClient("https://a.api-us1.com", "key", timeout=5), AsyncClient)
    AsyncClient(url="https://a.api-us1.com")  # type: ignore[call-arg]  # misspelt
    AsyncClient(rate_limiter=LocalLimiter)  # type: ignore[arg-type]  # a class
