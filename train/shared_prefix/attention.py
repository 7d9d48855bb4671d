"""Attention in which each completion sees its prompt and itself.

Two ways with the same result. A dense mask serves short rows. Its cost grows with the square of the row, most of it
spent on completions that do not see each other, so longer rows are split: one causal call for the prompt and one for
each completion, with the prompt's keys and values before its own.
"""

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from train.shared_prefix.layout import PADDING

NAME = "robot_r1_shared_prefix"
"""Of the attention that is PyTorch's own everywhere but in rows of this package."""

Segments = tuple[tuple[int, tuple[int, ...]], ...]
"""For each row the tokens of its prompt and of each of its branches."""


def branch_mask(branch: torch.Tensor) -> torch.Tensor:
    """(N, 1, L, L), true where a token (third axis) sees another (fourth). Padding sees itself: no token sees none.

    Args:
        branch: (N, L), as in `Layout`.
    """
    query, key = branch[:, :, None], branch[:, None, :]
    place = torch.arange(branch.shape[1], device=branch.device)
    not_later = place[:, None] >= place
    seen = not_later & ((key == 0) | (key == query)) & (query != PADDING) & (key != PADDING)
    return (seen | (place[:, None] == place))[:, None]


def segments(branch: torch.Tensor) -> Segments:
    """The lengths behind the branch numbers, (N, L), of a layout."""
    found = []
    for row in branch.tolist():
        counts = [row.count(number) for number in range(max(row) + 1)]
        found.append((counts[0], tuple(counts[1:])))
    return tuple(found)


def register() -> None:
    """Tell transformers of the attention named `NAME`. Doing so twice does no harm."""
    AttentionInterface.register(NAME, shared_prefix_attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)


def shared_prefix_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    shared_prefix_segments: Segments | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attention in transformers' form: split if the row's segments are given, otherwise PyTorch's own.

    Args:
        query: (N, heads, L, D).
        key: (N, key heads, L, D).
        value: (N, key heads, L, D).
        shared_prefix_segments: reaches this from the model's call; generation and separate rows do not have it.

    Returns:
        (N, L, heads, D) and no weights.
    """
    if shared_prefix_segments is None:
        output, _ = sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **kwargs)
        return output, None
    groups = module.num_key_value_groups
    key, value = repeat_kv(key, groups), repeat_kv(value, groups)
    rows = [
        # Not query[row]: PyTorch's fused kernels on a GPU refuse three dimensions, and it falls back without a word.
        _split(query[row : row + 1], key[row : row + 1], value[row : row + 1], prompt, branches, scaling)
        for row, (prompt, branches) in enumerate(shared_prefix_segments)
    ]
    return torch.cat(rows).transpose(1, 2).contiguous(), None


def _split(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    prompt: int,
    branches: tuple[int, ...],
    scaling: float | None,
) -> torch.Tensor:
    """(1, heads, L, D) of one row from (1, heads, L, D)."""
    before_key, before_value = key[:, :, :prompt], value[:, :, :prompt]
    first = scaled_dot_product_attention(query[:, :, :prompt], before_key, before_value, is_causal=True, scale=scaling)
    parts, start = [first], prompt
    for length in branches:
        own = slice(start, start + length)
        sees = torch.ones(length, prompt + length, dtype=torch.bool, device=query.device).tril(prompt)
        parts.append(
            scaled_dot_product_attention(
                query[:, :, own],
                torch.cat([before_key, key[:, :, own]], dim=2),
                torch.cat([before_value, value[:, :, own]], dim=2),
                attn_mask=sees,
                scale=scaling,
            )
        )
        start += length
    # Under autocast the queries are float32 and the results are not.
    parts.append(first.new_zeros(query[:, :, start:].shape))
    return torch.cat(parts, dim=2)
