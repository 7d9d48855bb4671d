"""Spatial questions: whatever is asked about has to be seen."""

from dataclasses import dataclass

from eval.robot_r1_bench.asked import Asked, way
from eval.robot_r1_bench.choices import Below, Closest, Foremost
from eval.robot_r1_bench.gripper_choices import Fingers, Held, PulledOut
from eval.robot_r1_bench.names import GRIPPER, PLAIN_COLORS, called
from eval.robot_r1_bench.question import Relation
from eval.robot_r1_bench.relations import UnclearError, relation
from eval.robot_r1_bench.scene_state import SceneState
from eval.robot_r1_bench.wording import placed
from robot_r1.instructions import COLORS

_LEAST_AREA, _LEAST_SHARE, _LEAST_HELD = 300, 0.5, 0.3
"""Pixels of the picture, and parts of its outline, that are seen of whatever is asked about.

Fingers hide what they hold, and the wrist a part of the hand."""
_LARGE = 1200
"""Pixels that are enough, however much is hidden: of a pan under its lid, of drawers below an open one."""


@dataclass(frozen=True)
class Where:
    """Where a thing, or the gripper, lies relative to another."""

    subject: str
    anchor: str

    @property
    def bodies(self) -> tuple[str, ...]:
        """What has to be seen."""
        return (self.subject, self.anchor)

    def ask(self, state: SceneState, wording: int) -> Asked:
        """Raises `UnclearError` if no direction is clear."""
        if state.held in self.bodies and GRIPPER in self.bodies:
            raise UnclearError(f"the gripper is at {state.held}, which it holds")
        along = relation(state.seen[self.subject], state.seen[self.anchor])
        names = called(self.bodies, state.things)
        subject, anchor = names[self.subject], names[self.anchor]
        ways = (
            f"Where is the {subject[0]} relative to the {anchor[0]}?",
            f"In which direction from the {anchor[0]} is the {subject[0]}?",
            f"Seen from the camera, how is the {subject[0]} placed with respect to the {anchor[0]}?",
            f"Describe the position of the {subject[0]} relative to the {anchor[0]}.",
        )
        return Asked(
            way(ways, wording),
            f"The {subject[0]} is {placed(along)} the {anchor[0]}.",
            Relation(subject=subject, anchor=anchor, along=along),
        )


Ask = Where | Closest | Foremost | Held | Below | PulledOut | Fingers


def ask_spatial(ask: Ask, state: SceneState, wording: int) -> Asked:
    """The question and its answer.

    Raises:
        UnclearError: something is hidden, or the state has no clear answer.
    """
    for body in ask.bodies:
        check_visible(body, state)
        if body != GRIPPER and set(state.things[body].names[0].split()) & (COLORS.keys() - PLAIN_COLORS):
            raise UnclearError(f"not everybody calls it the {state.things[body].names[0]}")
    return ask.ask(state, wording)


def check_visible(body: str, state: SceneState) -> None:
    """Raises `UnclearError` if a thing, or the gripper, is not clearly seen."""
    seen = state.seen[body]
    least = _LEAST_HELD if body in (GRIPPER, state.held) else _LEAST_SHARE
    if seen.area < _LEAST_AREA or (seen.share < least and seen.area < _LARGE):
        raise UnclearError(f"{body} is hidden: {seen.area} pixels, {seen.share:.0%} of its outline")
