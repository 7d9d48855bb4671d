"""A demonstration on disk: one zip file per demo, complete or absent.

The file holds `demo.json` (identity, descriptions, camera, provenance), one `.npy` per array and the PNG frames
`frames/<index>.png` that were drawn. Nothing is compressed again and time stamps are fixed, so that the same demo
gives the same bytes.
"""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ValidationError

from robot_r1.demo import Camera, Demo, DemoKey, Provenance
from robot_r1.errors import BadDemoError
from robot_r1.files import atomic_path

ARRAYS = ("tip_position", "tip_quaternion", "gripper_open", "joint_positions", "joint_velocities")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_DAMAGE = (OSError, zipfile.BadZipFile, KeyError, ValueError, EOFError, NotImplementedError)
"""What zipfile and numpy raise on damaged files; NotImplementedError is zipfile's word for a mangled header."""


class _Header(BaseModel):
    key: DemoKey
    descriptions: tuple[str, ...]
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
    """Load a stored demo; its frames are read from the file when asked for.

    Raises:
        BadDemoError: the file is missing or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            header = _Header.model_validate_json(archive.read("demo.json"))
            arrays = {name: np.load(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False) for name in ARRAYS}
    except ValidationError as error:
        raise BadDemoError(path, f"demo.json is not a demo header ({error.error_count()} errors)") from error
    except _DAMAGE as error:
        raise BadDemoError(path, f"cannot be read as a demo archive: {error}") from error
    return Demo(
        key=header.key,
        descriptions=header.descriptions,
        camera=header.camera,
        provenance=header.provenance,
        load_frame=_FrameReader(path),
        **arrays,
    )


def stored_frames(path: Path) -> set[int]:
    """Indices of the frames that a stored demo holds.

    Raises:
        BadDemoError: the file is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except _DAMAGE as error:
        raise BadDemoError(path, f"cannot be read as a demo archive: {error}") from error
    return {int(Path(name).stem) for name in names if name.startswith("frames/")}


def _frame_name(index: int) -> str:
    return f"frames/{index:06d}.png"


class _FrameReader:
    """Reads single frames; the file stays open between them, and is opened again after the reader was pickled."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._archive: zipfile.ZipFile | None = None

    def __call__(self, index: int) -> bytes:
        try:
            if self._archive is None:
                self._archive = zipfile.ZipFile(self._path)
            return self._archive.read(_frame_name(index))
        except _DAMAGE as error:
            raise BadDemoError(self._path, f"frame {index} cannot be read: {error}") from error

    def __reduce__(self) -> tuple[type["_FrameReader"], tuple[Path]]:
        return _FrameReader, (self._path,)
