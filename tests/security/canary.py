"""A secret that is looked for everywhere. Made at run time: error reporters show lines of source, and none has it."""

from __future__ import annotations

import base64
import copy
import dataclasses
import html
import json
import logging
import pickle
import secrets
import traceback
from collections.abc import Awaitable, Callable, Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from types import TracebackType
from typing import Any
from urllib.parse import quote

import attrs
import pytest

from activecampaign_async import ActiveCampaignError, Key
from tests.support import MUST, everything_said

HAS_RICH, HAS_SENTRY = (MUST or find_spec(name) is not None for name in ("rich", "sentry_sdk"))
ODD = "<'\"&/\\%=~"
"""Printable, so that it may stand in a key; written differently in URLs, JSON, HTML and Python's own strings."""


class Canary:
    """One secret. Does not show itself, so that the frames of tests may hold it."""

    __slots__ = ("_held",)

    def __init__(self, odd: str = "") -> None:
        self._held = Key(f"Canary-{secrets.token_hex(16)}{odd}")

    def __repr__(self) -> str:
        return "Canary()"

    @property
    def key(self) -> Key:
        return self._held

    def text(self) -> str:
        return self._held.reveal()

    def spellings(self) -> set[str]:
        """As it may be written: plain, or as in a URL, in JSON, in HTML, in a Python string."""
        text = self.text()
        return {text, quote(text, safe=""), json.dumps(text)[1:-1], html.escape(text), repr(text.encode())[2:-1]}

    def is_in(self, *said: str | bytes) -> list[str]:
        """What shows it, in capitals or not, or merely disguised; cut to where."""
        plain = self.text().encode()
        sought = {each.lower() for each in (*self.spellings(), base64.b64encode(plain).decode(), plain.hex())}
        found = []
        for each in said:
            text = (each.decode("latin-1") if isinstance(each, bytes) else each).lower()
            places = [at for spelling in sought if (at := text.find(spelling)) >= 0]
            found += [text[max(at - 200, 0) : at] + "[CANARY]" for at in places]
        return found


def nothing_shows(canary: Canary, what: object, *said: str | bytes) -> None:
    found = canary.is_in(*said)
    assert not found, f"{what}: {found}"


def is_clean(error: BaseException, key: Canary, address: Canary | None, what: object) -> None:
    """No rendering of the error shows the key, and none of its strings an address."""
    nothing_shows(key, what, *shown_by_an_error(error))
    if address is not None and isinstance(error, ActiveCampaignError):
        nothing_shows(address, what, str(error), repr(error))


async def failing(call: Callable[[], Awaitable[object]]) -> Exception:
    """What it fails with."""
    try:
        await call()
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not show the key
        return error
    pytest.fail("it did not fail")


def shown_by_an_error(error: BaseException) -> Iterator[str]:
    """Whatever a log, a debugger or an error reporter would make of an exception, those behind it, and their frames."""
    for behind in chain(error):
        behind.__traceback__ = _below_the_test(behind.__traceback__)
    yield everything_said(error)
    yield "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    for behind in chain(error):
        yield "".join(traceback.TracebackException.from_exception(behind, capture_locals=True).format())
    yield by_rich(error)
    yield by_sentry(error)
    yield by_logging(error)
    yield from shown_by_a_value(error)


def _below_the_test(trace: TracebackType | None) -> TracebackType | None:
    """Without the frames of tests: they are the user's, and many."""
    while trace is not None and "/tests/" in trace.tb_frame.f_code.co_filename:
        trace = trace.tb_next
    return trace


def chain(error: BaseException) -> list[BaseException]:
    """An exception and all that it came of, suppressed or not."""
    found, todo = list[BaseException](), [error]
    while todo:
        each = todo.pop()
        if each in found:
            continue
        found.append(each)
        inner = each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        todo += [e for e in (each.__cause__, each.__context__, *inner) if e is not None]
    return found


