"""The row that holds each prompt of a batch once and its completions after it, one prompt after the other.

    position   0 ... p-2 | p-1  p ... | p-1  p ... || 0 ...     p: tokens of the prompt
    input      prompt    | t   c1 ... | t   c1 ... || ...       t: the prompt's last token, repeated
    label      -  ...  - | c1  c2 ... | c1  c2 ... || ...       c: a completion
               `----------------- a group ---------''   the next

Each completion is a branch that begins with its own copy of the prompt's last token, so that every token of a branch
has one label, the next token. A branch sees the prompt and itself; its positions go on from the prompt's end. With
completions of C_i tokens a group has p - 1 + sum(C_i) tokens, where separate rows have G p + sum(C_i) and the padding.
One row for all groups has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from train.shared_prefix.attention import Lengths
from train.shared_prefix.groups import Group

NO_LABEL = -100


@dataclass(frozen=True)
class Layout:
    """One row of T tokens for the B completions of a batch."""

    input_ids: torch.Tensor
    """(1, T)."""
    position_ids: torch.Tensor
    """(3, 1, T): time, height and width of Qwen2.5-VL's rotary embedding."""
    labels: torch.Tensor
    """(1, T): the token after each input, already shifted; -100 where none is scored."""
    groups: tuple[Lengths, ...]
    """Tokens of each prompt, without its last one, and of its completions."""
    slots: torch.Tensor
    """(B, C): where in the row each token of a completion is scored; 0 where there is no token."""


def lay_out(
    groups: Sequence[Group],
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    prompt_width: int,
    prompt_positions: torch.Tensor,
) -> Layout:
    """Lay the groups of a batch out as one row.

    Args:
        groups: adjacent rows with equal prompts; together all B rows, in order.
        input_ids: (B, P + C), prompts padded on the left, completions on the right.
        attention_mask: (B, P + C), 1 where there is a token.
        prompt_width: P, padding included.
        prompt_positions: (3, N, P), rotary positions of each group's prompt.
    """
    counts = torch.stack([attention_mask[:, :prompt_width].sum(1), attention_mask[:, prompt_width:].sum(1)])
    prompts, lengths = counts.tolist()  # the only wait for the device
    ids: list[torch.Tensor] = []
    positions: list[torch.Tensor] = []
    labels: list[torch.Tensor] = []
    found: list[Lengths] = []
    slots = torch.zeros_like(input_ids[:, prompt_width:])
    end = 0
    for number, group in enumerate(groups):
        prompt = input_ids[group.first, prompt_width - prompts[group.first] : prompt_width]
        places = prompt_positions[:, number, prompt_width - len(prompt) :]
        ids.append(prompt[:-1])
        positions.append(places[:, :-1])
        labels.append(torch.full_like(prompt[:-1], NO_LABEL))
        end += len(prompt) - 1
        for member in group.rows:
            count = lengths[member]
            completion = input_ids[member, prompt_width : prompt_width + count]
            ids.append(torch.cat([prompt[-1:], completion])[:count])
            positions.append(places[:, -1:] + torch.arange(count, device=places.device))
            labels.append(completion)
            slots[member, :count] = torch.arange(end, end + count, device=slots.device)
            end += count
        found.append((len(prompt) - 1, tuple(lengths[member] for member in group.rows)))
    return Layout(
        input_ids=torch.cat(ids)[None],
        position_ids=torch.cat(positions, dim=1)[:, None],
        labels=torch.cat(labels)[None],
        groups=tuple(found),
        slots=slots,
    )
