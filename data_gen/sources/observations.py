"""The arrays of a recorded demo, out of the inert records that its pickle holds.

Field names, shapes and units are those of RLBench 1.0 to 1.2 and of PerAct's fork, as found in recorded demos.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from data_gen.sources.inert import InertArray, Record
from robot_r1.demo import Camera
from robot_r1.errors import BadDemoError
from robot_r1.geometry import Array

_OPTIONAL = ("random_seed", "variation_number", "num_reset_attempts")
"""Attributes of a demo that came with RLBench 1.0, PerAct and RLBench 1.2."""
_OF_ONE_ARM = ("Observation", "UnimanualObservation")
"""The second is the bimanual fork's; both hold the same arrays."""
_TOLERANCE = 1e-4
"""Metres and sines of angles: what a fixed camera may seem to move."""
_LARGEST = 1e6
"""No length, angle, speed or focal length in metres, radians, seconds or pixels comes near."""


class Observations:
    """The observations of one demo file.

    Raises:
        BadDemoError: the file holds no list of RLBench's observations.
    """

    def __init__(self, path: Path, stored: object) -> None:
        self._path = path
        if isinstance(stored, list):
            raise self._bad(
                "pre-2020 RLBench recording (a bare list) is not supported: record again with RLBench >= 1.0"
            )
        listed = stored.attributes.get("_observations") if isinstance(stored, Record) else None
        if not isinstance(stored, Record) or not isinstance(listed, list):
            raise self._bad("holds no RLBench demo")
        self._frames = [self._frame(i, one) for i, one in enumerate(listed)]
        if not self._frames:
            raise self._bad("has no frames")
        extra = [name for name in _OPTIONAL if name in stored.attributes]
        self.format = f"{stored.name}({', '.join(['_observations', *extra])})"
        """Class and attributes of the stored demo, which tell the versions apart that wrote it."""

    def __len__(self) -> int:
        return len(self._frames)

    def rows(self, name: str, width: int | None = None) -> Array:
        """An attribute of every frame, shape (T, width); by default as wide as the first frame's.

        Raises:
            BadDemoError: a frame lacks it, or it has another shape or a value that is not finite.
        """
        shape = None if width is None else (width,)
        rows = []
        for i, frame in enumerate(self._frames):
            rows.append(self._numbers(i, frame, name, shape))
            shape = rows[0].shape
        return np.stack(rows)

    def gripper_open(self) -> NDArray[np.bool_]:
        """Whether the gripper is open, shape (T,).

        Raises:
            BadDemoError: a frame does not tell.
        """
        values = [self._number(i, frame.get("gripper_open")) for i, frame in enumerate(self._frames)]
        return np.array(values) > 0.5

    def camera(self, name: str, width: int, height: int) -> Camera:
        """A camera that does not move, with pictures of `width` and `height` pixels.

        Raises:
            BadDemoError: the camera was not recorded, is no pinhole camera, or moves.
        """
        misc = [self._misc(i, frame) for i, frame in enumerate(self._frames)]
        intrinsics = self._numbers(0, misc[0], f"{name}_camera_intrinsics", (3, 3))
        poses = [self._numbers(i, one, f"{name}_camera_extrinsics", (4, 4)) for i, one in enumerate(misc)]
        try:
            camera = Camera.from_arrays(name, width, height, intrinsics, poses[0])
        except ValidationError as error:
            raise self._bad(f"{name}_camera: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from error
        if not np.allclose(poses, poses[0], rtol=0, atol=_TOLERANCE):
            raise self._bad(f"camera {name} moves during the demo; only fixed cameras are supported")
        return camera

    def _frame(self, index: int, stored: object) -> dict[str, object]:
        if not isinstance(stored, Record) or stored.name.rpartition(".")[2] not in _OF_ONE_ARM:
            kind = stored.name if isinstance(stored, Record) else type(stored).__name__
            raise self._bad(f"frame {index} is not an observation of one arm, but of type {kind}")
        return stored.attributes

    def _misc(self, index: int, frame: dict[str, object]) -> dict[str, object]:
        misc = frame.get("misc")
        if not isinstance(misc, dict):
            raise self._bad(f"frame {index} has no misc, which holds the cameras")
        return misc

    def _numbers(self, index: int, fields: dict[str, object], name: str, shape: tuple[int, ...] | None) -> Array:
        stored = fields.get(name)
        if stored is None:
            raise self._bad(f"frame {index} has no {name}; record again with it switched on")
        if not isinstance(stored, InertArray):
            raise self._bad(f"{name} of frame {index} is not an array")
        try:
            array = stored.numbers()
        except ValueError as error:
            raise self._bad(f"{name} of frame {index} {error}") from error
        if shape is not None and array.shape != shape:
            raise self._bad(f"{name} of frame {index} has shape {array.shape}, expected {shape}")
        if not (np.abs(array) < _LARGEST).all():
            raise self._bad(f"{name} of frame {index} holds a value that is not finite or larger than {_LARGEST:g}")
        return array

    def _number(self, index: int, stored: object) -> float:
        """A number stored as such, or as numpy's (a scalar or an array of one element)."""
        try:
            number = stored.numbers().item() if isinstance(stored, InertArray) else stored
        except ValueError as error:
            raise self._bad(f"gripper_open of frame {index} {error}") from error
        if not isinstance(number, int | float) or not 0 <= number <= 1:
            raise self._bad(f"gripper_open of frame {index} is not a number from 0 to 1")
        return float(number)

    def _bad(self, reason: str) -> BadDemoError:
        return BadDemoError(self._path, reason)
