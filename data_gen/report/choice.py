"""Which questions are shown: as many of each kind as there can be, and the same ones every time."""

from collections import defaultdict
from collections.abc import Sequence

from robot_r1.page.fitting import fair_limit


def spread(strata: Sequence[tuple[str, ...]], count: int) -> list[int]:
    """Indices, rising, of up to `count` items: evenly over the first stratum, within it over the second, and so on.

    Args:
        strata: of each item, such as its question type, task, split and demo; all of one length.
        count: how many to choose. A stratum too small for its share leaves the rest to the others.
    """
    return sorted(_choose(strata, list(range(len(strata))), 0, count))


def _choose(strata: Sequence[tuple[str, ...]], among: list[int], depth: int, count: int) -> list[int]:
    if count >= len(among):
        return among
    if count == 0:
        return []
    if depth == len(strata[0]):
        return _evenly(among, count)
    groups: dict[str, list[int]] = defaultdict(list)
    for index in among:
        groups[strata[index][depth]].append(index)
    quotas = _quotas([len(group) for group in groups.values()], count)
    return [
        index
        for group, quota in zip(groups.values(), quotas, strict=True)
        for index in _choose(strata, group, depth + 1, quota)
    ]


def _quotas(sizes: Sequence[int], count: int) -> list[int]:
    limit = fair_limit(sizes, count)
    quotas = [min(size, limit) for size in sizes]
    larger = [index for index, size in enumerate(sizes) if size > limit]
    for index in _evenly(larger, count - sum(quotas)):
        quotas[index] += 1
    return quotas


def _evenly(indices: Sequence[int], count: int) -> list[int]:
    return [indices[(2 * i + 1) * len(indices) // (2 * count)] for i in range(count)]
