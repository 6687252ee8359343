"""Users of the account. https://developers.activecampaign.com/reference/users"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypedDict, Unpack

from attrs import frozen

from .._call import Call, one, under
from .._model import UNSET, Row, Unset, Wire
from .._paging import Pager
from ._inputs import given_id_or_none, not_blank
from ._resource import NoFilters, Resource, RowOrder, only, same


@frozen(kw_only=True, repr=False)
class User(Row):
    """Somebody who can log in."""

    KEY, KEYS = "user", "users"

    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    signature: str | None = None
    lang: str | None = None
    local_zone_id: Annotated[str | None, Wire("localZoneid")] = None
    """Time zone, e.g. ``Europe/Berlin``."""
    mfa_enabled: bool | None = None
    roles: tuple[str, ...] | None = None
    group: int | None = None
    user_group: int | None = None
    """Id of the row in ``included.user_groups`` that names the group."""
    user_conversations_permission: int | None = None
    password: str | None = None
    """Only in the answer to a create, which repeats what was sent."""
    password_updated_utc_timestamp: Annotated[datetime | None, Wire("password_updated_utc_timestamp")] = None
    """No zone on the wire, and not UTC despite its name."""
    created_at: Annotated[datetime | None, Wire("cdate")] = None
    updated_at: Annotated[datetime | None, Wire("udate")] = None


@frozen(kw_only=True, repr=False)
class UserGroup(Row):
    """Which group a user is in."""

    KEY, KEYS = "userGroup", "userGroups"

    user: int | None = None
    user_id: Annotated[int | None, Wire("userid")] = None
    """The same, under its older name."""
    group: int | None = None
    group_id: Annotated[int | None, Wire("groupid")] = None
    """The same, under its older name."""
    created_at: Annotated[datetime | None, Wire("cdate")] = None
    updated_at: Annotated[datetime | None, Wire("udate")] = None


@frozen(kw_only=True, repr=False)
class UserConversationsPermission(Row):
    """Whether a user may use conversations."""

    KEY, KEYS = "userConversationsPermission", "userConversationsPermissions"

    user: int | None = None
    permission: int | None = None
    created_timestamp: Annotated[datetime | None, Wire("created_timestamp")] = None
    updated_timestamp: Annotated[datetime | None, Wire("updated_timestamp")] = None


def _group(given: Any, name: str) -> int | str | None:
    return given_id_or_none(given, name, "groups")


class UserFields(TypedDict, total=False):
    """What can be written besides the user's name and e-mail address."""

    first_name: str | None
    last_name: str | None
    group: Annotated[int | str | None, Wire("group", _group)]
    """Id of a group of users."""
    password: str
    """As plain text. It is in no `repr` and no log."""
    # The others are undocumented.
    phone: str | None
    signature: str | None
    lang: str | None
    local_zone_id: Annotated[str | None, Wire("localZoneid")]
    """Time zone, e.g. ``Europe/Berlin``."""


class _Written(UserFields, total=False):
    username: Annotated[str, Wire("username", not_blank)]
    email: Annotated[str, Wire("email", not_blank)]


class Users(Resource[User]):
    """``ac.users``"""

    _path, _model, _written, _filters = "/users", User, _Written, NoFilters

    async def me(self, *, timeout: float | None = None) -> User:
        """Whose key this is: ``GET /users/me``.

        https://developers.activecampaign.com/reference/get-user-loggedin
        """
        return await self._send(Call("GET", "/users/me", one(User), timeout=timeout))

    def list(
        self, *, order_by: RowOrder | Unset = UNSET, limit: int | None = None, timeout: float | None = None
    ) -> Pager[User]:
        """All users: ``GET /users``. `limit` is the page size (1 to 100), `order_by` the order.

        https://developers.activecampaign.com/reference/list-all-users
        """
        return self._list({}, order_by=order_by, limit=limit, timeout=timeout)

    async def get(self, id: int | str, *, timeout: float | None = None) -> User:
        """Read one: ``GET /users/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/get-user
        """
        return await self._get(id, timeout)

    async def by_email(self, email: str, *, timeout: float | None = None) -> User:
        """The user with that e-mail address: ``GET /users/email/{email}``. NotFoundError if there is none:
        `find` gives None.

        https://developers.activecampaign.com/reference/get-user-email
        """
        path = under("/users/email", _segment(email, "email"))
        return await self._send(Call("GET", path, one(User), timeout=timeout))

    async def by_username(self, username: str, *, timeout: float | None = None) -> User:
        """The user who logs in under that name: ``GET /users/username/{username}``. NotFoundError if there
        is none: `find` gives None. https://developers.activecampaign.com/reference/get-user-username
        """
        path = under("/users/username", _segment(username, "username"))
        return await self._send(Call("GET", path, one(User), timeout=timeout))

    async def find(self, username_or_email: str, *, timeout: float | None = None) -> User | None:
        """The user with that name or e-mail address, or None, ignoring case and surrounding blanks: ``GET /users``,
        all pages. LookupError if several have it.

        https://developers.activecampaign.com/reference/list-all-users
        """
        wanted = not_blank(username_or_email, "username_or_email")

        def fits(user: User) -> bool:
            return same(user.username, wanted) or same(user.email, wanted)

        return await only(self.list(), fits, "users have that name or e-mail address", timeout)

    async def create(
        self, *, username: str, email: str, timeout: float | None = None, **fields: Unpack[UserFields]
    ) -> User:
        """Create a user: ``POST /users``. DuplicateError if the username or the address already exists.

        To log in, a user also needs a `password` and a `group`, which decides what the user may do; `Groups.find` gives
        its id. ActiveCampaign's own example has both names and these two.
        https://developers.activecampaign.com/reference/create-user
        """
        return await self._create({"username": username, "email": email}, fields, timeout)

    async def update(
        self,
        id: int | str,
        *,
        username: str | Unset = UNSET,
        email: str | Unset = UNSET,
        timeout: float | None = None,
        **fields: Unpack[UserFields],
    ) -> User:
        """Change only what is given: ``PUT /users/{id}``. The user's group comes along in `included`.

        ActiveCampaign takes a `username`, though its reference says that it cannot be changed.
        https://developers.activecampaign.com/reference/update-user
        """
        return await self._update(id, {"username": username, "email": email, **fields}, timeout)

    async def delete(self, id: int | str, *, timeout: float | None = None) -> None:
        """Delete one: ``DELETE /users/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/delete-user
        """
        await self._delete(id, timeout)


def _segment(value: str, argument: str) -> str:
    """One segment of a path. Servers take an encoded slash for a plain one, which leads elsewhere."""
    text = not_blank(value, argument).strip()
    if "/" in text or "\\" in text or not text.strip(" ."):
        raise ValueError(f"{argument}: a slash, or dots alone, would lead elsewhere; `find` looks for any")
    return text
