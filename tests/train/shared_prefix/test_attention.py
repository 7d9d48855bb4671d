from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from train.shared_prefix import attention
from train.shared_prefix.attention import branch_mask, segments, shared_prefix_attention


def test_a_branch_sees_its_prompt_and_itself() -> None:
    assert branch_mask((2, (2, 0, 1))).int().tolist() == [
        [1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [1, 1, 1, 1, 0],
        [1, 1, 0, 0, 1],
    ]


def test_a_groups_own_length_decides_how_it_is_computed() -> None:
    """Not that of a neighbour: old and new log-probabilities of a group would come from different kernels."""
    short, long = (10, (3, 4)), (10, (3, 4, 3))
    for row in ((short, long), (long, short), (short, short), (long, long)):
        found = segments(row, 20, torch.device("cpu"))
        assert tuple(lengths for lengths, _ in found) == row
        assert [mask is None for _, mask in found] == [lengths is long for lengths in row]


@pytest.mark.parametrize("split_from", [0, 100], ids=["split", "mask"])
def test_attention_is_that_of_each_completion_alone(split_from: int) -> None:
    """Against plain causal attention over every prompt with one completion, keys of two heads for four."""
    groups = ((5, (3, 0, 2)), (1, (4,)), (7, (1, 1)))
    length = sum(prompt + sum(branches) for prompt, branches in groups)
    layer = SimpleNamespace(num_key_value_groups=2, is_causal=True, training=True)
    query, key, value = torch.randn(1, 4, length, 8), torch.randn(1, 2, length, 8), torch.randn(1, 2, length, 8)
    rows = segments(groups, split_from, query.device)
    ours = shared_prefix_attention(layer, query, key, value, None, shared_prefix_segments=rows)[0]
    start = 0
    for prompt, branches in groups:
        own = start + prompt
        for count in branches:
            places = [*range(start, start + prompt), *range(own, own + count)]
            alone = shared_prefix_attention(layer, query[:, :, places], key[:, :, places], value[:, :, places], None)[
                0
            ]
            assert torch.allclose(ours[:, places], alone, atol=1e-6)
            own += count
        start = own


def test_under_autocast_all_ways_have_the_same_type() -> None:
    """Rotated queries and keys are float32 there, values are not."""
    layer = SimpleNamespace(num_key_value_groups=1, is_causal=True, training=True)
    query, value = torch.randn(1, 2, 10, 8), torch.randn(1, 2, 10, 8).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        types = [
            shared_prefix_attention(layer, query, query, value, None, shared_prefix_segments=rows)[0].dtype
            for rows in (segments([(4, (3, 3))], 0, query.device), segments([(4, (3, 3))], 100, query.device), None)
        ]
    assert types == [torch.bfloat16] * 3


def test_every_call_has_the_four_dimensions_that_fused_kernels_ask_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU three are computed the slow way, with all weights in memory (pytorch#187266)."""
    shapes = []

    def watched(*tensors, **settings):
        shapes.extend(tuple(tensor.shape[:2]) for tensor in tensors)
        return scaled_dot_product_attention(*tensors, **settings)

    monkeypatch.setattr(attention, "scaled_dot_product_attention", watched)
    layer = SimpleNamespace(num_key_value_groups=2)
    query, key = torch.randn(1, 4, 26, 8), torch.randn(1, 2, 26, 8)
    rows = segments([(4, (3, 3)), (5, (2,)), (3, (4, 2))], 10, query.device)
    shared_prefix_attention(layer, query, key, key, None, shared_prefix_segments=rows)
    assert shapes == [(1, 4)] * (9 + 3 + 3)
