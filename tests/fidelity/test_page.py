"""docs/fidelity.md says what is so, of the very files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .page import HOW, PAGE, block_of, blocks, looser, sources
from .recorded import SHARED

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

TEXT = PAGE.read_text(encoding="utf-8")
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the files that the page tells of are not here")


@needs_shared
def test_it_tells_of_these_files() -> None:
    assert block_of(TEXT, "sources") == sources(SHARED), f"other files than those of {PAGE.name}: {HOW}"


@needs_shared
async def test_it_says_what_came_out() -> None:
    for name, text in (await blocks(SHARED)).items():
        assert block_of(TEXT, name) == text, f"{PAGE.name} tells another story of {name}: {HOW}"


def test_it_says_what_may_differ() -> None:
    assert block_of(TEXT, "looser") == looser(), HOW


def test_another_file_is_noticed(tmp_path: Path) -> None:
    for name in ("recordings/a.jsonl", "openapi/v3.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}\n")
    before = sources(tmp_path)
    (tmp_path / "recordings" / "a.jsonl").write_text("{} \n")
    assert sources(tmp_path) != before
    assert len(re.findall(r"`[0-9a-f]{64}`", before)) == 2


def test_it_names_no_place_of_a_machine() -> None:
    assert re.findall(r"(?<![\w`])(?:~|\.\.|[A-Z]:)?/(?:work|tmp|root|home|usr|Users|mnt|var)\b\S*", TEXT) == []
    assert str(PAGE.parents[1]) not in TEXT
