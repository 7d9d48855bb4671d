"""Axes: the way from values to places in a drawing, and ticks at round numbers."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Tick:
    """A place on an axis, in drawing units, and what stands there."""

    at: float
    label: str


@dataclass(frozen=True)
class Axis:
    """Maps values from `low` to `high` onto drawing units from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[Tick, ...] = ()

    def place(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        share = (np.asarray(values, dtype=np.float64) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def step_axis(last: int, start: float, end: float) -> Axis:
    """From 0, which is before training, to the last step."""
    high = max(1, last)
    spacing = max(1.0, _round_spacing(high / 5))
    spacing = 5.0 if spacing == 2.5 else spacing  # steps are whole
    return _with_ticks(Axis(0, high, start, end), spacing, lambda value: _short(value, spacing))


def share_axis(start: float, end: float, high: float) -> Axis:
    """From 0 to a round share above `high`, to 1 from one half on; in percent."""
    high = 1.0 if high > 0.5 else max(high, 0.01)
    spacing = _round_spacing(high / 4)
    top = spacing * math.ceil(high / spacing - 1e-9)
    return _with_ticks(Axis(0.0, top, start, end), spacing, lambda value: f"{_short(100 * value, 100 * spacing)} %")


_NOTHING = 1e-290
"""Below this a quarter of an axis is no longer a number with all its digits, and has no power of ten."""


def value_axis(values: npt.NDArray[np.float64], start: float, end: float) -> Axis:
    """Between round numbers around all values; 0 is included where that costs little room."""
    told = np.where(np.abs(values) < _NOTHING, 0.0, values)
    low, high = float(told.min()), float(told.max())
    if low > 0 and low < 0.6 * high:
        low = 0.0
    if high - low < 1e-9 * max(abs(high), abs(low)) or high == low:
        low, high = (0.0, 2 * high) if high > 0 else (2 * low, 0.0) if low < 0 else (0.0, 1.0)
    spacing = _round_spacing((high - low) / 4)
    low, high = spacing * math.floor(low / spacing + 1e-9), spacing * math.ceil(high / spacing - 1e-9)
    return _with_ticks(Axis(low, high, start, end), spacing, lambda value: _short(value, spacing))


def range_axis(low: float, high: float, start: float, end: float) -> Axis:
    """From `low` to `high` as they are, with ticks at the round numbers between."""
    spacing = _round_spacing((high - low) / 5)
    return _with_ticks(Axis(low, high, start, end), spacing, lambda value: _short(value, spacing))


def _with_ticks(axis: Axis, spacing: float, label: Callable[[float], str]) -> Axis:
    first, last = math.ceil(axis.low / spacing - 1e-9), math.floor(axis.high / spacing + 1e-9)
    values = [index * spacing for index in range(first, last + 1)]
    ticks = tuple(Tick(round(float(axis.place(value)), 1), label(value)) for value in values)
    return Axis(axis.low, axis.high, axis.start, axis.end, ticks)


def _round_spacing(least: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least * (1 - 1e-9))


def _short(value: float, spacing: float) -> str:
    """A tick's number with the digits that its spacing calls for, in scientific notation where those are many."""
    if abs(value) < spacing / 1e6:
        return "0"
    if spacing < 5e-4 or abs(value) >= 1e6:
        digits, power = f"{value:.2e}".split("e")
        return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"
    if spacing >= 1000:
        return f"{value / 1000:g}k"
    decimals = max(0, math.ceil(-math.log10(spacing) - 1e-9))
    decimals += round(spacing * 10**decimals, 6) % 1 != 0  # a spacing of 2.5, 0.25 ...
    return f"{value:.{decimals}f}"
