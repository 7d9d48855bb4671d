"""Directions and lists in words."""

from collections.abc import Sequence

from eval.robot_r1_bench.question import Along
from robot_r1.movement import WORDS

_PLACES = (("in front of", "behind"), ("to the right of", "to the left of"), ("above", "below"))
"""Per axis x, y, z where a thing lies that is further along the axis, and less far; as the viewer sees it."""
_HEIGHT_FIRST = (2, 1, 0)


def placed(along: Sequence[Along]) -> str:
    """Where a thing lies, for example `above and slightly to the left of`: the larger first, nothing optional."""
    by_axis = [part for axis in _HEIGHT_FIRST for part in along if part.axis == axis]
    return listed([_slightly(part) + _PLACES[part.axis][0 if part.positive else 1] for part in _named(by_axis)], "and")


def moved(along: Sequence[Along]) -> str:
    """Which way something moves, for example `down and slightly right`: the larger first, nothing optional."""
    return listed([_slightly(part) + WORDS[part.axis][0 if part.positive else 1] for part in _named(along)], "and")


def listed(words: Sequence[str], last: str) -> str:
    """For example `a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _named(along: Sequence[Along]) -> list[Along]:
    return sorted((part for part in along if not part.optional), key=lambda part: part.slight)


def _slightly(part: Along) -> str:
    return "slightly " if part.slight else ""
