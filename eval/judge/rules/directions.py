"""The directions that a sentence names, as the viewer of the picture sees them.

Axes and signs are those of `robot_r1.movement`: forward is towards the camera, right is right in the image.
"""

from dataclasses import dataclass, replace
from typing import Literal

from eval.judge.rules.claims import Claim, claims
from eval.judge.rules.words import Phrases, Sentence, word_set

Way = tuple[int, bool]
"""Axis and sign: `(1, False)` is left."""

FORWARD, BACKWARD, RIGHT, LEFT, UP, DOWN = ((axis, positive) for axis in range(3) for positive in (True, False))
NAMES: dict[Way, str] = {
    FORWARD: "forward",
    BACKWARD: "backward",
    RIGHT: "right",
    LEFT: "left",
    UP: "up",
    DOWN: "down",
}


Use = Literal["any", "place", "verb"]


@dataclass(frozen=True, slots=True)
class Direction:
    """A direction named in a sentence.

    Attributes:
        start, end: its words, `words[start:end]`.
        ways: what it says; two for `upper left`.
        use: `place` tells only where something is (`above`, `behind`), `verb` only what moves (`lift`).
        slight: whether `slightly`, `a bit` or the like goes with it.
        claim: whether it is asserted; `same height` denies both directions of its axis.
    """

    start: int
    end: int
    ways: tuple[Way, ...]
    use: Use
    slight: bool
    claim: Claim
    choice: bool = False
    """Whether it is offered as one of several: `above or behind`, not `up or upward`."""


_VERBS: dict[Way, str] = {
    UP: "rise|rises|rising|raise|raises|raising|lift|lifts|lifting|lifted|elevate|elevates|elevating|ascend|ascends|"
    "ascending|ascent|climb|climbs|climbing",
    DOWN: "descend|descends|descending|descent|lowers|lowering|lowered|sink|sinks",
}
_ANY: dict[Way, str] = {
    UP: "up|upward|raised|elevated|back up|toward the top|to the top|away from the table|away from the ground|"
    "away from the floor|toward the ceiling",
    DOWN: "down|downward|lower|back down|toward the ground|toward the table|toward the floor|toward the tabletop|"
    "toward the bottom|to the bottom",
    LEFT: "left|leftward|left hand side|left hand",
    RIGHT: "right|rightward|right hand side|right hand",
    FORWARD: "forward|ahead|toward the camera|toward camera|toward the viewer|toward viewer|toward us|toward you|"
    "toward the observer|toward the front|to the front|into the foreground|toward the foreground|"
    "toward the front camera|closer to the camera|closer to camera|closer to the viewer|closer to viewer|"
    "closer to us|closer to you|closer to the observer|away from the robot|away from the robot base",
    BACKWARD: "backward|back|rearward|away from the camera|away from camera|away from the viewer|away from viewer|"
    "away from us|away from you|away from the observer|further from the camera|further away from the camera|"
    "further from camera|further from the viewer|further away from the viewer|further back|further away|"
    "toward the back|"
    "to the back|toward the background|into the background|toward the rear|to the rear|deeper into the scene|"
    "further into the scene|into the scene|toward the robot|toward the robot base|toward the base of the robot",
}
_PLACES: dict[Way, str] = {
    UP: "above|over|on top of|on top|higher|highest|overhead|elevated above|raised above",
    DOWN: "below|under|lower than|lowest",
    FORWARD: "in front of|in front|front|ahead of|in the foreground|foreground|closer than|closest to the camera",
    BACKWARD: "behind|in back of|rear|in the background|background|further than|furthest from the camera",
    LEFT: "on the left|on the left hand side|on its left|leftmost",
    RIGHT: "on the right|on the right hand side|on its right|rightmost",
}
_CORNERS: dict[str, tuple[Way, ...]] = {
    f"{vertical} {side}": (way, side_way)
    for words, way in (("upper top", UP), ("lower bottom", DOWN), ("front", FORWARD), ("back rear", BACKWARD))
    for vertical in words.split()
    for side, side_way in (("left", LEFT), ("right", RIGHT))
}
_NO_DIRECTION = (
    "pick up|picks up|picking up|picked up|line up|lines up|lined up|lining up|set up|end up|ends up|up against|up to|"
    "back to|back on|back onto|back in|back into|back over|back and forth|over to|right now|right after|right away|"
    "right before|right next|right beside|right by|right angle|all right|lower drawer|upper drawer|lower part|"
    "upper part|lower edge|upper edge|front view|front camera|front edge|front face|from above|from below|"
    "from the left|"
    "from the right|from the front|from behind|left over|over the course|over time|above all|above mentioned"
)

