"""The verbs that most areas share. A verb that is not here is an ordinary method there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from .._call import Call, Send, id_text, nothing, one, query, under
from .._given import encode_fields
from .._model import Included, Model, decode
from .._paging import Pager, pager

M = TypeVar("M", bound=Model)


class Resource(Generic[M]):
    """Knows its path, its model and what can be written, and the road."""

    path: ClassVar[str]
    model: type[M]
    written: ClassVar[type]
    """A TypedDict of all that can be written."""
    filters: ClassVar[type]
    """A TypedDict of all that the list can be filtered by."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def _list(
        self,
        given: Mapping[str, Any],
        *,
        orders: Mapping[str, str] | None = None,
        limit: int | None = None,
        keyset: bool = False,
        timeout: float | None = None,
    ) -> Pager[M]:
        def item(row: Any, included: Included, strict: bool) -> M:
            return decode(self.model, row, included, strict)

        asked = {**query(self.filters, given), **(orders or {})}
        return pager(
            self._send,
            self.path,
            self.model.KEYS,
            item,
            query=asked,
            limit=limit,
            keyset=keyset,
            timeout=timeout,
        )

    async def _get(self, id: int | str, timeout: float | None) -> M:
        return await self._send(Call("GET", self._at(id), one(self.model), timeout=timeout))

    async def _create(self, given: Mapping[str, Any], timeout: float | None) -> M:
        call = Call("POST", self.path, one(self.model), body=self._body(given), timeout=timeout)
        return await self._send(call)

    async def _update(self, id: int | str, given: Mapping[str, Any], timeout: float | None) -> M:
        body = self._body(given)
        if not body[self.model.KEY]:
            raise ValueError("nothing to change was given")
        return await self._send(Call("PUT", self._at(id), one(self.model), body=body, timeout=timeout))

    async def _delete(self, id: int | str, timeout: float | None) -> None:
        await self._send(Call("DELETE", self._at(id), nothing, result_due=False, timeout=timeout))

    def _at(self, id: int | str) -> str:
        return under(self.path, id_text(id))

    def _body(self, given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        return {self.model.KEY: encode_fields(self.written, given)}


def same(one: str | None, other: str) -> bool:
    """Whether two names are the same to a reader: the API's own filters are looser."""
    return one is not None and one.strip().casefold() == other.strip().casefold()


def not_blank(value: str, argument: str) -> str:
    """A name or e-mail address. TypeError or ValueError for what cannot be one."""
    if not isinstance(value, str):
        raise TypeError(f"{argument}: a str was expected, not {type(value).__name__}")
    if not value.strip():
        raise ValueError(f"{argument}: is empty")
    return value
