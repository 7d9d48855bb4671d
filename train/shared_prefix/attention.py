"""Attention in which each completion sees its prompt and itself, in a row of many prompts with their completions.

Two ways with the same result. A dense mask serves short groups. Its cost grows with the square of the group, most of
it spent on completions that do not see each other, so longer groups are split: one causal call for the prompt and one
for each completion, with the prompt's keys and values before its own. A group's own length decides, so that its
log-probabilities do not depend on the groups beside it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "robot_r1_shared_prefix"
"""Of the attention that is PyTorch's own everywhere but in rows of this package."""
SPLIT_FROM = 1024
"""Tokens of a group from which split attention is faster than a dense mask (docs/performance.md)."""

Lengths = tuple[int, tuple[int, ...]]
"""Of a group: the tokens of its prompt and of each of its branches."""
Segments = tuple[tuple[Lengths, torch.Tensor | None], ...]
"""Of each group in the row: its lengths and, unless it is split, its mask, (L, L). Plain tuples, as the wrappers that
shard a model look for tensors in nothing else."""


def branch_mask(lengths: Lengths, device: torch.device | None = None) -> torch.Tensor:
    """(L, L), true where a token of a group (first axis) sees another (second)."""
    prompt, branches = lengths
    counts = torch.tensor([prompt, *branches])
    branch = torch.repeat_interleave(torch.arange(len(counts)), counts).to(device)
    seen = (branch == 0) | (branch[:, None] == branch)
    return seen.tril()


def segments(groups: Sequence[Lengths], split_from: int, device: torch.device) -> Segments:
    """What the attention is told of a row.

    Args:
        split_from: tokens of a group from which its attention is split.
    """
    return tuple(
        (lengths, branch_mask(lengths, device) if lengths[0] + sum(lengths[1]) < split_from else None)
        for lengths in groups
    )


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
    """Attention in transformers' form: group by group if the row's segments are given, otherwise PyTorch's own.

    Args:
        query: (1, heads, T, D).
        key: (1, key heads, T, D).
        value: (1, key heads, T, D).
        shared_prefix_segments: reaches this from the model's call; generation and separate rows do not have it.

    Returns:
        (1, T, heads, D) and no weights.
    """
    if shared_prefix_segments is None:
        output, _ = sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **kwargs)
        return output, None
    groups = module.num_key_value_groups
    whole = query, repeat_kv(key, groups), repeat_kv(value, groups)
    parts: list[torch.Tensor] = []
    start = 0
    for lengths, mask in shared_prefix_segments:
        end = start + lengths[0] + sum(lengths[1])
        # Slices keep four dimensions: PyTorch's fused kernels on a GPU refuse three, and it falls back without a word.
        q, k, v = (tensor[:, :, start:end] for tensor in whole)
        if mask is None:
            parts += _split(q, k, v, lengths, scaling)
        else:
            parts.append(scaled_dot_product_attention(q, k, v, attn_mask=mask[None, None], scale=scaling))
        start = end
    return torch.cat(parts, dim=2).transpose(1, 2).contiguous(), None


def _split(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, lengths: Lengths, scaling: float | None
) -> Iterator[torch.Tensor]:
    """The results of a group's prompt and branches, (1, heads, tokens, D) each, from (1, heads, L, D)."""
    prompt, branches = lengths
    before_key, before_value = key[:, :, :prompt], value[:, :, :prompt]
    yield scaled_dot_product_attention(query[:, :, :prompt], before_key, before_value, is_causal=True, scale=scaling)
    start = prompt
    for length in branches:
        own = slice(start, start + length)
        sees = torch.ones(length, prompt + length, dtype=torch.bool, device=query.device).tril(prompt)
        yield scaled_dot_product_attention(
            query[:, :, own],
            torch.cat([before_key, key[:, :, own]], dim=2),
            torch.cat([before_value, value[:, :, own]], dim=2),
            attn_mask=sees[None, None],
            scale=scaling,
        )
        start += length
