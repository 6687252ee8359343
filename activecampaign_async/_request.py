"""`AsyncClient.request` and `AsyncClient.rows`: whatever has no method of its own, down the same road."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from . import _json
from ._answer import Answer
from ._call import IDEMPOTENT, Call, Query, Send, any_path
from ._paging import Pager, pager
from .errors import DecodeError

_METHOD = re.compile(r"[A-Z]+")
Param = str | int | float | bool | date | None
Params = Mapping[str, Param | Sequence[Param]]


class Reply(NamedTuple):
    """The answer to `AsyncClient.request`."""

    status: int
    headers: Mapping[str, str]
    """Names are lower-case."""
    data: Any
    """The parsed JSON; None for an empty body."""


def any_call(
    method: str, path: str, params: Params | None, json: Any, repeatable: bool | None, timeout: float | None
) -> Call[Reply]:
    """A call of the caller's own. TypeError or ValueError for what cannot be one."""
    if not isinstance(method, str) or not _METHOD.fullmatch(method):
        raise ValueError('method: an HTTP verb in capitals was expected, e.g. "GET"')
    if json is not None:
        _json.dumps(json)  # here, so that what cannot be sent is told before anything waits
    return Call(
        method,
        any_path(path),
        _reply,
        _query(params),
        json,
        repeatable=method in IDEMPOTENT if repeatable is None else repeatable,
        result_due=method == "GET",
        timeout=timeout,
    )


def any_list(
    send: Send, path: str, key: str, params: Params | None, limit: int | None, timeout: float | None
) -> Pager[dict[str, Any]]:
    """The wire objects of any list."""
    if not isinstance(key, str) or not key:
        raise ValueError('key: the name of the list in the answer was expected, e.g. "contacts"')
    query = _query(params)
    if paged := query.keys() & {"limit", "offset"}:
        raise ValueError(f"params: {', '.join(sorted(paged))} is the pager's own; pass limit= for the rows of a page")
    return pager(send, any_path(path), key, _row, query=query, limit=limit, keyset=False, timeout=timeout)


def _reply(answer: Answer) -> Reply:
    return Reply(answer.status, answer.headers, answer.data)


def _row(row: Any, _included: Any, _strict: bool) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise DecodeError("row", f"an object was expected, not {type(row).__name__}")
    return row


def _query(params: Params | None) -> Query:
    if params is not None and not isinstance(params, Mapping):
        raise TypeError(f"params: a mapping was expected, not {type(params).__name__}")
    given = params or {}
    if wrong := [name for name in given if not isinstance(name, str) or not name]:
        raise TypeError(f"params: names are text, not {wrong[0]!r}")
    return {name: _value(name, value) for name, value in given.items()}


def _value(name: str, value: object) -> str | list[str]:
    if isinstance(value, (list, tuple)):
        if not value:
            raise ValueError(f"params[{name!r}]: an empty list would not be sent, and filter nothing")
        return [_text(name, item) for item in value]
    return _text(name, value)


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise ValueError(f"params[{name!r}]: a time needs its zone, e.g. datetime.now(UTC)")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"params[{name!r}]: a finite number was expected")
    if isinstance(value, (str, int, float)):
        str(value).encode()  # UnicodeEncodeError, a ValueError: half a surrogate pair cannot be sent
        return str(value)
    raise TypeError(f"params[{name!r}]: text, a number, a bool or a date was expected, not {type(value).__name__}")
