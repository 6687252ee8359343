"""docs/security.md names the test that proves each claim: there is one, and each file of tests here has its claim."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    tests = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    assert name in tests
    assert name.startswith("test_")


def test_each_file_of_security_tests_is_named() -> None:
    files = {path.relative_to(ROOT).as_posix() for path in Path(__file__).parent.glob("test_*.py")}
    assert files - {path for path, _ in NAMED} == {Path(__file__).relative_to(ROOT).as_posix()}


def test_each_claim_names_its_test() -> None:
    defended = PAGE.partition("## What is defended")[2].partition("## What is not defended")[0]
    claims = re.findall(r"^- \*\*.*\n(.*)$", defended, re.MULTILINE)
    assert len(claims) > 20
    for proof in claims:
        assert proof.startswith("  Proved by `tests/"), proof
