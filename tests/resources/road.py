"""A road without HTTP: it notes each call and reads canned answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from activecampaign_async._answer import Answer
from activecampaign_async._call import Call
from activecampaign_async._deadline import limit_of
from activecampaign_async.errors import DeadlineError

if TYPE_CHECKING:
    from activecampaign_async._call import Send

T = TypeVar("T")


class Timed:
    """A road that leaves a call no more time than it has."""

    def __init__(self, road: Send) -> None:
        self._road, self.home = road, road.home

    async def __call__(self, call: Call[T], /) -> T:
        with anyio.CancelScope(deadline=limit_of(call.timeout, None)[1]):
            return await self._road(call)
        raise DeadlineError("late")


class Road:
    """`Send` for tests. Answers are JSON, one a call, the last one again and again; or a function of the call."""

    home = "https://a.example"

    def __init__(self, *answers: Any, strict: bool = False) -> None:
        self.answers, self.strict = list(answers), strict
        self.calls: list[Call[Any]] = []

    async def __call__(self, call: Call[T], /) -> T:
        self.calls.append(call)
        data = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return call.read(Answer(200, {}, data(call) if callable(data) else data, strict=self.strict))

    @property
    def sent(self) -> Any:  # no tuple: mypy would narrow it with each comparison
        """Method, path and body of the latest call."""
        call = self.calls[-1]
        return call.method, call.path, call.body
