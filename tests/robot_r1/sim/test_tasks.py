import itertools

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_gen.keypoints import find_keypoints
from robot_r1.demo import DemoKey
from robot_r1.geometry import TABLE_HEIGHT, Array, project
from robot_r1.instructions import BUTTON_COLORS, COLORS, CUP_COLORS, DRAWERS, STACK_COLORS
from robot_r1.sim import scene
from robot_r1.sim.layout import REACHABLE, Footprint, scatter
from robot_r1.sim.motion import START_YAW, Robot, downward
from robot_r1.sim.recorder import Run, simulate, to_demo
from robot_r1.sim.tasks import HELD_OUT_TASKS, TASKS, TRAINING_TASKS, pick_up_cup, put_rubbish_in_bin, task_names
from robot_r1.sim.tasks.colors import other_colors, surface_color

EVENTS = {
    "pick_up_cup": ["move", "move", "close", "move"],
    "push_button": ["move", "close", "move"],
    "put_rubbish_in_bin": ["move", "move", "close", "move", "move", "move", "open"],
    "phone_on_base": ["move", "move", "close", "move", "move", "move", "open", "move"],
    "take_lid_off_saucepan": ["move", "move", "close", "move"],
    "reach_target": ["move"],
    "open_drawer": ["move", "move", "close", "move"],
    "lamp_on": ["move", "close", "move"],
    "stack_blocks": 2 * ["move", "move", "close", "move", "move", "move", "open", "move"],
    "slide_block_to_target": ["move", "close", "move", "move"],
}
HIGHEST = {"reach_target": 0.401, "open_drawer": 0.23}
"""Metres above the table of the origin of an object; elsewhere 0.1."""


@pytest.fixture(scope="module", params=[(task, episode) for task in EVENTS for episode in range(2)], ids=str)
def run(request: pytest.FixtureRequest) -> Run:
    task, episode = request.param
    return simulate(DemoKey(task=task, variation=0, episode=episode), seed=1)


def build(task: str, variation: int = 0, seed: int = 0) -> Robot:
    spec = scene.build_scene()
    TASKS[task].build(spec, variation, np.random.default_rng(seed))
    return Robot(spec.compile())


