"""`/groups`, `/groupLimits`, `/users`."""

import pytest

from activecampaign_async.sandbox import Sandbox

from .support import asking, covers

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


@covers("groups.create", "groups.columns", "groups.sdate", "groups.limits", "groups.admin")
async def test_groups() -> None:
    sandbox = Sandbox(rate=None)
    async with asking(sandbox) as client:
        made = await client.post("/groups", json={"group": {"title": "A", "pgListAdd": True, "nonsense": 1}})
        row = made.json()["group"]
        assert (made.status_code, set(row)) == (201, {"title", "pgListAdd", "p_admin", "links", "id"})
        assert (row["pgListAdd"], row["p_admin"], row["id"]) == (1, 1, "4")
        read = (await client.get("/groups/4")).json()["group"]
        assert (read["pgListAdd"], read["pgListEdit"], read["p_admin"], len(read)) == ("1", "0", "1", 83)
        assert (read["sdate"], read["descript"]) == (None, None)
        changed = (await client.put("/groups/4", json={"group": {"pgListEdit": 1}})).json()["group"]
        assert (changed["pgListEdit"], changed["pgListAdd"], len(changed)) == (1, "1", 83)
        assert isinstance(changed["sdate"], str)
        assert (await client.get("/groups/4")).json()["group"]["sdate"] == changed["sdate"]
        listed = (await client.get("/groups")).json()
        assert ([row["title"] for row in listed["groups"]], listed["meta"]) == (["Admin", "A"], {"total": "2"})
        limits = (await client.get("/groupLimits")).json()["groupLimits"]
        assert [(row["group"], row["groupid"], len(row)) for row in limits] == [("3", "3", 14), ("4", "4", 14)]
        assert (await client.post("/groups", json={"group": {}})).status_code == 422
        assert (await client.delete("/groups/4")).json() == {}
        for method in ("GET", "PUT", "DELETE"):
            gone = await client.request(method, "/groups/4")
            assert (gone.status_code, gone.json()) == (404, {"message": "No Result found for Group with id 4"})
    assert len(sandbox.rows("groupLimits")) == 1


@covers("users.create", "users.update", "users.refused")
async def test_users() -> None:
    sandbox = Sandbox(rate=None)
    group = sandbox.add_group("B")
    user = {"username": "ann", "email": "ann@example.org", "firstName": "Ann", "group": group, "password": "s3cret!"}
    async with asking(sandbox) as client:
        made = await client.post("/users", json={"user": user})
        assert made.status_code == 201
        assert set(made.json()["user"]) == {"username", "email", "firstName", "lastName", "localZoneid", "cdate",
                                            "udate", "links", "id"}  # fmt: skip
        changed = (await client.put("/users/2", json={"user": {"lastName": "B", "group": 3}})).json()
        assert set(changed) == {"userGroups", "userConversationsPermissions", "user"}
        assert (changed["userGroups"][0]["group"], changed["userGroups"][0]["groupid"]) == ("3", "3")
        assert (changed["user"]["userGroup"], changed["user"]["lastName"], changed["user"]["id"]) == ("2", "B", "2")
        assert "userGroup" not in (await client.get("/users/2")).json()["user"]
        for refused, status in (({}, 422), ({"email": ""}, 422), ({"username": "new", "group": 9}, 404)):
            body = {"user": user | {"username": "ANN"} | refused}
            assert (await client.post("/users", json=body)).status_code == status
        assert (await client.put("/users/2", json={"user": {"group": 9}})).status_code == 404
        assert (await client.delete("/users/2")).json() == {}
        assert (await client.delete("/users/2")).json() == {"message": "No Result found for User with id 2"}
        assert (await client.put("/users/2", json={"user": {}})).status_code == 404
    kept = [sandbox.rows(plural) for plural in ("users", "userGroups", "userConversationsPermissions")]
    assert [len(rows) for rows in kept] == [1, 1, 1]
    assert "s3cret!" not in str(kept)
