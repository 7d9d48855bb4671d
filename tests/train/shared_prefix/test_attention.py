from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from train.shared_prefix import attention
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


def test_every_call_has_the_four_dimensions_that_fused_kernels_ask_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU three are computed the slow way, with all weights in memory (pytorch#187266)."""
    shapes = []

    def watched(*tensors, **settings):
        shapes.extend(tuple(tensor.shape[:2]) for tensor in tensors)
        return scaled_dot_product_attention(*tensors, **settings)

    monkeypatch.setattr(attention, "scaled_dot_product_attention", watched)
    layer = SimpleNamespace(num_key_value_groups=2)
    query, key = torch.randn(2, 4, 10, 8), torch.randn(2, 2, 10, 8)
    shared_prefix_attention(layer, query, key, key, None, shared_prefix_segments=((4, (3, 3)), (5, (2,))))
    assert shapes == [(1, 4)] * 15
