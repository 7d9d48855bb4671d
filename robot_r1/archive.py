"""A demonstration on disk: one zip file per demo, complete or absent.

The file holds `demo.json` (identity, descriptions, camera, provenance), one `.npy` per array and the PNG frames
`frames/<index>.png` that were drawn. Nothing is compressed again and time stamps are fixed, so that the same demo
gives the same bytes.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from robot_r1.demo import MAX_FRAMES, MAX_JOINTS, Camera, Demo, DemoKey, Provenance
from robot_r1.errors import BadDemoError, BadFileError
from robot_r1.files import atomic_path
from robot_r1.pictures import MAX_BYTES
from robot_r1.png import checked_png
from robot_r1.stored_zip import Member, read_directory, read_member

ARRAYS = ("tip_position", "tip_quaternion", "gripper_open", "joint_positions", "joint_velocities")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MAX_HEADER = 2**20
"""Bytes of `demo.json`; it takes 2 kB."""
_FRAME = re.compile(r"frames/([0-9]{6})\.png")
_ARRAY = re.compile(
    rb"\x93NUMPY\x01\0..\{'descr': '(<f8|\|b1)', 'fortran_order': (True|False), "
    rb"'shape': \(([0-9]{1,9}), ?([0-9]{0,9})\), \} *\n",
    re.DOTALL,
)
"""What numpy writes before an array of float64 or bool of one or two dimensions. Its own reader evaluates the text."""


class _Header(BaseModel):
    key: DemoKey
    descriptions: Annotated[tuple[str, ...], Field(max_length=100)]
    camera: Camera
    provenance: Provenance


def demo_path(root: Path, key: DemoKey) -> Path:
    """Where the archive under `root` keeps a demo."""
    return root / f"{key.id}.zip"


def save_demo(demo: Demo, frames: Iterable[int], path: Path) -> None:
    """Store a demo with the given frame indices.

    Raises:
        BadDemoError: the demo cannot give one of the frames.
        OSError: the file cannot be written; nothing is left behind.
    """
    header = _Header(
        key=demo.key, descriptions=demo.descriptions, camera=demo.camera, provenance=demo.provenance
    ).model_dump_json(indent=1)
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("demo.json", _EPOCH), header)
        for name in ARRAYS:
            buffer = io.BytesIO()
            np.save(buffer, getattr(demo, name), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), buffer.getvalue())
        for index in frames:
            archive.writestr(zipfile.ZipInfo(_frame_name(index), _EPOCH), demo.load_frame(index))


def load_demo(path: Path) -> Demo:
    """Load a stored demo; its frames are read from the file, and checked, when asked for.

    Raises:
        BadDemoError: the file is missing or damaged.
        UserError: the disk fails, or the user may not read the file.
    """
    try:
        members = read_directory(path)
        header = _Header.model_validate_json(read_member(path, members, "demo.json", _MAX_HEADER))
        arrays = {name: _array(path, members, f"{name}.npy") for name in ARRAYS}
    except ValidationError as error:
        raise BadDemoError(path, f"demo.json is not a demo header ({error.error_count()} errors)") from error
    except BadFileError as error:
        raise BadDemoError(path, str(error)) from error
    return Demo(
        key=header.key,
        descriptions=header.descriptions,
        camera=header.camera,
        provenance=header.provenance,
        load_frame=_FrameReader(path, members, (header.camera.width, header.camera.height)),
        tip_position=arrays["tip_position"],
        tip_quaternion=arrays["tip_quaternion"],
        gripper_open=arrays["gripper_open"],
        joint_positions=arrays["joint_positions"],
        joint_velocities=arrays["joint_velocities"],
    )


def stored_frames(path: Path) -> set[int]:
    """Indices of the frames that a stored demo holds.

    Raises:
        BadDemoError: the file is damaged.
        UserError: the disk fails, or the user may not read the file.
    """
    try:
        members = read_directory(path)
    except BadFileError as error:
        raise BadDemoError(path, str(error)) from error
    return {int(match[1]) for match in map(_FRAME.fullmatch, members) if match}


def _array(path: Path, members: Mapping[str, Member], name: str) -> NDArray[Any]:
    data = read_member(path, members, name, MAX_FRAMES * MAX_JOINTS * 8 + 2**10)
    match = _ARRAY.match(data)
    if match is None:
        raise BadFileError(f"{name} is not an array of numbers, or of yes and no")
    dtype = np.dtype(match[1].decode())
    shape = tuple(int(size) for size in match.groups()[2:] if size)
    if prod(shape) * dtype.itemsize != len(data) - match.end():
        raise BadFileError(f"{name} holds {len(data) - match.end()} bytes, which are no array of shape {shape}")
    raw = np.frombuffer(data, np.uint8, offset=match.end())
    if dtype == np.bool_ and (raw > 1).any():
        raise BadFileError(f"{name} holds values that are neither yes nor no")
    return raw.view(dtype).reshape(shape, order="F" if match[2] == b"True" else "C").copy()


def _frame_name(index: int) -> str:
    return f"frames/{index:06d}.png"


@dataclass(frozen=True)
class _FrameReader:
    """Reads single frames; a class rather than a closure, so that a demo can be pickled."""

    path: Path
    members: Mapping[str, Member]
    size: tuple[int, int]

    def __call__(self, index: int) -> bytes:
        try:
            return checked_png(read_member(self.path, self.members, _frame_name(index), MAX_BYTES), self.size)
        except BadFileError as error:
            raise BadDemoError(self.path, f"frame {index} cannot be read: {error}") from error
