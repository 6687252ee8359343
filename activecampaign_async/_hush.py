"""Keeps HTTPX's own log lines, of our requests only, free of what must not be in logs."""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextvars import ContextVar

from ._scrub import LONGEST, scrubbed
from .errors import path_without_addresses, without_addresses
from .keys import Key

sending: ContextVar[Key | None] = ContextVar("activecampaign_async_sending", default=None)
"""The key of the request of ours that is on its way here."""
former: ContextVar[Collection[Key]] = ContextVar("activecampaign_async_former", default=())
"""Its client's keys of before: where they overlap, they still open the account."""

_CLIENTS = ("httpx", "httpx2")
_CONNECTIONS = tuple(
    f"{core}.{part}"
    for core in ("httpcore", "httpcore2")
    for part in ("connection", "http11", "http2", "proxy", "socks")
)

_PACKING = ("hpack.hpack", "hpack.table")
"""Of HTTP/2, where a transport of the caller's speaks it: headers as they are sent, plain and packed."""


def _without_query(record: logging.LogRecord) -> bool:
    """``HTTP Request: GET https://…/contacts?email=… "HTTP/1.1 200 OK"``: the query is about people, and what stands
    behind the status is the server's to say."""
    if (key := sending.get()) is not None and isinstance(record.args, tuple):
        record.args = tuple(arg if isinstance(arg, int) else _plain(str(arg), key) for arg in record.args)
    return True


def _plain(text: str, key: Key) -> str:
    text = scrubbed(text, _secrets(key))
    text = path_without_addresses(text.partition("?")[0]) if "//" in text else without_addresses(text)
    return text[:LONGEST]


def _secrets(key: Key) -> list[str]:
    return [each.reveal() for each in (key, *former.get())]


def _without_key(record: logging.LogRecord) -> bool:
    """Headers as they came, at DEBUG: a server can echo in them what it was sent."""
    if (key := sending.get()) is not None:
        record.msg = without_addresses(scrubbed(str(record.msg), _secrets(key)))
    return True


def _not_ours(_: logging.LogRecord) -> bool:
    return sending.get() is None


for _name in _CLIENTS:
    logging.getLogger(_name).addFilter(_without_query)
for _name in _CONNECTIONS:
    logging.getLogger(_name).addFilter(_without_key)
for _name in _PACKING:
    logging.getLogger(_name).addFilter(_not_ours)
