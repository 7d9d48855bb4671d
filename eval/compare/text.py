"""The comparison as plain text for a terminal, and how small chances and long answers are written."""

from collections.abc import Iterator

from eval.compare.pairing import Comparison, Direction, Group, Pair
from robot_r1.page.text import signed, words

WIDTH = 40
"""Characters of an answer in a line."""


def report(comparison: Comparison, listed: int) -> str:
    """Everything the comparison says, with the first so many flips of each direction."""
    return "\n".join(_lines(comparison, listed))


def _lines(comparison: Comparison, listed: int) -> Iterator[str]:
    first, second = comparison.first, comparison.second
    yield f"{first.benchmark}: {second.model} (second) against {first.model} (first)"
    for warning in comparison.warnings:
        yield f"note: the runs differ in {warning}"
    left = comparison.unpaired
    yield f"{len(comparison.pairs)} questions paired; unpaired: {left[0]} of the first run, {left[1]} of the second"
    yield ""
    width = max(len(words(group.name)) for group in comparison.groups)
    for group in comparison.groups:
        yield f"{words(group.name):{width}}  {_numbers(group)}"
    for direction in ("gained", "lost"):
        yield from _flips(comparison, direction, listed)


def _numbers(group: Group) -> str:
    difference = group.difference
    text = (
        f"n {difference.n:5}  {group.first:.3f} to {group.second:.3f}  {signed(difference.mean, 3)}"
        f" [{signed(difference.low, 3)}, {signed(difference.high, 3)}]  p {chance(difference.p)}"
        f"  gained {group.gained}, lost {group.lost}"
    )
    return f"{text}, McNemar p {chance(group.test.p)}" if group.test else text


def _flips(comparison: Comparison, direction: Direction, listed: int) -> Iterator[str]:
    flips = [pair for pair in comparison.flips if pair.direction == direction]
    if not flips:
        return
    yield f"\n{direction}:"
    for pair in flips[:listed]:
        yield f"  {pair.first.id}: {_answer(pair, 0)} to {_answer(pair, 1)}"
    if len(flips) > listed:
        yield f"  ... and {len(flips) - listed} more, in the page"


def _answer(pair: Pair, which: int) -> str:
    answer = (pair.first, pair.second)[which]
    said = f'"{brief(answer.answer, WIDTH)}"' if answer.answer is not None else answer.reason or "no answer"
    return f"{said} ({answer.value:.3g})"


def brief(text: str, most: int = 600) -> str:
    """The text in one line, its end left out where it is longer than `most` characters."""
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most and len(text) <= 4 * most else line[: most - 1] + "…"


def chance(p: float) -> str:
    """A p-value with two or three digits."""
    if p < 0.0005:
        return "< 0.0005"
    return f"{p:.3f}" if p < 0.1 else f"{p:.2f}"
