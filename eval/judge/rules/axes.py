"""The score of the directions that an answer names, for relations and movements alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.judge.rules.directions import NAMES, Way
from eval.judge.rules.verdict import Verdict
from eval.robot_r1_bench.question import Along


@dataclass(frozen=True, slots=True)
class Said:
    """A direction that an answer claims or denies for the thing that moves or lies there."""

    way: Way
    slight: bool
    asserted: bool
    choice: bool = False
    """Whether it is offered as one of several."""


def score_axes(truth: Sequence[Along], said: Sequence[Said]) -> Verdict:
    """How directions agree with the true ones.

    - 0: nothing is named; directions are offered to choose from; both directions of one axis are named; a main
      direction is contradicted or denied; or none of the main directions is named.
    - 1: some main direction is named, but another is missing; or a direction is named along an axis where there is
      none; or one that is only slight is contradicted.
    - 2: all main directions are named, but a slight one is missing; or a slight one is added; or one that may be left
      out is contradicted; or a main direction is called slight beside another.
    - 3: all are named. Whether `slightly` is said of the slight ones does not matter.

    "Main" is what is neither slight nor optional; where nothing is, every direction that is not optional.
    """
    named = {item.way for item in said if item.asserted}
    denied = {item.way for item in said if not item.asserted}
    if not named:
        return Verdict(0, "no direction is named")
    if twice := sorted(way for way in named if way[1] and _opposite(way) in named):
        return Verdict(0, f"both {NAMES[twice[0]]} and {NAMES[_opposite(twice[0])]} are named")
    if any(item.choice for item in said):
        return Verdict(0, "directions are offered to choose from")
    true = {(part.axis, part.positive): part for part in truth}
    required = [way for way, part in true.items() if not part.optional] or list(true)
    main = [way for way in required if not true[way].slight] or required
    for way in main:
        if _opposite(way) in named or way in denied:
            return Verdict(0, f"the answer contradicts {NAMES[way]}")
    if not named & set(main):
        return Verdict(0, f"{_list(main)} is not named")
    flaws = [
        *(_missing(way, way in main) for way in required if way not in named and way not in denied),
        *(_wrong(way, way in required) for way in true if way not in main and _opposite(way) in named),
        *((1, f"{NAMES[way]} is denied") for way in required if way in denied),
        *(_added(way, said) for way in sorted(named) if way not in true and _opposite(way) not in true),
        *_emphasis(main, named & set(true), said),
    ]
    if not flaws:
        return Verdict(3, f"{_list(required)} is named, and nothing else")
    return Verdict(min(score for score, _ in flaws), "; ".join(reason for _, reason in flaws))


def _missing(way: Way, main: bool) -> tuple[int, str]:
    return (1 if main else 2), f"{NAMES[way]} is missing"


def _wrong(way: Way, required: bool) -> tuple[int, str]:
    return (1 if required else 2), f"the answer contradicts {NAMES[way]}"


def _added(way: Way, said: Sequence[Said]) -> tuple[int, str]:
    slight = all(item.slight for item in said if item.way == way and item.asserted)
    return (2 if slight else 1), f"{NAMES[way]} is wrong: it is level along this axis"


def _emphasis(main: Sequence[Way], right: set[Way], said: Sequence[Said]) -> list[tuple[int, str]]:
    """Main directions called slight; only beside one that is not, since how far is not read, only which is farther."""
    plain = {item.way for item in said if item.asserted and not item.slight}
    if not plain & right:
        return []
    return [(2, f"{NAMES[way]} is more than slight") for way in main if way in right and way not in plain]


def _opposite(way: Way) -> Way:
    return way[0], not way[1]


def _list(ways: Sequence[Way]) -> str:
    return " and ".join(NAMES[way] for way in ways)
