"""Strategies that propose wrong positions, each for many questions at once.

A strategy returns candidates of shape (Q, C, 3), metres, world frame, for Q questions; NaN where it has none.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from data_gen.distractors import PointStrategy
from data_gen.survey import Indices, Survey
from robot_r1.geometry import WORKSPACE, Array
from robot_r1.question import QuestionType

NEIGHBOURS = 40
"""Moments of other demos from which `similar_move` draws."""
HEIGHT_WEIGHT = 3.0
"""How much more a difference in height counts when states are compared: height tells the phase of a task."""
SHIFT = 0.005
"""Metres: the standard deviation by which keypoints taken from other demos are moved sideways."""
MOST_PEERS = 4000
"""Moments among which `similar_move` looks for similar ones; of more, so many are drawn."""


@dataclass(frozen=True)
class Asked:
    """Q questions of one type, waypoint or current state, that need wrong positions."""

    survey: Survey
    question_type: QuestionType
    moments: Indices
    """(Q,), indices into the survey's moments."""
    askable: Indices
    """Indices of all moments of the survey that ask a question of this type."""
    near_miss_radius: float
    """Metres."""

    @property
    def truth(self) -> Array:
        """(Q, 3), the right positions."""
        return self._right(self.moments)

    @property
    def origin(self) -> Array:
        """(Q, 3), the other end of the move: the state of a waypoint question, the keypoint of the other."""
        survey = self.survey
        origin: Array = (survey.state if self.question_type == "waypoint" else survey.target)[self.moments]
        return origin

    @property
    def demo(self) -> Indices:
        """(Q,), indices of the questions' demos."""
        demo: Indices = self.survey.demo[self.moments]
        return demo

    def _right(self, moments: Indices) -> Array:
        survey = self.survey
        right: Array = (survey.target if self.question_type == "waypoint" else survey.state)[moments]
        return right

    def groups(self) -> Iterator[tuple[Indices, Indices]]:
        """Questions that draw from the same moments, with these: those of the task in the same split.

        A right answer of the test split that is a wrong one in training, or the other way round, would be recognized.
        Where a split has a single demo of a task, all splits are drawn from.
        """
        survey = self.survey
        task, split = survey.task[survey.demo], survey.split[survey.demo]
        for name in np.unique(task[self.moments]):
            of_task = self.askable[task[self.askable] == name]
            for part in np.unique(split[self.moments]):
                rows = np.flatnonzero((task[self.moments] == name) & (split[self.moments] == part))
                peers = of_task[split[of_task] == part]
                if len(np.unique(survey.demo[peers])) < 2:
                    peers = of_task
                if len(rows) and len(peers):
                    yield rows, peers

    def peers(self, rng: np.random.Generator, count: int) -> Indices:
        """(Q, C), moments of other demos of the task; -1 where there is none."""
        found = np.full((len(self.moments), count), -1)
        for rows, peers in self.groups():
            drawn = peers[rng.integers(len(peers), size=(len(rows), count))]
            found[rows] = np.where(self.survey.demo[drawn] == self.demo[rows, None], -1, drawn)
        return found


Propose = Callable[[Asked, np.random.Generator, int], Array]


def uniform(asked: Asked, rng: np.random.Generator, count: int) -> Array:
    """Anywhere in the workspace: the paper's "randomly sampled from the robot's valid state space"."""
    return rng.uniform(*WORKSPACE, size=(len(asked.moments), count, 3))


def seen(asked: Asked, rng: np.random.Generator, count: int) -> Array:
    """Anywhere in the box of the states that the demos reach."""
    tracks = asked.survey.tracks
    return rng.uniform(tracks.min(axis=0), tracks.max(axis=0), size=(len(asked.moments), count, 3))


def same_demo(asked: Asked, rng: np.random.Generator, count: int) -> Array:
    """Other states of the same demo; for a waypoint none on the way to it, for the arm does pass there."""
    survey = asked.survey
    start, end = survey.track_start[asked.demo], survey.track_start[asked.demo + 1]
    frames = np.floor(rng.random((len(asked.moments), count)) * (end - start)[:, None]).astype(np.int64)
    states: Array = survey.tracks[start[:, None] + frames]
    if asked.question_type == "waypoint":
        after = frames >= survey.frame[asked.moments, None]
        on_the_way = after & (frames <= survey.next_keypoint[asked.moments, None])
        states = np.where(on_the_way[..., None], np.nan, states)
    return states


def other_demos(asked: Asked, rng: np.random.Generator, count: int) -> Array:
    """States of other demos of the task, one frame before or after those that questions show.

    Shown ones would be known as right answers of other questions, which the right answer itself never is; all but the
    start of a demo, which is often the same in all.
    """
    survey = asked.survey
    peers = asked.peers(rng, count)
    frames, demos = survey.frame[peers], survey.demo[peers]
    shift = rng.choice([-1, 1], size=peers.shape)
    last = survey.track_start[demos + 1] - survey.track_start[demos] - 1
    shifted = np.where(frames == 0, 0, np.clip(frames + shift, 1, last))
    return _where_any(survey.tracks[survey.track_start[demos] + shifted], peers)


