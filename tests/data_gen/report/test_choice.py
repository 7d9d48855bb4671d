"""Which questions are shown."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from data_gen.report.choice import spread

KINDS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=60)


@given(KINDS, st.integers(0, 70))
def test_as_many_as_asked_and_no_kind_twice_as_often(kinds: list[tuple[str, str]], count: int) -> None:
    chosen = spread(kinds, count)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(count, len(kinds))
    there = Counter(first for first, _ in kinds)
    taken = Counter(kinds[index][0] for index in chosen)
    assert all(taken[kind] >= min(count // 3, there[kind]) for kind in there)


def test_within_a_kind_they_lie_evenly() -> None:
    assert spread([("a",)] * 100, 4) == [12, 37, 62, 87]
    assert spread([("a", str(i // 10)) for i in range(100)], 2) == [25, 75]
