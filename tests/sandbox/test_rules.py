"""Every rule has a test that names it, and the docs show the table as it is."""

import re
from pathlib import Path

import pytest

from activecampaign_async.sandbox._rules import RULES, SOURCES, table

from .support import KNOWN

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "sandbox.md"


def test_each_rule_is_shown_by_a_test() -> None:
    named: set[str] = set()
    for file in HERE.glob("test_*.py"):
        for call in re.findall(r"^@covers\(([^)]*)\)", file.read_text(), re.MULTILINE):
            named |= set(re.findall(r'"([^"]+)"', call))
    assert named == KNOWN


def test_names_are_unique_and_sources_known() -> None:
    assert len(KNOWN) == len(RULES)
    assert {rule.source for rule in RULES} <= set(SOURCES)


def test_the_docs_show_the_table() -> None:
    if not DOCS.exists():
        pytest.skip("docs/sandbox.md is not written yet")
    assert table() in DOCS.read_text()