def test_the_table_of_tasks_has_all_variations() -> None:
    assert task_names() == TRAINING_TASKS + HELD_OUT_TASKS
    assert set(task_names()) == set(EVENTS)
    assert {name: task.variations for name, task in TASKS.items()} == {
        **dict.fromkeys(EVENTS, 1),
        "pick_up_cup": len(CUP_COLORS),
        "push_button": len(BUTTON_COLORS),
        "reach_target": len(CUP_COLORS),
        "open_drawer": len(DRAWERS),
        "stack_blocks": len(STACK_COLORS),
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
def test_objects_are_on_the_table_or_above_it_and_in_sight(task: str) -> None:
    robot = build(task, seed=3)
    camera = scene.front_camera(robot.model, 224)
    bodies = [robot.model.body(i).name for i in range(1, robot.model.nbody)]
    objects = [name for name in bodies if not name.startswith("panda_")]
    assert len(objects) >= 3
    for name in objects:
        position, _ = robot.place(name)
        u, v, _ = project(position, np.array(camera.intrinsics), np.array(camera.extrinsics))
        assert 12 < u < 212 and 12 < v < 212
        assert TABLE_HEIGHT - 0.001 < position[2] < TABLE_HEIGHT + HIGHEST.get(task, 0.1)


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


@pytest.mark.parametrize("which", DRAWERS)
def test_only_the_drawer_that_was_asked_for_counts_and_it_alone(which: str) -> None:
    robot = build("open_drawer", DRAWERS.index(which))
    task, other = TASKS["open_drawer"], next(name for name in DRAWERS if name != which)
    robot.data.joint(f"drawer_{other}").qpos[0] = 0.13
    assert not task.success(robot)
    robot.data.joint(f"drawer_{which}").qpos[0] = 0.13
    assert not task.success(robot)
    robot.data.joint(f"drawer_{other}").qpos[0] = 0
    assert task.success(robot)


def test_the_handle_that_is_gripped_is_that_of_the_drawer_asked_for() -> None:
    for variation, which in enumerate(DRAWERS):
        run = simulate(DemoKey(task="open_drawer", variation=variation, episode=0), seed=4)
        opened = {name: run.states[-1].qpos[run.model.joint(f"drawer_{name}").qposadr[0]] for name in DRAWERS}
        assert max(opened, key=lambda name: opened[name]) == which


def test_touching_another_ball_is_not_reaching_the_target() -> None:
    robot = build("reach_target", seed=2)
    for name, touched in (("other_target1", False), ("target", True)):
        robot.move(robot.place(name)[0], downward(START_YAW))
        assert TASKS["reach_target"].success(robot) is touched


def test_a_lamp_is_on_only_with_its_button_down() -> None:
    robot = build("lamp_on")
    button, _ = robot.place("lamp_button")
    robot.close()
    robot.move(button + np.array([0, 0, 0.035]), robot.tip()[1])
    assert not TASKS["lamp_on"].success(robot)
    robot.data.joint("lamp_button").qpos[0] = -0.008
    assert TASKS["lamp_on"].success(robot)


def lay(robot: Robot, name: str, position: Array) -> None:
    start = robot.model.jnt_qposadr[robot.model.body(name).jntadr[0]]
    robot.data.qpos[start : start + 7] = [*position, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("lower", "upper", "aside", "stacked"),
    [
        ("block1", "block2", 0.0, True),
        ("block2", "block1", 0.0, True),
        ("block1", "other_block1", 0.0, False),
        ("other_block1", "block2", 0.0, False),
        ("block1", "block2", 0.08, False),
    ],
)
def test_only_two_blocks_of_the_color_on_the_plate_are_a_stack(
    lower: str, upper: str, aside: float, stacked: bool
) -> None:
    robot = build("stack_blocks", seed=1)
    plate, _ = robot.place("plate")
    lay(robot, lower, plate + np.array([aside, 0, 0.03]))
    lay(robot, upper, plate + np.array([aside, 0, 0.083]))
    robot.open(min_frames=4)
    assert TASKS["stack_blocks"].success(robot) is stacked
    robot.close()
    assert not TASKS["stack_blocks"].success(robot)


@pytest.mark.parametrize(
    ("offset", "slid"),
    [((0.008, -0.008, 0.027), True), ((0.02, 0.0, 0.027), False), ((0.0, 0.0, 0.2), False)],
)
def test_a_block_off_the_middle_of_the_target_or_above_it_has_not_been_slid(
    offset: tuple[float, float, float], slid: bool
) -> None:
    robot = build("slide_block_to_target")
    target, _ = robot.place("target")
    lay(robot, "sliding_block", target + offset)
    mujoco.mj_kinematics(robot.model, robot.data)
    assert TASKS["slide_block_to_target"].success(robot) is slid


def test_a_slid_block_keeps_to_the_table_and_to_its_line() -> None:
    run = simulate(DemoKey(task="slide_block_to_target", variation=0, episode=0), seed=3)
    start = run.model.joint(run.model.body("sliding_block").jntadr[0]).qposadr[0]
    way = np.array([state.qpos[start : start + 3] for state in run.states]) - run.model.body("target").pos
    assert np.abs(way[:, 2] - way[0, 2]).max() < 0.002
    line = way[0, :2] / np.linalg.norm(way[0, :2])
    assert np.abs(way[:, 0] * line[1] - way[:, 1] * line[0]).max() < 0.005


@pytest.mark.parametrize(("task", "body"), [("pick_up_cup", "cup"), ("reach_target", "target")])
def test_variations_change_the_color_that_is_asked_for(task: str, body: str) -> None:
    names = ("red", "blue")
    colors = [build(task, CUP_COLORS.index(name)).model.material(body).rgba[:3] for name in names]
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
