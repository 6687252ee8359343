"""Recordings of the real API as the tests read them.

They are not part of this repository: `AC_RECORDINGS` names their folder, else it is looked for beside it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from .calls import Asked, pattern_of

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "api"
FOLDER = Path(os.environ.get("AC_RECORDINGS") or SHARED / "recordings")


class Exchange(NamedTuple):
    """A recorded request with its answer."""

    name: str
    asked: Asked
    status: int
    headers: dict[str, Any]
    answer: Any

    @property
    def path(self) -> str:
        """The first segment of its path."""
        return self.asked.path.split("/")[1]

    @property
    def pattern(self) -> str | None:
        return pattern_of(self.asked)

    @property
    def is_nowhere(self) -> bool:
        """Whether its path has an empty segment, so that it leads elsewhere."""
        return "" in self.asked.path[1:].split("/")


def lines(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every exchange as it stands there, named; what is none, such as a webhook, is passed over."""
    for file in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            one = json.loads(line) if line.strip() else {}
            if {"method", "path", "status"} <= one.keys():
                yield f"{file.stem}-{number}", one


def exchange_of(name: str, one: dict[str, Any]) -> Exchange:
    """A line of a recording."""
    path, _, in_path = one["path"].partition("?")
    path = re.sub(r"^(.*/api/3)?/?", "/", path)
    given = one.get("query") or ()
    query = as_query(
        [*httpx.QueryParams(in_path).multi_items(), *(given.items() if isinstance(given, dict) else given)]
    )
    answer, verb = one.get("response_body"), one["method"]
    keys = frozenset(answer) if isinstance(answer, dict) else frozenset()
    asked = Asked(verb, path, query, one.get("request_body"), rises(answer), keys)
    if pattern_of(whole := asked._replace(path=path.rstrip("/"))) is not None:
        asked = whole  # a slash at the end changes nothing, unless an id is missing there
    if verb == "PATCH" and pattern_of(asked) is None:  # a proxy's own verb: the API's, and ours, is PUT
        asked = asked._replace(verb="PUT")
    headers = {key.lower(): value for key, value in (one.get("headers") or {}).items()}
    return Exchange(f"{name}-{verb}-{path}", asked, one["status"], headers, answer)


def as_query(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Parameters by name; several values where PHP takes them. It writes ``ids[0]`` itself, and means ``ids[]``."""
    query: dict[str, Any] = {}
    for name, value in pairs:
        key = re.sub(r"^ids\[\d+\]$", "ids[]", name)
        query[key] = [*query.get(key, ()), value] if key.endswith("[]") else value
    return query


def rises(answer: Any) -> bool:
    """Whether the contacts in an answer come in the order of their ids."""
    rows = answer.get("contacts") if isinstance(answer, dict) else None
    ids = [int(row["id"]) for row in rows or () if isinstance(row, dict) and str(row.get("id")).isdigit()]
    return all(one < other for one, other in pairwise(ids))


EVERY = [exchange_of(name, one) for name, one in lines(FOLDER)]
needs_recordings = pytest.mark.skipif(not EVERY, reason=f"no recordings in {FOLDER.name}: set AC_RECORDINGS")
