"""Secrets that are looked for, and everything that is logged meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from .canary import ODD, Canary, Log


@pytest.fixture
def canary() -> Canary:
    return Canary(ODD)


@pytest.fixture
def address() -> Canary:
    """An e-mail address's part before the @."""
    return Canary()


@pytest.fixture
def log() -> Iterator[Log]:
    """What all loggers say, at DEBUG."""
    handler, root = Log(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.setLevel(before)
    root.removeHandler(handler)
