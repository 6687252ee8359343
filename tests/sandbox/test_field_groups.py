"""`/groupDefinitions`, `/groupMembers`."""

import pytest

from activecampaign_async.sandbox import Sandbox
from tests.support import client_of

from .support import asking, covers

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


@covers("field_groups.numbers", "field_groups.query", "field_groups.list", "field_groups.refused")
async def test_definitions() -> None:
    sandbox = Sandbox(rate=None)
    async with asking(sandbox) as client:
        made = await client.post("/groupDefinitions", json={"groupDefinition": {"label": "Sizes", "ordernum": "5"}})
        asked = {"groupDefinition.label": "Deals", "groupDefinition.groupType": "2"}
        other = await client.post("/groupDefinitions", params=asked)
        assert (await client.post("/groupDefinitions", json={})).json() == {}
        listed = (await client.get("/groupMembers")).json()
        page = (await client.get("/groupMembers", params={"limit": 1, "offset": 1})).json()
    row = made.json()["groupDefinition"]
    assert made.status_code == 200
    assert (row["id"], row["type_id"], row["label"], row["ordernum"], row["created_by"]) == (2, 1, "Sizes", 5, 1)
    assert row["links"]["groupMembers"].endswith("/api/3/groupMembers?group_id=2")
    assert (other.json()["groupDefinition"]["label"], other.json()["groupDefinition"]["type_id"]) == ("Deals", 2)
    assert set(listed) == {"groupDefinitions"}
    assert [row["label"] for row in listed["groupDefinitions"]] == ["{**DEFAULT**}", "Sizes", "Deals"]
    assert [row["id"] for row in page["groupDefinitions"]] == [2]


@covers("field_groups.numbers", "field_groups.list", "field_groups.missing", "field_groups.refused")
async def test_members() -> None:
    sandbox = Sandbox(rate=None)
    field = sandbox.add_field("Colour")
    async with asking(sandbox) as client:
        body = {"groupMember": {"rel_id": str(field), "group_id": "1", "ordernum": None}}
        made = (await client.post("/groupMembers", json=body)).json()["groupMember"]
        assert (made["id"], made["group_id"], made["rel_id"], made["ordernum"]) == (1, 1, field, 1)
        listed = (await client.get("/groupMembers", params={"group_id": 1})).json()["groupMembers"]
        assert [set(row) for row in listed] == [{"group_id", "id", "links", "ordernum", "rel_id"}]
        assert (await client.get("/groupMembers", params={"group_id": 2})).json() == {"groupMembers": []}
        body["groupMember"]["ordernum"] = "4"
        assert (await client.put("/groupMembers/1", json=body)).json()["groupMember"]["ordernum"] == 4
        assert (await client.get("/groupMembers/1")).json()["groupMember"]["ordernum"] == 4
        body["groupMember"]["group_id"] = "9"
        lost = await client.post("/groupMembers", json=body)
        assert lost.json() == {"message": "No Result found for GroupDefinition with id 9"}
        assert (await client.post("/groupMembers", json={"groupMember": {"group_id": 1}})).status_code == 403
        assert (await client.put("/groupMembers/1", json={"groupMember": {}})).status_code == 403
        assert (await client.delete("/groupMembers/1")).json() == {}
        for method in ("GET", "PUT", "DELETE"):
            gone = await client.request(method, "/groupMembers/1")
            assert (gone.status_code, gone.json()["errors"][0]["status"]) == (404, 404)


@covers("field_groups.kept", "field_groups.numbers", "field_groups.missing")
async def test_a_change_without_a_group_keeps_it() -> None:
    sandbox = Sandbox(rate=None)
    first, second, third = (sandbox.add_field(title) for title in ("Colour", "Size", "Weight"))
    async with asking(sandbox) as client:
        await client.post("/groupDefinitions", json={"groupDefinition": {"label": "Sizes"}})
        for field in (first, second):
            await client.post("/groupMembers", json={"groupMember": {"rel_id": field, "group_id": 2}})
        for sent in ({"rel_id": third}, {"rel_id": third, "group_id": None}):
            changed = await client.put("/groupMembers/1", json={"groupMember": sent})
            row = changed.json()["groupMember"]
            assert (changed.status_code, row["group_id"], row["rel_id"], row["ordernum"]) == (200, 2, third, 1)
        last = await client.put("/groupMembers/1", json={"groupMember": {"rel_id": third, "ordernum": None}})
        assert last.json()["groupMember"]["ordernum"] == 3
        lost = await client.put("/groupMembers/1", json={"groupMember": {"rel_id": third, "group_id": 9}})
        assert (lost.status_code, lost.json()["message"]) == (404, "No Result found for GroupDefinition with id 9")


@covers("field_groups.kept", "field_groups.numbers", "field_groups.list")
async def test_a_client_changes_the_field_of_a_member() -> None:
    sandbox = Sandbox(rate=None)
    colour, size = sandbox.add_field("Colour"), sandbox.add_field("Size")
    async with client_of(sandbox) as ac:
        group = await ac.field_groups.create(label="Sizes")
        member = await ac.field_groups.add_member(group.id, colour)
        changed = await ac.field_groups.update_member(member.id, field=size)
        assert (changed.id, changed.group_id, changed.rel_id) == (member.id, group.id, size)
        other = await ac.field_groups.add_member(group.id, colour)
        assert (await ac.field_groups.update_member(member.id, field=size, order_num=None)).order_num == 3
        members = await ac.field_groups.members(group.id).collect()
    assert [(row.id, row.group_id, row.rel_id) for row in members] == [
        (member.id, group.id, size),
        (other.id, group.id, colour),
    ]
    assert [request.body for request in sandbox.requests if request.method == "PUT"] == [
        {"groupMember": {"rel_id": size}},
        {"groupMember": {"rel_id": size, "ordernum": None}},
    ]
