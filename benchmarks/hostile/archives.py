"""Recorded demo archives: damaged ones, and those that hold other things than a demo."""

import io
import json
import os
import pickle
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.hostile.measure import Case, Door
from benchmarks.hostile.values import one_of, spoilt, worker_folder
from benchmarks.hostile.watch import MARK, canary_file
from data_gen.config import BuildConfig
from data_gen.outline import track
from robot_r1.archive import ARRAYS, load_demo, save_demo, stored_frames
from robot_r1.errors import BadDemoError, UserError
from tests.support.damage import mutated
from tests.support.demos import make_demo

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_HEADERS = (
    "{'descr': '<f8', 'fortran_order': False, 'shape': (3000000000000, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (True, 3), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (53, 3), }",
    "{'descr': [('a', '<f8'), ('b', '|O')], 'fortran_order': False, 'shape': (53,), }",
    "{'descr': '<f8', 'fortran_order': 3, 'shape': (53, 3), }",
    "{'descr': '<U1000000000', 'fortran_order': False, 'shape': (53, 3), }",
    "{'descr': '<f8', 'shape': (53, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "(" * 500 + ")" * 500 + "), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (10L, 3L), }",
    "{'descr': \"\"\"<f8', 'fortran_order': False, 'shape': (53, 3), }",
    f"__import__('{MARK}')",
    "{" * 3000,
    "",
    "\x00" * 60,
    "[" + "1," * 4000 + "]",
)


@dataclass(frozen=True)
class _Good:
    members: dict[str, bytes]
    whole: bytes


@dataclass
class _Archive:
    """An archive in the making."""

    members: dict[str, bytes]
    method: int = zipfile.ZIP_STORED
    twice: tuple[str, ...] = ()

    def written(self) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", self.method) as archive:
            for name in (*self.members, *self.twice):
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), self.members[name], self.method)
        return buffer.getvalue()


def _prepare(folder: Path) -> _Good:
    demo = make_demo(size=16)
    save_demo(demo, range(0, len(demo), 10), folder / "demo.zip")
    with zipfile.ZipFile(folder / "demo.zip") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return _Good(members, (folder / "demo.zip").read_bytes())


def _hostile(good: _Good, rng: np.random.Generator, place: Path) -> Case:
    what, data = _damaged(good, rng, worker_folder(place))
    path = place / "episode0.zip"
    path.write_bytes(data)
    return Case(what, lambda: _read(path))


def _read(path: Path) -> None:
    """As the build does: frames, arrays, keypoints, camera, pictures."""
    frames = stored_frames(path)
    demo = load_demo(path)
    config = BuildConfig()
    track(demo, "train", config)
    demo.camera.sees(demo.tip_position)
    for frame in sorted(frames)[:3]:
        demo.load_frame(frame)


def _damaged(good: _Good, rng: np.random.Generator, folder: Path) -> tuple[str, bytes]:
    archive = _Archive(dict(good.members))
    match int(rng.integers(12)):
        case 0 | 1:
            return "flips and cuts", mutated(good.whole, rng)
        case 2:
            name = one_of(list(archive.members), rng)
            archive.members[name] = mutated(archive.members[name], rng)
            return f"flips and cuts in {name}", archive.written()
        case 3 | 4:
            header = json.loads(archive.members["demo.json"])
            what = spoilt(header, rng, folder)
            archive.members["demo.json"] = json.dumps(header).encode()
            return f"demo.json: {what}", archive.written()
        case 5 | 6:
            name = one_of(ARRAYS, rng)
            what, archive.members[f"{name}.npy"] = _array(rng, folder)
            return f"{name}: {what}", archive.written()
        case 7:
            name = one_of(ARRAYS, rng)
            header = one_of(_HEADERS, rng)
            data = _with_header(header, rng)
            archive.members[f"{name}.npy"] = data + bytes(53 * 3 * 8)
            return f"{name}: npy header {header[:40]!r}", archive.written()
        case 8:
            return _compressed(archive, rng)
        case 9:
            return _flagged(good.whole, rng)
        case 10:
            return _members(archive, rng)
        case _:
            return _other_files(rng)


