"""Which questions, and how much of their text, fit into the page."""

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


def clip(text: str, limit: int) -> str:
    """The text with its middle left out where it is longer than `limit` bytes: the answer stands at the end."""
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    head, tail = encoded[: limit // 2], encoded[len(encoded) - (limit - limit // 2) :]
    note = f"\n[... {len(encoded) - limit} bytes left out ...]\n"
    return head.decode(errors="ignore") + note + tail.decode(errors="ignore")


def _evenly(indices: Sequence[int], count: int) -> list[int]:
    return [indices[(2 * i + 1) * len(indices) // (2 * count)] for i in range(count)]


def fair_limit(sizes: Sequence[int], budget: int) -> int:
    """The largest limit with `sum(min(size, limit)) <= budget`: short texts stay whole, long ones share the rest."""
    left = budget
    for rank, least in enumerate(sorted(sizes)):
        if least * (len(sizes) - rank) > left:
            return left // (len(sizes) - rank)
        left -= least
    return max(sizes, default=0)


def size(text: str) -> int:
    """Bytes of a text in the page, before escaping."""
    return len(text.encode())
