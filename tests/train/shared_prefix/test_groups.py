import itertools
from random import Random

import torch
from hypothesis import given
from hypothesis import strategies as st

from train.shared_prefix.groups import Group, equal_prompts, most_prompts, shuffle_groups


def prompt(words: list[int], picture: float) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor(words), torch.full((4, 3), picture)


def test_a_group_has_equal_words_and_pictures() -> None:
    one, same_words, other = prompt([1, 2], 0.0), prompt([1, 2], 0.5), prompt([1, 3], 0.0)
    copy = prompt([1, 2], 0.0)
    found = equal_prompts([one, copy, same_words, other, other, one])
    assert found == [Group(0, 2), Group(2, 1), Group(3, 2), Group(5, 1)]


@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 3), st.integers(0, 99))
def test_shuffling_keeps_groups_together_and_draws_what_trl_draws(
    size: int, count: int, before: int, seed: int
) -> None:
    rows = size * count
    batch = {
        "row": torch.arange(rows),
        "text": [str(row) for row in range(rows)],
        "none": None,
        "one": torch.tensor(7),
    }
    torch.manual_seed(seed)
    shuffled = shuffle_groups(batch, lambda row: (before + row) // size)
    after = torch.rand(1)
    torch.manual_seed(seed)
    torch.randperm(rows)
    assert torch.equal(after, torch.rand(1))
    order = shuffled["row"].tolist()
    assert sorted(order) == list(range(rows)) and shuffled["text"] == [str(row) for row in order]
    assert shuffled["none"] is None and int(shuffled["one"]) == 7
    groups = [(before + row) // size for row in order]
    changes = sum(one != other for one, other in itertools.pairwise(groups))
    assert changes == len(set(groups)) - 1
    assert all(
        one < other for one, other in itertools.pairwise(order) if (before + one) // size == (before + other) // size
    )


@given(st.integers(2, 5), st.integers(1, 7), st.integers(1, 3), st.integers(0, 4), st.randoms())
def test_micro_batches_of_shuffled_groups_have_no_more_prompts_than_told(
    size: int, rows: int, steps: int, before: int, random: Random
) -> None:
    """Also where the batches of several processes cut groups."""
    local = rows * steps
    batch = [(before * local + row) // size for row in range(local)]
    order = list(dict.fromkeys(batch))
    random.shuffle(order)
    shuffled = sorted(batch, key=order.index)
    most = most_prompts(rows, size, whole=rows % size == 0, aligned=local % size == 0)
    for start in range(0, local, rows):
        assert len(set(shuffled[start : start + rows])) <= most


def test_fewer_prompts_are_allowed_where_no_group_is_cut() -> None:
    assert most_prompts(10, 5, whole=True, aligned=True) == 2
    assert most_prompts(3, 4, whole=False, aligned=True) == 2
    assert most_prompts(3, 4, whole=False, aligned=False) == 3
