"""One operation as data: what is sent, and how its answer is read. No I/O here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from urllib.parse import quote, unquote

from attrs import field, frozen

from ._answer import Answer
from ._given import OWN, encode_fields
from ._model import Included, M, decode, each
from ._wire import php_list
from .errors import DecodeError

if TYPE_CHECKING:
    from .limits import Priority

T = TypeVar("T")
Query = Mapping[str, str | Sequence[str]]
Reader = Callable[[Answer], T]

READS = frozenset({"GET", "HEAD", "OPTIONS"})
IDEMPOTENT = READS | {"PUT", "DELETE"}


@frozen
class Call(Generic[T]):
    """A request that has not been made yet."""

    method: str
    path: str
    """Below ``/api/3``, percent-encoded."""
    read: Reader[T]
    """The pure function from answer to result."""
    query: Query = field(factory=dict, repr=False)  # it and the body are about people, or hold a password
    body: Any = field(default=None, repr=False)
    """JSON, or None for no body."""
    repeatable: bool = field(kw_only=True)
    """Whether sending it twice does no harm: reads, PUT, DELETE, upserts."""
    writes: bool = field(kw_only=True)
    """Whether it changes anything. A search by POST does not."""
    result_due: bool = field(default=True, kw_only=True)
    """Whether an empty body is a failure."""
    missing_is_done: bool = field(default=False, kw_only=True)
    """Whether a 404 means that there is nothing left to do: removing an association."""
    shrinks: bool = field(default=False, kw_only=True)
    """Whether the caller asks for less when the answer takes too long: then it is not repeated as it is."""
    timeout: float | None = field(default=None, kw_only=True)
    """Seconds for the whole call; None: the client's."""
    own_limit: bool = field(default=False, kw_only=True)
    """Whether the caller keeps a limit that it has beside the account's: what that refuses (400) is not repeated."""
    priority: Priority = field(kw_only=True)
    """Whether somebody waits for the answer."""

    @repeatable.default
    def _by_method(self) -> bool:
        return self.method in IDEMPOTENT

    @priority.default
    def _of_the_context(self) -> Priority:
        return priority_now()

    @writes.default
    def _unless_read(self) -> bool:
        return self.method not in READS


_PRIORITY: ContextVar[Priority] = ContextVar("activecampaign_async_priority", default="interactive")


@contextmanager
def priority(of: Priority, /) -> Iterator[None]:
    """What is called within is of that priority: ``"interactive"`` (somebody waits for it, which is the default) or
    ``"bulk"``. Interactive calls go first, and wait for at most one bulk turn.

        from activecampaign_async import priority

        with priority("bulk"):
            await ac.contacts.sync(email="ada@example.com")

    Lists that are gone through are bulk anyway, and so are jobs.
    """
    if of not in ("interactive", "bulk"):
        raise ValueError('priority: "interactive" or "bulk"')
    token = _PRIORITY.set(of)
    try:
        yield
    finally:
        _PRIORITY.reset(token)


def priority_now() -> Priority:
    """Of what is called here."""
    return _PRIORITY.get()


class Send(Protocol):
    """The one road. Everything above it makes calls; everything below it makes requests."""

    @property
    def home(self) -> str:
        """Where it leads: the account's origin. Cursors of one account are none of another's."""
        ...

    async def __call__(self, call: Call[T], /) -> T: ...


_FINDERS = {
    "contact": "contacts",
    "field": "fields",
    "list": "lists",
    "list_id": "lists",
    "tag": "tags",
    "tag_id": "tags",
    "user": "users",
    "user_id": "users",
}


def id_text(value: int | str, name: str = "id", finder: str | None = None) -> str:
    """A numeric id as it stands in a path or body. TypeError or ValueError for what cannot be one; `finder` is the
    area that finds what a caller may know by name alone.
    """
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError(f"{name}: an int of 1 or more was expected, not {type(value).__name__}")
    text = str(value)
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        area = finder or _FINDERS.get(name) if any(map(str.isalpha, text)) else None
        by_name = f"; ac.{area}.find looks one up" if area else ""
        raise ValueError(f"{name}: an int of 1 or more, or its digits, was expected{by_name}")
    return str(int(text))


