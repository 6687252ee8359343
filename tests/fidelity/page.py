"""What docs/fidelity.md says of files outside of this repository. `python -m tests.fidelity.page` writes it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import anyio

from .by_hand import AS_READ, KEYS, LED, LINKS, PATHS, REFUSED
from .judge import ADDED, LOOSE, LOOSE_QUERY, WITHOUT_ARGUMENT, is_built, judge
from .recorded import ROOT, SHARED, Exchange, exchange_of, lines

PAGE = ROOT / "docs" / "fidelity.md"
HOW = "regenerate it: python -m tests.fidelity.page"
COLUMNS = ("passed", "refused", "no argument", "by hand", "not built yet")


async def counted(every: Iterable[Exchange]) -> dict[str, Counter[str]]:
    """How each exchange went, by the first segment of its path."""
    counts: dict[str, Counter[str]] = {}
    for exchange in every:
        outcome = await judge(exchange) if is_built(exchange) else "not built yet"
        counts.setdefault(exchange.path, Counter())[outcome] += 1
    return counts


def table(counts: dict[str, Counter[str]]) -> str:
    """The counts as they stand in the docs."""
    total: Counter[str] = Counter()
    for area_counts in counts.values():
        total += area_counts
    paths = sorted(counts, key=lambda path: (set(counts[path]) == {"not built yet"}, path))
    rows = [[f"`{path}`", *(str(counts[path][column] or "") for column in COLUMNS)] for path in paths]
    rows.append(["**all**", *(str(total[column]) for column in COLUMNS)])
    return _table(["path", *COLUMNS], rows, "---:")


def sources(folder: Path) -> str:
    """The files that the page tells of, each with its digest."""
    files = [file for file in sorted((folder / "recordings").glob("*.json*")) if "webhooks" not in file.name]
    files.append(folder / "openapi" / "v3.json")
    rows = [[f"`{file.parent.name}/{file.name}`", f"`{sha256(file.read_bytes()).hexdigest()}`"] for file in files]
    return _table(["file", "sha256"], rows)


def looser() -> str:
    """Where a request may leave in other JSON types or words than it was recorded, or with more."""
    why: dict[tuple[str, str], list[str]] = {}
    for (path, key), reason in LOOSE.items():
        why.setdefault((path, reason), []).append(f"`{key}`")
    for (path, key), reason in LOOSE_QUERY.items():
        why.setdefault((path, reason), []).append(f"`{key}`")
    rows = [[f"`{path}`", ", ".join(keys), reason] for (path, reason), keys in why.items()]
    for pattern, (key, value, reason) in ADDED.items():
        rows.append([f"`{pattern}`", f"`{key}`", f"sent as `{json.dumps(value)}` where it was left out: {reason}"])
    return _table(["path", "in body or query", "what, and why"], rows)


def unasked() -> str:
    """Which query parameters a method may lack."""
    return _table(["parameter", "why"], [[f"`{name}`", why] for name, why in WITHOUT_ARGUMENT.items()])


def by_hand() -> str:
    """What `client.request` alone makes."""
    rows = [[f"`{pattern.replace('{}', '{id}')}`", why] for pattern, why in PATHS.items()]
    rows += [[f"`GET /{area}/{{id}}/…`: {links.replace(' ', ', ')}", LED] for area, links in LINKS.items()]
    rows += [[f"`{envelope}`: `{key}`", why] for envelope, keys in KEYS.items() for key, why in keys.items()]
    rows.append(["any envelope: a key", AS_READ])
    rows.append(["what the library refuses, and ActiveCampaign takes", "; ".join(REFUSED.values())])
    return _table(["request, or key of a body", "why"], rows)


def _table(head: list[str], rows: list[list[str]], align: str = "---") -> str:
    lines = [head, ["---", *[align] * (len(head) - 1)], *rows]
    return "\n".join(re.sub(" +", " ", f"| {' | '.join(line)} |") for line in lines)


async def blocks(folder: Path) -> dict[str, str]:
    """The parts of the page that are computed."""
    every = [exchange_of(name, one) for name, one in lines(folder / "recordings")]
    return {
        "sources": sources(folder),
        "counts": table(await counted(every)),
        "looser": looser(),
        "unasked": unasked(),
        "by hand": by_hand(),
    }


def block_of(page: str, name: str) -> str:
    """What stands in the page between the marks of a block."""
    start, end = _span(page, name)
    return page[start:end]


def with_block(page: str, name: str, text: str) -> str:
    start, end = _span(page, name)
    return page[:start] + text + page[end:]


def _span(page: str, name: str) -> tuple[int, int]:
    found = re.search(rf"<!-- {name} -->\n\n(.*?)\n\n<!-- /{name} -->", page, re.DOTALL)
    assert found, f"{PAGE.name} has no block {name}"
    return found.span(1)


async def write() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, text in (await blocks(SHARED)).items():
        page = with_block(page, name, text)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    anyio.run(write)
