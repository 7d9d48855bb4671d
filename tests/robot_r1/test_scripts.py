import itertools

import numpy as np
import pytest

from data_gen.config import BuildConfig
from data_gen.keypoints import find_keypoints
from data_gen.sources import find, load
from robot_r1.demo import Demo, DemoKey
from robot_r1.scripts import Step, align, script
from robot_r1.sim.recorder import simulate, to_demo
from robot_r1.sim.tasks import TASKS, task_names
from tests.support.recorded import RECORDED, needs_recorded


def steps_of(demo: Demo, merge_distance: float = 0.008) -> tuple[int, ...] | None:
    keypoints = find_keypoints(demo, "heuristic", 0.1, merge_distance, np.random.default_rng(0))
    steps = script(demo.key.task, demo.key.variation)
    return align(steps, demo.gripper_open[keypoints].tolist(), demo.tip_position[keypoints])


@pytest.fixture(scope="module", params=task_names())
def simulated(request: pytest.FixtureRequest) -> Demo:
    return to_demo(simulate(DemoKey(task=request.param, variation=0, episode=4), seed=2), {}, 64, "rays")


def test_a_simulated_demo_does_the_steps_of_its_script_one_by_one(simulated: Demo) -> None:
    assert steps_of(simulated) == tuple(range(len(script(simulated.key.task, 0))))


def test_keypoints_seen_twice_do_not_shift_the_steps(simulated: Demo) -> None:
    found = steps_of(simulated, merge_distance=0)
    assert found is not None and list(found) == sorted(found)
    assert set(found) == set(range(len(script(simulated.key.task, 0))))


@needs_recorded
@pytest.mark.parametrize(
    ("task", "variation", "steps"),
    [*(("open_drawer", drawer, (0, 2, 3)) for drawer in range(3)), ("reach_target", 0, (0,))],
)
def test_recorded_demos_do_the_steps_of_their_scripts(task: str, variation: int, steps: tuple[int, ...]) -> None:
    layout = "peract" if task == "open_drawer" else "upstream"
    config = BuildConfig(source="rlbench-disk", root=RECORDED / layout, tasks=(task,), variations=(variation,))
    demos = [load(file, config) for file in find(config).demos]
    assert demos and all(steps_of(demo) == steps for demo in demos)


def test_the_words_name_the_object_of_the_variation() -> None:
    assert script("pick_up_cup", 4)[0].words == "move the gripper above the wall of the blue cup"
    assert "maroon base" in script("push_button", 0)[0].words
    assert "middle drawer" in script("open_drawer", 1)[0].words


def test_every_variation_of_the_simulated_tasks_has_a_script() -> None:
    for name, task in TASKS.items():
        for variation in range(task.variations):
            assert all("{" not in step.words for step in script(name, variation))
        assert script(name, 0)


def test_there_is_no_script_for_what_is_not_known() -> None:
    assert script("reach_red_block", 0) == ()
    assert script("open_drawer", 3) == ()


def places(script_states: str, demo_states: str, still: tuple[int, ...] = ()) -> tuple[int, ...] | None:
    """Steps of a demo whose keypoints lie 10 cm apart, but those of `still` 5 mm from the one before."""
    steps = [Step("move", state == "O") for state in script_states]
    heights = list(itertools.accumulate(0.005 if i in still else 0.1 for i in range(len(demo_states))))
    positions = [(0.0, 0.0, height) for height in heights]
    return align(steps, [state == "O" for state in demo_states], positions)


@pytest.mark.parametrize(
    ("script_states", "demo_states", "steps"),
    [
        ("OOCC", "OOCC", (0, 1, 2, 3)),
        ("OOCC", "OOCCC", (0, 1, 2, 3, 3)),  # the only step after the grip has two stops
        ("OCC", "OOC", (0, 0, 1)),
        ("OOCC", "OCC", None),  # which of the two steps is missing?
        ("OOCC", "OOOCC", None),
        ("OOCC", "OO", None),
        ("OOCC", "OOCCO", None),
        ("OCCCO", "OCCO", None),
        ("OCO", "OCOO", None),
        ("OOCC", "", None),
    ],
)
def test_the_grippers_changes_tie_keypoints_to_steps(
    script_states: str, demo_states: str, steps: tuple[int, ...] | None
) -> None:
    assert places(script_states, demo_states) == steps


@pytest.mark.parametrize(
    ("demo_states", "steps"), [("OOCC", (0, 1, 2, 3)), ("OCC", (0, 2, 3)), ("OOOCC", None), ("OO", None)]
)
def test_a_step_in_passing_may_have_no_keypoint(demo_states: str, steps: tuple[int, ...] | None) -> None:
    positions = [(0.0, 0.0, 0.1 * i) for i in range(len(demo_states))]
    assert align(script("open_drawer", 0), [state == "O" for state in demo_states], positions) == steps


def test_keypoints_of_one_stop_have_one_step() -> None:
    assert places("OCCCO", "OOCCCCOO", still=(1, 3, 7)) == (0, 0, 1, 1, 2, 3, 4, 4)
