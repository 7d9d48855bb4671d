"""Real recorded demos of RLBench and PerAct, where they are at hand."""

import io

import numpy as np
import pytest
from PIL import Image

from data_gen.sources.rlbench_disk import DiskDemo, find_demos, load_demo
from robot_r1.errors import BadDemoError
from tests.data_gen.sources.test_rlbench_disk import only, projected_tip
from tests.support.recorded import RECORDED, needs_recorded


def recorded(task: str) -> DiskDemo:
    return find_demos(RECORDED, [task], [0]).found[-1]


@needs_recorded
@pytest.mark.parametrize(
    ("task", "frames", "closes", "fallback", "attributes"),
    [
        ("open_drawer", 96, True, False, "random_seed, variation_number"),
        ("reach_target", 57, False, True, "random_seed"),
        ("reach_red_block", 53, False, True, "random_seed, num_reset_attempts"),
    ],
)
def test_recorded_demo_is_read(task, frames, closes, fallback, attributes):
    demo = load_demo(recorded(task), "front")
    assert len(demo) == frames
    assert (not demo.gripper_open.all()) == closes
    np.testing.assert_allclose(demo.tip_position[0], (0.2785, -0.0082, 1.4720), atol=2e-3)
    assert np.linalg.norm(np.diff(demo.tip_position, axis=0), axis=1).max() < 0.03
    velocity = np.gradient(demo.joint_positions, 0.05, axis=0)  # 20 Hz
    assert np.median(np.abs(velocity - demo.joint_velocities)) < 0.05
    assert demo.provenance.fallback_description == fallback
    assert f"_observations, {attributes})" in demo.provenance.versions["demo_format"]
    for index in range(frames):
        demo.load_frame(index)


@needs_recorded
def test_recorded_peract_demo_takes_its_variation_from_its_own_file():
    demo = load_demo(find_demos(RECORDED / "peract", None, [2]).found[0], "front")
    assert demo.descriptions[0] == "open the top drawer"


@needs_recorded
def test_tip_of_a_recorded_demo_lands_on_the_target_in_the_picture():
    demo = load_demo(recorded("reach_target"), "front")
    u, v = (round(value) for value in projected_tip(demo, len(demo) - 1))
    pixels = np.asarray(Image.open(io.BytesIO(demo.load_frame(len(demo) - 1)))).astype(int)
    red, green, blue = pixels[v, u]
    assert red > 100 > 60 > max(green, blue)


@needs_recorded
@pytest.mark.parametrize(
    ("edge_case", "reason"),
    [
        ("numeric_only", "front_rgb: is missing"),
        ("truncated_pickle", "truncated"),
        ("prerelease_2019", "pre-2020 RLBench recording"),
    ],
)
def test_recorded_edge_cases_are_named(edge_case, reason):
    with pytest.raises(BadDemoError, match=reason):
        load_demo(only(RECORDED / "edge_cases" / edge_case), "front")
