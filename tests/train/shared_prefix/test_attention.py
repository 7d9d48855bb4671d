from types import SimpleNamespace

import torch

from train.shared_prefix.attention import branch_mask, segments, shared_prefix_attention


def test_a_branch_sees_its_prompt_and_itself() -> None:
    branch = torch.tensor([[0, 0, 1, 1, 2, -1]])
    sees = branch_mask(branch)[0, 0]
    assert sees.int().tolist() == [
        [1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 0, 0, 1, 0],
        [0, 0, 0, 0, 0, 1],
    ]


def test_lengths_of_prompt_and_branches() -> None:
    branch = torch.tensor([[0, 0, 1, 1, 3, -1], [0, 1, 2, 2, 2, 2]])
    assert segments(branch) == ((2, (2, 0, 1)), (1, (1, 4)))


def test_under_autocast_both_ways_have_the_same_type() -> None:
    """Rotated queries and keys are float32 there, values are not."""
    layer = SimpleNamespace(num_key_value_groups=1, is_causal=True, training=True)
    query, value = torch.randn(1, 2, 10, 8), torch.randn(1, 2, 10, 8).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ours, theirs = (
            shared_prefix_attention(layer, query, query, value, None, shared_prefix_segments=rows)[0]
            for rows in (((4, (3, 3)),), None)
        )
    assert ours.dtype == theirs.dtype == torch.bfloat16
