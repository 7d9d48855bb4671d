import dataclasses

import numpy as np
import pytest

from data_gen.keypoints import KeypointMethod, find_keypoints
from robot_r1.demo import Demo
from tests.support.demos import MOVE, REST, make_demo


def keypoints(demo: Demo, method: KeypointMethod = "heuristic", merge: float = 0.0, seed: int = 0) -> list[int]:
    return find_keypoints(demo, method, 0.1, merge, np.random.default_rng(seed))


def cut(demo: Demo, frames: int) -> Demo:
    names = ("tip_position", "tip_quaternion", "gripper_open", "joint_positions", "joint_velocities")
    return dataclasses.replace(demo, **{name: getattr(demo, name)[:frames] for name in names})


def test_stop_gripper_change_and_end() -> None:
    assert keypoints(make_demo()) == [MOVE + 1, MOVE + REST, 2 * MOVE + REST]


def test_a_stop_is_not_reported_again_within_the_buffer() -> None:
    demo = make_demo(close_at=None)
    assert keypoints(demo) == [MOVE + 1, MOVE + REST, 2 * MOVE + REST]  # the rest of 6 frames outlasts the buffer of 4


def test_merging_keeps_the_last_of_a_run() -> None:
    demo = make_demo(close_at=None)
    assert keypoints(demo, merge=0.008) == [MOVE + REST, 2 * MOVE + REST]


def test_merging_never_joins_two_gripper_states() -> None:
    demo = make_demo()
    assert keypoints(demo, merge=0.008) == keypoints(demo)


def test_adjacent_last_keypoints_keep_the_end() -> None:
    demo = cut(make_demo(), MOVE + REST + 2)
    assert keypoints(demo) == [MOVE + 1, MOVE + REST + 1]


def test_the_rest_at_the_start_is_no_keypoint() -> None:
    """Real recordings stand still for two or three frames; ARM's own code compares them with the end of the demo."""
    for close_at in (1, None):
        demo = make_demo(close_at=close_at)
        still = demo.joint_velocities.copy()
        still[:3] = 0
        assert keypoints(dataclasses.replace(demo, joint_velocities=still)) == keypoints(demo)


@pytest.mark.parametrize("method", ["heuristic", "fixed_interval", "random"])
@pytest.mark.parametrize("frames", [1, 2, 3, 5, 19, 20, 41])
def test_short_demos_give_valid_indices(method: KeypointMethod, frames: int) -> None:
    found = keypoints(cut(make_demo(), frames), method)
    assert found == sorted(set(found))
    assert all(0 < i < frames for i in found)
    assert bool(found) == (frames > 1)


def test_fixed_interval_and_random_aim_at_twenty() -> None:
    demo = make_demo()
    assert keypoints(demo, "fixed_interval") == list(range(2, 47, 2))
    assert keypoints(demo, "random") == keypoints(demo, "random")
    assert keypoints(demo, "random") != keypoints(demo, "random", seed=1)
    assert 19 <= len(keypoints(demo, "random")) <= 20
