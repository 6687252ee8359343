"""Every list can be asked for in an order, by the names of its rows' fields."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from activecampaign_async import AsyncClient, Pager
from activecampaign_async.resources.contacts import Contacts
from activecampaign_async.resources.notes import Notes
from tests.resources.road import Road

pytestmark = pytest.mark.anyio


def lists() -> Iterator[Any]:
    ac = AsyncClient("https://acme.api-us1.com", "some-key")
    for area in AsyncClient.__annotations__:
        for name, verb in inspect.getmembers(getattr(ac, area), inspect.ismethod):
            if str(inspect.signature(verb).return_annotation).startswith(Pager.__name__):
                yield pytest.param(verb, id=f"{area}.{name}")


@pytest.mark.parametrize("verb", list(lists()))
def test_every_list_takes_an_order(verb: Any) -> None:
    assert {"order_by", "limit", "timeout"} <= inspect.signature(verb).parameters.keys()


@pytest.mark.parametrize(
    ("order_by", "query"),
    [
        ("created_at", {"orders[cdate]": "ASC"}),
        (("-updated_at", "id"), {"orders[mdate]": "DESC", "orders[id]": "ASC"}),
    ],
)
async def test_the_wire_has_its_own_names(order_by: Any, query: dict[str, str]) -> None:
    road = Road({"notes": []})
    await Notes(road).list(order_by=order_by, limit=5)
    assert road.calls[0].query == {**query, "limit": "5", "offset": "0"}


async def test_of_one_contact() -> None:
    road = Road({"contactAutomations": []})
    await Contacts(road).contact_automations(7, order_by="-last_at")
    assert road.calls[0].query["orders[lastdate]"] == "DESC"


async def test_what_is_no_field_is_refused() -> None:
    road = Road({"notes": []})
    with pytest.raises(ValueError, match=r"order_by: 'cdate' is none of id, note, .*; did you mean created_at\?"):
        await Notes(road).list(order_by="cdate")
    with pytest.raises(TypeError, match="order_by: a str or several were expected, not int"):
        await Notes(road).list(order_by=5)  # type: ignore[arg-type]
    assert road.calls == []