def _array(rng: np.random.Generator, folder: Path) -> tuple[str, bytes]:
    arrays: dict[str, Any] = {
        "objects": np.array([{"a": 1}] * 53, dtype=object),
        "objects that run": np.array([_Runs(f"touch {canary_file(folder)}")] * 3, dtype=object),
        "strings": np.array(["a", "b"] * 53),
        "dates": np.zeros((53, 3), "datetime64[s]"),
        "complex": np.zeros((53, 3), complex),
        "booleans": np.ones((53, 3), bool),
        "half floats": np.zeros((53, 3), np.float16),
        "long doubles": np.zeros((53, 3), np.longdouble),
        "other byte order": np.zeros((53, 3), ">f8"),
        "records": np.zeros(53, [("a", "f8"), ("b", "i4")]),
        "no dimension": np.array(1.0),
        "none": np.zeros((0, 3)),
        "one frame": np.zeros((1, 3)),
        "nine dimensions": np.zeros((1,) * 9),
        "not finite": np.full((53, 3), np.nan),
        "huge": np.full((53, 3), 1e308),
        "far": np.full((53, 3), 900.0),
        "tiny": np.full((53, 4), 1e-320),
        "a million frames": np.zeros((1_000_000, 3), np.float32),
        "negative": np.full((53, 7), -1e9),
        "voids": np.zeros(53, "V8"),
        "integers": np.full((53, 7), 2**63 - 1),
    }
    name = one_of(list(arrays), rng)
    if rng.random() < 0.1:
        return f"a pickle of {name}", pickle.dumps(arrays[name], 2)
    buffer = io.BytesIO()
    np.save(buffer, np.asfortranarray(arrays[name]) if rng.random() < 0.2 else arrays[name], allow_pickle=True)
    return name, buffer.getvalue()


class _Runs:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self._command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self._command,)


def _with_header(header: str, rng: np.random.Generator) -> bytes:
    version = int(rng.integers(1, 5))
    encoded = header.encode() + b"\n"
    length = struct.pack("<H", len(encoded)) if version == 1 else struct.pack("<I", len(encoded))
    if rng.random() < 0.2:
        length = b"\xff" * len(length)
    return b"\x93NUMPY" + bytes([version, 0]) + length + encoded


def _compressed(archive: _Archive, rng: np.random.Generator) -> tuple[str, bytes]:
    archive.method = one_of(_METHODS, rng)
    name = one_of(list(archive.members), rng)
    bomb = rng.random() < 0.5
    if bomb:
        archive.members[name] += bytes(int(rng.integers(1, 100)) * 1_000_000)
    data = archive.written()
    what = f"method {archive.method}{f', zeros behind {name}' if bomb else ''}"
    return (f"{what}, damaged", mutated(data, rng)) if rng.random() < 0.3 else (what, data)


def _flagged(data: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """One field of a member's entry in the directory is another."""
    fields = {"flags": (8, 2), "method": (10, 2), "checksum": (16, 4), "packed size": (20, 4), "size": (24, 4)}
    fields |= {"length of the name": (28, 2), "extra": (30, 2), "comment": (32, 2), "place": (42, 4)}
    name = one_of(list(fields), rng)
    at, size = fields[name]
    entries = [i for i in range(len(data) - 4) if data[i : i + 4] == b"PK\x01\x02"]
    result = bytearray(data)
    chosen = entries if rng.random() < 0.3 else [one_of(entries, rng)]
    value = one_of((b"\x01\0\0\0", b"\x08\0\0\0", b"\x63\0\0\0", b"\x0e\0\0\0", b"\xff" * 4, rng.bytes(4)), rng)
    for entry in chosen:
        result[entry + at : entry + at + size] = value[:size]
    return f"directory: {name} is {value[:size].hex()}", bytes(result)


def _members(archive: _Archive, rng: np.random.Generator) -> tuple[str, bytes]:
    name = one_of(list(archive.members), rng)
    match int(rng.integers(6)):
        case 0:
            del archive.members[name]
            return f"{name} is missing", archive.written()
        case 1:
            archive.twice = (name,)
            return f"{name} is there twice", archive.written()
        case 2:
            extra = one_of(("frames/x.png", "frames/-1.png", "../x", "/etc/x", "frames/", "a\x01b", "frames/²"), rng)
            archive.members[extra] = b"x"
            return f"{extra} is there too", archive.written()
        case 3:
            archive.members[name] = b""
            return f"{name} is empty", archive.written()
        case 4:
            archive.members |= {f"frames/{index:06d}.png": b"x" for index in range(20_000)}
            return "20,000 frames", archive.written()
        case _:
            archive.members["demo.json"] = one_of((b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b"null"), rng)
            return "demo.json is no header", archive.written()


def _other_files(rng: np.random.Generator) -> tuple[str, bytes]:
    files = {
        "nothing": b"",
        "a pointer": b"version https://git-lfs.github.com/spec/v1\n",
        "text": b"not an archive" * 100,
        "an end alone": b"PK\x05\x06" + bytes(18),
        "an end that lies": b"PK\x05\x06" + b"\xff" * 18,
        "zip64 that lies": b"PK\x06\x06" + b"\xff" * 52 + b"PK\x06\x07" + bytes(16) + b"PK\x05\x06" + b"\xff" * 18,
        "a million ends": b"PK\x05\x06" * 1_000_000,
    }
    name = one_of(list(files), rng)
    return f"no archive: {name}", files[name]


ARCHIVES = Door("archives", "recorded demo archives", 1200, (BadDemoError, UserError), _prepare, _hostile)
