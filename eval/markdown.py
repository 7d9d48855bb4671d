"""Tables in Markdown, whatever the cells say."""

import re
from collections.abc import Sequence

_MARKUP = re.compile(r"([\\`*\[\]<>|~#]|(?<!\w)_|_(?!\w))")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int = 1) -> str:
    """A table whose columns from `numbers_from` on are set to the right, padded so that it reads as text too."""
    widths = [max(3, *(len(row[column]) for row in (head, *rows))) for column in range(len(head))]
    rule = ["-" * width if i < numbers_from else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    return "\n".join(_line(cells, widths, numbers_from) for cells in (head, rule, *rows))


def _line(cells: Sequence[str], widths: Sequence[int], numbers_from: int) -> str:
    padded = [
        cell.ljust(width) if i < numbers_from else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "| " + " | ".join(padded) + " |"


def plain(text: str, most: int = 200) -> str:
    """Text from a log in one line, without a meaning to Markdown."""
    line = " ".join(text.split())
    return _MARKUP.sub(r"\\\1", line if len(line) <= most else line[: most - 1] + "…")
