"""Users of the account. https://developers.activecampaign.com/reference/users"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import frozen

from .._call import Call, Send, one
from .._model import Row, Wire


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
    user_conversations_permission: int | None = None
    password: str | None = None
    """Only in the answer to a create, which repeats what was sent."""
    password_updated_utc_timestamp: Annotated[datetime | None, Wire("password_updated_utc_timestamp")] = None
    """No zone on the wire, and not UTC for all its name."""
    created_at: Annotated[datetime | None, Wire("cdate")] = None
    updated_at: Annotated[datetime | None, Wire("udate")] = None


class Users:
    """``ac.users``"""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def me(self, *, timeout: float | None = None) -> User:
        """Whose key this is: ``GET /users/me``.

        https://developers.activecampaign.com/reference/get-user-loggedin
        """
        return await self._send(Call("GET", "/users/me", one(User), timeout=timeout))
