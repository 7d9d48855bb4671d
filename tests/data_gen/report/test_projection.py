"""Where marks stand in the picture."""

import numpy as np
import pytest

from data_gen.report.projection import MARGIN, RADIUS, WIDTH, discs, height, place
from robot_r1.demo import Camera
from robot_r1.geometry import project
from robot_r1.question import Point
from tests.support.demos import front_camera

SEEN: Point = (0.25, 0.0, 0.9)


def test_a_point_stands_where_the_camera_sees_it_at_any_resolution() -> None:
    camera = front_camera(64)
    u, v, _ = project(SEEN, np.array(camera.intrinsics), np.array(camera.extrinsics))
    for size in (64, 200):
        found = place(front_camera(size), SEEN)
        assert (found.x, found.y) == pytest.approx((u * 4, v * 4), abs=0.1)
        assert found.angle is None


@pytest.mark.parametrize(
    ("point", "border", "angle"),
    [
        ((0.25, 5, 0.9), "right", 0),
        ((0.25, -5, 0.9), "left", 180),
        ((0.25, 0, 9), "top", -90),
        ((3, 0, 1.6), "", None),
    ],
)
def test_what_lies_outside_is_pinned_to_the_border(point: Point, border: str, angle: float | None) -> None:
    found = place(front_camera(64), point)
    at = {"right": WIDTH - MARGIN - found.x, "left": found.x - MARGIN, "top": found.y - MARGIN}
    assert abs(at.get(border, 0.0)) < 0.1
    assert MARGIN - 0.1 <= found.x <= WIDTH - MARGIN + 0.1
    assert MARGIN - 0.1 <= found.y <= WIDTH - MARGIN + 0.1
    assert found.angle is not None
    assert angle is None or abs(found.angle - angle) < 30


def test_options_that_would_hide_each_other_stand_apart() -> None:
    drawn = discs(front_camera(64), [(letter, SEEN) for letter in "ABCD"])
    at = np.array([[disc.place.x, disc.place.y] for disc in drawn])
    gaps = [np.hypot(*(at[i] - at[j])) for i in range(4) for j in range(i)]
    assert min(gaps) >= 2 * RADIUS - 0.5
    spot = place(front_camera(64), SEEN)
    assert all(disc.leader == spot for disc in drawn)


def test_options_with_room_stay_where_they_are() -> None:
    (drawn,) = discs(front_camera(64), [("A", SEEN)])
    assert drawn.leader is None
    assert drawn.place == place(front_camera(64), SEEN)
    assert discs(front_camera(64), []) == ()


def test_the_drawing_has_the_shape_of_the_picture() -> None:
    wide = front_camera(64).model_dump() | {"width": 128}
    assert height(Camera.model_validate(wide)) == WIDTH / 2
