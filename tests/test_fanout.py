from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import anyio
import pytest

from activecampaign_async._answer import Answer
from activecampaign_async._call import Call
from activecampaign_async._fanout import Found, map_bounded
from activecampaign_async.errors import ServerError

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

T = TypeVar("T")


class Road:
    """Answers with the call's path; the longer the path, the sooner."""

    home = ""

    def __init__(self, faults: Sequence[str] = ()) -> None:
        self.faults, self.started, self.running, self.most = faults, 0, 0, 0

    async def __call__(self, call: Call[T], /) -> T:
        self.started += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await anyio.sleep(1 / len(call.path))
            if call.path in self.faults:
                raise ServerError(call.path)
            return call.read(Answer(200, {}, call.path))
        finally:
            self.running -= 1


def calls(count: int) -> list[Call[Any]]:
    return [Call("GET", f"/{'x' * n}", lambda answer: answer.data) for n in range(count)]


async def test_results_come_in_order_however_they_arrive() -> None:
    assert await map_bounded(Road(), calls(40)) == [c.path for c in calls(40)]


async def test_no_more_run_than_lanes() -> None:
    road = Road()
    await map_bounded(road, calls(40), lanes=5)
    assert road.most == 5


async def test_none_at_all() -> None:
    assert await map_bounded(Road(), []) == []


async def test_the_first_error_comes_bare_and_ends_the_rest() -> None:
    road = Road(faults=[calls(21)[20].path, calls(12)[11].path])
    with pytest.raises(ServerError) as caught:
        await map_bounded(road, calls(60), lanes=8)
    assert caught.value.args == (calls(12)[11].path,)
    assert road.running == 0
    assert road.started < 25


async def test_an_error_of_the_source_of_calls_comes_bare() -> None:
    def source() -> Any:
        yield from calls(3)
        raise LookupError("source")

    with pytest.raises(LookupError):
        await map_bounded(Road(), source())


async def test_cancelled_it_leaves_nothing_running() -> None:
    road = Road()
    with anyio.move_on_after(0.1) as scope:
        await map_bounded(road, calls(9), lanes=8)
    assert scope.cancelled_caught
    assert road.running == 0
    assert road.started == 8


async def test_an_endless_source_is_pulled_from_as_lanes_get_free() -> None:
    pulled = 0

    def source() -> Any:
        nonlocal pulled
        while True:
            pulled += 1
            yield pulled

    async def work(n: int) -> int:
        await anyio.sleep(1)
        if n == 10:
            raise ServerError("enough")
        return n

    with pytest.raises(ServerError):
        await map_bounded(work, source(), lanes=4)
    assert pulled <= 16


@pytest.mark.parametrize("lanes", [0, -1])
async def test_lanes_are_checked(lanes: int) -> None:
    with pytest.raises(ValueError, match="lanes"):
        await map_bounded(Road(), calls(1), lanes=lanes)


async def test_found_is_a_sequence_with_what_is_missing() -> None:
    found = Found(["a", "b", "a"], [7, 3])
    assert isinstance(found, Sequence)
    assert list(found) == ["a", "b", "a"]
    assert (found[0], found[-1], found[1:], len(found)) == ("a", "a", ("b", "a"), 3)
    assert found.missing == (7, 3)
    assert found.count("a") == 2
    assert found == Found(["a", "b", "a"], [7, 3])
    assert hash(found) == hash(Found(["a", "b", "a"], [7, 3]))
    assert found != Found(["a", "b", "a"])
    assert found != ["a", "b", "a"]
    assert repr(found) == "<Found: 3, missing: 2>"
    assert not Found([])
