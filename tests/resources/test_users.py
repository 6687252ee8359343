"""Users: what each verb sends, and what it makes of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from activecampaign_async.errors import NotFoundError
from activecampaign_async.resources.users import User, Users
from tests.resources.road import Road

pytestmark = pytest.mark.anyio

ROW = {
    "id": "3",
    "username": "jdoe",
    "email": "j+d@example.com",
    "signature": None,
    "mfaEnabled": "1",
    "userGroup": "3",
}
ANSWER = {
    "userGroups": [{"id": "3", "user": "3", "userid": "3", "group": "7", "groupid": "7"}],
    "userConversationsPermissions": [
        {"id": "3", "user": "3", "permission": "0", "created_timestamp": "2021-03-31T02:55:40-05:00"}
    ],
    "user": ROW,
}


async def test_list() -> None:
    road = Road({"users": [ROW], "meta": {"total": "1"}})
    page = await Users(road).list(limit=10)
    assert [(user.username, user.signature, user.mfa_enabled) for user in page.items] == [("jdoe", None, True)]
    assert road.sent == ("GET", "/users", None)
    assert road.calls[0].query["limit"] == "10"


async def test_get_and_delete() -> None:
    road = Road(ANSWER)
    assert (await Users(road).get(3)).user_group == 3
    assert road.sent == ("GET", "/users/3", None)
    await Users(road).delete(3)
    assert road.sent == ("DELETE", "/users/3", None)
    assert not road.calls[-1].missing_is_done


async def test_by_email_and_by_username() -> None:
    road = Road(ANSWER)
    await Users(road).by_email(" j+d@example.com ")
    assert road.sent == ("GET", "/users/email/j%2Bd%40example.com", None)
    await Users(road).by_username("j doe?")
    assert road.sent == ("GET", "/users/username/j%20doe%3F", None)


@pytest.mark.parametrize("asked", ["JDoe", " jdoe ", "J+D@example.com"])
async def test_find(asked: str) -> None:
    road = Road({"users": [{"id": "1", "username": None}, ROW], "meta": {"total": "2"}})
    found = await Users(road).find(asked)
    assert found is not None
    assert found.id == 3
    assert road.sent == ("GET", "/users", None)


async def test_find_nobody_or_several() -> None:
    road = Road({"users": [ROW, ROW | {"id": "4", "username": "j+d@example.com"}], "meta": {"total": "2"}})
    assert await Users(road).find("jd") is None
    with pytest.raises(LookupError, match="2 users have that name or e-mail address, ids 3, 4"):
        await Users(road).find("j+d@example.com")


async def test_what_cannot_be_in_a_path_is_to_be_found_in_the_list() -> None:
    with pytest.raises(
        ValueError, match="username: a slash, or dots alone, would lead elsewhere; `find` looks for any"
    ):
        await Users(Road()).by_username("a/b")


@pytest.mark.parametrize("wrong", ["", " ", "a/b", "..", "a\\b", None, 5])
async def test_a_name_is_one_segment(wrong: Any) -> None:
    road = Road()
    with pytest.raises((TypeError, ValueError), match="email: "):
        await Users(road).by_email(wrong)
    with pytest.raises((TypeError, ValueError), match="username: "):
        await Users(road).by_username(wrong)
    assert road.calls == []


def test_an_error_tells_no_address() -> None:
    error = NotFoundError("none", status=404)
    error.method, error.path = "GET", "/users/email/j%2Bd%40example.com"
    assert "example.com" not in str(error)


async def test_create() -> None:
    road = Road(ANSWER)
    await Users(road).create(
        username="jdoe", email="j@example.com", first_name="J", last_name="Doe", group="4", password="canary-1"
    )
    wire = {
        "username": "jdoe",
        "email": "j@example.com",
        "firstName": "J",
        "lastName": "Doe",
        "group": "4",
        "password": "canary-1",
    }
    assert road.sent == ("POST", "/users", {"user": wire})
    assert not road.calls[0].repeatable
    assert "canary-1" not in repr(road.calls[0])
    assert "j@example.com" not in repr(road.calls[0])


def test_a_password_that_comes_back_is_not_shown() -> None:
    assert repr(User(id=1, password="canary-1")) == "User(id=1)"


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"username": ""}, ValueError, "username: is empty"),
        ({"email": 5}, TypeError, "email: a str was expected"),
        ({"firstName": "J"}, TypeError, "did you mean first_name"),
        ({"group": "staff"}, ValueError, "group: an int of 1 or more"),
        ({"password": None}, TypeError, "password: str was expected, not NoneType"),
    ],
)
async def test_create_refuses(given: dict[str, Any], error: type[Exception], text: str) -> None:
    road = Road()
    with pytest.raises(error, match=text):
        await Users(road).create(**{"username": "jdoe", "email": "j@example.com", **given})
    assert road.calls == []


async def test_update_brings_the_group_along() -> None:
    road = Road(ANSWER, strict=True)
    user = await Users(road).update(3, first_name="", group=7)
    assert road.sent == ("PUT", "/users/3", {"user": {"firstName": "", "group": 7}})
    assert [row.group for row in user.included.user_groups] == [7]
    assert [row.permission for row in user.included.user_conversations_permissions] == [0]
    await Users(road).update(3, username="other", email="o@example.com", password="p" * 9)
    assert road.sent[2] == {"user": {"username": "other", "email": "o@example.com", "password": "p" * 9}}
    with pytest.raises(ValueError, match="nothing to change"):
        await Users(road).update(3)
