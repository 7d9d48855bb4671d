"""What a demonstration is: typed arrays in the world frame, cameras, and frames that load only when asked for."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from robot_r1.errors import BadDemoError
from robot_r1.geometry import REACH, ROBOT_BASE, Array, canonical_quaternion, project

Source = Literal["simulated", "rlbench-disk", "rlbench"]

MAX_FRAMES = 20_000
"""A quarter of an hour at 20 Hz; recorded demos have some hundred frames."""
MAX_JOINTS = 64
MAX_DESCRIPTION = 1000
"""Characters; a phrasing takes a line."""
_MAX_ANGLE = 4 * np.pi
"""Radians: two full turns, more than any arm's joint takes. Degrees taken for radians lie beyond."""
_MAX_SPEED = 100.0
"""Radians per second."""
_MAX_PIXELS, _MAX_METRES = 1e6, 1e3
"""No focal length, principal point or place of a camera comes near."""
_ROUNDING = 1e-3
"""What a rotation or quaternion may be off unit length, as in files of single precision."""


def _on_one_line(name: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in name):
        raise ValueError("a name may hold neither line ends nor control characters")
    return name


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_on_one_line)]
"""A name on one line, as folders and columns bear it."""
Number = Annotated[int, Field(ge=0, lt=2**31)]


class DemoKey(BaseModel):
    """The identity of a demonstration, unique within a data set."""

    model_config = ConfigDict(frozen=True)

    task: Annotated[Name, Field(pattern=r"^[^/]+$")]
    variation: Number
    episode: Number
    collection: Literal[""] | Name = ""
    """Sub-folder under the root that holds the task's folder, where the input has several; else empty."""

    @property
    def id(self) -> str:
        """`[collection/]task/variationV/episodeE`."""
        prefix = f"{self.collection}/" if self.collection else ""
        return f"{prefix}{self.task}/variation{self.variation}/episode{self.episode}"


