"""Writing synthetic demos in the file format of RLBench: made up here, readable by RLBench's own loader.

RLBench need not be installed: while a demo is pickled, stand-in modules of its names are registered.
"""

import io
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from robot_r1.geometry import Array, fov_intrinsics, project

ALL_CAMERAS = ("left_shoulder", "right_shoulder", "overhead", "wrist", "front")
START_POSE = (0.2785, -0.0082, 1.472, 0.0, 0.9927, 0.0, 0.1209)
"""Tip pose at the start of RLBench's demos: metres and xyzw."""
CAMERA_EYES = {
    "front": ((1.35, 0.0, 1.58), (0.4, 0.0, 1.137)),
    "overhead": ((-0.175, 0.0, 2.43), (0.6, 0.0, 0.768)),
    "left_shoulder": ((-0.175, 0.2, 1.98), (0.39, 0.1, 0.75)),
    "right_shoulder": ((-0.175, -0.2, 1.98), (0.39, -0.1, 0.75)),
    "wrist": ((0.305, -0.006, 1.573), (0.28, -0.006, 1.0)),
}
"""Where RLBench's cameras are and a point that they look at, metres."""


class Observation:
    """Stands for `rlbench.backend.observation.Observation`: a bag of attributes."""


class Demo:
    """Stands for `rlbench.demo.Demo`."""


for _class, _module in ((Observation, "rlbench.backend.observation"), (Demo, "rlbench.demo")):
    _class.__module__ = _module

Edit = Callable[[Demo], object]
"""Changes a demo before it is pickled, and gives what is to be pickled in its place."""


@dataclass(frozen=True)
class Recording:
    """What a synthetic demo is like."""

    frames: int = 60
    size: int = 64
    """Side of the pictures, pixels."""
    cameras: tuple[str, ...] = ("front",)
    """Cameras with pictures; the poses of all five are stored."""
    protocol: int = 4
    numpy_names: Literal[1, 2] = 2
    """Module names of which numpy generation the pickle holds."""
    target: tuple[float, float, float] = (0.3, 0.15, 0.8)
    """Where the gripper closes, metres."""


def write_upstream(
    root: Path,
    recording: Recording,
    task: str = "reach_target",
    variation: int = 0,
    episode: int = 0,
    descriptions: object = ("reach the red target",),
    edit: Edit | None = None,
) -> Path:
    """Write a demo as RLBench's generator does, and return its episode folder."""
    variation_dir = root / task / f"variation{variation}"
    episode_dir = variation_dir / "episodes" / f"episode{episode}"
    _write_episode(episode_dir, recording, edit)
    _dump(variation_dir / "variation_descriptions.pkl", _list(descriptions), recording)
    return episode_dir


def write_peract(
    root: Path,
    recording: Recording,
    task: str = "open_drawer",
    variation: int = 0,
    episode: int = 0,
    descriptions: object = ("open the bottom drawer",),
    edit: Edit | None = None,
) -> Path:
    """Write a demo as PerAct's generator does, and return its episode folder."""
    episode_dir = root / task / "all_variations" / "episodes" / f"episode{episode}"
    _write_episode(episode_dir, recording, edit)
    _dump(episode_dir / "variation_number.pkl", variation, recording)
    _dump(episode_dir / "variation_descriptions.pkl", _list(descriptions), recording)
    return episode_dir


def make_demo(recording: Recording) -> Demo:
    """The demo object: approach, stop, close, lift; what `low_dim_obs.pkl` holds."""
    tip = tip_path(recording)
    joints = np.linspace(
        [0, 0.175, 0, -0.873, 0, 1.2216, 0.7854], [0.4, 0.6, 0.1, -1.4, 0, 1.9, 0.9], recording.frames
    )
    moving = np.linalg.norm(np.gradient(tip, axis=0), axis=1) > 1e-6
    closed_from = _phases(recording)[1]
    observations = []
    for index in range(recording.frames):
        observation = Observation()
        observation.__dict__ = {
            f"{camera}_{kind}": None for camera in ALL_CAMERAS for kind in ("rgb", "depth", "mask")
        }
        observation.__dict__ |= {
            "joint_velocities": np.full(7, 0.3 if moving[index] else 0.001),
            "joint_positions": joints[index],
            "joint_forces": np.zeros(7),
            "gripper_open": float(index < closed_from),
            "gripper_pose": np.array([*tip[index], *START_POSE[3:]]),
            "gripper_matrix": np.eye(4),
            "gripper_joint_positions": np.full(2, 0.04),
            "gripper_touch_forces": np.zeros(6),
            "task_low_dim_state": np.array(recording.target),
            "misc": _misc(recording.size),
        }
        observations.append(observation)
    demo = Demo()
    demo.__dict__ = {
        "_observations": observations,
        "random_seed": ("MT19937", np.arange(624, dtype=np.uint32), 624, 0, 0.0),
        "num_reset_attempts": 1,
    }
    return demo


def tip_path(recording: Recording) -> Array:
    """Positions of the tip, shape (frames, 3), metres."""
    reached, closed = _phases(recording)
    target = np.array(recording.target)
    approach = np.linspace(START_POSE[:3], target, reached)
    lift = np.linspace(target, target + np.array([0, 0, 0.2]), recording.frames - closed)
    return np.concatenate([approach, np.tile(target, (closed - reached, 1)), lift])


