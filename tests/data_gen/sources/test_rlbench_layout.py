import os
import pickle
import shutil
from pathlib import Path

import pytest

from data_gen.sources.rlbench_layout import DiskDemo, find_demos
from robot_r1.demo import DemoKey
from robot_r1.errors import UserError
from tests.support.recorded import RECORDED, needs_recorded
from tests.support.rlbench_layout import Recording, pickled, write_peract, write_upstream

TINY = Recording(frames=2, size=8)


def ids(root: Path, tasks=None, variations=None) -> list[str]:
    return [demo.key.id for demo in find_demos(root, tasks, variations).found]


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """Two tasks of RLBench's layout and one of PerAct's, in two collections."""
    for variation, episode in ((0, 0), (0, 2), (0, 10), (2, 0), (10, 0)):
        write_upstream(tmp_path / "new", TINY, variation=variation, episode=episode)
    write_upstream(tmp_path / "new", TINY, task="pick_up_cup")
    for episode, variation in ((0, 1), (1, 0), (2, 1)):
        write_peract(tmp_path / "peract" / "train", TINY, variation=variation, episode=episode)
    return tmp_path


def test_demos_of_both_layouts_come_in_natural_order(both):
    assert ids(both) == [
        "new/pick_up_cup/variation0/episode0",
        "new/reach_target/variation0/episode0",
        "new/reach_target/variation0/episode2",
        "new/reach_target/variation0/episode10",
        "new/reach_target/variation2/episode0",
        "new/reach_target/variation10/episode0",
        "peract/train/open_drawer/variation0/episode1",
        "peract/train/open_drawer/variation1/episode0",
        "peract/train/open_drawer/variation1/episode2",
    ]


@pytest.mark.parametrize(
    ("below", "first"),
    [
        ("new", "pick_up_cup/variation0/episode0"),
        ("new/reach_target", "reach_target/variation0/episode0"),
        ("peract", "train/open_drawer/variation0/episode1"),
        ("peract/train", "open_drawer/variation0/episode1"),
        ("peract/train/open_drawer", "open_drawer/variation0/episode1"),
    ],
)
def test_root_may_be_any_folder_at_or_above_a_task(both, below, first):
    assert ids(both / below)[0] == first


def test_task_folder_may_be_the_working_directory(both, monkeypatch):
    monkeypatch.chdir(both / "new" / "reach_target")
    assert ids(Path())[0] == "reach_target/variation0/episode0"


def test_tasks_and_variations_are_filtered(both):
    assert ids(both, tasks=["open_drawer"], variations=[1]) == [
        "peract/train/open_drawer/variation1/episode0",
        "peract/train/open_drawer/variation1/episode2",
    ]


def test_paths_lead_to_the_episode_and_its_descriptions(both):
    demos = {demo.key.id: demo for demo in find_demos(both, None, None).found}
    task = both / "new/reach_target"
    assert demos["new/reach_target/variation2/episode0"] == DiskDemo(
        DemoKey(task="reach_target", variation=2, episode=0, collection="new"),
        task / "variation2/episodes/episode0",
        task / "variation2/variation_descriptions.pkl",
    )
    episode = both / "peract/train/open_drawer/all_variations/episodes/episode2"
    demo = demos["peract/train/open_drawer/variation1/episode2"]
    assert (demo.episode_dir, demo.descriptions_file) == (episode, episode / "variation_descriptions.pkl")


def test_peract_may_use_a_folder_for_each_variation(tmp_path):
    episode = write_peract(tmp_path, TINY, variation=3, episode=4)
    episode.parents[1].rename(tmp_path / "open_drawer" / "variation3")
    (demo,) = find_demos(tmp_path, None, None).found
    assert demo.key.id == "open_drawer/variation3/episode4"
    assert demo.descriptions_file == demo.episode_dir / "variation_descriptions.pkl"


