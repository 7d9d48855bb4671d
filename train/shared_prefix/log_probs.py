"""Log-probabilities of completions with each prompt, and its picture, computed once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from train.shared_prefix.attention import SPLIT_FROM, segments
from train.shared_prefix.groups import Group
from train.shared_prefix.layout import lay_out


@dataclass(frozen=True)
class Batch:
    """B completions with their prompts. Every prompt has pictures."""

    input_ids: torch.Tensor
    """(B, P + C), prompts padded on the left, completions on the right."""
    attention_mask: torch.Tensor
    """(B, P + C)."""
    token_types: torch.Tensor
    """(B, P + C) or (B, P): 1 where a token stands for a part of a picture."""
    prompt_width: int
    """P, padding included."""
    patches: Sequence[torch.Tensor]
    """Of each row (patches of its pictures, patch size)."""
    grids: Sequence[torch.Tensor]
    """Of each row (its pictures, 3): patches in time, height and width."""

    def __getitem__(self, rows: slice) -> "Batch":
        texts = (self.input_ids[rows], self.attention_mask[rows], self.token_types[rows])
        return Batch(*texts, self.prompt_width, self.patches[rows], self.grids[rows])

    def prompts(self) -> list[tuple[torch.Tensor, ...]]:
        """What tells the prompt of one row from that of another."""
        width = self.prompt_width
        return [
            (ids[:width], mask[:width], grid, patches)
            for ids, mask, grid, patches in zip(
                self.input_ids, self.attention_mask, self.grids, self.patches, strict=True
            )
        ]


@dataclass(frozen=True)
class Scored:
    """What is known of the tokens of B completions; 0 where there is no token."""

    log_probs: torch.Tensor
    """(B, C)."""
    entropies: torch.Tensor | None
    """(B, C), nats."""


def pictures_by_row(
    pixel_values: torch.Tensor, image_grid_thw: torch.Tensor, num_images: Sequence[int]
) -> tuple[Sequence[torch.Tensor], Sequence[torch.Tensor]]:
    """Patches and grids of each row, from those of all rows together."""
    grids = torch.split(image_grid_thw, list(num_images))
    sizes = [int(patches) for patches in torch.stack([grid.prod(-1).sum() for grid in grids]).tolist()]
    return torch.split(pixel_values, sizes), grids


def shared_log_probs(
    model: torch.nn.Module,
    positions_of: Callable[..., tuple[torch.Tensor, torch.Tensor]],
    batch: Batch,
    groups: Sequence[Group],
    split_from: int = SPLIT_FROM,
) -> Scored:
    """One call of the model, on one row, for all completions of a batch.

    Args:
        model: Qwen2.5-VL with TRL's fused head, whose text model has the attention `attention.NAME`; may be wrapped.
        positions_of: `get_rope_index` of the model inside its wrappers.
        groups: the batch's rows, in order.
        split_from: tokens of a group from which its attention is split.
    """
    first, width = [group.first for group in groups], batch.prompt_width
    grids = torch.cat([batch.grids[row] for row in first])
    with torch.no_grad():
        positions, _ = positions_of(
            batch.input_ids[first, :width],
            mm_token_type_ids=batch.token_types[first, :width],
            image_grid_thw=grids,
            attention_mask=batch.attention_mask[first, :width],
        )
        layout = lay_out(groups, batch.input_ids, batch.attention_mask, width, positions)
    output = model(
        input_ids=layout.input_ids,
        position_ids=layout.position_ids,
        shift_labels=layout.labels,
        pixel_values=torch.cat([batch.patches[row] for row in first]),
        image_grid_thw=grids,
        fused_lm_head=True,
        shared_prefix_segments=segments(layout.groups, split_from, layout.input_ids.device),
    )
    unscored = ~batch.attention_mask[:, width:].bool()

    def by_completion(values: torch.Tensor) -> torch.Tensor:
        return values.flatten()[layout.slots].masked_fill(unscored, 0)

    entropies = None if output.entropy is None else by_completion(output.entropy)
    return Scored(by_completion(output.log_probs), entropies)
