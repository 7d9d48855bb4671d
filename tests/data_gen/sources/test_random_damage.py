"""Whatever happens to a file, the answer is a demo or a `BadDemoError`, and memory stays small."""

import resource
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from data_gen.sources.rlbench_disk import DiskDemo, find_demos, load_demo
from robot_r1.demo import Demo, DemoKey
from robot_r1.errors import BadDemoError, BadFileError
from robot_r1.pictures import decode
from robot_r1.png import checked_png, png_size
from tests.support.recorded import RECORDED
from tests.support.rlbench_layout import Recording, picture, write_upstream

MUTATIONS = 1000
_EPISODE = RECORDED / "upstream/reach_red_block/variation0/episodes/episode1"


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """The data with one to three random faults: bits, bytes, cuts, repeats, moves."""
    result = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        at, other = (int(i) for i in rng.integers(0, max(1, len(result)), 2))
        length = int(rng.integers(1, 9))
        match rng.integers(0, 6):
            case 0:
                result[at : at + 1] = bytes([result[at] ^ 1 << rng.integers(0, 8)]) if result else b"x"
            case 1:
                result[at : at + length] = rng.bytes(length)
            case 2:
                del result[at : at + length]
            case 3:
                result[at:at] = rng.bytes(length)
            case 4:
                result[at:at] = result[other : other + length]
            case 5:
                if rng.random() < 0.2:
                    del result[at:]
    return bytes(result)


@contextmanager
def little_memory() -> Iterator[None]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # KiB


@pytest.fixture
def disk(tmp_path: Path) -> DiskDemo:
    """A demo whose pickle may be overwritten: a recorded one where there is one."""
    if not _EPISODE.is_dir():
        write_upstream(tmp_path, Recording(frames=40, size=16))
        return find_demos(tmp_path, None, None).found[0]
    (tmp_path / "front_rgb").symlink_to(_EPISODE / "front_rgb")
    (tmp_path / "low_dim_obs.pkl").write_bytes((_EPISODE / "low_dim_obs.pkl").read_bytes())
    return DiskDemo(DemoKey(task="reach_red_block", variation=0, episode=1), tmp_path, tmp_path / "none.pkl")


def outcomes(disk: DiskDemo, path: Path, rng: np.random.Generator) -> Counter[str]:
    whole = path.read_bytes()
    counts: Counter[str] = Counter()
    for _ in range(MUTATIONS):
        path.write_bytes(mutated(whole, rng))
        try:
            demo = load_demo(disk, "front")
        except BadDemoError as error:
            counts[type(error).__name__] += 1
        else:
            assert isinstance(demo, Demo)
            counts["loaded"] += 1
    return counts


def test_mutated_demo_pickles(disk):
    with little_memory():
        counts = outcomes(disk, disk.episode_dir / "low_dim_obs.pkl", np.random.default_rng(0))
    assert counts["BadDemoError"] > 100
    assert counts["loaded"] > 100


@pytest.mark.parametrize("protocol", [3, 5])
def test_mutated_pickles_of_small_demos(tmp_path, protocol):
    write_upstream(tmp_path, Recording(frames=2, size=8, protocol=protocol, numpy_names=1))
    (small,) = find_demos(tmp_path, None, None).found
    with little_memory():
        counts = outcomes(small, small.episode_dir / "low_dim_obs.pkl", np.random.default_rng(protocol))
    assert min(counts["BadDemoError"], counts["HostilePickleError"]) > 0


def test_mutated_descriptions(tmp_path):
    write_upstream(tmp_path, Recording(frames=2, size=8), descriptions=("reach the target", "touch the ball"))
    (small,) = find_demos(tmp_path, None, None).found
    counts = outcomes(small, small.descriptions_file, np.random.default_rng(1))
    assert counts["loaded"] > MUTATIONS / 2


def with_checksums(data: bytes) -> bytes:
    """A PNG with the checksums of its chunks put right, so that faults reach the decoder."""
    result = bytearray(data)
    position = 8
    while position + 12 <= len(result):
        end = position + 8 + int.from_bytes(result[position : position + 4], "big")
        result[end : end + 4] = zlib.crc32(result[position + 4 : end]).to_bytes(4, "big")
        position = end + 4
    return bytes(result)


@pytest.mark.parametrize("put_right", [False, True], ids=["as they are", "checksums put right"])
def test_mutated_pictures(put_right):
    recorded = _EPISODE / "front_rgb" / "5.png"
    whole = recorded.read_bytes() if recorded.is_file() else picture(Recording(size=64), "front", 5)
    size = png_size(whole)
    rng = np.random.default_rng(2)
    refused = 0
    with little_memory():
        for _ in range(MUTATIONS):
            data = mutated(whole, rng)
            try:
                picture_alone = checked_png(with_checksums(data) if put_right else data, size)
            except BadFileError:
                refused += 1
            else:
                assert decode(picture_alone).size == size
    assert refused > MUTATIONS / 3
