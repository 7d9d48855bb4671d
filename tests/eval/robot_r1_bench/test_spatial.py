import pytest

from eval.robot_r1_bench.choices import Below, Closest, Foremost
from eval.robot_r1_bench.gripper_choices import Fingers, Held
from eval.robot_r1_bench.names import GRIPPER, Thing
from eval.robot_r1_bench.question import Choice, Relation
from eval.robot_r1_bench.relations import UnclearError
from eval.robot_r1_bench.spatial import Ask, Where, ask_spatial
from tests.eval.robot_r1_bench.states import Point, seen, state

CUP, OTHER, BIN = seen((0.15, -0.10, 0.80)), seen((0.30, 0.15, 0.80)), seen((0.28, 0.05, 0.80))
CUPS = ("cup", "other")
HIGH: Point = (0.26, 0.0, 1.2)


def _right(ask: Ask, tip: Point = HIGH, held: str | None = None) -> str:
    asked = ask_spatial(ask, state({"cup": CUP, "other": OTHER, "bin": BIN}, tip, held, held is None), 0)
    assert isinstance(asked.truth, Choice)
    assert asked.truth.right[0] in asked.reference
    assert all(names[0] not in asked.reference for names in asked.truth.wrong)
    return asked.truth.right[0]


def test_choices_follow_from_the_state() -> None:
    assert _right(Closest("bin", CUPS)) == "blue cup"
    assert _right(Closest(GRIPPER, CUPS), tip=(0.15, -0.10, 0.95)) == "red cup"
    assert _right(Foremost(0, True, CUPS)) == "blue cup"
    assert _right(Foremost(0, False, CUPS)) == "red cup"
    assert _right(Foremost(1, False, (*CUPS, "bin"))) == "red cup"
    assert _right(Below(CUPS), tip=(0.15, -0.10, 0.95)) == "red cup"
    assert _right(Held(CUPS)) == "nothing"
    assert _right(Held(CUPS), tip=(0.15, -0.10, 0.81), held="cup") == "red cup"
    assert _right(Fingers()) == "open"


@pytest.mark.parametrize(
    ("ask", "tip", "held"),
    [
        (Closest("bin", ("cup", "other")), HIGH, None),
        (Below(("cup", "other")), HIGH, None),
        (Foremost(0, True, ("cup", "bin")), HIGH, "bin"),
        (Held(("other", "bin")), HIGH, "cup"),
        (Held(("cup", "other")), (0.15, -0.10, 0.85), None),
        (Fingers(), HIGH, "cup"),
        (Where(GRIPPER, "cup"), (0.15, -0.10, 0.81), "cup"),
    ],
)
def test_what_is_not_clear_is_not_asked(ask: Ask, tip: Point, held: str | None) -> None:
    between = seen((0.22, 0.03, 0.80))
    with pytest.raises(UnclearError):
        ask_spatial(ask, state({"cup": CUP, "other": OTHER, "bin": between}, tip, held, held is None), 0)


def test_nothing_is_asked_about_a_colour_that_has_several_names() -> None:
    scene = state({"cup": CUP, "other": OTHER}, HIGH)
    object.__setattr__(scene, "things", {**scene.things, "other": Thing(("azure cup",))})
    with pytest.raises(UnclearError, match="azure cup"):
        ask_spatial(Where("cup", "other"), scene, 0)


@pytest.mark.parametrize("wording", range(3))
def test_of_two_things_one_is_closer(wording: int) -> None:
    asked = ask_spatial(Closest("bin", CUPS), state({"cup": CUP, "other": OTHER, "bin": BIN}, HIGH), wording)
    assert "closer" in asked.question and "closer" in asked.reference


def test_fingers_behind_one_another_are_not_asked_about() -> None:
    with pytest.raises(UnclearError, match="from the side"):
        ask_spatial(Fingers(), state({"cup": CUP}, HIGH, across=0.3), 0)


@pytest.mark.parametrize(("area", "share"), [(100, 1.0), (900, 0.2), (0, 0.0)])
def test_nothing_is_asked_about_what_is_hidden(area: int, share: float) -> None:
    hidden = seen((0.30, 0.15, 0.80), area=area, share=share)
    with pytest.raises(UnclearError, match="other is hidden"):
        ask_spatial(Where("cup", "other"), state({"cup": CUP, "other": hidden}, HIGH), 0)


def test_a_name_that_could_mean_both_is_no_name_of_either() -> None:
    scene = state({"cup": CUP, "other": OTHER, "bin": BIN}, HIGH)
    among_cups = ask_spatial(Where("cup", "other"), scene, 0).truth
    alone = ask_spatial(Where("cup", "bin"), scene, 0).truth
    assert isinstance(among_cups, Relation)
    assert isinstance(alone, Relation)
    assert among_cups.subject == ("red cup", "red mug")
    assert alone.subject == ("red cup", "red mug", "cup", "mug")
