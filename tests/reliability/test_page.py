"""docs/reliability.md says what the matrix says, and the matrix is what is tested."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from activecampaign_async.sandbox import FAULTS as KINDS

from .matrix import EVERY, FAULTS, SCENARIOS, VERBS
from .network import KINDS as OF_THE_NETWORK
from .page import HOW, PAGE, block_of, blocks
from .test_scenarios import PLAYS
from .test_sockets import CONNECTIONS

TEXT = PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", blocks())
def test_it_says_what_the_matrix_says(name: str) -> None:
    assert block_of(TEXT, name) == blocks()[name], f"{PAGE.name} tells another story: {HOW}"


def test_it_has_no_other_tables() -> None:
    assert set(re.findall(r"<!-- ([\w-]+) -->", TEXT)) == set(blocks())


def test_every_row_is_played() -> None:
    assert set(PLAYS) == set(SCENARIOS)
    assert set(CONNECTIONS) <= {fault.said for fault in EVERY}


def test_every_fault_there_is_has_its_row() -> None:
    assert {fault.kind for fault in EVERY} == {*KINDS, *OF_THE_NETWORK} - {"edit", "custom"}
    assert len({fault.name for fault in EVERY}) == len(EVERY) == sum(map(len, FAULTS.values()))
    assert all(len(fault.once) == len(fault.always) == len(VERBS) for fault in EVERY)


def test_no_plain_post_is_processed_twice() -> None:
    posts = [outcome for fault in EVERY for outcome in (fault.once[-1], fault.always[-1])]
    posts += [outcome for each in SCENARIOS.values() for outcome in each[-1]]
    assert max(processed for _, processed in posts) == 1


def test_the_files_that_it_names_are_there() -> None:
    named = re.findall(r"`(tests/[\w/.]+)`", TEXT)
    assert named
    for each in named:
        assert (PAGE.parents[1] / Path(each)).exists(), each
