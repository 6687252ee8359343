"""Batches, refusals and halves, without I/O: whatever is refused, each row ends in one place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from activecampaign_async.resources._import_rows import Row
from activecampaign_async.resources._import_sort import ENVELOPE, FEW, Group, Sorter
from activecampaign_async.resources._import_state import ranges


def rows(sizes: list[int]) -> list[Row]:
    return [Row(number, {"email": f"p{number}@example.org"}, size) for number, size in enumerate(sizes, 1)]


def sorter(most: int = 250, room: int = 10**6, alone: bool = True) -> Sorter:
    return Sorter(most, room, lambda _: alone)


def drained(sorter: Sorter) -> list[Group]:
    groups = []
    while (group := sorter.take(last=True)) is not None:
        groups.append(group)
        sorter.taken(group)
    return groups


Answer = Callable[[Group, set[int]], dict[int, str] | None]


def all_named(group: Group, bad: set[int]) -> dict[int, str]:
    return {place: "bad" for place, one in enumerate(group.rows) if one.number in bad}


def first_named(group: Group, bad: set[int]) -> dict[int, str]:
    return dict(list(all_named(group, bad).items())[:1])


def none_named(group: Group, bad: set[int]) -> dict[int, str]:
    return all_named(group, bad) if len(group) == 1 else {}


ANSWERS = {"all": all_named, "first": first_named, "none": none_named}


@given(data=st.data())
@pytest.mark.parametrize("named", ANSWERS)
@pytest.mark.parametrize("alone", [True, False])
def test_each_row_ends_in_one_place(named: str, alone: bool, data: st.DataObject) -> None:
    """Any sizes, any limits, any bad rows, any lost answers, several requests under way."""
    sizes = data.draw(st.lists(st.integers(10, 400), max_size=60))
    dice = data.draw(st.randoms(use_true_random=False))
    most, room = data.draw(st.integers(2, 30)), ENVELOPE + data.draw(st.integers(400, 3000))
    given = rows(sizes)
    bad = data.draw(st.sets(st.sampled_from(range(1, len(given) + 1)))) if given else set()
    subject = sorter(most, room, alone)
    fresh, flying = list(given), list[Group]()
    ended = dict[int, str]()

    def end(one: Row, how: str) -> None:
        assert one.number not in ended
        ended[one.number] = how

    for _ in range(10_000):
        inside = [one.number for one in subject] + [one.number for group in flying for one in group.rows]
        assert sorted([*inside, *(one.number for one in fresh), *ended]) == [one.number for one in given]
        if fresh and dice.random() < 0.8:
            subject.add([fresh.pop(0)])
        group = subject.take(last=not fresh and not flying)
        if group is not None:
            assert 1 <= len(group) <= most
            assert len(group) == 1 or sum(one.size for one in group.rows) <= room - ENVELOPE
            flying.append(group)
        elif not fresh and not flying:
            break
        if flying and (group is None or dice.random() < 0.5):
            answered = flying.pop(dice.randrange(len(flying)))
            if dice.random() < 0.1:
                subject.again(answered)
            elif dice.random() < 0.05:
                subject.lost(answered)
                for one in answered.rows:
                    end(one, "lost")
            elif any(one.number in bad for one in answered.rows):
                for one, _ in subject.refused(answered, ANSWERS[named](answered, bad)):
                    end(one, "bad")
            else:
                subject.taken(answered)
                for one in answered.rows:
                    end(one, "good")
    assert not list(subject)
    assert len(subject) == 0
    assert ended.keys() == {one.number for one in given}
    assert all((how == "bad") == (number in bad) for number, how in ended.items() if how != "lost")


def test_batches_are_full() -> None:
    subject = sorter(alone=False)
    subject.add(rows([100] * 1000))
    assert [len(group) for group in drained(subject)] == [250] * 4


@pytest.mark.parametrize(("count", "batches"), [(251, [241, 10]), (255, [245, 10]), (260, [250, 10]), (10, [10])])
def test_the_last_batch_is_not_a_small_one(count: int, batches: list[int]) -> None:
    subject = sorter()
    subject.add(rows([100] * count))
    assert [len(group) for group in drained(subject)] == batches


def test_a_few_go_one_by_one() -> None:
    subject = sorter()
    subject.add(rows([100] * (FEW - 1)))
    assert [len(group) for group in drained(subject)] == [1] * 9


def test_a_few_that_cannot_go_alone_go_together() -> None:
    subject = sorter(alone=False)
    subject.add(rows([100] * (FEW - 1)))
    assert [len(group) for group in drained(subject)] == [9]


def test_bytes_bound_a_batch() -> None:
    subject = sorter(room=400_000)
    subject.add(rows([4000] * 250))
    assert [len(group) for group in drained(subject)] == [99, 99, 52]


def test_the_other_half_is_not_asked_again_where_the_first_is_good() -> None:
    subject = sorter(alone=False)
    subject.add(rows([100] * 16))
    whole = subject.take(last=True)
    assert whole is not None
    assert subject.refused(whole, {}) == []
    first = subject.take(last=True)
    assert first is not None
    assert [one.number for one in first.rows] == list(range(1, 9))
    assert subject.take(last=False) is None, "waits for what becomes of the first half"
    subject.taken(first)
    second = subject.take(last=True)
    assert second is not None
    assert [one.number for one in second.rows] == [9, 10, 11, 12], "a half of the half that holds the bad one"


def test_requests_for_a_bad_row_in_a_full_batch() -> None:
    subject = sorter()
    subject.add(rows([100] * 250))
    spent = 0
    while (group := subject.take(last=True)) is not None:
        spent += 1
        if any(one.number == 77 for one in group.rows):
            subject.refused(group, {0: "bad"} if len(group) == 1 else {})
        else:
            subject.taken(group)
    assert spent <= 25, "halvings, and a few rows one by one"


def test_ranges() -> None:
    assert ranges([7, 3, 1, 2, 3]) == [[1, 3], [7, 7]]
    assert ranges([]) == []
