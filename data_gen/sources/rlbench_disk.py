"""Recorded RLBench demos as a source, read without RLBench, PyRep or CoppeliaSim.

Only the pictures of the camera that is asked for are opened; other cameras may be missing or damaged.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from data_gen.sources.descriptions import read_descriptions
from data_gen.sources.observations import Observations
from data_gen.sources.rlbench_layout import DamagedDemo, Discovery, DiskDemo, find_demos
from data_gen.sources.safe_pickle import load
from robot_r1.demo import Demo, Provenance
from robot_r1.errors import BadDemoError, BadFileError, UserError
from robot_r1.files import despite_faults, read_bounded
from robot_r1.pictures import MAX_BYTES
from robot_r1.png import checked_png, png_size

__all__ = ["DamagedDemo", "Discovery", "DiskDemo", "find_demos", "load_demo"]

Result = TypeVar("Result")
_PICTURE = re.compile(r"([0-9]+)\.png")
_MOVING_CAMERA = "wrist"


def load_demo(disk: DiskDemo, camera: str) -> Demo:
    """Load a recorded demo; its pictures are read and checked one by one, when asked for.

    Args:
        camera: `front`, `overhead`, `left_shoulder` or `right_shoulder`.

    Raises:
        BadDemoError: the demo is damaged, incomplete or in an unsupported format.
        HostilePickleError: one of its pickles asks for something that no recording needs; nothing was run.
        UserError: the camera is the one that moves with the hand, the disk fails, or a file may not be read.
    """
    if camera == _MOVING_CAMERA:
        raise UserError("camera wrist moves with the hand; use a fixed one: front, overhead, left_ or right_shoulder")
    path = disk.episode_dir / "low_dim_obs.pkl"
    observations = Observations(path, load(path))
    pictures = disk.episode_dir / f"{camera}_rgb"
    _check_names(pictures, len(observations))
    width, height = _read(pictures / "0.png", png_size)
    pose = observations.rows("gripper_pose", 7)
    descriptions, fallback = read_descriptions(disk.descriptions_file, disk.key.task, disk.key.variation)
    return Demo(
        key=disk.key,
        descriptions=descriptions,
        tip_position=pose[:, :3],
        tip_quaternion=pose[:, 3:],
        gripper_open=observations.gripper_open(),
        joint_positions=observations.rows("joint_positions"),
        joint_velocities=observations.rows("joint_velocities"),
        camera=observations.camera(camera, width, height),
        provenance=Provenance(
            source="rlbench-disk",
            renderer="rlbench",
            versions={"demo_format": observations.format},
            fallback_description=fallback,
        ),
        load_frame=_FrameReader(pictures, len(observations), (width, height)),
    )


def _check_names(pictures: Path, frames: int) -> None:
    """The pictures must be exactly `0.png` to `<frames - 1>.png`; files of other names are left alone."""
    try:
        listed = despite_faults(pictures, lambda: [path.name for path in pictures.iterdir()])
    except FileNotFoundError:
        there = ", ".join(sorted(path.name for path in pictures.parent.glob("*_rgb"))) or "none"
        raise BadDemoError(pictures, f"is missing; folders of pictures that are there: {there}") from None
    except OSError as error:
        raise BadDemoError(pictures, f"cannot be listed: {error.strerror}") from error
    names = {name for name in listed if _PICTURE.fullmatch(name)}
    if not names:
        raise BadDemoError(pictures, "holds no pictures 0.png, 1.png, ...")
    missing = next((f"{index}.png" for index in range(frames) if f"{index}.png" not in names), None)
    if missing:
        raise BadDemoError(pictures, f"holds {len(names)} pictures for {frames} frames; {missing} is missing")
    if len(names) > frames:
        raise BadDemoError(pictures, f"holds {len(names)} pictures for {frames} frames")


@dataclass(frozen=True)
class _FrameReader:
    """Reads single frames; a class rather than a closure, so that a demo can be pickled."""

    folder: Path
    frames: int
    size: tuple[int, int]

    def __call__(self, index: int) -> bytes:
        if not 0 <= index < self.frames:
            raise BadDemoError(self.folder, f"there is no frame {index} among {self.frames}")
        return _read(self.folder / f"{index}.png", lambda data: checked_png(data, self.size))


def _read(path: Path, what: Callable[[bytes], Result]) -> Result:
    try:
        return what(read_bounded(path, MAX_BYTES))
    except BadFileError as error:
        raise BadDemoError(path, str(error)) from error
