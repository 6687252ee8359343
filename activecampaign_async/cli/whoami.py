"""`activecampaign whoami`: whose key it is, or which setting is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import Failure

if TYPE_CHECKING:
    from ..resources.users import User

PATIENCE = 30.0  # seconds


def whoami(*, profile: str | None = None) -> int:
    """Say whose key this is, or plainly what is wrong: URL, key, plan, payment, network, TLS.

    Asks the account in AC_API_URL with the key in AC_API_TOKEN: GET /users/me. Changes nothing.

    Args:
        profile: Which of the accounts in profiles.toml instead.
    """
    from functools import partial

    import anyio

    from ..errors import ActiveCampaignError
    from ._errors import line
    from ._signals import Interrupted, until_signal

    try:
        url, user = anyio.run(until_signal, partial(_ask, profile))
    except ActiveCampaignError as error:
        raise Failure(line(error)) from None
    except Interrupted as stop:
        return stop.code
    name = " ".join(filter(None, (user.first_name, user.last_name)))
    print(f"user     {', '.join(filter(None, (name, user.username, user.email)))}")
    print(f"account  {url}")
    print("URL, TLS and key are good.")
    return 0


async def _ask(profile: str | None) -> tuple[str, User]:
    from .._observer import Observer
    from ._account import Account, Pace

    async with Account(profile).client(Pace(5.0), Observer()) as client:
        return client.base_url, await client.users.me(timeout=PATIENCE)
