"""How much of each text fits."""

import re

from hypothesis import given
from hypothesis import strategies as st

from robot_r1.page.fitting import clip, fair_limit


@given(st.lists(st.integers(0, 500), max_size=30), st.integers(0, 3000))
def test_the_limit_spends_the_budget_and_no_more(sizes: list[int], budget: int) -> None:
    limit = fair_limit(sizes, budget)
    spent = sum(min(size, limit) for size in sizes)
    assert spent <= budget
    assert spent == sum(sizes) or budget - spent < len(sizes)


@given(st.text(max_size=200), st.integers(0, 100))
def test_a_clipped_text_keeps_both_ends(text: str, limit: int) -> None:
    clipped = clip(text, limit)
    if len(text.encode()) <= limit:
        assert clipped == text
    else:
        head, tail = re.split(r"\n\[\.\.\. \d+ bytes left out \.\.\.\]\n", clipped)
        assert text.startswith(head)
        assert text.endswith(tail)
