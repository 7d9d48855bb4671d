"""Recording: run a task's expert until it succeeds, then draw the frames that are asked for.

The recording of a demo depends on its key and the seed alone: neither on global random state nor on other demos. On
one processor it is the same byte for byte. On another the demo succeeds at the same try with the same events, but
positions differ by fractions of a millimetre and single pixels by some levels (docs/data.md): C libraries round
otherwise there.
"""

import io
import zlib
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from robot_r1.demo import Demo, DemoKey, Provenance
from robot_r1.errors import BadDemoError, UserError
from robot_r1.instructions import instructions
from robot_r1.processor import processor
from robot_r1.sim import scene
from robot_r1.sim.motion import Event, Robot, State
from robot_r1.sim.render import RendererName, open_renderer
from robot_r1.sim.tasks import TASKS
from robot_r1.versions import OURS, versions_of

MAX_ATTEMPTS = 10
_COMPRESS_LEVEL = 3


@dataclass(frozen=True)
class Run:
    """A successful run of an expert: physics only, nothing drawn."""

    key: DemoKey
    seed: int
    attempts: int
    """How often the expert was run; the last run is this one."""
    model: mujoco.MjModel
    states: tuple[State, ...]
    """At 20 Hz, the first before the robot moves, the last at the last event."""
    events: tuple[Event, ...]
    """The scripted actions in order."""


def simulate(key: DemoKey, seed: int) -> Run:
    """Run the expert of a task, in new scenes until it succeeds.

    Raises:
        UserError: the task or variation does not exist, or no attempt succeeded.
    """
    for attempt in range(MAX_ATTEMPTS):
        run = simulate_once(key, seed, attempt)
        if run is not None:
            return run
    raise UserError(f"the expert failed {MAX_ATTEMPTS} times on {key.id} with seed {seed}; take another seed")


def simulate_once(key: DemoKey, seed: int, attempt: int) -> Run | None:
    """Run the expert once, in a scene drawn from (seed, task, variation, episode, attempt); None if it failed.

    Raises:
        UserError: the task or variation does not exist.
    """
    if key.task not in TASKS:
        raise UserError(f"unknown task {key.task}; the embedded simulator has {', '.join(TASKS)}")
    task = TASKS[key.task]
    if not 0 <= key.variation < task.variations:
        raise UserError(f"{key.task} has variations 0 to {task.variations - 1}, not {key.variation}")
    entropy = [seed, zlib.crc32(key.task.encode()), key.variation, key.episode, attempt]
    spec = scene.build_scene()
    task.build(spec, key.variation, np.random.default_rng(np.random.SeedSequence(entropy)))
    robot = Robot(spec.compile())
    task.expert(robot)
    if not task.success(robot):
        return None
    return Run(key, seed, attempt + 1, robot.model, tuple(robot.states), tuple(robot.events))


def record_demo(key: DemoKey, seed: int, frame_interval: int, image_size: int, renderer: RendererName) -> Demo:
    """Simulate a demo and draw its frames 0, k, 2k, ... from the front camera.

    Args:
        frame_interval: k; other frames are not drawn, and asking the demo for one raises `BadDemoError`.
        image_size: width and height in pixels.

    Raises:
        UserError: as `simulate`, or the renderer does not start.
    """
    run = simulate(key, seed)
    frames = draw_frames(run, range(0, len(run.states), frame_interval), image_size, renderer)
    return to_demo(run, frames, image_size, renderer)


def draw_frames(run: Run, indices: Iterable[int], image_size: int, renderer: RendererName) -> dict[int, bytes]:
    """PNG images of some frames of a run, by frame index.

    Raises:
        UserError: the renderer does not start.
    """
    data = mujoco.MjData(run.model)
    with closing(open_renderer(renderer, run.model, image_size)) as camera:
        frames = {}
        for index in indices:
            data.qpos[:] = run.states[index].qpos
            mujoco.mj_forward(run.model, data)
            frames[index] = _png(camera.render(data))
    return frames


def to_demo(run: Run, frames: dict[int, bytes], image_size: int, renderer: RendererName) -> Demo:
    """The demonstration that a run and its drawn frames make up."""
    states = run.states
    return Demo(
        key=run.key,
        descriptions=instructions(run.key.task, run.key.variation),
        tip_position=np.stack([state.tip_position for state in states]),
        tip_quaternion=np.stack([state.tip_quaternion for state in states]),
        gripper_open=np.array([state.gripper_open for state in states]),
        joint_positions=np.stack([state.joint_positions for state in states]),
        joint_velocities=np.stack([state.joint_velocities for state in states]),
        camera=scene.front_camera(run.model, image_size),
        provenance=Provenance(
            source="simulated",
            renderer=renderer,
            versions=versions_of((OURS, "mujoco")),
            processor=processor(),
            seed=run.seed,
            attempts=run.attempts,
        ),
        load_frame=_DrawnFrames(run.key.id, frames),
    )


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=_COMPRESS_LEVEL)
    return buffer.getvalue()


class _DrawnFrames:
    """Gives out drawn frames; a class rather than a closure, so that a demo can be pickled."""

    def __init__(self, demo: str, frames: dict[int, bytes]) -> None:
        self._demo = demo
        self._frames = frames

    def __call__(self, index: int) -> bytes:
        if index not in self._frames:
            raise BadDemoError(self._demo, f"frame {index} was not drawn")
        return self._frames[index]
