"""Recorded RLBench demos as a source, read without RLBench, PyRep or CoppeliaSim.

Only the pictures of the camera that is asked for are opened; other cameras may be missing or damaged.
"""

import re
from collections.abc import Callable, Mapping
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

__all__ = ["NUMBERS", "DamagedDemo", "Discovery", "DiskDemo", "find_demos", "load_demo"]

Result = TypeVar("Result")
NUMBERS = "low_dim_obs.pkl"
"""The file of an episode with all but its pictures."""
_PICTURE = re.compile(r"(0|[1-9][0-9]{0,8})\.png")
_FORK_PICTURE = re.compile(r"rgb_([0-9]{4}|[1-9][0-9]{4,8})\.png")
"""As the bimanual fork of RLBench names them."""
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
    path = disk.episode_dir / NUMBERS
    observations = Observations(path, load(path))
    pictures = disk.episode_dir / f"{camera}_rgb"
    names = _picture_names(pictures, len(observations))
    width, height = _read(pictures / names[min(names)], png_size)
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
        load_frame=_FrameReader(pictures, names, (width, height)),
        pictured=None if len(names) == len(observations) else tuple(names),
    )


def _picture_names(pictures: Path, frames: int) -> dict[int, str]:
    """The names of the pictures by frame, ascending; files of other names are left alone.

    Most frames may be without, as where only pictures of keyframes were kept. A demo that lacks fewer than half is
    damaged; so is one with pictures of its first frames alone, which may be keyframes that were numbered anew.
    """
    try:
        listed = despite_faults(pictures, lambda: [path.name for path in pictures.iterdir()])
    except FileNotFoundError:
        there = ", ".join(sorted(path.name for path in pictures.parent.glob("*_rgb"))) or "none"
        raise BadDemoError(pictures, f"is missing; folders of pictures that are there: {there}") from None
    except OSError as error:
        raise BadDemoError(pictures, f"cannot be listed: {error.strerror}") from error
    plain = {int(match[1]): match[0] for match in map(_PICTURE.fullmatch, listed) if match}
    of_fork = {int(match[1]): match[0] for match in map(_FORK_PICTURE.fullmatch, listed) if match}
    names = dict(sorted((plain or of_fork).items()))
    if not names:
        raise BadDemoError(pictures, "holds no pictures 0.png, 1.png, ... or rgb_0000.png, rgb_0001.png, ...")
    count = f"holds {len(names)} pictures for {frames} frames"
    if max(names) >= frames:
        raise BadDemoError(pictures, f"{count}; there is no frame for {names[max(names)]}")
    missing = next((index for index in range(frames) if index not in names), None)
    if missing is not None and 2 * len(names) > frames:
        raise BadDemoError(pictures, f"{count}; {_like(names, missing)} is missing")
    if missing is not None and missing == len(names):
        raise BadDemoError(pictures, f"{count}, those of the first frames alone; {_like(names, missing)} is missing")
    return names


def _like(names: Mapping[int, str], index: int) -> str:
    return f"rgb_{index:04d}.png" if names[max(names)].startswith("rgb_") else f"{index}.png"


@dataclass(frozen=True)
class _FrameReader:
    """Reads single frames; a class rather than a closure, so that a demo can be pickled."""

    folder: Path
    names: Mapping[int, str]
    size: tuple[int, int]

    def __call__(self, index: int) -> bytes:
        if index not in self.names:
            raise BadDemoError(self.folder, f"there is no frame {index} among {len(self.names)}")
        return _read(self.folder / self.names[index], lambda data: checked_png(data, self.size))


def _read(path: Path, what: Callable[[bytes], Result]) -> Result:
    try:
        return what(read_bounded(path, MAX_BYTES))
    except BadFileError as error:
        raise BadDemoError(path, str(error)) from error
