import errno
import io
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_gen.sources.rlbench_disk import DiskDemo, find_demos, load_demo
from data_gen.sources.safe_pickle import HostilePickleError
from robot_r1.demo import Demo
from robot_r1.errors import BadDemoError, UserError
from robot_r1.geometry import project
from robot_r1.instructions import instructions
from tests.support import rlbench_layout as synthetic
from tests.support.rights import without_rights
from tests.support.rlbench_layout import Recording, pickled, tip_path, write_peract, write_upstream

SMALL = Recording(frames=10, size=32)


def only(root: Path) -> DiskDemo:
    (disk,) = find_demos(root, None, None).found
    return disk


def projected_tip(demo: Demo, index: int) -> tuple[float, float]:
    matrices = np.array(demo.camera.intrinsics), np.array(demo.camera.extrinsics)
    u, v, _ = project(demo.tip_position[index], *matrices)
    return float(u), float(v)


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("numpy_names", [1, 2])
@pytest.mark.parametrize("write", [write_upstream, write_peract])
def test_demo_is_what_was_recorded(tmp_path, write, protocol, numpy_names):
    recording = Recording(frames=12, size=32, protocol=protocol, numpy_names=numpy_names)
    episode = write(tmp_path, recording, variation=1, descriptions=("do this", "", " do that "))
    demo = load_demo(only(tmp_path), "front")
    assert len(demo) == 12
    assert demo.key.variation == 1
    assert demo.descriptions == ("do this", "do that")
    np.testing.assert_array_equal(demo.tip_position, tip_path(recording))
    assert demo.gripper_open.tolist() == [True] * 8 + [False] * 4
    assert demo.joint_positions.shape == demo.joint_velocities.shape == (12, 7)
    assert (demo.camera.name, demo.camera.width, demo.camera.height) == ("front", 32, 32)
    assert demo.provenance.source == "rlbench-disk"
    assert demo.provenance.seed is None
    assert not demo.provenance.fallback_description
    assert "num_reset_attempts" in demo.provenance.versions["demo_format"]
    assert demo.load_frame(3) == (episode / "front_rgb" / "3.png").read_bytes()


@pytest.mark.parametrize("camera", ["front", "overhead", "left_shoulder", "right_shoulder"])
def test_tip_is_where_the_camera_sees_it(tmp_path, camera):
    recording = Recording(frames=6, size=96, cameras=(camera,))
    write_upstream(tmp_path, recording)
    demo = load_demo(only(tmp_path), camera)
    pixels = np.asarray(Image.open(io.BytesIO(demo.load_frame(4)))).astype(int)
    rows, columns = np.nonzero((pixels[..., 0] > 240) & (pixels[..., 1] < 20))
    np.testing.assert_allclose(projected_tip(demo, 4), (columns.mean(), rows.mean()), atol=1)


def test_demo_can_be_sent_to_another_process(tmp_path):
    write_upstream(tmp_path, SMALL)
    demo = load_demo(only(tmp_path), "front")
    assert pickle.loads(pickle.dumps(demo)).load_frame(9) == demo.load_frame(9)


def test_other_cameras_are_never_opened(tmp_path):
    episode = write_upstream(tmp_path, SMALL)
    (episode / "overhead_rgb").mkdir()
    (episode / "overhead_rgb" / "0.png").write_bytes(b"")
    (episode / "wrist_rgb").write_bytes(b"not even a folder")

    def without_wrist(demo: synthetic.Demo) -> synthetic.Demo:
        for observation in demo._observations:
            observation.misc = {key: value for key, value in observation.misc.items() if "wrist" not in key}
        return demo

    (episode / "low_dim_obs.pkl").write_bytes(pickled(without_wrist(synthetic.make_demo(SMALL))))
    load_demo(only(tmp_path), "front").load_frame(0)


@pytest.mark.parametrize(
    "value", [1.0, 1, True, np.float64(1), np.array(1.0), np.array([1.0]), np.array(True), np.float32(0.96)], ids=repr
)
def test_gripper_open_may_be_any_kind_of_number(tmp_path, value):
    def edit(demo: synthetic.Demo) -> synthetic.Demo:
        for observation in demo._observations[:5]:
            observation.gripper_open = value
        return demo

    write_upstream(tmp_path, SMALL, edit=edit)
    assert load_demo(only(tmp_path), "front").gripper_open[:5].all()


def set_all(name: str, value: object) -> synthetic.Edit:
    def edit(demo: synthetic.Demo) -> synthetic.Demo:
        for observation in demo._observations:
            setattr(observation, name, value)
        return demo

    return edit


def set_one(name: str, value: object) -> synthetic.Edit:
    def edit(demo: synthetic.Demo) -> synthetic.Demo:
        setattr(demo._observations[3], name, value)
        return demo

    return edit


