"""`activecampaign whoami`: whose key it is, or which setting is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import Failure

if TYPE_CHECKING:
    from ..resources.users import User

PATIENCE = 30.0  # seconds


def whoami() -> int:
    """Say whose key this is, or plainly what is wrong: URL, key, plan, payment, network, TLS.

    Asks the account in AC_API_URL with the key in AC_API_TOKEN: GET /users/me. Changes nothing.
    """
    import anyio

    from ..errors import ActiveCampaignError
    from ._errors import line
    from ._signals import Interrupted, until_signal

    try:
        url, user = anyio.run(until_signal, _ask)
    except ActiveCampaignError as error:
        raise Failure(line(error)) from None
    except Interrupted as stop:
        return stop.code
    name = " ".join(filter(None, (user.first_name, user.last_name)))
    print(f"user     {', '.join(filter(None, (name, user.username, user.email)))}")
    print(f"account  {url}")
    print("URL, TLS and key are good.")
    return 0


async def _ask() -> tuple[str, User]:
    from ..client import AsyncClient

    async with AsyncClient(read_only=True, timeout=PATIENCE) as client:
        return client.base_url, await client.users.me()
