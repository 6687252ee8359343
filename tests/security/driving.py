"""Calls of every public verb, with arguments made from its signature."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import anyio

from activecampaign_async import AsyncClient, Pager

ENOUGH = 2.0  # seconds
WORDS = {
    "batch_id": "6a5b1c",
    "rel_type": "Subscriber",
    "run_automations": False,
    "sender_url": "https://example.org",
    "status": 1,
    "type": "text",
    "value": "blue",
}
"""For required arguments whose annotation does not say enough."""
BY_ANNOTATION: dict[str, Any] = {
    "int | str": 1,
    "int | str | None": 1,
    "Iterable[int | str]": (1, 2, 10**9),
    "Sequence[str | FieldOptionFields]": ("one", "two"),
    "bool": False,
    "str": "some words",
}
BESIDE: dict[str, dict[str, Any]] = {
    "contact_deals.update": {"role": 1},
    "contacts.changed": {"since": datetime(2026, 1, 1, tzinfo=UTC)},
    "contacts.update": {"first_name": "Ann"},
    "fields.update": {"title": "Colour"},
    "fields.update_option": {"value": "blue"},
    "groups.update": {"title": "Sales"},
    "lists.update": {"name": "News"},
    "lists.update_exclusion": {"lists": (1, 2)},
    "notes.update": {"note": "some words"},
    "tags.update": {"description": "some words"},
    "users.update": {"username": "ann"},
}
"""What a call makes no sense without, though no argument is required. A new one that fails for that belongs here."""


def verbs() -> list[tuple[str, str]]:
    """Area and name of each public verb, found by looking: what makes something first, what takes it away last."""
    ac, found = AsyncClient("https://acme.api-us1.com", "some-key"), list[tuple[str, str]]()
    for area in AsyncClient.__annotations__:
        kind = type(getattr(ac, area))
        for name in dir(kind):
            verb = getattr(kind, name)
            if not name.startswith("_") and callable(verb) and not isinstance(verb, type):
                found.append((area, name))
    return sorted(found, key=_turn)


def _turn(verb: tuple[str, str]) -> int:
    return 0 if verb[1].startswith(("add", "create")) else 2 if verb[1].startswith(("delete", "remove")) else 1


def arguments(verb: Callable[..., Any], email: str) -> dict[str, Any]:
    """The required ones, and addresses. `email` goes where an address may go, and where a name may be one."""
    made: dict[str, Any] = {}
    for name, parameter in inspect.signature(verb).parameters.items():
        may_be_left_out = parameter.default is not parameter.empty or parameter.kind is parameter.VAR_KEYWORD
        if may_be_left_out and name != "email":
            continue
        if parameter.annotation == "Iterable[str]":
            made[name] = (email, f"other.{email}")
        elif "email" in name or name in ("username", "title_or_perstag", "name"):
            made[name] = email
        elif name in WORDS:
            made[name] = WORDS[name]
        else:
            made[name] = BY_ANNOTATION.get(parameter.annotation, [{"email": email}])  # rows of contacts
    return made


async def drive(ac: AsyncClient, area: str, name: str, email: str) -> object:
    """Make the call, and go through a list in every way there is. What waits for a job at the account is left alone."""
    verb = getattr(getattr(ac, area), name)
    try:
        made = verb(**arguments(verb, email), **BESIDE.get(f"{area}.{name}", {}))
        with anyio.move_on_after(ENOUGH):
            if isinstance(made, Pager):
                return await through(made)
            if isinstance(made, AsyncIterable):
                return [item async for item in made]
            return await made
        return None
    except (TypeError, ValueError) as error:
        raise AssertionError(f"{area}.{name}: tell in driving.py what to call it with") from error


async def through(pager: Pager[Any]) -> object:
    """A list in every way that it can be read."""
    page = await pager
    found: list[object] = [page, await pager.collect(max_items=3), [item async for item in pager]]
    found += [each async for each in pager.pages()]
    async with pager.ahead(2) as items:
        found += [item async for item in items]
    if page.cursor is not None:
        found.append(await pager.resume(page.cursor).collect())
    return found


def of_the_client(email: str) -> dict[str, Callable[[AsyncClient], Awaitable[object]]]:
    """What the client itself offers."""
    return {
        "request": lambda ac: ac.request("GET", "/contacts", params={"email": email}),
        "request by address": lambda ac: ac.request("GET", f"/users/email/{email}"),
        "request that writes": lambda ac: ac.request("POST", "/contact/sync", json={"contact": {"email": email}}),
        "rows": lambda ac: through(ac.rows("/contacts", "contacts", {"email": email})),
    }
