"""What the sandbox's tests share."""

from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from activecampaign_async.sandbox import RULES, Sandbox

F = TypeVar("F", bound=Callable[..., Any])
KNOWN = {rule.name for rule in RULES}


def covers(*names: str) -> Callable[[F], F]:
    """Says which rules a test shows; test_rules.py reads them from the source."""
    assert set(names) <= KNOWN, set(names) - KNOWN
    return lambda test: test


def asking(sandbox: Sandbox, **settings: Any) -> httpx.AsyncClient:
    """A bare client of this sandbox, in process."""
    headers = {"Api-Token": sandbox.key}
    return httpx.AsyncClient(
        transport=sandbox.transport(), base_url=f"{sandbox.url}/api/3", headers=headers, **settings
    )


async def ids(client: httpx.AsyncClient, **params: Any) -> list[int]:
    """The ids of one page of contacts; `id_` stands for `ids[]` and the like, see the callers."""
    answer = await client.get("/contacts", params=params)
    assert answer.status_code == 200, answer.text
    return [int(row["id"]) for row in answer.json()["contacts"]]
