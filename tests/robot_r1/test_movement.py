import pytest

from robot_r1.movement import all_movements, movement_between, movement_text

START = (0.2, 0.1, 1.0)


@pytest.mark.parametrize(
    ("delta", "dead_zone", "text"),
    [
        ((0.3, 0.0, 0.0), 0.0, "Move forward"),
        ((-0.3, 0.0, 0.0), 0.0, "Move backward"),
        ((0.0, 0.2, -0.19), 0.0, "Move right and down"),
        ((0.2, -0.1, -0.05), 0.0, "Move forward, slightly left and slightly down"),
        ((-0.06, -0.05, -0.2), 0.0, "Move slightly backward, slightly left and down"),
        ((0.1001, 0.2, 0.0), 0.0, "Move forward and right"),
        ((0.2, 0.009, -0.05), 0.01, "Move forward and slightly down"),
        ((0.2, 0.009, -0.05), 0.0, "Move forward, slightly right and slightly down"),
    ],
)
def test_labels(delta: tuple[float, float, float], dead_zone: float, text: str) -> None:
    movement = movement_between(START, [s + d for s, d in zip(START, delta, strict=True)], dead_zone)
    assert movement is not None
    assert movement_text(movement) == text


def test_exactly_half_of_the_largest_axis_is_slight() -> None:
    movement = movement_between((0, 0, 0), (1.0, 0.5, -0.5), 0)
    assert movement is not None
    assert [move.slight for move in movement] == [False, True, True]


def test_nothing_moves_within_the_dead_zone() -> None:
    assert movement_between(START, (0.205, 0.095, 1.01), 0.0101) is None
    assert movement_between(START, START, 0) is None


@pytest.mark.parametrize("dead_zone", [0, 0.01])
def test_all_movements_are_distinct_and_hold_every_label(dead_zone: float) -> None:
    movements = all_movements()
    assert len(movements) == len(set(map(movement_text, movements))) == 98
    assert sum(len(movement) == 3 for movement in movements) == 56
    for delta in ((0.2, -0.05, 0.1), (-0.2, 0.19, -0.02), (0.02, 0.011, 0.02), (0.1, 0, 0)):
        assert movement_between((0, 0, 0), delta, dead_zone) in movements
