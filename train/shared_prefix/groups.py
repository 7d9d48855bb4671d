"""Which rows of a batch have the same prompt and picture, and how they are kept beside each other."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Group:
    """Adjacent rows of a batch whose prompts are computed once."""

    first: int
    """Index of the first row."""
    count: int

    @property
    def rows(self) -> range:
        return range(self.first, self.first + self.count)


def equal_prompts(prompts: Sequence[Sequence[torch.Tensor]]) -> list[Group]:
    """The runs of adjacent rows that are equal in everything that a prompt is made of.

    Args:
        prompts: for each row its parts: token ids, pixels and the like. The pixels have to be among them: two movement
            questions about different frames of a task can have the same words.
    """
    starts = [row for row, prompt in enumerate(prompts) if row == 0 or not all(map(_equal, prompt, prompts[row - 1]))]
    return [Group(start, end - start) for start, end in itertools.pairwise([*starts, len(prompts)])]


def most_prompts(rows: int, size: int, whole: bool, aligned: bool) -> int:
    """How many prompts so many adjacent rows can have, where groups stand beside each other.

    Args:
        size: rows of a group.
        whole: whether the rows begin and end with a group.
        aligned: whether the batch that they come from does; if not, its first and last group may be short, and after
            a shuffle stand anywhere.
    """
    if whole:
        return -(-rows // size)
    return min(rows, (rows - 2) // size + 2 if aligned else (rows - 4) // size + 4)


def shuffle_groups(batch: dict[str, Any], group_of: Callable[[int], int]) -> dict[str, Any]:
    """Shuffle the rows of a batch, those of a group beside each other, with the random numbers that TRL would draw.

    TRL shuffles single rows, so that a micro-batch hardly ever holds two completions of a prompt.

    Args:
        batch: sequences of equal length, None, or tensors without dimensions, as TRL's `shuffle_sequence_dict` takes.
        group_of: the group of a row.
    """
    drawn = torch.randperm(len(next(value for value in batch.values() if value is not None))).tolist()
    place = {group: rank for rank, group in enumerate(dict.fromkeys(group_of(row) for row in drawn))}
    order = sorted(drawn, key=lambda row: (place[group_of(row)], row))

    def pick(value: Any) -> Any:
        if value is None or (isinstance(value, torch.Tensor) and value.ndim == 0):
            return value
        return value[torch.tensor(order)] if isinstance(value, torch.Tensor) else [value[row] for row in order]

    return {name: pick(value) for name, value in batch.items()}


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one is other or torch.equal(one, other)
