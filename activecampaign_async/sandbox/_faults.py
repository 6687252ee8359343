"""What can go wrong between a client and the account, on request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Any, Final

from ._wire import Answer, answer, dump, message, parsed

Shape = Callable[["Fault", Answer], Answer]


@dataclass(slots=True)
class Fault:
    """A fault and when it strikes. Made by `Sandbox.fail`."""

    kind: str
    processed: bool
    """The request reaches the application first: it counts at the limiter and changes what it changes."""
    times: int | None
    share: float | None = None
    method: str | None = None
    path: str | None = None
    skip: int = 0
    status: int | None = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: int | str | None = None
    location: str = "https://elsewhere.example/api/3/contacts"
    seconds: float = 0.01
    edit: Callable[[Any], object] | None = None
    struck: int = 0
    """How often it did."""

    def meets(self, method: str, path: str, random: Random) -> bool:
        """Whether this request is one of those that are hit."""
        if self.times is not None and self.struck >= self.times:
            return False
        if self.method is not None and self.method != method:
            return False
        if self.path is not None and not fnmatchcase(path, self.path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        return self.share is None or random.random() < self.share

    def strike(self, real: Answer | None) -> Answer:
        """The answer as the fault leaves it; None where the application was never asked."""
        self.struck += 1
        told = self._told(real or answer({}))
        found = _SHAPES[self.kind][1](self, told)
        return found if found is told else self._told(found)

    def _told(self, found: Answer) -> Answer:
        """With what `Sandbox.fail` was told to answer instead."""
        found.status = found.status if self.status is None else self.status
        found.body = found.body if self.body is None else self.body
        if self.edit is not None and self.kind == "edit":
            found.body = dump(self.edit(parsed(found.body)))
        if self.retry_after is not None:
            found.headers.append(("retry-after", str(self.retry_after)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        found.content_type = headers.pop("content-type", found.content_type)
        found.headers += headers.items()
        return found


_PAGE = b"<!DOCTYPE html><html><head><title>%s</title></head><body><h1>%s</h1></body></html>"


def _html(status: int, text: bytes) -> Answer:
    return Answer(status, _PAGE % (text, text), "text/html; charset=UTF-8")


def _limited(fault: Fault, _: Answer) -> Answer:
    found = message(429, "Too many requests")
    if fault.retry_after is None:
        found.headers.append(("retry-after", "1"))
    return found


def _as_html(_: Fault, real: Answer) -> Answer:
    real.content_type = "text/html; charset=UTF-8"
    return real


def _empty_error(_: Fault, real: Answer) -> Answer:
    return Answer(200, b"", headers=[("x-ac-error", "Code 9001")])


def _truncated(_: Fault, real: Answer) -> Answer:
    real.length = max(len(real.body), 2)
    real.body = real.body[: real.length // 2]
    real.ending = "cut"
    return real


def _slow(fault: Fault, real: Answer) -> Answer:
    size = max(1, -(-len(real.body) // 8))
    real.pieces = [(fault.seconds, real.body[at : at + size]) for at in range(0, len(real.body), size)]
    return real


def _bad_gzip(_: Fault, real: Answer) -> Answer:
    real.body = b"\x1f\x8b\x08\x00not gzip at all"
    real.headers.append(("content-encoding", "gzip"))
    return real


def _redirect(fault: Fault, _: Answer) -> Answer:
    found = _html(301, b"Moved Permanently")
    found.headers.append(("location", fault.location))
    return found


def _never(fault: Fault, _: Answer) -> Answer:
    return Answer(ending="hang")


_SHAPES: Final[dict[str, tuple[bool, Shape]]] = {
    # kind: (processed unless told otherwise, what is answered)
    "429": (False, _limited),
    "429_bare": (False, lambda *_: Answer(429, b"", "text/html")),
    "503": (False, lambda *_: _html(503, b"Service Unavailable")),
    "402": (False, lambda *_: message(402, "Your account has a payment problem.")),
    "401": (False, lambda *_: message(401, "Unauthorized")),
    "403": (False, lambda *_: message(403, "Forbidden")),
    "html500": (False, lambda *_: _html(500, b"Internal Server Error")),
    "html200": (False, lambda *_: _html(200, b"We are currently having some issues")),
    "text200": (False, lambda *_: Answer(200, b"OK", "text/plain")),
    "empty200": (True, lambda *_: Answer(200, b"")),
    "error200": (False, _empty_error),
    "as_html": (True, _as_html),
    "drop_before": (False, lambda *_: Answer(ending="drop")),
    "drop_after": (True, lambda *_: Answer(ending="drop")),
    "reset": (False, lambda *_: Answer(ending="reset")),
    "reset_after": (True, lambda *_: Answer(ending="reset")),
    "truncated": (True, _truncated),
    "slow": (True, _slow),
    "hang": (False, _never),
    "hang_after": (True, _never),
    "redirect": (False, _redirect),
    "bad_gzip": (True, _bad_gzip),
    "edit": (True, lambda _, real: real),
    "custom": (False, lambda _, real: real),
    # met before a byte of the request is sent; over real sockets they can only drop the connection
    "refused": (False, lambda *_: Answer(ending="drop")),
    "no_connect": (False, _never),
    "no_write": (False, _never),
    "no_pool": (False, _never),
}

BEFORE_SENDING = ("refused", "no_connect", "no_write", "no_pool")
KINDS: Final = tuple(_SHAPES)


def processed_by_default(kind: str) -> bool:
    if kind not in _SHAPES:
        raise ValueError(f"kind is one of {', '.join(KINDS)}: got {kind!r}")
    return _SHAPES[kind][0]


class Faults:
    """Those that are due, in the order they were asked for."""

    def __init__(self, seed: int) -> None:
        self._due: list[Fault] = []
        self._random = Random(seed)

    def add(self, fault: Fault) -> None:
        self._due.append(fault)

    def clear(self) -> None:
        self._due.clear()

    def __bool__(self) -> bool:
        return bool(self._due)

    def meet(self, method: str, path: str, *, sending: bool = False) -> Fault | None:
        """The first that hits this request, while it is still being sent or once it has arrived."""
        for fault in self._due:
            if (fault.kind in BEFORE_SENDING) == sending and fault.meets(method, path, self._random):
                return fault
        return None