def camera_matrices(name: str, size: int) -> tuple[Array, Array]:
    """Intrinsics (3, 3) and camera-to-world (4, 4) of one of RLBench's cameras."""
    eye, focus = (np.array(point) for point in CAMERA_EYES[name])
    forward = (focus - eye) / np.linalg.norm(focus - eye)
    world_up = np.array([0.0, 0.0, 1.0])
    left = np.cross(world_up, forward)
    left /= np.linalg.norm(left)
    extrinsics = np.eye(4)
    extrinsics[:3, :3] = np.stack([left, np.cross(forward, left), forward], axis=1)
    extrinsics[:3, 3] = eye
    return fov_intrinsics(size, size, np.deg2rad(60 if name == "wrist" else 40)), extrinsics


def pickled(value: object, protocol: int = 4, numpy_names: Literal[1, 2] = 2) -> bytes:
    """The pickle of an object, with the names of RLBench's modules and of a generation of numpy."""
    buffer = io.BytesIO()
    pickler = _NumpyOnePickler if numpy_names == 1 else pickle.Pickler
    with stand_in_modules():
        pickler(buffer, protocol).dump(value)
    return buffer.getvalue()


def picture(recording: Recording, camera: str, index: int) -> bytes:
    """A PNG with a red disc where the camera sees the tip."""
    u, v, _ = project(tip_path(recording)[index], *camera_matrices(camera, recording.size))
    image = Image.fromarray(_background(recording.size))
    radius = recording.size / 32
    ImageDraw.Draw(image).ellipse((u - radius, v - radius, u + radius, v + radius), fill=(255, 0, 0))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@cache
def _background(size: int) -> NDArray[np.uint8]:
    """A coloured ramp with so much noise that its PNG takes as many bytes as one of RLBench."""
    ramp = np.linspace(60, 200, size)
    smooth = np.stack(np.broadcast_arrays(ramp, ramp[:, None], 90), axis=-1)
    return (smooth + np.random.default_rng(0).integers(0, 8, smooth.shape)).astype(np.uint8)


def _phases(recording: Recording) -> tuple[int, int]:
    """Frame in which the target is reached, and the first one in which the gripper is closed."""
    reached = recording.frames * 6 // 10
    return reached, max(reached, recording.frames * 7 // 10)


def _misc(size: int) -> dict[str, object]:
    misc: dict[str, object] = {"variation_index": 0}
    for name in ALL_CAMERAS:
        intrinsics, extrinsics = camera_matrices(name, size)
        misc |= {
            f"{name}_camera_extrinsics": extrinsics,
            f"{name}_camera_intrinsics": intrinsics,
            f"{name}_camera_near": 0.01,
            f"{name}_camera_far": 4.5,
        }
    return misc


def _write_episode(episode_dir: Path, recording: Recording, edit: Edit | None) -> None:
    demo = make_demo(recording)
    _dump(episode_dir / "low_dim_obs.pkl", edit(demo) if edit else demo, recording)
    for camera in recording.cameras:
        (episode_dir / f"{camera}_rgb").mkdir()
        for index in range(recording.frames):
            (episode_dir / f"{camera}_rgb" / f"{index}.png").write_bytes(picture(recording, camera, index))


def _dump(path: Path, value: object, recording: Recording) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickled(value, recording.protocol, recording.numpy_names))


def _list(descriptions: object) -> object:
    return list(descriptions) if isinstance(descriptions, tuple) else descriptions


def _numpy_one_function(module: str, name: str) -> Callable[..., object]:
    def function(*_: object) -> object:
        raise AssertionError("only its name is pickled")

    function.__module__, function.__qualname__, function.__name__ = module, name, name
    return function


_NUMPY_ONE = {
    name: _numpy_one_function(f"numpy.core.{module}", name)
    for module, name in (("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numeric", "_frombuffer"))
}


class _NumpyOnePickler(pickle.Pickler):
    """Names numpy's functions as numpy 1 did."""

    def __init__(self, buffer: io.BytesIO, protocol: int) -> None:
        super().__init__(buffer, protocol)
        self._protocol = protocol

    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, np.ndarray | np.generic):
            return NotImplemented
        reduced: Any = value.__reduce_ex__(self._protocol)
        return (_NUMPY_ONE[reduced[0].__name__], *reduced[1:])


@contextmanager
def stand_in_modules() -> Iterator[None]:
    """Modules of RLBench's and numpy 1's names, for as long as something is pickled or unpickled."""
    modules = {name: ModuleType(name) for name in ("rlbench", "rlbench.demo", "rlbench.backend")}
    modules["rlbench.backend.observation"] = ModuleType("rlbench.backend.observation")
    vars(modules["rlbench.demo"])["Demo"] = Demo
    vars(modules["rlbench.backend.observation"])["Observation"] = Observation
    for name, function in _NUMPY_ONE.items():
        module = modules.setdefault(function.__module__, ModuleType(function.__module__))
        vars(module)[name] = function
    before = {name: sys.modules[name] for name in modules if name in sys.modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules.keys() - before.keys():
            del sys.modules[name]
        sys.modules.update(before)
