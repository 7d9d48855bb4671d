"""How much of each text fits into the page."""

from collections.abc import Sequence


def clip(text: str, limit: int) -> str:
    """The text with its middle left out where it is longer than `limit` bytes: the answer stands at the end."""
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    head, tail = encoded[: limit // 2], encoded[len(encoded) - (limit - limit // 2) :]
    note = f"\n[... {len(encoded) - limit} bytes left out ...]\n"
    return head.decode(errors="ignore") + note + tail.decode(errors="ignore")


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
