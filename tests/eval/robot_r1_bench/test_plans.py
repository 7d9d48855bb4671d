import pytest

from eval.robot_r1_bench.movement import ask_movement
from eval.robot_r1_bench.names import Thing
from eval.robot_r1_bench.plan_lines import plan_lines
from eval.robot_r1_bench.plans import Progress, ask_plan, ask_subtask
from eval.robot_r1_bench.question import Moves, Plan, Subtask
from eval.robot_r1_bench.relations import UnclearError
from eval.robot_r1_bench.wording import moved
from robot_r1.scripts import script
from robot_r1.sim.tasks import TASKS
from tests.eval.robot_r1_bench.states import seen, state

RUBBISH = {"bin": Thing(("bin",)), "rubbish": Thing(("crumpled paper", "paper"))}


def _at(step: int) -> Progress:
    return Progress(plan_lines("put_rubbish_in_bin", 0), step, RUBBISH, "clear the rubbish away")


@pytest.mark.parametrize("task", TASKS)
def test_plans_follow_the_scripts(task: str) -> None:
    """One line for each step, and the gripper closes and opens at the same steps."""
    for variation in range(TASKS[task].variations):
        steps, lines = script(task, variation), plan_lines(task, variation)
        assert len(steps) == len(lines)
        states = [True, *(step.gripper_open for step in steps)]
        for before, after, line in zip(states, states[1:], lines, strict=False):
            assert (line.action == "grasp") == (before and not after)
            assert (line.action == "release") == (after and not before)


def test_a_plan_has_the_steps_that_are_left() -> None:
    asked = ask_plan(_at(3), 0)
    assert asked.reference == (
        "1. Lift the crumpled paper and carry it over the bin. 2. Lower the crumpled paper towards the bin. "
        "3. Open the gripper so that the crumpled paper falls into the bin."
    )
    assert isinstance(asked.truth, Plan)
    assert [(step.action, step.optional) for step in asked.truth.steps] == [
        ("lift", True),
        ("carry", False),
        ("place", True),
        ("release", False),
    ]
    assert asked.truth.steps[1].place == ("bin",)


def test_a_plan_that_begins_within_a_line_says_what_is_left_of_it() -> None:
    assert ask_plan(_at(4), 0).reference.startswith("1. Carry the crumpled paper over the bin. 2. Lower")
    assert ask_plan(_at(1), 0).reference.startswith("1. Lower the gripper to the crumpled paper. 2. Close")


def test_a_subtask_is_the_step_that_comes_next_and_other_steps_are_not() -> None:
    asked = ask_subtask(_at(4), 0)
    assert asked.reference == "Carry the crumpled paper over the bin."
    assert isinstance(asked.truth, Subtask)
    assert asked.truth.step.action == "carry"
    assert [step.action for step in asked.truth.others] == ["reach", "grasp", "lift", "place", "release"]


def test_on_the_way_down_to_a_thing_grasping_it_is_no_other_step() -> None:
    from_afar, on_the_way = ask_subtask(_at(0), 0).truth, ask_subtask(_at(1), 0).truth
    assert isinstance(from_afar, Subtask)
    assert isinstance(on_the_way, Subtask)
    assert "grasp" in [step.action for step in from_afar.others]
    assert "grasp" not in [step.action for step in on_the_way.others]


def _moves(to: tuple[float, float, float]) -> Moves:
    scene = state({"cup": seen((0.2, 0.0, 0.8))}, (0.2, 0.0, 1.0))
    object.__setattr__(scene, "next_tip", scene.tip + to)
    truth = ask_movement(scene, "reach the cup", 0).truth
    assert isinstance(truth, Moves)
    return truth


def test_a_movement_names_what_is_clear() -> None:
    assert moved(_moves((0.004, 0.03, -0.10)).along) == "down and slightly right"
    assert moved(_moves((0.0, -0.20, 0.18)).along) == "left and up"


def test_a_small_movement_may_be_named_and_a_tiny_one_is_wrong() -> None:
    along = _moves((0.015, 0.005, 0.20)).along
    assert [(part.axis, part.optional) for part in along] == [(0, True), (2, False)]


def test_a_movement_in_depth_that_height_hides_may_be_left_out() -> None:
    assert [part.optional for part in _moves((0.05, 0.0, -0.10)).along] == [True, False]
    assert [part.optional for part in _moves((0.06, 0.0, -0.10)).along] == [False, False]


def test_a_gripper_that_hardly_moves_is_not_asked_about() -> None:
    with pytest.raises(UnclearError, match="hardly moves"):
        _moves((0.02, 0.03, 0.01))