def shown_by_a_value(value: object) -> Iterator[str]:
    """Whatever prints, copies or serialises a value; what refuses to, shows nothing but its refusal."""
    yield f"{value!r}{value!s}{value}{value!a:>9}"
    yield repr(getattr(value, "__dict__", ""))
    dumps: list[Callable[[Any], object]] = [
        lambda v: pickle.dumps(v, 0),
        pickle.dumps,
        lambda v: repr(copy.copy(v)),
        lambda v: repr(copy.deepcopy(v)),
        lambda v: json.dumps(v),
        lambda v: json.dumps(v, default=str),
        lambda v: json.dumps(v, default=vars),
        lambda v: json.dumps(v, default=lambda o: getattr(o, "__dict__", None) or repr(o)),
        lambda v: repr(dataclasses.asdict(_in_a_dataclass(v))),
        lambda v: repr(attrs.asdict(_InAttrs(v))),
        lambda v: repr([getattr(v, name, None) for name in _slots(v)]),
    ]
    for dump in dumps:
        try:
            made = dump(value)
        except Exception as refusal:  # noqa: BLE001 - whatever it is, it must not show the key
            yield "".join(traceback.format_exception(refusal))
        else:
            yield made.decode("latin-1") if isinstance(made, bytes) else str(made)


def _slots(value: object) -> Iterable[str]:
    return () if isinstance(value, Key) else getattr(type(value), "__slots__", ())  # somewhere it has to be


@dataclasses.dataclass
class _InADataclass:
    value: Any


def _in_a_dataclass(value: object) -> Any:
    return _InADataclass(value)


@attrs.define
class _InAttrs:
    value: Any


def by_rich(error: BaseException) -> str:
    """The texts and locals that Rich's tracebacks show, without the time it takes to colour them."""
    if not HAS_RICH:
        return ""
    tracebacks: Any = import_module("rich.traceback")
    shown = tracebacks.Traceback.extract(
        type(error),
        error,
        error.__traceback__,
        show_locals=True,
        locals_max_length=None,
        locals_max_string=None,
        locals_hide_dunder=False,
        locals_hide_sunder=False,
    )
    said = [f"{stack.exc_type} {stack.exc_value}" for stack in shown.stacks]
    said += [
        f"{name} = {node.render(max_width=4000)}"
        for stack in shown.stacks
        for frame in stack.frames
        for name, node in (frame.locals or {}).items()
    ]
    return "\n".join(said)


def by_sentry(error: BaseException) -> str:
    """What Sentry's client would send, locals and all."""
    if not HAS_SENTRY:
        return ""
    utils: Any = import_module("sentry_sdk.utils")
    serializer: Any = import_module("sentry_sdk.serializer")
    options = {"include_local_variables": True, "include_source_context": True, "max_value_length": 100_000}
    event, _ = utils.event_from_exception(error, client_options=options)
    return json.dumps(serializer.serialize(event, max_value_length=100_000), default=repr)


def by_logging(error: BaseException) -> str:
    record = logging.LogRecord("x", logging.ERROR, "f.py", 1, "it failed: %s", (error,), None)
    record.exc_info = (type(error), error, error.__traceback__)
    return logging.Formatter().format(record) + repr(record.__dict__)


class Log(logging.Handler):
    """Everything that any logger says, as it would be written and as a collector would take it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = logging.Formatter("%(name)s %(levelname)s %(message)s").format(record)
        self.lines.append(f"{line}\n{record.__dict__!r}")
        if record.exc_info and record.exc_info[1] is not None:
            self.lines += shown_by_an_error(record.exc_info[1])


def held_by(*roots: object) -> Iterator[object]:
    """Whatever can be reached from `roots` through attributes, slots, closures, containers and bound methods; not what
    is inside a `Key`."""
    seen, todo = set[int](), list(roots)
    kept = []  # an id is one object's only while that lives
    while todo:
        each = todo.pop()
        if id(each) in seen or isinstance(each, (type, type(json), int, float)):
            continue
        seen.add(id(each))
        kept.append(each)
        yield each
        if isinstance(each, (str, bytes, bytearray, Key)):
            continue
        todo += _parts_of(each)


def _parts_of(each: Any) -> list[object]:
    found: list[object] = []
    if isinstance(each, dict):
        found += [*each.keys(), *each.values()]
    elif isinstance(each, (list, tuple, set, frozenset)) or type(each).__name__ in ("deque", "odict_values"):
        found += list(each)
    found += getattr(each, "__dict__", {}).values()
    for kind in type(each).__mro__:
        names = kind.__dict__.get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            private = f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") else name
            found.append(getattr(each, private, None))
    for name in ("__self__", "__func__", "__wrapped__", "__defaults__", "__kwdefaults__", "args", "keywords", "func"):
        found.append(getattr(each, name, None))
    for cell in getattr(each, "__closure__", None) or ():
        found.append(cell.cell_contents)
    for frame in ("cr_frame", "gi_frame", "ag_frame"):
        if (at := getattr(each, frame, None)) is not None:
            found += at.f_locals.values()
    return found