def test_demos_can_be_sent_to_workers(both):
    found = find_demos(both, None, None).found
    assert pickle.loads(pickle.dumps(found)) == found
    assert len(set(found)) == len(found)


def test_stray_files_are_left_out(both):
    before = ids(both)
    episodes = both / "new/reach_target/variation0/episodes"
    for folder in (both, both / "new", episodes.parents[1], episodes.parent, episodes, episodes / "episode0"):
        (folder / ".DS_Store").write_bytes(b"x")
    (episodes / "episode3").write_bytes(b"a file")
    (episodes / "episode_old").mkdir()
    (episodes / "episode4.partial").mkdir()
    (both / "__MACOSX").mkdir()
    (both / "new/reach_target/variationX/episodes/episode0").mkdir(parents=True)
    shutil.copytree(episodes.parents[1], both / ".hidden" / "reach_target")
    assert ids(both) == before
    assert find_demos(both, None, None).damaged == ()


def test_folders_of_pictures_are_not_listed(both, monkeypatch):
    listed = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: listed.append(Path(folder).name) or scandir(folder))
    find_demos(both, None, None)
    assert "episodes" in listed
    assert not {"episode0", "front_rgb"} & set(listed)


def test_links_are_followed_once(both):
    (both / "peract" / "train" / "loop").symlink_to(both)
    (both / "again").symlink_to(both / "new")
    assert len(ids(both)) == 9


@pytest.mark.parametrize("stored", [None, b"", b"\x80\x04", pickled("1"), pickled(-1), pickled(1.5), pickled(True)])
def test_unreadable_variation_number_makes_a_demo_damaged(tmp_path, stored):
    write_peract(tmp_path, TINY, episode=0)
    path = write_peract(tmp_path, TINY, episode=1) / "variation_number.pkl"
    if stored is None:
        path.unlink()
    else:
        path.write_bytes(stored)
    discovery = find_demos(tmp_path, None, None)
    assert [demo.key.episode for demo in discovery.found] == [0]
    assert [damaged.where for damaged in discovery.damaged] == [str(path)]


def test_same_variation_and_episode_twice_is_named(tmp_path):
    write_upstream(tmp_path, TINY, task="open_drawer", variation=1, episode=0)
    write_peract(tmp_path, TINY, variation=1, episode=0)
    discovery = find_demos(tmp_path, None, None)
    assert len(discovery.found) == 1
    assert "variation 1, episode 0 again" in discovery.damaged[0].reason


@pytest.mark.parametrize("kind", ["missing", "file", "empty", "episodes", "no episodes"])
@pytest.mark.parametrize("tasks", [None, ["reach_target"]])
def test_wrong_root_tells_what_is_expected(tmp_path, kind, tasks):
    root = tmp_path / "root"
    if kind == "file":
        root.write_bytes(b"x")
    elif kind == "empty":
        root.mkdir()
    elif kind == "episodes":
        root = write_upstream(tmp_path, TINY)
    elif kind == "no episodes":
        (root / "reach_target/variation0/episodes").mkdir(parents=True)
    with pytest.raises(UserError, match="all_variations/episodes/episode<N>") as caught:
        find_demos(root, tasks, None)
    assert str(root) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_task_and_variation_tell_what_is_there(both):
    with pytest.raises(UserError, match=r"no task open_door; it has: open_drawer, pick_up_cup, reach_target"):
        find_demos(both, ["open_door", "pick_up_cup"], None)
    with pytest.raises(UserError, match=r"no variation 7; it has: 0, 1, 2, 10"):
        find_demos(both, None, [0, 7])


@needs_recorded
def test_recorded_demos_are_found():
    assert ids(RECORDED / "peract") == [
        "open_drawer/variation0/episode5",
        "open_drawer/variation1/episode1",
        "open_drawer/variation2/episode9",
    ]
    assert ids(RECORDED / "upstream") == [
        "reach_red_block/variation0/episode1",
        "reach_target/variation0/episode2",
    ]
