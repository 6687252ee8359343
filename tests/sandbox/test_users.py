"""What is there to be read: users, fields, lists, automations."""

import pytest

from activecampaign_async.sandbox import Sandbox

from .support import asking, covers

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


@covers("users.me", "users.first", "users.by")
async def test_users() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.add_user("second", "second@example.com")
    async with asking(sandbox) as client:
        me = (await client.get("/users/me")).json()["user"]
        assert (me["id"], me["username"], len(me)) == ("1", "sandbox", 12)
        assert (await client.get("/users/email/second@example.com")).json()["user"]["id"] == "2"
        assert (await client.get("/users/username/second")).json()["user"]["id"] == "2"
        assert (await client.get("/users/username/third")).status_code == 404
        assert (await client.get("/users/2")).json()["user"]["email"] == "second@example.com"
        listed = (await client.get("/users")).json()
        assert listed["meta"]["total"] == "2"
        assert [(row["cdate"], row["udate"]) == (None, None) for row in listed["users"]] == [True, False]


@covers("fields.list", "lists.list")
async def test_fields_lists_automations() -> None:
    sandbox = Sandbox(rate=None)
    sandbox.add_field("Shoe size")
    sandbox.add_field("Colour", "dropdown")
    sandbox.add_list("News")
    sandbox.add_automation("Welcome")
    async with asking(sandbox) as client:
        fields = (await client.get("/fields")).json()
        assert (set(fields), fields["meta"]["total"]) == (
            {"fieldOptions", "fieldRels", "fields", "meta"},
            "2",
        )
        assert len(fields["fields"][0]) == 22
        found = (await client.get("/fields", params={"filters[perstag]": "SHOE_SIZE"})).json()["fields"]
        assert [row["title"] for row in found] == ["Shoe size"]
        assert (await client.get("/fields/2")).json()["field"]["type"] == "dropdown"
        assert (await client.get("/fields/3")).status_code == 404
        lists = (await client.get("/lists")).json()
        assert (lists["meta"]["total"], lists["lists"][0]["name"]) == ("1", "News")
        assert (await client.get("/lists", params={"filters[name]": "x"})).json()["lists"] == []
        assert (await client.get("/lists/1")).json()["list"]["stringid"] == "news"
        assert (await client.get("/automations")).json()["automations"][0]["name"] == "Welcome"
        assert (await client.get("/automations/1")).json()["automation"]["id"] == "1"
