"""What goes over the wire: a request as it was sent, an answer and how it travels."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl

Row = dict[str, object]
"""A wire object."""

Pause = Callable[[float], Awaitable[None]]
"""Wait so many seconds; a transport raises out of it what its caller's timeouts ask for."""

PREFIX = "/api/3"


@dataclass(slots=True)
class Ask:
    """A request on its way."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    origin: str = ""


@dataclass(slots=True)
class Asked:
    """A request that arrived, as `Sandbox.requests` keeps it."""

    method: str
    path: str
    """Without `/api/3`."""
    query: list[tuple[str, str]]
    body: object
    """The parsed JSON, or the text where it is none; None without a body."""
    headers: Mapping[str, str]
    """Lower-case names, without the key."""
    key: str | None = field(repr=False)
    """The `Api-Token` that arrived."""
    origin: str
    """Scheme, host and port that were asked."""
    time: float
    """When it arrived, on the sandbox's clock."""
    status: int | None = None
    """What was answered; None while it is not, and where no answer was sent."""
    processed: bool = False
    """The application saw it: not refused, limited or dropped before."""
    fault: str | None = None
    """The fault that met it."""

    @property
    def params(self) -> dict[str, str]:
        """The query by name, the last value of each."""
        return dict(self.query)


Ending = Literal["whole", "cut", "drop", "reset", "hang"]
"""`whole`: as it should be. `cut`: the connection closes after what was sent. `drop`: it closes without an
answer. `reset`: it breaks without an answer. `hang`: no byte ever."""


@dataclass(slots=True)
class Answer:
    """An answer and how it travels."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: list[tuple[str, str]] = field(default_factory=list)
    ending: Ending = "whole"
    length: int | None = None
    """The Content-Length to claim, where it is not the body's."""
    pieces: Sequence[tuple[float, bytes]] | None = None
    """The body as it trickles: seconds to wait, then bytes. None: at once."""

    def parts(self) -> Sequence[tuple[float, bytes]]:
        return self.pieces if self.pieces is not None else ((0.0, self.body),)


def dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def answer(value: object, status: int = 200) -> Answer:
    return Answer(status, dump(value))


def message(status: int, text: str) -> Answer:
    return answer({"message": text}, status)


def missing(kind: str, row: int | str) -> Answer:
    return message(404, f"No Result found for {kind} with id {row}")


def filled(row: Row, blanks: Row) -> Row:
    """What of these columns is still null, with what stands there instead once somebody has written the row."""
    return {name: value for name, value in blanks.items() if row[name] is None}


def invalid(title: str, code: str, pointer: str | None, detail: str | None = "", error: str | None = None) -> Answer:
    """A 422 with one entry. What is None is left out."""
    entry: Row = {"title": title}
    if detail is not None:
        entry["detail"] = detail
    entry["code"] = code
    if error is not None:
        entry["error"] = error
    if pointer is not None:
        entry["source"] = {"pointer": f"/data/attributes/{pointer}"}
    return answer({"errors": [entry]}, 422)


def refused(status: int, title: str, **more: object) -> Answer:
    """The younger form of an error, with its status in it."""
    return answer({"errors": [{"status": status, "title": title, **more}]}, status)


def pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def parsed(body: bytes) -> object:
    if not body:
        return None
    try:
        value: object = json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
    return value


def stored(value: object) -> str | None:
    """A value as the store keeps it and reads give it back: text, or null."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)
