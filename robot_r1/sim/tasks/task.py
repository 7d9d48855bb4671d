"""What makes up a task of the embedded simulator."""

from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np

from robot_r1.sim.motion import Robot


@dataclass(frozen=True)
class Task:
    """A task: how its scene is set up, how an expert does it, and how one sees that it is done."""

    variations: int
    """Number of variations; their instructions are in `robot_r1.instructions`."""
    build: Callable[[mujoco.MjSpec, int, np.random.Generator], None]
    """Adds the objects of a variation to the scene at random places."""
    expert: Callable[[Robot], None]
    """Drives the robot through the task, reading the objects' poses from the simulation."""
    success: Callable[[Robot], bool]
    """Whether the task is done, judged by the state of the physics after the expert's last action."""
