"""Ticks at round numbers, and axes that hold all values."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from robot_r1.page.axes import range_axis, share_axis, step_axis, value_axis


def test_ticks_are_round() -> None:
    assert [tick.label for tick in step_axis(300, 0, 1).ticks] == ["0", "100", "200", "300"]
    assert [tick.label for tick in step_axis(7, 0, 1).ticks] == ["0", "2", "4", "6"]
    assert [tick.label for tick in share_axis(0, 1, 0.06).ticks] == ["0 %", "2 %", "4 %", "6 %"]
    assert [tick.label for tick in share_axis(0, 1, 0.99).ticks] == ["0 %", "25 %", "50 %", "75 %", "100 %"]
    assert [tick.label for tick in value_axis(np.array([0.0, 1e-6]), 0, 1).ticks][-1] == "1e-6"
    assert [tick.label for tick in value_axis(np.array([-0.05, 0.1]), 0, 1).ticks] == ["-0.05", "0", "0.05", "0.10"]


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=20))
@example([5e-324])
@example([-1e-308, 3e-308])
def test_any_finite_values_lie_within_the_axis(values: list[float]) -> None:
    axis = value_axis(np.array(values), 100.0, 0.0)
    assert np.isfinite([axis.low, axis.high]).all()
    assert 2 <= len(axis.ticks) <= 12
    assert (axis.place(values) >= -1e-3).all()
    assert (axis.place(values) <= 100.001).all()


def test_a_range_keeps_its_ends() -> None:
    axis = range_axis(0.71, 1.23, 100, 0)
    assert [tick.label for tick in axis.ticks] == ["0.8", "1.0", "1.2"]
    assert axis.place([0.71, 1.23]).tolist() == [100, 0]
