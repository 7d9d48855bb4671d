"""Small demos made up by hand: a tip that walks between waypoints, rests at each, and pictures of noise."""

import io
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from data_gen.sources.simulated import SETTINGS, RecordingSettings
from robot_r1.archive import demo_path, save_demo
from robot_r1.demo import Camera, Demo, DemoKey, Provenance
from robot_r1.files import write_text
from robot_r1.geometry import fov_intrinsics

FRONT = np.array([[0, -0.4226, -0.9063, 1.35], [-1, 0, 0, 0], [0, 0.9063, -0.4226, 1.58], [0, 0, 0, 1]])
MOVE, REST = 20, 6
"""Frames that a made-up demo moves and rests."""


def front_camera(size: int = 64) -> Camera:
    return Camera.from_arrays("front", size, size, fov_intrinsics(size, size, np.radians(40)), FRONT)


def noise_png(seed: int, size: int = 64) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def make_demo(
    key: DemoKey | None = None,
    waypoints: Sequence[tuple[float, float, float]] = ((0.28, 0, 1.3), (0.2, 0.1, 0.9), (0.2, 0.1, 1.2)),
    close_at: int | None = 1,
    size: int = 64,
    seed: int = 0,
) -> Demo:
    """A demo through the waypoints; the gripper closes one frame after it has rested at waypoint `close_at`."""
    positions, velocities, is_open = [np.array(waypoints[0])], [1.0], [True]
    for number, (start, end) in enumerate(itertools.pairwise(waypoints), start=1):
        for step in range(1, MOVE + 1):
            positions.append(np.array(start) + (np.array(end) - np.array(start)) * step / MOVE)
            velocities.append(1.0)
            is_open.append(is_open[-1])
        if number < len(waypoints) - 1:
            for step in range(REST):
                positions.append(np.array(end))
                velocities.append(0.0)
                is_open.append(is_open[-1] and not (number == close_at and step == REST - 1))
    frames = len(positions)
    return Demo(
        key=key or DemoKey(task="push_button", variation=0, episode=0),
        descriptions=("press the button",),
        tip_position=np.array(positions),
        tip_quaternion=np.tile([0.0, 1.0, 0.0, 0.0], (frames, 1)),
        gripper_open=np.array(is_open),
        joint_positions=np.zeros((frames, 7)),
        joint_velocities=np.tile(np.array(velocities)[:, None], (1, 7)),
        camera=front_camera(size),
        provenance=Provenance(source="simulated", renderer="rays", seed=seed),
        load_frame=lambda index: noise_png(seed * 1000 + index, size),
    )


def write_archive(root: Path, tasks: Sequence[str], episodes: int, frame_interval: int = 10, size: int = 64) -> None:
    """Store made-up demos where the build looks for simulated ones."""
    settings = RecordingSettings(seed=0, frame_interval=frame_interval, image_size=size, renderer="rays")
    write_text(root / SETTINGS, settings.model_dump_json())
    for t, task in enumerate(tasks):
        for episode in range(episodes):
            rng = np.random.default_rng([t, episode])
            points = rng.uniform((0.0, -0.3, 0.8), (0.4, 0.3, 1.3), (4, 3))
            waypoints = [(float(x), float(y), float(z)) for x, y, z in points]
            key = DemoKey(task=task, variation=0, episode=episode)
            demo = make_demo(key, waypoints, seed=100 * t + episode, size=size)
            save_demo(demo, range(0, len(demo), frame_interval), demo_path(root, key))
