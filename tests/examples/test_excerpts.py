"""What the docs show of an example stands in it."""

from __future__ import annotations

import re

import pytest

from .support import ROOT

SHOWN = re.compile(r'^```python title="(examples/\S+)"\n(.*?)^```', re.MULTILINE | re.DOTALL)
EXCERPTS = [
    pytest.param(example, code, id=f"{page.name}-{number}")
    for page in sorted((ROOT / "docs").glob("*.md"))
    for number, (example, code) in enumerate(SHOWN.findall(page.read_text(encoding="utf-8")), 1)
]


@pytest.mark.parametrize(("example", "code"), EXCERPTS)
def test_an_excerpt_stands_in_its_file(example: str, code: str) -> None:
    assert code in (ROOT / example).read_text(encoding="utf-8")


def test_there_are_excerpts() -> None:
    assert len(EXCERPTS) >= 5