class Camera(BaseModel):
    """A fixed camera. Pixel = intrinsics @ world-to-camera @ point; see `robot_r1.geometry.project`."""

    model_config = ConfigDict(frozen=True)

    name: Name
    width: Annotated[int, Field(ge=1, le=2**16)]
    """Pixels."""
    height: Annotated[int, Field(ge=1, le=2**16)]
    """Pixels."""
    intrinsics: tuple[tuple[float, ...], ...]
    """(3, 3), pixels: a pinhole matrix, whose last row is 0, 0, 1."""
    extrinsics: tuple[tuple[float, ...], ...]
    """(4, 4), camera-to-world, metres: a rotation and a place; the camera looks along its +z axis."""

    @model_validator(mode="after")
    def _is_pinhole_at_a_pose(self) -> Self:
        """Whatever passes here can be projected into."""
        for name, rows, largest in (("intrinsics", 3, _MAX_PIXELS), ("extrinsics", 4, _MAX_METRES)):
            matrix = getattr(self, name)
            if [len(row) for row in matrix] != [rows] * rows:
                raise ValueError(f"{name} is not a matrix of shape ({rows}, {rows})")
            if not (np.abs(matrix) <= largest).all():
                raise ValueError(f"{name} holds a value that is not finite or beyond {largest:g}")
        focal = np.array(self.intrinsics)
        if min(abs(focal[0, 0]), abs(focal[1, 1])) < _ROUNDING or not np.allclose(focal[2], (0, 0, 1), atol=_ROUNDING):
            raise ValueError("intrinsics is not a pinhole matrix")
        pose = np.array(self.extrinsics)
        rotation = pose[:3, :3]
        if not np.allclose(rotation.T @ rotation, np.eye(3), atol=_ROUNDING):
            raise ValueError("extrinsics is not a pose: its first three columns are no rotation")
        if not np.allclose(pose[3], (0, 0, 0, 1), atol=_ROUNDING):
            raise ValueError("extrinsics is not a pose: its last row is not 0, 0, 0, 1")
        return self

    @classmethod
    def from_arrays(cls, name: str, width: int, height: int, intrinsics: Array, extrinsics: Array) -> "Camera":
        return cls(
            name=name,
            width=width,
            height=height,
            intrinsics=tuple(tuple(map(float, row)) for row in intrinsics),
            extrinsics=tuple(tuple(map(float, row)) for row in extrinsics),
        )

    def sees(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Whether world points of shape (..., 3), metres, lie in front of the camera and inside its image.

        What stands in between is not looked at.
        """
        u, v, depth = np.moveaxis(project(points, np.array(self.intrinsics), np.array(self.extrinsics)), -1, 0)
        inside: NDArray[np.bool_] = (depth > 0) & (u >= 0) & (u < self.width) & (v >= 0) & (v < self.height)
        return inside


class Provenance(BaseModel):
    """Where a demonstration comes from: enough to tell two recordings apart and to record a simulated one again."""

    model_config = ConfigDict(frozen=True)

    source: Source
    renderer: Name
    """What drew the frames: `gl`, `rays`, or `rlbench` for recorded ones (their renderer is not stored)."""
    versions: dict[str, str] = {}
    """Package or format versions that shaped the recording."""
    processor: Literal[""] | Name = ""
    """What computed physics and pictures, of which it shapes the last digits; empty where the source does not tell."""
    seed: int | None = None
    """Seed of the recording; None where the source does not tell."""
    attempts: int = 1
    """How often the expert was run until it succeeded."""
    fallback_description: bool = False
    """True if the source had no usable description and one of this project's own stands in."""


@dataclass(frozen=True)
class Demo:
    """One expert demonstration of T frames, logged at 20 Hz.

    Poses are those of the gripper's tip (between the finger tips) in the world frame of `robot_r1.geometry`.
    The arm has J joints, seven in a Panda. Construction makes float64 of all numbers, checks shapes and magnitudes,
    and brings quaternions to w >= 0.

    Raises:
        BadDemoError: an array has another shape, is not one of real numbers, or holds a value that no robot reaches.
    """

    key: DemoKey
    descriptions: tuple[str, ...]
    """What the robot is asked to do, one or more phrasings, none empty."""
    tip_position: Array
    """(T, 3), metres."""
    tip_quaternion: Array
    """(T, 4), xyzw."""
    gripper_open: NDArray[np.bool_]
    """(T,)."""
    joint_positions: Array
    """(T, J), radians."""
    joint_velocities: Array
    """(T, J), radians per second."""
    camera: Camera
    provenance: Provenance
    load_frame: Callable[[int], bytes] = field(repr=False, compare=False)
    """The encoded PNG of a frame index; raises `BadDemoError` if that frame is missing."""
    pictured: tuple[int, ...] | None = None
    """The frames that have pictures, ascending, where a recording has them of some frames only."""

    def __post_init__(self) -> None:
        if self.gripper_open.dtype != np.bool_ or self.gripper_open.ndim != 1:
            raise self._bad(f"gripper_open is not a row of yes and no, but {_kind(self.gripper_open)}")
        frames = len(self.gripper_open)
        if not 0 < frames <= MAX_FRAMES:
            raise self._bad(f"has {frames} frames, allowed are 1 to {MAX_FRAMES}" if frames else "has no frames")
        joints = self.joint_positions.shape[-1] if self.joint_positions.ndim else 0
        if not 0 < joints <= MAX_JOINTS:
            raise self._bad(f"joint_positions has shape {self.joint_positions.shape}, expected ({frames}, joints)")
        self._settle("tip_position", (frames, 3), np.inf)
        self._settle("tip_quaternion", (frames, 4), 1 + _ROUNDING)
        self._settle("joint_positions", (frames, joints), _MAX_ANGLE)
        self._settle("joint_velocities", (frames, joints), _MAX_SPEED)
        distance = np.linalg.norm(self.tip_position - ROBOT_BASE, axis=1)
        if (distance > REACH).any():
            frame = int(distance.argmax())
            raise self._bad(
                f"tip of frame {frame} is {distance[frame]:.3g} m from the robot, which reaches {REACH:g} m"
            )
        try:
            quaternion = canonical_quaternion(self.tip_quaternion)
        except ValueError as error:
            raise self._bad(str(error)) from error
        if not np.allclose(np.linalg.norm(self.tip_quaternion, axis=1), 1, atol=_ROUNDING):
            raise self._bad("tip_quaternion is not of length 1")
        object.__setattr__(self, "tip_quaternion", quaternion)
        if not self.descriptions or not all(text.strip() for text in self.descriptions):
            raise self._bad("has no description")
        if max(map(len, self.descriptions)) > MAX_DESCRIPTION:
            raise self._bad(f"has a description of more than {MAX_DESCRIPTION} characters")

    def _settle(self, name: str, shape: tuple[int, int], largest: float) -> None:
        """Make an array float64, if it has the right shape and real numbers of sensible size."""
        array = getattr(self, name)
        if array.shape != shape:
            raise self._bad(f"{name} has shape {array.shape}, expected {shape}")
        if array.dtype.kind not in "fiu":
            raise self._bad(f"{name} does not hold real numbers, but {_kind(array)}")
        with np.errstate(over="ignore"):
            numbers = array.astype(np.float64)
        if not np.isfinite(numbers).all():
            raise self._bad(f"{name} holds a value that is not finite")
        if (np.abs(numbers) > largest).any():
            raise self._bad(f"{name} holds {np.abs(numbers).max():.3g}; allowed are values up to {largest:.3g}")
        object.__setattr__(self, name, numbers)

    def _bad(self, reason: str) -> BadDemoError:
        return BadDemoError(self.key.id, reason)

    def __len__(self) -> int:
        return len(self.gripper_open)


def _kind(array: NDArray[np.generic]) -> str:
    return f"{array.dtype} of shape {array.shape}"