def set_camera(key: str, value: object) -> synthetic.Edit:
    def edit(demo: synthetic.Demo) -> synthetic.Demo:
        demo._observations[3].misc[f"front_camera_{key}"] = value
        demo._observations[0].misc[f"front_camera_{key}"] = value
        return demo

    return edit


def set_state(**attributes: object) -> synthetic.Edit:
    def edit(demo: synthetic.Demo) -> synthetic.Demo:
        demo.__dict__ = attributes
        return demo

    return edit


DAMAGES: dict[str, tuple[synthetic.Edit, str]] = {
    "no velocities": (set_all("joint_velocities", None), "frame 0 has no joint_velocities"),
    "no pose in one frame": (set_one("gripper_pose", None), "frame 3 has no gripper_pose"),
    "positions of six joints": (set_one("joint_positions", np.zeros(6)), r"shape \(6,\), expected \(7,\)"),
    "joints in degrees": (set_all("joint_positions", np.full(7, 45.0)), "joint_positions holds 45"),
    "speeds of six joints": (set_all("joint_velocities", np.zeros(6)), r"shape \(10, 6\), expected \(10, 7\)"),
    "joints in a table": (set_all("joint_positions", np.zeros((7, 7))), "joint_positions has shape"),
    "no joints": (set_all("joint_positions", np.zeros(0)), "joint_positions has shape"),
    "pose five metres away": (set_one("gripper_pose", np.array([5, 0, 1, 0, 1, 0, 0.0])), "tip of frame 3 is 5.27 m"),
    "pose in space": (set_all("gripper_pose", np.array([9e5, 0, 1, 0, 1, 0, 0.0])), "9e.05 m from the robot"),
    "quaternion of length two": (set_one("gripper_pose", np.array([0, 0, 1, 0, 2, 0, 0.0])), "tip_quaternion holds 2"),
    "pose as a list": (set_all("gripper_pose", [0.0] * 7), "is not an array"),
    "pose with a nan": (set_one("gripper_pose", np.full(7, np.nan)), "not finite"),
    "pose of objects": (set_one("gripper_pose", np.array([None] * 7)), "something else than numbers"),
    "quaternion of zeros": (set_one("gripper_pose", np.zeros(7)), "quaternion is zero"),
    "gripper unknown": (set_one("gripper_open", None), "gripper_open of frame 3"),
    "gripper in words": (set_one("gripper_open", "open"), "gripper_open of frame 3"),
    "gripper of two": (set_one("gripper_open", np.ones(2)), "gripper_open of frame 3"),
    "no misc": (set_all("misc", None), "no misc"),
    "camera not recorded": (set_all("misc", {}), "no front_camera_intrinsics"),
    "camera without pose": (set_camera("extrinsics", None), "no front_camera_extrinsics"),
    "camera pose is no pose": (set_camera("extrinsics", np.ones((4, 4))), "not a pose"),
    "camera without focal length": (set_camera("intrinsics", np.zeros((3, 3))), "pinhole"),
    "camera moves": (set_camera("extrinsics", np.eye(4)), "camera front moves"),
    "a bare list": (lambda demo: demo._observations, "pre-2020 RLBench recording"),
    "a number": (lambda demo: 5, "holds no RLBench demo"),
    "an observation": (lambda demo: demo._observations[0], "holds no RLBench demo"),
    "no observations": (set_state(_observations=[]), "no frames"),
    "no list of observations": (set_state(random_seed=0), "holds no RLBench demo"),
    "numbers as observations": (set_state(_observations=[1, 2]), "frame 0 is not an observation"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_contents_are_named(tmp_path, damage):
    edit, reason = DAMAGES[damage]
    write_upstream(tmp_path, SMALL, edit=edit)
    with pytest.raises(BadDemoError, match=reason):
        load_demo(only(tmp_path), "front")


def test_bimanual_observation_is_named(tmp_path):
    episode = write_upstream(tmp_path, SMALL)
    data = pickled(synthetic.make_demo(SMALL), protocol=3)
    path = episode / "low_dim_obs.pkl"
    path.write_bytes(data.replace(b"observation\nObservation\n", b"observation\nBimanualObservation\n"))
    with pytest.raises(BadDemoError, match=r"not an observation of one arm, but of type .*BimanualObservation"):
        load_demo(only(tmp_path), "front")


@pytest.mark.parametrize("joints", [6, 7, 14])
def test_an_arm_may_have_any_number_of_joints(tmp_path, joints):
    def edit(demo: synthetic.Demo) -> synthetic.Demo:
        for observation in demo._observations:
            observation.joint_positions = observation.joint_velocities = np.full(joints, 0.5)
        return demo

    write_upstream(tmp_path, SMALL, edit=edit)
    assert load_demo(only(tmp_path), "front").joint_positions.shape == (10, joints)


def keep_pictures(episode: Path, *frames: int) -> None:
    for picture in (episode / "front_rgb").iterdir():
        if int(picture.stem) not in frames:
            picture.unlink()


@pytest.mark.parametrize("kept", [(0, 7, 9), (3,), (5, 8)])
def test_a_demo_may_have_pictures_of_keyframes_only(tmp_path, kept):
    keep_pictures(write_peract(tmp_path, SMALL), *kept)
    demo = load_demo(only(tmp_path), "front")
    assert (len(demo), demo.pictured) == (10, kept)
    assert demo.load_frame(kept[-1])
    with pytest.raises(BadDemoError, match=f"no frame 1 among {len(kept)}"):
        demo.load_frame(1)


def write_unimanual(root: Path) -> Path:
    """A demo as the bimanual fork writes one of a single arm."""

    def edit(demo: synthetic.Demo) -> synthetic.Demo:
        for observation in demo._observations:
            kept = {name: v for name, v in vars(observation).items() if not name.endswith(("_rgb", "_depth", "_mask"))}
            observation.__dict__ = kept | {"perception_data": {}, "ignore_collisions": None}
        return demo

    episode = write_peract(root, SMALL)
    data = pickled(edit(synthetic.make_demo(SMALL)), protocol=3)
    name = b"observation\nUnimanualObservation\n"
    (episode / "low_dim_obs.pkl").write_bytes(data.replace(b"observation\nObservation\n", name))
    for picture in (episode / "front_rgb").iterdir():
        picture.rename(picture.with_name(f"rgb_{int(picture.stem):04d}.png"))
    return episode


def test_demo_of_one_arm_by_the_bimanual_fork_is_read(tmp_path):
    episode = write_unimanual(tmp_path)
    demo = load_demo(only(tmp_path), "front")
    np.testing.assert_array_equal(demo.tip_position, tip_path(SMALL))
    assert "UnimanualObservation" not in demo.provenance.versions["demo_format"]
    assert demo.pictured is None
    assert demo.load_frame(7) == (episode / "front_rgb" / "rgb_0007.png").read_bytes()
    (episode / "front_rgb" / "rgb_0007.png").unlink()
    with pytest.raises(BadDemoError, match=r"9 pictures for 10 frames; rgb_0007\.png is missing"):
        load_demo(only(tmp_path), "front")


FileDamage = Callable[[Path], object]
FILE_DAMAGES: dict[str, tuple[FileDamage, str, str]] = {
    "no pickle": (lambda e: (e / "low_dim_obs.pkl").unlink(), "low_dim_obs.pkl", "is missing"),
    "empty pickle": (lambda e: (e / "low_dim_obs.pkl").write_bytes(b""), "low_dim_obs.pkl", "empty"),
    "truncated": (lambda e: os.truncate(e / "low_dim_obs.pkl", 2000), "low_dim_obs.pkl", "truncated or damaged"),
    "no folder": (lambda e: shutil.rmtree(e / "front_rgb"), "front_rgb", "is missing; .* there: overhead_rgb"),
    "no pictures": (lambda e: [p.unlink() for p in (e / "front_rgb").iterdir()], "front_rgb", "no pictures"),
    "one missing": (lambda e: (e / "front_rgb/4.png").unlink(), "front_rgb", "9 pictures for 10 .* 4.png is missing"),
    "one too many": (lambda e: (e / "front_rgb/10.png").write_bytes(b""), "front_rgb", "11 pictures for 10 frames"),
    "a gap": (
        lambda e: (e / "front_rgb/4.png").rename(e / "front_rgb/12.png"),
        "front_rgb",
        "there is no frame for 12.png",
    ),
    "first": (
        lambda e: [(e / f"front_rgb/{i}.png").unlink() for i in range(3, 10)],
        "front_rgb",
        "3 pictures .* first",
    ),
    "padded": (lambda e: (e / "front_rgb/4.png").rename(e / "front_rgb/04.png"), "front_rgb", "4.png is missing"),
    "first is empty": (lambda e: (e / "front_rgb/0.png").write_bytes(b""), "0.png", "empty"),
}


@pytest.mark.parametrize("damage", FILE_DAMAGES)
def test_damaged_files_are_named(tmp_path, damage):
    function, where, reason = FILE_DAMAGES[damage]
    function(write_upstream(tmp_path, Recording(frames=10, size=16, cameras=("front", "overhead"))))
    with pytest.raises(BadDemoError, match=reason) as caught:
        load_demo(only(tmp_path), "front")
    assert caught.value.where.endswith(where)


def test_stray_files_among_pictures_are_left_alone(tmp_path):
    pictures = write_upstream(tmp_path, SMALL) / "front_rgb"
    for name in (".DS_Store", "._0.png", "Thumbs.db", "0.png.tmp"):
        (pictures / name).write_bytes(b"x")
    assert len(load_demo(only(tmp_path), "front")) == 10


def test_frames_are_checked_one_by_one(tmp_path):
    episode = write_upstream(tmp_path, SMALL)
    (episode / "front_rgb" / "4.png").write_bytes(b"")
    demo = load_demo(only(tmp_path), "front")
    demo.load_frame(3)
    with pytest.raises(BadDemoError, match="empty") as caught:
        demo.load_frame(4)
    assert caught.value.where.endswith("4.png")
    for index in (-1, 10):
        with pytest.raises(BadDemoError, match=f"no frame {index} among 10"):
            demo.load_frame(index)


@pytest.mark.parametrize("name", ["low_dim_obs.pkl", "variation_descriptions.pkl", "0.png", "4.png"])
def test_a_disk_that_fails_is_no_damaged_demo(tmp_path, monkeypatch, name):
    episode = write_peract(tmp_path, SMALL)
    disk = only(tmp_path)
    whole = load_demo(disk, "front")
    failures = [2]
    real_open = Path.open

    def stale(path: Path, mode: str) -> object:
        if path.name == name and failures[0]:
            failures[0] -= 1
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(path))
        return real_open(path, mode)

    monkeypatch.setattr(Path, "open", stale)
    monkeypatch.setattr("robot_r1.files.time.sleep", lambda _: None)
    demo = load_demo(disk, "front")
    assert (demo.descriptions, demo.load_frame(4)) == (whole.descriptions, (episode / "front_rgb/4.png").read_bytes())
    failures[0] = 100
    with pytest.raises(UserError, match="the disk or the network fails"):
        load_demo(disk, "front").load_frame(4)


@pytest.mark.parametrize("folder", ["front_rgb", ".", "..", "../.."])
def test_a_folder_that_may_not_be_listed_is_no_damaged_demo(tmp_path, folder):
    episode = write_peract(tmp_path / "demos", SMALL)
    for above in (tmp_path, *tmp_path.parents[:3]):
        above.chmod(0o755)
    locked = (episode / folder).resolve()
    locked.chmod(0)
    try:
        with without_rights(), pytest.raises(UserError, match="Permission denied; make it readable"):
            load_demo(only(tmp_path / "demos"), "front")
    finally:
        locked.chmod(0o755)


def test_a_link_to_itself_hides_nothing(tmp_path):
    write_peract(tmp_path, SMALL)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    load_demo(only(tmp_path), "front")


def test_wrist_camera_is_refused_in_one_line(tmp_path):
    write_upstream(tmp_path, SMALL)
    with pytest.raises(UserError, match="moves with the hand; use a fixed one"):
        load_demo(only(tmp_path), "wrist")


@pytest.mark.parametrize(
    "descriptions",
    [[], [""], [" ", ""], "reach the target", 5, [1, 2], {"a": "b"}, ["x" * 5000], synthetic.Observation()],
    ids=lambda value: str(type(value).__name__),
)
def test_own_phrases_stand_in_for_unusable_descriptions(tmp_path, descriptions):
    write_upstream(tmp_path, SMALL, variation=4, descriptions=descriptions)
    demo = load_demo(only(tmp_path), "front")
    assert demo.descriptions == instructions("reach_target", 4)
    assert demo.provenance.fallback_description


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated"])
def test_own_phrases_stand_in_for_a_damaged_file(tmp_path, damage):
    write_upstream(tmp_path, SMALL)
    path = only(tmp_path).descriptions_file
    if damage == "missing":
        path.unlink()
    else:
        os.truncate(path, 0 if damage == "empty" else 10)
    assert load_demo(only(tmp_path), "front").provenance.fallback_description


@pytest.mark.parametrize("write", [write_upstream, write_peract])
def test_hostile_descriptions_are_named(tmp_path, write):
    write(tmp_path, SMALL)
    disk = only(tmp_path)
    disk.descriptions_file.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(HostilePickleError, match=r"os\.system") as caught:
        load_demo(disk, "front")
    assert caught.value.where == str(disk.descriptions_file)


def test_hostile_demo_is_named(tmp_path):
    episode = write_upstream(tmp_path, SMALL)
    (episode / "low_dim_obs.pkl").write_bytes(b"\x80\x03cbuiltins\nexec\nX\x04\x00\x00\x00pass\x85R.")
    with pytest.raises(HostilePickleError, match=r"builtins\.exec"):
        load_demo(only(tmp_path), "front")