def under(base: str, *parts: str) -> str:
    """A path below `base`; each part is one segment, percent-encoded, and can lead nowhere else."""
    if any(not part.strip(" .") for part in parts):
        raise ValueError(f"an empty part below {base}")
    return "/".join([base, *(quote(part, safe="") for part in parts)])


def any_path(path: str) -> str:
    """A path of the caller's own, as `AsyncClient.request` takes it."""
    if not isinstance(path, str):
        raise TypeError(f"path: a str was expected, not {type(path).__name__}")
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError('path: starts with one "/" and is below /api/3, e.g. "/contacts/1"')
    if path == "/api/3" or path.startswith("/api/3/"):
        raise ValueError('path: what comes after /api/3, e.g. "/contacts/1"')
    if any(c in path for c in "?#\\") or any(ord(c) < 0x21 or ord(c) > 0x7E for c in path):
        raise ValueError("path: no query (use params=), fragment, backslash, blank or non-ASCII character")
    plain, before = path, ""
    while plain != before:  # what a server in between may decode once more than the next one
        plain, before = unquote(plain), plain
    if any(part in ("", ".", "..") for part in re.split(r"[/\\]", plain[1:])):
        raise ValueError('path: no empty, "." or ".." segments')
    return path


def query(allowed: type, given: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Keyword arguments as query parameters: checked against the TypedDict `allowed`, UNSET left out.

    TypeError for None, ValueError for blank text or no ids: they would be left out or ignored in silence, and the list
    be everything.
    """
    asked: dict[str, str | list[str]] = {}
    for name, value in given.items():
        if value is None:
            raise TypeError(f"{name}: None is no filter; leave it out for no filter at all")
        for key, encoded in encode_fields(allowed, {name: value}, own=("order_by", "limit", *OWN)).items():
            asked[key] = _parameter(encoded)
            if encoded == [] or (isinstance(encoded, str) and not encoded.strip()):
                raise ValueError(f"{name}: is empty, which is no filter; leave it out for no filter at all")
    return asked


def _parameter(value: Any) -> str | list[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    return str(int(value)) if isinstance(value, bool) else str(value)


# -- readers: from answer to result


def one(model: type[M], key: str | None = None) -> Reader[M]:
    """``{"tag": {...}, "others": [...]}`` as a model with what came beside it."""
    name = model.KEY if key is None else key

    def read(answer: Answer) -> M:
        row, beside = _envelope(answer, name)
        return decode(model, row, Included(beside, strict=answer.strict, whole=True), answer.strict)

    return read


def one_or_none(model: type[M]) -> Reader[M | None]:
    """As `one`, of what there need not be: PHP's empty answers are None."""
    whole = one(model)

    def read(answer: Answer) -> M | None:
        data = answer.data
        row = data.get(model.KEY, data) if isinstance(data, dict) else data
        return None if row in ({}, [], None) else whole(answer)

    return read


def many(model: type[M], key: str | None = None) -> Reader[tuple[M, ...]]:
    """``{"tags": [...], "others": [...]}`` as models, each with its part of what came beside them."""
    name = model.KEYS if key is None else key

    def read(answer: Answer) -> tuple[M, ...]:
        rows, beside = _envelope(answer, name)
        rows = php_list(rows)
        if not isinstance(rows, list):
            raise DecodeError(name, f"a list was expected, not {type(rows).__name__}")
        included = Included(beside, strict=answer.strict)
        return each(rows, lambda row: decode(model, row, included, answer.strict), name)

    return read


def bare(model: type[M]) -> Reader[M]:
    """An answer without an envelope."""
    return lambda answer: decode(model, answer.data, strict=answer.strict)


def nothing(_: Answer) -> None:
    """An answer that says no more than its status."""


def _envelope(answer: Answer, key: str) -> tuple[Any, dict[str, Any]]:
    data = answer.data
    if not isinstance(data, dict):
        raise DecodeError(key, f"an object with it was expected, not {type(data).__name__}")
    if key not in data:
        raise DecodeError(key, "is not in the answer")
    return data[key], {k: v for k, v in data.items() if k != key}