_LEVEL: dict[tuple[Way, ...], str] = {
    (UP, DOWN): "same height|same level|same vertical level|same elevation|level with",
    (
        FORWARD,
        BACKWARD,
    ): "same depth|same distance from the camera|same distance to the camera|equally far from the camera",
    (LEFT, RIGHT): "same horizontal position|horizontally aligned|aligned horizontally|centered horizontally|"
    "horizontally centered",
}
_DENYING: Phrases[tuple[Way, ...]] = Phrases(
    {phrase: ways for ways, phrases in _LEVEL.items() for phrase in phrases.split("|")}
)

_Meaning = tuple[tuple[Way, ...], Use]
_TABLES: tuple[tuple[dict[Way, str], Use], ...] = ((_VERBS, "verb"), (_ANY, "any"), (_PLACES, "place"))
_PHRASES: Phrases[_Meaning] = Phrases(
    {
        phrase: ((way,), use)
        for table, use in _TABLES
        for way, phrases in table.items()
        for phrase in phrases.split("|")
    }
    | {phrase: (ways, "any") for phrase, ways in _CORNERS.items()}
    | dict.fromkeys(_NO_DIRECTION.split("|"), ((), "any"))
)

_SLIGHT = word_set("slightly slight bit little somewhat marginally marginal minor minimally tiny small subtly")
_BEFORE_DIRECTION = word_set(
    "the to and or of toward slightly bit little further far up down left , move moves moving"
)
_PREPOSITIONS = word_set("above over below under in on behind beside next near at")
_REACH_AHEAD, _REACH_BACK = 5, 3
"""Words between `slightly` and the direction after or before it."""


def directions(words: Sentence) -> tuple[Direction, ...]:
    """The directions of a sentence in their order."""
    state = claims(words)
    found: list[Direction] = []
    i = 0
    while i < len(words):
        level = _DENYING.at(words, i)
        if level is not None and state[i] == "asserted":
            found.append(Direction(i, level[0], level[1], use="place", slight=False, claim="denied"))
            i = level[0]
            continue
        match = _PHRASES.at(words, i)
        if match is None:
            i += 1
            continue
        end, (ways, use) = match
        if ways and not _intensifies(words, i):
            found.append(Direction(i, end, ways, use, slight=False, claim=state[i]))
        i = end
    slight = _slight(words, found)
    return tuple(
        replace(item, slight=number in slight, choice=number > 0 and _offers_choice(words, found[number - 1], item))
        for number, item in enumerate(found)
    )


def _offers_choice(words: Sentence, one: Direction, other: Direction) -> bool:
    asserted = one.claim == other.claim == "asserted"
    return asserted and set(one.ways) != set(other.ways) and "or" in words[one.end : other.start]


def _intensifies(words: Sentence, i: int) -> bool:
    """Whether `right` is that of `right above the cup`."""
    if words[i] != "right" or i + 1 == len(words) or words[i + 1] not in _PREPOSITIONS:
        return False
    return i == 0 or words[i - 1] not in _BEFORE_DIRECTION


def _slight(words: Sentence, found: list[Direction]) -> set[int]:
    """Which directions `slightly` and its like go with: the next one if it is near, or else the one before."""
    slight: set[int] = set()
    after = 0
    for i, word in enumerate(words):
        if word not in _SLIGHT:
            continue
        while after < len(found) and found[after].start <= i:
            after += 1
        between = words[i + 1 : found[after].start] if after < len(found) else ()
        if after < len(found) and len(between) < _REACH_AHEAD and not {",", "and"} & set(between):
            slight.add(after)
        elif after and i - found[after - 1].end < _REACH_BACK:
            slight.add(after - 1)
    return slight
