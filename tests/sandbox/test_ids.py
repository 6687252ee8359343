"""`Ids` against a plain set, and how ids are spread."""

from itertools import pairwise

from hypothesis import given, strategies as st

from activecampaign_async.sandbox._ids import Ids, spread

small = st.integers(1, 60)


@given(
    base=st.sets(small),
    changes=st.lists(st.tuples(st.booleans(), small), max_size=60),
    probe=small,
    start=st.integers(0, 70),
    count=st.integers(0, 70),
)
def test_like_a_sorted_set(base: set[int], changes: list[tuple[bool, int]], probe: int, start: int, count: int) -> None:
    ids, plain = Ids(sorted(base)), set(base)
    for add, id in changes:
        (ids.add if add else ids.remove)(id)
        (plain.add if add else plain.discard)(id)
    expected = sorted(plain)
    assert list(ids) == expected
    assert len(ids) == len(plain)
    assert (probe in ids) == (probe in plain)
    assert ids.rank(probe) == sum(id <= probe for id in plain)
    assert ids.slice(start, start + count) == expected[start : start + count]


@given(count=st.integers(0, 300), holes=st.sampled_from([0.0, 0.2, 0.5, 0.95]), seed=st.integers(0, 9))
def test_spread_keeps_the_count(count: int, holes: float, seed: int) -> None:
    ids = list(spread(count, holes, seed))
    assert len(ids) == count
    assert ids == sorted(set(ids))
    assert not ids or (ids[0] >= 1 and ids[-1] <= round(count / (1 - holes)))


def test_holes_lie_at_random() -> None:
    ids = spread(10_000, 0.95, 1)
    gaps = [after - before for before, after in pairwise(ids)]
    assert 19 < sum(gaps) / len(gaps) < 21
    assert max(gaps) > 80
    assert min(gaps) == 1
    assert spread(10_000, 0.95, 2) != ids
