"""Spatial questions about the gripper's and a cabinet's state, answered by naming one of several things."""

from dataclasses import dataclass

import numpy as np

from eval.robot_r1_bench.asked import Asked, choice_of, offered, way
from eval.robot_r1_bench.names import GRIPPER, called
from eval.robot_r1_bench.question import Names
from eval.robot_r1_bench.relations import UnclearError
from eval.robot_r1_bench.scene_state import SceneState

_AWAY = 0.10
"""Metres from everything at which an empty gripper is seen to be empty."""
_OUT = 0.04
"""Metres by which an open drawer stands out."""
_ACROSS = 0.8
"""Of the fingers' direction, how much is across the picture where they are seen as two."""
_NOTHING: Names = ("nothing", "no object", "not holding anything", "empty")


@dataclass(frozen=True)
class Held:
    """What the gripper holds, if anything."""

    among: tuple[str, ...]

    @property
    def bodies(self) -> tuple[str, ...]:
        """What has to be seen."""
        return (GRIPPER, *self.among)

    def ask(self, state: SceneState, wording: int) -> Asked:
        """Raises `UnclearError` if the gripper is around something that it does not hold."""
        names = called(self.among, state.things)
        if state.held is None:
            for body in self.among:
                if np.linalg.norm(state.seen[body].centre - state.tip) < _AWAY:
                    raise UnclearError(f"the gripper holds nothing, but is at {body}")
        elif state.held not in names:
            raise UnclearError(f"the gripper holds {state.held}")
        ways = (
            f"What is the gripper holding: {offered(names)}, or nothing?",
            f"Which of these does the gripper hold: {offered(names)}, or nothing at all?",
        )
        choices = {**names, "": _NOTHING}
        if state.held is None:
            return choice_of(way(ways, wording), "The gripper is holding {}.", "", choices)
        return choice_of(way(ways, wording), "The gripper is holding the {}.", state.held, choices)


@dataclass(frozen=True)
class PulledOut:
    """Which drawer is open."""

    among: tuple[str, ...]

    @property
    def bodies(self) -> tuple[str, ...]:
        """What has to be seen."""
        return self.among

    def ask(self, state: SceneState, wording: int) -> Asked:
        """Raises `UnclearError` if none or several are."""
        place = {body: state.seen[body].centre[:2] for body in self.among}
        shut = np.median(np.stack(list(place.values())), axis=0)
        out = [body for body in self.among if np.linalg.norm(place[body] - shut) > _OUT]
        if len(out) != 1:
            raise UnclearError(f"{len(out)} drawers are open")
        names = called(self.among, state.things)
        ways = (
            f"Which drawer is pulled out: {offered(names)}?",
            f"One drawer is open. Is it {offered(names)}?",
        )
        return choice_of(way(ways, wording), "The {} is open.", out[0], names)


@dataclass(frozen=True)
class Fingers:
    """Whether the gripper is open."""

    bodies = (GRIPPER,)

    def ask(self, state: SceneState, wording: int) -> Asked:
        """Raises `UnclearError` if the fingers are closed around something, or one hides the other."""
        if state.fingers_apart < _ACROSS:
            raise UnclearError("the fingers are seen from the side")
        if state.held is not None:
            raise UnclearError(f"the fingers are apart, but closed on {state.held}")
        names: dict[str, Names] = {"open": ("open", "apart", "spread"), "closed": ("closed", "shut", "together")}
        ways = ("Are the fingers of the gripper open or closed?", "Is the gripper open or closed in this picture?")
        return choice_of(way(ways, wording), "The gripper is {}.", "open" if state.gripper_open else "closed", names)
