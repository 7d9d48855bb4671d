import dataclasses

import numpy as np
import pytest

from robot_r1.demo import DemoKey
from robot_r1.errors import BadDemoError
from tests.support.demos import make_demo


def test_ids_tell_collections_apart() -> None:
    assert DemoKey(task="t", variation=1, episode=2).id == "t/variation1/episode2"
    assert DemoKey(task="t", variation=1, episode=2, collection="val").id == "val/t/variation1/episode2"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tip_position": np.zeros((3, 3))}, "tip_position has shape"),
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


def test_quaternions_are_brought_to_positive_w() -> None:
    demo = make_demo()
    flipped = dataclasses.replace(demo, tip_quaternion=np.tile([0.6, 0, 0, -0.8], (len(demo), 1)))
    assert flipped.tip_quaternion[0].tolist() == [-0.6, 0, 0, 0.8]
