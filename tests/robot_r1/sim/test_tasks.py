import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_gen.keypoints import find_keypoints
from robot_r1.demo import DemoKey
from robot_r1.geometry import TABLE_HEIGHT, project
from robot_r1.instructions import BUTTON_COLORS, COLORS, CUP_COLORS
from robot_r1.sim import scene
from robot_r1.sim.layout import REACHABLE, Footprint, scatter
from robot_r1.sim.motion import Robot
from robot_r1.sim.recorder import Run, simulate, to_demo
from robot_r1.sim.tasks import TASKS, pick_up_cup, put_rubbish_in_bin, task_names
from robot_r1.sim.tasks.colors import other_colors, surface_color

EVENTS = {
    "pick_up_cup": ["move", "move", "close", "move"],
    "push_button": ["move", "close", "move"],
    "put_rubbish_in_bin": ["move", "move", "close", "move", "move", "move", "open"],
    "phone_on_base": ["move", "move", "close", "move", "move", "move", "open", "move"],
    "take_lid_off_saucepan": ["move", "move", "close", "move"],
}


@pytest.fixture(scope="module", params=[(task, episode) for task in EVENTS for episode in range(2)], ids=str)
def run(request: pytest.FixtureRequest) -> Run:
    task, episode = request.param
    return simulate(DemoKey(task=task, variation=0, episode=episode), seed=1)


def build(task: str, variation: int = 0, seed: int = 0) -> Robot:
    spec = scene.build_scene()
    TASKS[task].build(spec, variation, np.random.default_rng(seed))
    return Robot(spec.compile())


def test_the_table_of_tasks_has_all_variations() -> None:
    assert task_names() == tuple(EVENTS)
    assert {name: task.variations for name, task in TASKS.items()} == {
        **dict.fromkeys(EVENTS, 1),
        "pick_up_cup": len(CUP_COLORS),
        "push_button": len(BUTTON_COLORS),
    }


def test_keypoints_are_the_scripted_events(run: Run) -> None:
    demo = to_demo(run, {}, 64, "rays")
    keypoints = find_keypoints(demo, "heuristic", 0.1, 0.008, np.random.default_rng(0))
    scripted = [event.frame for event in run.events]
    assert [event.name for event in run.events] == EVENTS[run.key.task]
    assert len(keypoints) == len(scripted)
    assert np.abs(np.subtract(keypoints, scripted)).max() <= 2
    assert keypoints[-1] == len(run.states) - 1


def test_the_tip_stays_above_the_table(run: Run) -> None:
    assert min(state.tip_position[2] for state in run.states) > TABLE_HEIGHT


@pytest.mark.parametrize("task", EVENTS)
def test_no_task_is_done_before_the_expert_starts(task: str) -> None:
    assert not TASKS[task].success(build(task))


@pytest.mark.parametrize("task", EVENTS)
def test_objects_stand_on_the_table_in_sight(task: str) -> None:
    robot = build(task, seed=3)
    camera = scene.front_camera(robot.model, 224)
    bodies = [robot.model.body(i).name for i in range(1, robot.model.nbody)]
    objects = [name for name in bodies if not name.startswith("panda_")]
    assert len(objects) >= 3
    for name in objects:
        position, _ = robot.place(name)
        u, v, _ = project(position, np.array(camera.intrinsics), np.array(camera.extrinsics))
        assert 12 < u < 212 and 12 < v < 212
        assert TABLE_HEIGHT - 0.001 < position[2] < TABLE_HEIGHT + 0.1


def test_a_cup_that_was_let_go_is_not_picked_up() -> None:
    robot = build("pick_up_cup")
    pick_up_cup.TASK.expert(robot)
    assert pick_up_cup.TASK.success(robot)
    robot.open(min_frames=8)
    assert not pick_up_cup.TASK.success(robot)


def test_only_the_paper_counts_as_rubbish() -> None:
    robot = build("put_rubbish_in_bin")
    bin_position, _ = robot.place("bin")
    for name, put_away in (("tomato1", False), ("rubbish", True)):
        address = robot.model.body(name).jntadr[0]
        start = robot.model.jnt_qposadr[address]
        robot.data.qpos[start : start + 3] = bin_position + np.array([0, 0, 0.06])
        robot.open(min_frames=4)
        assert put_rubbish_in_bin.TASK.success(robot) is put_away


def test_variations_change_the_color_that_is_asked_for() -> None:
    names = ("red", "blue")
    colors = [build("pick_up_cup", CUP_COLORS.index(name)).model.material("cup").rgba[:3] for name in names]
    assert np.allclose(colors, [surface_color(name) for name in names])


@pytest.mark.parametrize("name", COLORS)
def test_distractors_have_colors_that_are_not_mixed_up(name: str) -> None:
    colors = [name, *other_colors(np.random.default_rng(0), name, 2)]
    assert len(colors) == 3
    for a, b in itertools.combinations(colors, 2):
        assert np.linalg.norm(np.subtract(COLORS[a], COLORS[b])) >= 0.6


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6))
def test_scattered_objects_neither_overlap_nor_hide_each_other(seed: int) -> None:
    wall, pea = Footprint(0.1, 0.15), Footprint(0.05, 0.03)
    places = scatter(np.random.default_rng(seed), [wall, pea, pea])
    assert np.all((places >= REACHABLE[0]) & (places <= REACHABLE[1]))
    for (a, first), (b, second) in itertools.combinations(zip([wall, pea, pea], places, strict=True), 2):
        assert np.linalg.norm(first - second) >= a.radius + b.radius
    for hidden in places[1:]:
        ahead, aside = places[0] - hidden
        assert not (0 < ahead < 0.2 and abs(aside) < 0.08)
