"""Small tables, for the terminal and as Markdown."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Group
from rich.table import Column, Table
from rich.text import Text

from eval.markdown import plain, table
from robot_r1.intervals import Interval

_FIRST = 23
"""Characters of the first column that are never broken, so that four columns fit a terminal of 80."""


@dataclass(frozen=True)
class Sheet:
    """A table of text; all columns but the first are numbers."""

    title: str
    head: tuple[str, ...]
    """A line break is kept on the terminal only."""
    rows: tuple[tuple[str, ...], ...]

    def rich(self) -> Group:
        """For the terminal."""
        first, *others = self.head
        widest = max((len(row[0]) for row in self.rows), default=0)
        columns = [Column(first, min_width=min(widest, _FIRST))]
        columns += [Column(name, justify="right", no_wrap=True) for name in others]
        table = Table(*columns, box=None, pad_edge=False)
        for row in self.rows:
            table.add_row(*row)
        return Group(Text(self.title, style="bold"), table)  # the table's own title is broken at its width

    def markdown(self) -> str:
        """A pipe table under its title."""
        head = [name.replace("\n", " ") for name in self.head]
        rows = [(plain(first), *others) for first, *others in self.rows]
        return f"**{plain(self.title)}**\n\n{table(head, rows)}"


def markdown(sheets: Iterable[Sheet]) -> str:
    """All of them, one below the other."""
    return "\n\n".join(sheet.markdown() for sheet in sheets) + "\n"


def interval_text(interval: Interval) -> str:
    """`.512 [.450, .574]`."""
    mean, low, high = (_short(value) for value in (interval.mean, interval.low, interval.high))
    return f"{mean} [{low}, {high}]"


def _short(share: float) -> str:
    """Four characters, as columns have to fit."""
    text = f"{share:.3f}"
    return text[1:] if text.startswith("0") else text[:4]
