"""The tables of docs/reliability.md, made of the matrix. `python -m tests.reliability.page` writes them."""

from __future__ import annotations

import re
from pathlib import Path

from .matrix import FAULTS, SCENARIOS, VERBS, Each, Fault, Outcome, Outcomes

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
HOW = "regenerate it: python -m tests.reliability.page"


def blocks() -> dict[str, str]:
    """What is computed, by the name of its mark in the page."""
    made = {_mark(group): _table([row for fault in faults for row in _rows(fault)]) for group, faults in FAULTS.items()}
    return made | {"scenarios": _table([[said, *_cells(each)] for said, each in SCENARIOS.items()])}


def _mark(group: str) -> str:
    return group.lower().replace(" ", "-")


def _rows(fault: Fault) -> list[list[str]]:
    if fault.once == fault.always:
        return [[f"{fault.said}, once or always", *_cells(fault.once)]]
    return [[f"{fault.said}, once", *_cells(fault.once)], [f"{fault.said}, always", *_cells(fault.always)]]


def _cells(outcomes: Outcomes | Each) -> list[str]:
    return [_cell({outcome} if isinstance(outcome, tuple) else set(outcome)) for outcome in outcomes]


def _cell(seen: set[Outcome]) -> str:
    """``done, 1`` or ```TransportError`, 0 or 1``."""
    by_name: dict[str, list[int]] = {}
    for sees, processed in sorted(seen, key=lambda outcome: (_name(outcome) != "done", _name(outcome), outcome[1])):
        by_name.setdefault(_name((sees, processed)), []).append(processed)
    return "; ".join(f"{name}, {' or '.join(map(str, times))}" for name, times in by_name.items())


def _name(outcome: Outcome) -> str:
    sees = outcome[0]
    if sees is None:
        return "done"
    return sees if isinstance(sees, str) else f"`{sees.__name__}`"


def _table(rows: list[list[str]]) -> str:
    lines = [["", *VERBS], ["---"] * (len(VERBS) + 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def block_of(page: str, name: str) -> str:
    """What stands in the page between the marks of a block."""
    start, end = _span(page, name)
    return page[start:end]


def written(page: str) -> str:
    """The page as it ought to be."""
    for name, text in blocks().items():
        start, end = _span(page, name)
        page = page[:start] + text + page[end:]
    return page


def _span(page: str, name: str) -> tuple[int, int]:
    found = re.search(rf"<!-- {name} -->\n\n(.*?)\n?\n<!-- /{name} -->", page, re.DOTALL)
    assert found, f"{PAGE.name} has no block {name}"
    return found.span(1)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
