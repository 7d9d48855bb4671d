import numpy as np
import pytest

from robot_r1.geometry import canonical_quaternion, fov_intrinsics, project
from tests.support.demos import FRONT


def test_front_camera_shows_plus_y_on_the_right_and_plus_z_at_the_top() -> None:
    intrinsics = fov_intrinsics(128, 128, np.radians(40))
    centre, right, up, near = project(
        [[0.25, 0, 1.0], [0.25, 0.1, 1.0], [0.25, 0, 1.1], [0.35, 0, 1.0]], intrinsics, FRONT
    )
    assert right[0] > centre[0] and up[1] < centre[1] and 0 < near[2] < centre[2]


def test_rlbench_focal_length() -> None:
    assert fov_intrinsics(128, 128, np.radians(40))[0, 0] == pytest.approx(-175.84, abs=0.01)


def test_point_on_the_optical_axis_is_the_image_centre() -> None:
    point = FRONT[:3, 3] + 0.7 * FRONT[:3, 2]
    assert project(point, fov_intrinsics(64, 64, 0.7), FRONT) == pytest.approx([32, 32, 0.7], abs=1e-4)


def test_points_behind_the_camera_have_negative_depth() -> None:
    assert project([2.0, 0, 2.0], fov_intrinsics(64, 64, 0.7), FRONT)[2] < 0


def test_quaternions_become_unit_with_positive_w() -> None:
    assert canonical_quaternion([[0, 0, 0, -2], [0, 2, 0, 0]]).tolist() == [[0, 0, 0, 1], [0, 1, 0, 0]]


@pytest.mark.parametrize("bad", [[0, 0, 0, 0], [np.nan, 0, 0, 1]])
def test_bad_quaternion(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="quaternion"):
        canonical_quaternion(bad)
