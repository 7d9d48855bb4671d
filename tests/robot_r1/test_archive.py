import dataclasses
import errno
import io
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robot_r1.archive import ARRAYS, load_demo, save_demo, stored_frames
from robot_r1.errors import BadDemoError, UserError
from tests.support.demos import make_demo, noise_png


def test_a_stored_demo_comes_back(tmp_path: Path) -> None:
    demo = make_demo()
    path = tmp_path / "a" / "demo.zip"
    save_demo(demo, (0, 10), path)
    loaded = load_demo(path)
    assert all(np.array_equal(getattr(loaded, name), getattr(demo, name)) for name in ARRAYS)
    assert (loaded.key, loaded.descriptions, loaded.camera) == (demo.key, demo.descriptions, demo.camera)
    assert loaded.provenance == demo.provenance
    assert loaded.load_frame(10) == demo.load_frame(10)
    assert stored_frames(path) == {0, 10}
    with pytest.raises(BadDemoError, match="frame 20 cannot be read"):
        loaded.load_frame(20)


def test_same_demo_same_bytes(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        save_demo(make_demo(), (0, 10), tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_failed_save_leaves_nothing(tmp_path: Path) -> None:
    def broken(index: int) -> bytes:
        raise BadDemoError("camera", "broken")

    demo = make_demo()
    object.__setattr__(demo, "load_frame", broken)
    with pytest.raises(BadDemoError):
        save_demo(demo, (0,), tmp_path / "demo.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_save_leaves_no_demo(tmp_path: Path) -> None:
    code = (
        "import os, signal, pathlib\n"
        "from robot_r1.archive import save_demo\n"
        "from tests.support.demos import make_demo\n"
        "demo = make_demo()\n"
        "object.__setattr__(demo, 'load_frame', lambda i: os.kill(os.getpid(), signal.SIGKILL))\n"
        f"save_demo(demo, (0,), pathlib.Path({str(tmp_path / 'demo.zip')!r}))\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False)
    assert result.returncode == -signal.SIGKILL
    assert not (tmp_path / "demo.zip").exists()


@pytest.mark.parametrize("keep", [0, 10, 500, 5_000])
def test_a_truncated_archive_is_a_named_error(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "demo.zip"
    save_demo(make_demo(), (0, 10), path)
    os.truncate(path, keep)
    with pytest.raises(BadDemoError, match=r"demo\.zip"):
        load_demo(path)


def members(path: Path) -> dict[str, bytes]:
    """The members of a stored demo, which is made at `path`."""
    save_demo(make_demo(), (0, 10), path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(path: Path, held: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, data in held:
            archive.writestr(name, data)
    return path


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


HOSTILE_ARRAYS = {
    "objects": npy(np.full((47, 3), None)),
    "pickle": pickle.dumps([1, 2]),
    "complex": npy(np.zeros((47, 3), complex)),
    "texts": npy(np.full((47, 3), "0")),
    "three dimensions": npy(np.zeros((47, 3, 1))),
    "vast": npy(np.zeros((47, 3))).replace(b"(47, 3), }           ", b"(3000000000, 3), }   "),
    "negative": npy(np.zeros((47, 3))).replace(b"(47, 3), } ", b"(-47, 3), }"),
    "more than it holds": npy(np.zeros((47, 3)))[:-8],
    "less than it holds": npy(np.zeros((47, 3))) + bytes(8),
    "nested": npy(np.zeros((47, 3))).replace(b"'<f8'", b"((((("),
    "half a text": npy(np.zeros((47, 3))).replace(b"'<f8', 'fortran_order'", b'"""<f8\', \'fortran_order'),
    "another version": npy(np.zeros((47, 3))).replace(b"NUMPY\1", b"NUMPY\2"),
    "empty": b"",
    "too large": npy(np.zeros(2**21)),
    "not finite": npy(np.full((47, 3), np.nan)),
    "another shape": npy(np.zeros((47, 4))),
}


@pytest.mark.parametrize("what", HOSTILE_ARRAYS)
def test_a_hostile_array_is_a_named_error(tmp_path: Path, what: str) -> None:
    path = tmp_path / "demo.zip"
    held = members(path) | {"tip_position.npy": HOSTILE_ARRAYS[what]}
    with pytest.raises(BadDemoError, match="tip_position"):
        load_demo(written(path, held.items()))


def test_answers_of_yes_and_no_are_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "demo.zip"
    held = members(path)
    held["gripper_open.npy"] = held["gripper_open.npy"][:-1] + b"\7"
    with pytest.raises(BadDemoError, match="neither yes nor no"):
        load_demo(written(path, held.items()))


def test_arrays_of_either_order_come_back(tmp_path: Path) -> None:
    angles = np.asfortranarray(np.random.default_rng(0).random((47, 6)))
    demo = dataclasses.replace(make_demo(), joint_positions=angles, joint_velocities=np.zeros((47, 6)))
    save_demo(demo, (), tmp_path / "demo.zip")
    assert np.array_equal(load_demo(tmp_path / "demo.zip").joint_positions, demo.joint_positions)


HEADERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "camera of one number": lambda header: header["camera"].update(intrinsics=[[1]]),
    "camera without width": lambda header: header["camera"].update(width=0),
    "no camera": lambda header: header.update(camera=None),
    "episode": lambda header: header["key"].update(episode=10**40),
    "name of two lines": lambda header: header["key"].update(task="a\nb"),
    "many descriptions": lambda header: header.update(descriptions=["x"] * 1000),
}


@pytest.mark.parametrize("what", HEADERS)
def test_a_hostile_header_is_a_named_error(tmp_path: Path, what: str) -> None:
    path = tmp_path / "demo.zip"
    held = members(path)
    header = json.loads(held["demo.json"])
    HEADERS[what](header)
    held["demo.json"] = json.dumps(header).encode()
    with pytest.raises(BadDemoError, match=r"demo\.json is not a demo header"):
        load_demo(written(path, held.items()))


@pytest.mark.parametrize("text", [b"[" * 200_000, b"\xff", b"", b"null", b'{"key": "\\ud800"}', b" " * 2**21])
def test_a_header_that_is_no_header_is_a_named_error(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "demo.zip"
    held = members(path) | {"demo.json": text}
    with pytest.raises(BadDemoError, match=r"demo\.json"):
        load_demo(written(path, held.items()))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compressed_archive_is_refused_unread(tmp_path: Path, method: int) -> None:
    path = tmp_path / "demo.zip"
    held = members(path) | {"tip_position.npy": bytes(30_000_000)}
    written(path, held.items(), method)
    assert path.stat().st_size < 1_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadDemoError, match="is compressed, encrypted or of another kind"):
        load_demo(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024  # KiB


def test_a_member_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "demo.zip"
    held = list(members(path).items())
    with pytest.raises(BadDemoError, match="twice"):
        load_demo(written(path, [*held, held[0]]))


def test_members_that_lie_over_each_other_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "demo.zip"
    held = [*members(path).items(), ("frames/000020.png", bytes(100_000)), ("frames/000030.png", bytes(100_000))]
    data = bytearray(written(path, held).read_bytes())
    entry = data.rindex(b"PK\1\2")
    data[entry + 20 : entry + 28] = (len(data) // 2).to_bytes(4, "little") * 2
    path.write_bytes(data)
    with pytest.raises(BadDemoError, match="larger than the file"):
        stored_frames(path)


@pytest.mark.parametrize("flag", [0, 5, 6, 13])
def test_an_encrypted_member_is_refused(tmp_path: Path, flag: int) -> None:
    path = tmp_path / "demo.zip"
    members(path)
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8 + flag // 8] |= 1 << flag % 8
    path.write_bytes(data)
    with pytest.raises(BadDemoError, match=r"demo\.json is compressed, encrypted or of another kind"):
        load_demo(path)


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_what_is_no_file_is_a_named_error(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "demo.zip"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    for read in (load_demo, stored_frames):
        with pytest.raises(BadDemoError, match=r"demo\.zip: is"):
            read(path)


def test_a_disk_that_fails_is_no_damaged_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "demo.zip"
    members(path)
    demo = load_demo(path)

    def stale(*_: object) -> object:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(Path, "open", stale)
    monkeypatch.setattr("robot_r1.files.time.sleep", lambda _: None)
    for read in (lambda: load_demo(path), lambda: stored_frames(path), lambda: demo.load_frame(10)):
        with pytest.raises(UserError, match="the disk or the network fails"):
            read()


def test_frames_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "demo.zip"
    held = members(path)
    whole = held["frames/000010.png"]
    bomb = zlib.compress(bytes(30_000_000))
    text = b"zTXtk\0\0" + bomb
    chunk = (len(text) - 4).to_bytes(4, "big") + text + zlib.crc32(text).to_bytes(4, "big")
    held["frames/000010.png"] = whole[:33] + chunk + whole[33:]
    assert load_demo(written(path, held.items())).load_frame(10) == whole
    for frame, reason in (
        (noise_png(1, size=65), "65 x 65 pixels"),
        (whole[:-20], "damaged"),
        (b"GIF89a", "not a PNG"),
    ):
        held["frames/000010.png"] = frame
        with pytest.raises(BadDemoError, match=f"frame 10 cannot be read: .*{reason}"):
            load_demo(written(path, held.items())).load_frame(10)


def test_random_damage_never_gives_another_error(tmp_path: Path) -> None:
    path = tmp_path / "demo.zip"
    save_demo(make_demo(), (0, 10), path)
    whole = path.read_bytes()
    directory = whole.index(b"PK\1\2")
    rng = np.random.default_rng(0)
    for number in range(600):
        damaged = bytearray(whole)
        for position in rng.integers(directory if number % 2 else 0, len(whole), size=1 + number % 4):
            damaged[position] = rng.integers(256)
        path.write_bytes(damaged)
        for read in (lambda: load_demo(path).load_frame(10), lambda: stored_frames(path)):
            try:
                read()
            except BadDemoError as error:
                assert "demo" in error.where or "push_button" in error.where
