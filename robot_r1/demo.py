"""What a demonstration is: typed arrays in the world frame, cameras, and frames that load only when asked for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict

from robot_r1.errors import BadDemoError
from robot_r1.geometry import Array, canonical_quaternion, project

Source = Literal["simulated", "rlbench-disk", "rlbench"]


class DemoKey(BaseModel):
    """The identity of a demonstration, unique within a data set."""

    model_config = ConfigDict(frozen=True)

    task: str
    variation: int
    episode: int
    collection: str = ""
    """Sub-folder under the root that holds the task's folder, where the input has several; else empty."""

    @property
    def id(self) -> str:
        """`[collection/]task/variationV/episodeE`."""
        prefix = f"{self.collection}/" if self.collection else ""
        return f"{prefix}{self.task}/variation{self.variation}/episode{self.episode}"


class Camera(BaseModel):
    """A fixed camera. Pixel = intrinsics @ world-to-camera @ point; see `robot_r1.geometry.project`."""

    model_config = ConfigDict(frozen=True)

    name: str
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    intrinsics: tuple[tuple[float, ...], ...]
    """(3, 3), pixels."""
    extrinsics: tuple[tuple[float, ...], ...]
    """(4, 4), camera-to-world, metres; the camera looks along its +z axis."""

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
    renderer: str
    """What drew the frames: `gl`, `rays`, or `rlbench` for recorded ones (their renderer is not stored)."""
    versions: dict[str, str] = {}
    """Package or format versions that shaped the recording."""
    processor: str = ""
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
    Construction checks shapes and finiteness and brings quaternions to w >= 0.

    Raises:
        BadDemoError: an array has another shape or holds a value that is not finite.
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
    """(T, 7), radians."""
    joint_velocities: Array
    """(T, 7), radians per second."""
    camera: Camera
    provenance: Provenance
    load_frame: Callable[[int], bytes] = field(repr=False, compare=False)
    """The encoded PNG of a frame index; raises `BadDemoError` if that frame is missing."""

    def __post_init__(self) -> None:
        frames = len(self.gripper_open)
        if frames == 0:
            raise BadDemoError(self.key.id, "has no frames")
        for name, width in (
            ("tip_position", 3),
            ("tip_quaternion", 4),
            ("joint_positions", 7),
            ("joint_velocities", 7),
        ):
            array: Array = getattr(self, name)
            if array.shape != (frames, width):
                raise BadDemoError(self.key.id, f"{name} has shape {array.shape}, expected {(frames, width)}")
            if not np.isfinite(array).all():
                raise BadDemoError(self.key.id, f"{name} holds a value that is not finite")
        if not self.descriptions or not all(text.strip() for text in self.descriptions):
            raise BadDemoError(self.key.id, "has no description")
        try:
            quaternion = canonical_quaternion(self.tip_quaternion)
        except ValueError as error:
            raise BadDemoError(self.key.id, str(error)) from error
        object.__setattr__(self, "tip_quaternion", quaternion)

    def __len__(self) -> int:
        return len(self.gripper_open)