def same_demo_keypoints(asked: Asked, rng: np.random.Generator, count: int) -> Array:
    """Other keypoints of the same demo."""
    survey = asked.survey
    start, end = survey.keypoint_start[asked.demo], survey.keypoint_start[asked.demo + 1]
    chosen = start[:, None] + np.floor(rng.random((len(asked.moments), count)) * (end - start)[:, None]).astype(int)
    keypoints: Array = survey.tracks[survey.track_start[asked.demo][:, None] + survey.keypoints[chosen]]
    return keypoints


def other_demos_keypoints(asked: Asked, rng: np.random.Generator, count: int) -> Array:
    """Keypoints that other demos of the task aim at, as often as questions ask for them, shifted a little sideways.

    Unshifted they would be known as right answers of other questions, which the right answer itself never is.
    """
    peers = asked.peers(rng, count)
    points = _where_any(asked.survey.target[peers], peers)
    points[..., :2] += rng.normal(scale=SHIFT, size=(*points.shape[:2], 2))
    return points


def same_distance(asked: Asked, rng: np.random.Generator, count: int) -> Array:
    """As far from the move's other end as the truth (x 0.8 to 1.25), in another direction."""
    distance = np.linalg.norm(asked.truth - asked.origin, axis=1)[:, None, None]
    size = (len(asked.moments), count)
    points: Array = asked.origin[:, None] + distance * rng.uniform(0.8, 1.25, (*size, 1)) * _directions(rng, size)
    return points


def near_miss(asked: Asked, rng: np.random.Generator, count: int) -> Array:
    """On a sphere of the chosen radius on which the truth lies too.

    The centre is drawn once for each question and is no option, so that the truth is not in the middle of them.
    """
    size = len(asked.moments)
    radius = asked.near_miss_radius
    centre = asked.truth[:, None] - radius * _directions(rng, (size, 1))
    points: Array = centre + radius * _directions(rng, (size, count))
    return points


def similar_move(asked: Asked, rng: np.random.Generator, count: int) -> Array:
    """Where a demo of the task went from a similar state, seen from here: its horizontal move, its height."""
    survey = asked.survey
    weights = np.array([1.0, 1.0, HEIGHT_WEIGHT])
    points = np.full((len(asked.moments), count, 3), np.nan)
    for rows, peers in asked.groups():
        if len(peers) > MOST_PEERS:  # drawn, as every n-th could be the same phase of all demos
            peers = rng.choice(peers, MOST_PEERS, replace=False)
        state = survey.state[asked.moments[rows]]
        squared = (((state[:, None] - survey.state[peers]) * weights) ** 2).sum(axis=2)
        squared[asked.demo[rows, None] == survey.demo[peers]] = np.inf
        nearest = np.argsort(squared, axis=1, kind="stable")[:, :NEIGHBOURS]
        column = rng.integers(nearest.shape[1], size=(len(rows), count))
        place = np.take_along_axis(nearest, column, axis=1)
        moved = survey.target[peers[place]].copy()
        moved[..., :2] += (state[:, None] - survey.state[peers[place]])[..., :2]
        known = np.isfinite(np.take_along_axis(squared, place, axis=1))
        points[rows] = np.where(known[..., None], moved, np.nan)
    return points


def other_move(asked: Asked, rng: np.random.Generator, count: int) -> Array:
    """The whole move that another demo of the task made somewhere, made from here."""
    survey = asked.survey
    peers = asked.peers(rng, count)
    points: Array = asked.origin[:, None] + _where_any(survey.target[peers] - survey.state[peers], peers)
    return points


def same_column(asked: Asked, rng: np.random.Generator, count: int) -> Array:
    """Straight above or below the move's other end, at the height of a keypoint of another demo of the task."""
    peers = asked.peers(rng, count)
    points = _where_any(asked.survey.target[peers], peers)
    points[..., :2] += asked.origin[:, None, :2] - points[..., :2]
    return points


PROPOSE: dict[PointStrategy, Propose] = {
    "uniform": uniform,
    "seen": seen,
    "same_demo": same_demo,
    "other_demos": other_demos,
    "same_demo_keypoints": same_demo_keypoints,
    "other_demos_keypoints": other_demos_keypoints,
    "same_distance": same_distance,
    "near_miss": near_miss,
    "similar_move": similar_move,
    "other_move": other_move,
    "same_column": same_column,
}


def _where_any(points: Array, peers: Indices) -> Array:
    """Points (Q, C, 3) of peers, NaN where there is no peer."""
    found: Array = np.where((peers >= 0)[..., None], points, np.nan)
    return found


def _directions(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    vectors = rng.normal(size=(*size, 3))
    directions: Array = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return directions
