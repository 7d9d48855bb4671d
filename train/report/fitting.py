"""Which questions fit into the page."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import zip_longest

from train.report.answers import HeldOutQuestion, Sample


def spread(items: Sequence[HeldOutQuestion | Sample], count: int) -> list[int]:
    """Indices, rising, of up to `count` items: evenly over question types, then tasks, then places in the sequence."""
    tasks: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, item in enumerate(items):
        tasks[item.question_type][item.task].append(index)
    turns = [group for groups in zip_longest(*(each.values() for each in tasks.values())) for group in groups if group]
    quotas = [0] * len(turns)
    for _ in range(min(count, len(items))):
        fewest = min(quota for quota, group in zip(quotas, turns, strict=True) if quota < len(group))
        turn = next(i for i, group in enumerate(turns) if quotas[i] == fewest and fewest < len(group))
        quotas[turn] += 1
    return sorted(index for group, quota in zip(turns, quotas, strict=True) for index in _evenly(group, quota))


def _evenly(indices: Sequence[int], count: int) -> list[int]:
    return [indices[(2 * i + 1) * len(indices) // (2 * count)] for i in range(count)]
