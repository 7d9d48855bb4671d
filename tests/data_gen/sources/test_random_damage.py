"""Whatever happens to a file, the answer is a demo or a `BadDemoError`, and memory stays small."""

import resource
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
from tests.support.damage import mutated, with_checksums
from tests.support.recorded import RECORDED
from tests.support.rlbench_layout import Recording, picture, write_upstream

MUTATIONS = 1000
_EPISODE = RECORDED / "upstream/reach_red_block/variation0/episodes/episode1"


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
