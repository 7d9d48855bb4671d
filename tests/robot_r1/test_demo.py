import dataclasses

import numpy as np
import pytest
from pydantic import ValidationError

from robot_r1.demo import Camera, DemoKey
from robot_r1.errors import BadDemoError
from tests.support.demos import FRONT, front_camera, make_demo


def test_ids_tell_collections_apart() -> None:
    assert DemoKey(task="t", variation=1, episode=2).id == "t/variation1/episode2"
    assert DemoKey(task="t", variation=1, episode=2, collection="val").id == "val/t/variation1/episode2"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tip_position": np.zeros((3, 3))}, "tip_position has shape"),
        ({"tip_position": np.zeros((47, 3), bool)}, "tip_position does not hold real numbers, but bool"),
        ({"tip_position": np.zeros((47, 3), complex)}, "tip_position does not hold real numbers, but complex128"),
        ({"tip_position": np.full((47, 3), None)}, "tip_position does not hold real numbers, but object"),
        ({"tip_position": np.full((47, 3), "0")}, "tip_position does not hold real numbers, but <U1"),
        ({"tip_position": np.full((47, 3), np.longdouble("1e4000"))}, "tip_position holds a value that is not finite"),
        ({"tip_position": np.full((47, 3), 9e5)}, "tip of frame 0 is 1.56e.06 m from the robot, which reaches 2 m"),
        ({"tip_position": np.tile([5.0, 0, 1], (47, 1))}, "tip of frame 0 is 5.27 m from the robot"),
        ({"tip_quaternion": np.full((47, 4), 0.4)}, "tip_quaternion is not of length 1"),
        ({"tip_quaternion": np.full((47, 4), 1e300)}, "tip_quaternion holds 1e.300; allowed are values up to 1"),
        ({"joint_positions": np.full((47, 7), 45.0)}, "joint_positions holds 45; allowed are values up to 12.6"),
        ({"joint_positions": np.zeros((47, 0))}, "joint_positions has shape"),
        ({"joint_positions": np.zeros(())}, "joint_positions has shape"),
        ({"joint_positions": np.zeros((47, 1000))}, "joint_positions has shape"),
        ({"joint_velocities": np.full((47, 7), -1e9)}, "joint_velocities holds 1e.09"),
        ({"joint_velocities": np.zeros((47, 6))}, r"joint_velocities has shape \(47, 6\), expected \(47, 7\)"),
        ({"gripper_open": np.zeros((47, 3), bool)}, "gripper_open is not a row of yes and no"),
        ({"gripper_open": np.ones(47)}, "gripper_open is not a row of yes and no, but float64"),
        ({"gripper_open": np.ones((), bool)}, "gripper_open is not a row"),
        ({"gripper_open": np.zeros(30_000, bool)}, "has 30000 frames, allowed are 1 to 20000"),
        ({"descriptions": ("x" * 1001,)}, "more than 1000 characters"),
        ({"joint_velocities": np.full((47, 7), np.nan)}, "joint_velocities holds a value that is not finite"),
        ({"tip_quaternion": np.zeros((47, 4))}, "quaternion is zero"),
        ({"gripper_open": np.zeros(0, bool)}, "no frames"),
        ({"descriptions": ()}, "no description"),
        ({"descriptions": (" ",)}, "no description"),
    ],
)
def test_wrong_arrays_are_refused(changes: dict[str, object], reason: str) -> None:
    demo = make_demo()
    assert len(demo) == 47
    with pytest.raises(BadDemoError, match=reason):
        dataclasses.replace(demo, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("joints", [1, 6, 14])
def test_an_arm_may_have_any_number_of_joints(joints: int) -> None:
    moved = dataclasses.replace(
        make_demo(), joint_positions=np.zeros((47, joints)), joint_velocities=np.zeros((47, joints), np.float32)
    )
    assert moved.joint_velocities.shape == (47, joints)
    assert moved.joint_velocities.dtype == np.float64


IDENTITY = np.eye(4)
BAD_CAMERAS: dict[str, tuple[dict[str, object], str]] = {
    "one number": ({"intrinsics": [[1]]}, r"intrinsics is not a matrix of shape \(3, 3\)"),
    "ragged": ({"intrinsics": [[1, 0, 0], [0, 1], [0, 0, 1]]}, "intrinsics is not a matrix"),
    "empty": ({"extrinsics": []}, "extrinsics is not a matrix"),
    "no number": ({"intrinsics": np.full((3, 3), np.nan).tolist()}, "intrinsics holds a value that is not finite"),
    "infinite": ({"extrinsics": np.full((4, 4), np.inf).tolist()}, "extrinsics holds a value that is not finite"),
    "huge": ({"intrinsics": np.diag([1e300, 1e300, 1]).tolist()}, "intrinsics holds a value"),
    "no focal length": ({"intrinsics": np.diag([0, 9, 1]).tolist()}, "intrinsics is not a pinhole matrix"),
    "no pinhole": ({"intrinsics": np.eye(3)[::-1].tolist()}, "intrinsics is not a pinhole matrix"),
    "far": ({"extrinsics": (IDENTITY + np.eye(4, k=3) * 9e5).tolist()}, "extrinsics holds a value"),
    "flat": ({"extrinsics": np.zeros((4, 4)).tolist()}, "no rotation"),
    "scaled": ({"extrinsics": np.diag([2, 2, 2, 1]).tolist()}, "no rotation"),
    "last row": ({"extrinsics": (IDENTITY + np.eye(4, k=-3)).tolist()}, "its last row is not"),
    "no width": ({"width": 0}, "greater than or equal to 1"),
    "negative": ({"height": -1}, "greater than or equal to 1"),
    "vast": ({"width": 10**30}, "less than or equal to 65536"),
    "name": ({"name": "a\nb"}, "neither line ends nor control characters"),
    "no name": ({"name": ""}, "at least 1 character"),
}


@pytest.mark.parametrize("fault", BAD_CAMERAS)
def test_a_camera_that_cannot_be_projected_into_is_refused(fault: str) -> None:
    changes, reason = BAD_CAMERAS[fault]
    with pytest.raises(ValidationError, match=reason):
        Camera.model_validate(front_camera().model_dump() | changes)


def test_what_passes_as_a_camera_projects_every_point() -> None:
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.uniform(-3, 3, (1000, 3)), np.array(FRONT[:3, 3])[None]])
    for focal in (-1e6, -1e-3, 1e-3, 1e6):
        for rotation in (np.eye(3), -np.eye(3), FRONT[:3, :3]):
            pose = np.eye(4)
            pose[:3] = np.column_stack([rotation, FRONT[:3, 3]])
            camera = Camera.from_arrays("c", 1, 65536, np.array([[focal, 9, -1e6], [0, focal, 1e6], [0, 0, 1]]), pose)
            with np.errstate(all="raise"):
                camera.sees(points)


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2Jb", "", "x" * 201, "a\u2028b", "half \udcff", "a/b"])
def test_a_name_that_breaks_lines_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        DemoKey(task=name, variation=0, episode=0)


@pytest.mark.parametrize("name", ["open_drawer", "打开 抽屉", "\u0645\u06cc\u200c\u062e", "<b>", "a|b"])
def test_other_names_are_taken(name: str) -> None:
    assert DemoKey(task=name, variation=0, episode=0).task == name


@pytest.mark.parametrize("number", [-1, 2**31, 10**1000])
def test_numbers_of_demos_fit_their_columns(number: int) -> None:
    with pytest.raises(ValidationError):
        DemoKey(task="t", variation=number, episode=0)


def test_quaternions_are_brought_to_positive_w() -> None:
    demo = make_demo()
    flipped = dataclasses.replace(demo, tip_quaternion=np.tile([0.6, 0, 0, -0.8], (len(demo), 1)))
    assert flipped.tip_quaternion[0].tolist() == [-0.6, 0, 0, 0.8]
