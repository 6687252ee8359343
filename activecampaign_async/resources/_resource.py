"""The verbs that most areas share. A verb that is not here is an ordinary method there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Literal, TypeAlias, TypedDict, TypeVar

from .._call import Call, Query, Send, id_text, nothing, one, query, under
from .._deadline import within
from .._given import encode_fields
from .._model import UNSET, Included, Model, Row, Unset, decode, plan
from .._paging import Pager, pager
from ._inputs import orders_of
from ._verbs import Verbs

M = TypeVar("M", bound=Model)
R = TypeVar("R", bound=Row)

RowOrder: TypeAlias = str | Sequence[str]
"""A field of a list's rows by its Python name, with a leading ``-`` for descending order, or several:
``("-created_at", "id")``. ActiveCampaign does not document which of them a list takes, and silently ignores those it
does not know."""


class Resource(Verbs, Generic[M]):
    """Knows its path, its model and what can be written, and the road."""

    _path: ClassVar[str]
    _model: type[M]
    _written: ClassVar[type]
    """A TypedDict of all that can be written."""
    _filters: ClassVar[type]
    """A TypedDict of all that the list can be filtered by."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def _list(
        self,
        given: Mapping[str, Any],
        *,
        order_by: RowOrder | Unset = UNSET,
        orders: Mapping[str, str] | None = None,
        limit: int | None = None,
        keyset: bool = False,
        timeout: float | None = None,
    ) -> Pager[M]:
        asked = {**query(self._filters, given), **(orders or {})}
        return rows(
            self._send,
            self._path,
            self._model,
            asked,
            order_by=order_by,
            limit=limit,
            keyset=keyset,
            timeout=timeout,
        )

    async def _get(self, id: int | str, timeout: float | None) -> M:
        return await self._send(Call("GET", self._at(id), one(self._model), timeout=timeout))

    async def _create(self, needed: Mapping[str, Any], given: Mapping[str, Any], timeout: float | None) -> M:
        body = self._body(given, needed)
        return await self._send(Call("POST", self._path, one(self._model), body=body, timeout=timeout))

    async def _update(self, id: int | str, given: Mapping[str, Any], timeout: float | None) -> M:
        body = self._body(given)
        if all(value == [] for value in body[self._model.KEY].values()):  # field_values={} changes nothing either
            raise ValueError("nothing to change was given")
        return await self._send(Call("PUT", self._at(id), one(self._model), body=body, timeout=timeout))

    async def _delete(self, id: int | str, timeout: float | None, *, missing_is_done: bool = False) -> None:
        await self._send(removal(self._at(id), timeout, missing_is_done=missing_is_done))

    def _at(self, id: int | str) -> str:
        area = self._path[1:]  # areas are called as their paths are
        return under(self._path, id_text(id, finder=area if hasattr(type(self), "find") else None))

    def _body(self, given: Mapping[str, Any], needed: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
        return {self._model.KEY: encode_fields(self._written, given, needed=needed)}


class NoFilters(TypedDict, total=False):
    """Of a list that cannot be filtered."""


def rows(
    send: Send,
    path: str,
    model: type[M],
    query: Query | None = None,
    *,
    order_by: RowOrder | Unset = UNSET,
    limit: int | None = None,
    keyset: bool = False,
    small: bool = False,
    timeout: float | None = None,
) -> Pager[M]:
    """The list at `path`, whose rows are of `model`. `small`: it belongs to one contact."""

    def item(row: Any, included: Included, strict: bool) -> M:
        return decode(model, row, included, strict)

    asked = {} if query is None else query
    if not isinstance(order_by, Unset):
        asked = {**asked, **orders_of({f.name: f.wire for f in plan(model) if f.name != "links"}, order_by)}
    return pager(
        send,
        path,
        model.KEYS,
        item,
        query=asked,
        limit=limit,
        keyset=keyset,
        small=small,
        timeout=timeout,
    )


def removal(path: str, timeout: float | None, *, missing_is_done: bool) -> Call[None]:
    """The call that deletes what is at `path`."""
    return Call("DELETE", path, nothing, result_due=False, missing_is_done=missing_is_done, timeout=timeout)


async def only(rows: Pager[R], fits: Callable[[R], bool], what: str, timeout: float | None) -> R | None:
    """The one of all `rows` that fits, or None. LookupError for several, with their ids."""
    with within(timeout):
        found = [row async for row in rows if fits(row)]
    if len(found) > 1:
        raise LookupError(f"{len(found)} {what}, ids {', '.join(str(row.id) for row in found)}")
    return found[0] if found else None


NameOrder = Literal["name", "-name", "weight"]
_NAME_ORDERS = {"name": "asc", "-name": "desc", "weight": "weight"}


def name_order(order_by: str) -> str:
    """An order by name as the wire takes it. "weight": of what was searched for, the best match first."""
    if not isinstance(order_by, str):
        raise TypeError(f"order_by: a str was expected, not {type(order_by).__name__}")
    if order_by not in _NAME_ORDERS:
        raise ValueError(f"order_by: {order_by!r} is none of {', '.join(_NAME_ORDERS)}")
    return _NAME_ORDERS[order_by]


def same(one: str | None, other: str) -> bool:
    """Whether two names are the same to a reader: the API's own filters are looser."""
    return one is not None and one.strip().casefold() == other.strip().casefold()
