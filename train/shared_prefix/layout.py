"""The row that holds a prompt once and all its completions after it.

    position   0 ... p-2 | p-1  p ... | p-1  p ... |        p: tokens of the prompt
    input      prompt    | t   c1 ... | t   c1 ... |        t: the prompt's last token, repeated
    label      -  ...  - | c1  c2 ... | c1  c2 ... |        c: a completion
    branch     0 ...  0  | 1   1  ... | 2   2  ... |

Each completion is a branch that begins with its own copy of the prompt's last token, so that every token of a branch
has one label, the next token. A branch sees the prompt and itself; its positions go on from the prompt's end. With
completions of C_i tokens a row has p - 1 + sum(C_i) tokens, where separate rows have G p + sum(C_i) and the padding.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from train.shared_prefix.groups import Group

PADDING = -1
NO_LABEL = -100


@dataclass(frozen=True)
class Layout:
    """N rows of L tokens for the B completions of a batch, right padded."""

    input_ids: torch.Tensor
    """(N, L)."""
    position_ids: torch.Tensor
    """(3, N, L): time, height and width of Qwen2.5-VL's rotary embedding."""
    labels: torch.Tensor
    """(N, L): the token after each input, already shifted; -100 where none is scored."""
    branch: torch.Tensor
    """(N, L): 0 for the prompt, 1, 2, ... for the completions, -1 for padding."""
    slots: torch.Tensor
    """(B, C): where in the flattened (N * L) row each token of a completion is scored; 0 where there is no token."""


def lay_out(
    groups: Sequence[Group],
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    prompt_width: int,
    prompt_positions: torch.Tensor,
    pad_id: int,
) -> Layout:
    """Lay each group out as one row.

    Args:
        groups: adjacent rows with equal prompts; together all B rows, in order.
        input_ids: (B, P + C), prompts padded on the left, completions on the right.
        attention_mask: (B, P + C), 1 where there is a token.
        prompt_width: P, padding included.
        prompt_positions: (3, N, P), rotary positions of each group's prompt.
        pad_id: id of the token that fills rows up.
    """
    real = attention_mask.bool()
    lengths = real[:, prompt_width:].sum(1).tolist()
    rows = [
        _row(group, number, input_ids, real, prompt_width, prompt_positions, lengths)
        for number, group in enumerate(groups)
    ]
    width = max(len(row.ids) for row in rows)
    slots = torch.zeros_like(input_ids[:, prompt_width:])
    for number, (group, row) in enumerate(zip(groups, rows, strict=True)):
        start = number * width + len(row.ids) - sum(lengths[member] for member in group.rows)
        for member in group.rows:
            slots[member, : lengths[member]] = torch.arange(start, start + lengths[member], device=slots.device)
            start += lengths[member]
    return Layout(
        input_ids=torch.stack([_filled(row.ids, width, pad_id) for row in rows]),
        position_ids=torch.stack([_filled(row.positions, width, 0) for row in rows], dim=1),
        labels=torch.stack([_filled(row.labels, width, NO_LABEL) for row in rows]),
        branch=torch.stack([_filled(row.branch, width, PADDING) for row in rows]),
        slots=slots,
    )


@dataclass(frozen=True)
class _Row:
    ids: torch.Tensor
    positions: torch.Tensor
    labels: torch.Tensor
    branch: torch.Tensor


def _row(
    group: Group,
    number: int,
    input_ids: torch.Tensor,
    real: torch.Tensor,
    prompt_width: int,
    prompt_positions: torch.Tensor,
    lengths: Sequence[int],
) -> _Row:
    prompt = input_ids[group.first, :prompt_width][real[group.first, :prompt_width]]
    positions = prompt_positions[:, number][:, real[group.first, :prompt_width]]
    ids, places = [prompt[:-1]], [positions[:, :-1]]
    labels, branch = [torch.full_like(prompt[:-1], NO_LABEL)], [torch.zeros_like(prompt[:-1])]
    for ordinal, member in enumerate(group.rows, start=1):
        completion = input_ids[member, prompt_width : prompt_width + lengths[member]]
        ids.append(torch.cat([prompt[-1:], completion])[: len(completion)])
        places.append(positions[:, -1:] + torch.arange(len(completion), device=positions.device))
        labels.append(completion)
        branch.append(torch.full_like(completion, ordinal))
    return _Row(torch.cat(ids), torch.cat(places, dim=1), torch.cat(labels), torch.cat(branch))


def _filled(values: torch.Tensor, width: int, filler: int) -> torch.Tensor:
    return torch.nn.functional.pad(values, (0, width - values.shape[-1]), value=filler)
