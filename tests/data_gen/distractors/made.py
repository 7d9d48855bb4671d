"""A small world of made-up demos in which every strategy has something to propose."""

import numpy as np

from data_gen.config import BuildConfig
from data_gen.survey import Survey, Track
from robot_r1.seeding import generator

HOME = (0.28, 0.0, 1.1)
STEPS = 20
"""Frames between two keypoints."""


def track(task: str, episode: int, split: str = "train") -> Track:
    """Home, above an object, down to it, up again: as the simulator's demos, with objects anywhere on the table.

    Between corners the speed varies, or all demos of a task would be at the same heights at the same frames.
    """
    rng = generator(7, task, episode)
    x, y = rng.uniform((0.0, -0.35), (0.4, 0.35))
    low = {"push": 0.785, "pick": 0.81}.get(task, 0.8)
    corners = np.array([HOME, (x, y, low + 0.15), (x, y, low), (x, y, low + 0.25)])
    done = [(step + rng.uniform(-0.4, 0.4) * (step > 0)) / STEPS for step in range(STEPS)]
    path = [corners[i] + (corners[i + 1] - corners[i]) * share for i in range(3) for share in done]
    return Track(
        id=f"{task}/variation0/episode{episode}",
        task=task,
        split=split,
        positions=np.array([*path, corners[-1]]),
        keypoints=(STEPS, 2 * STEPS, 3 * STEPS),
    )


def survey(demos: int = 30, tasks: tuple[str, ...] = ("pick", "push"), test: int = 3, interval: int = 7) -> Survey:
    """Demos of each task, the last `test` of them in the test split."""
    tracks = [track(task, e, "test" if e >= demos - test else "train") for task in tasks for e in range(demos)]
    return Survey.of(tracks, interval)


def config(**distractors: object) -> BuildConfig:
    return BuildConfig.model_validate({"distractors": distractors})
