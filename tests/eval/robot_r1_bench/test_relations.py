import pytest

from eval.robot_r1_bench.question import Along
from eval.robot_r1_bench.relations import UnclearError, relation
from eval.robot_r1_bench.wording import placed
from tests.eval.robot_r1_bench.states import Point, seen

TABLE = 0.80
CUP = seen((0.25, 0.0, TABLE))


@pytest.mark.parametrize(
    ("centre", "words"),
    [
        ((0.25, 0.15, TABLE), "to the right of"),
        ((0.25, -0.15, TABLE), "to the left of"),
        ((0.40, 0.0, TABLE), "in front of"),
        ((0.10, 0.0, TABLE), "behind"),
        ((0.25, 0.0, 1.0), "above"),
        ((0.10, 0.20, TABLE), "to the right of and behind"),
        ((0.25, 0.25, 0.96), "to the right of and slightly above"),
    ],
)
def test_a_relation_is_told_as_the_viewer_sees_it(centre: Point, words: str) -> None:
    assert placed(relation(seen(centre), CUP)) == words


def test_a_small_offset_may_be_named_but_need_not_be() -> None:
    along = relation(seen((0.25, 0.2, TABLE)), seen((0.28, 0.0, TABLE)))
    assert along == (
        Along(axis=0, positive=False, slight=True, optional=True),
        Along(axis=1, positive=True),
    )


def test_what_is_beside_a_thing_is_neither_above_nor_below_it() -> None:
    assert all(part.axis != 2 for part in relation(seen((0.25, 0.2, 0.85), half=0.09), CUP))


def test_to_call_the_gripper_higher_than_what_its_tips_are_beside_is_no_error() -> None:
    tips = seen((0.25, 0.2, 0.82), half=0.0)
    assert relation(tips, CUP)[-1] == Along(axis=2, positive=True, slight=True, optional=True)
    assert relation(CUP, tips)[-1] == Along(axis=2, positive=False, slight=True, optional=True)
    assert len(relation(seen((0.25, 0.2, 0.78), half=0.0), CUP)) == 1


def test_things_at_one_place_have_no_relation() -> None:
    with pytest.raises(UnclearError, match="no direction is clear"):
        relation(seen((0.27, 0.01, TABLE)), CUP)


def test_a_height_that_the_picture_does_not_show_is_not_asked_about() -> None:
    """What is higher, but far in front, is lower in the picture."""
    near_and_high = seen((0.62, 0.0, 0.96), half=0.0)
    with pytest.raises(UnclearError, match="another height"):
        relation(near_and_high, CUP)
