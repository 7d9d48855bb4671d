"""Spatial questions that are answered by naming one of several things."""

from dataclasses import dataclass

import numpy as np

from eval.robot_r1_bench.asked import Asked, choice_of, offered, way
from eval.robot_r1_bench.names import GRIPPER, called
from eval.robot_r1_bench.relations import UnclearError
from eval.robot_r1_bench.scene_state import SceneState

_NEARER, _NEARER_BY = 1.35, 0.06
"""How many times, and how many metres, the others have to be further away than the closest thing."""
_NEARER_IN_PICTURE = 1.15
_AHEAD = (0.08, 0.06)
"""Metres in depth and across by which the foremost thing has to be ahead of the others."""
_AHEAD_IN_PICTURE = 16.0
"""Pixels."""
_UNDER, _NOT_UNDER = 0.03, 0.10
"""Metres from the line below the gripper up to which a thing is below it, and from which another is not."""
_SUPERLATIVES = (
    ("closest to the camera", "farthest from the camera"),
    ("furthest to the right", "furthest to the left"),
)


@dataclass(frozen=True)
class Closest:
    """Which thing is closest to another, or to the gripper."""

    to: str
    among: tuple[str, ...]

    @property
    def bodies(self) -> tuple[str, ...]:
        """What has to be seen."""
        return (self.to, *self.among)

    def ask(self, state: SceneState, wording: int) -> Asked:
        """Raises `UnclearError` if two are about as close, in the world or in the picture."""
        goal = state.seen[self.to]
        distance = {body: float(np.linalg.norm(state.seen[body].centre - goal.centre)) for body in self.among}
        pixels = {body: float(np.linalg.norm(state.seen[body].pixel - goal.pixel)) for body in self.among}
        right, *others = sorted(self.among, key=distance.__getitem__)
        for other in others:
            if distance[other] < max(_NEARER * distance[right], distance[right] + _NEARER_BY):
                raise UnclearError(f"{right} and {other} are about as close: {distance}")
            if pixels[other] < _NEARER_IN_PICTURE * pixels[right]:
                raise UnclearError(f"{right} and {other} look about as close: {pixels}")
        names = called((self.to, *self.among), state.things)
        to = names.pop(self.to)[0]
        things = offered(names)
        closest = "closest" if others[1:] else "closer"
        ways = (
            f"Which of these is {closest} to the {to}: {things}?",
            f"What is {closest} to the {to}: {things}?",
            f"Of {offered(names, 'and')}, which one is {closest} to the {to}?",
        )
        return choice_of(way(ways, wording), f"The {{}} is {closest} to the {to}.", right, names)


@dataclass(frozen=True)
class Foremost:
    """Which thing is furthest along a level axis of `robot_r1.movement`."""

    axis: int
    """0 for depth, 1 for across."""
    positive: bool
    among: tuple[str, ...]

    @property
    def bodies(self) -> tuple[str, ...]:
        """What has to be seen."""
        return self.among

    def ask(self, state: SceneState, wording: int) -> Asked:
        """Raises `UnclearError` if two are about as far, or the picture does not tell."""
        sign = 1 if self.positive else -1
        place = {body: sign * float(state.seen[body].centre[self.axis]) for body in self.among}
        shown = {body: sign * self._shown(state, body) for body in self.among}
        right, *others = sorted(self.among, key=place.__getitem__, reverse=True)
        for other in others:
            ahead, ahead_in_picture = place[right] - place[other], shown[right] - shown[other]
            if ahead < _AHEAD[self.axis] or ahead_in_picture < _AHEAD_IN_PICTURE:
                raise UnclearError(f"{right} is hardly ahead of {other}: {ahead:.3f} m, {ahead_in_picture:.0f} pixels")
        superlative = _SUPERLATIVES[self.axis][0 if self.positive else 1]
        names = called(self.among, state.things)
        things = offered(names)
        ways = (
            f"Which of these is {superlative}: {things}?",
            f"Of {offered(names, 'and')}, which one is {superlative}?",
            f"Which one is {superlative}: {things}?",
        )
        return choice_of(way(ways, wording), f"The {{}} is {superlative}.", right, names)

    def _shown(self, state: SceneState, body: str) -> float:
        """Pixels along the axis, as they show in the picture: what is lower in it is closer, if it is on the table."""
        if self.axis == 0 and body in (state.held, GRIPPER):
            raise UnclearError(f"{body} is in the air: its depth does not show")
        right, down = state.seen[body].pixel
        return float((down, right)[self.axis])


@dataclass(frozen=True)
class Below:
    """Which thing is straight below the gripper."""

    among: tuple[str, ...]

    @property
    def bodies(self) -> tuple[str, ...]:
        """What has to be seen."""
        return (GRIPPER, *self.among)

    def ask(self, state: SceneState, wording: int) -> Asked:
        """Raises `UnclearError` if none is, or two could be."""
        beside = {body: float(np.linalg.norm((state.seen[body].centre - state.tip)[:2])) for body in self.among}
        right, *others = sorted(self.among, key=beside.__getitem__)
        if right == state.held or beside[right] > _UNDER + _radius(state, right):
            raise UnclearError(f"nothing is below the gripper: {beside}")
        if any(beside[other] < _NOT_UNDER + _radius(state, other) for other in others):
            raise UnclearError(f"two things may be below the gripper: {beside}")
        names = called(self.among, state.things)
        things = offered(names)
        ways = (
            f"Which of these is directly below the gripper: {things}?",
            f"What is the gripper right above: {things}?",
        )
        return choice_of(way(ways, wording), "The {} is directly below the gripper.", right, names)


def _radius(state: SceneState, body: str) -> float:
    """Metres from a thing's middle to its narrower sides."""
    return float((state.seen[body].high - state.seen[body].low)[:2].min()) / 2
