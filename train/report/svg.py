"""Charts as SVG paths. Text (names, titles) stays data: the templates escape it."""

import json
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from robot_r1.page.axes import Axis, share_axis, step_axis, value_axis
from train.report.curves import COLORS, Chart, Line
from train.report.statistics import running_mean, smoothing_width

WIDTH, HEIGHT = 400, 230
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 10, 34
BESIDE_WIDTH, BESIDE_GAP = 22, 18
DRAWN_POINTS = 400
"""Most points drawn of one line: about one per pixel."""
FEW_POINTS = 60
"""Up to so many points of a line that is not smoothed are marked by dots."""

Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mark:
    """What is drawn of one line. Paths that do not apply are empty.

    Attributes:
        name: for the legend.
        last: newest value, for the legend.
        style: number of its colour; `none` for completions without a letter.
        line: the curve; for a noisy chart the running mean.
        dots: raw points.
        area: interval band, or the area of a stacked chart.
    """

    name: str
    last: float
    style: str
    line: str = ""
    dots: str = ""
    area: str = ""


@dataclass(frozen=True)
class Block:
    """A piece of the stacked bar beside a chart, in drawing units."""

    style: str
    y: float
    height: float


@dataclass(frozen=True)
class Drawing:
    """A chart, ready for the template. `data` is JSON for the tooltip."""

    chart: Chart
    marks: tuple[Mark, ...]
    x: Axis
    y: Axis
    plot_right: float
    smoothed: int
    data: str
    baseline_y: float | None = None
    blocks: tuple[Block, ...] = ()

    @property
    def plot_bottom(self) -> float:
        return HEIGHT - BOTTOM


def draw(chart: Chart, last_step: int) -> Drawing:
    """Lay a chart out in a box of `WIDTH` by `HEIGHT` units, from step 0 to the last step of the run."""
    right = WIDTH - RIGHT - (BESIDE_WIDTH + BESIDE_GAP if chart.beside else 0)
    x = step_axis(last_step, LEFT, right)
    y = _vertical(chart)
    marks = _areas(chart, x, y) if chart.stacked else _curves(chart, x, y)
    return Drawing(
        chart,
        marks,
        x,
        y,
        right,
        max(_width(chart, line) for line in chart.lines),
        _tooltip_data(chart, x, right, marks),
        float(y.place(chart.baseline[1])) if chart.baseline else None,
        _blocks(chart, marks, y),
    )


def _width(chart: Chart, line: Line) -> int:
    return smoothing_width(len(line.series)) if chart.noisy or chart.stacked else 1


def _vertical(chart: Chart) -> Axis:
    bottom = HEIGHT - BOTTOM
    if chart.stacked:
        return share_axis(bottom, TOP, float(np.sum([line.series.values for line in chart.lines], axis=0).max()))
    values = np.concatenate([line.series.values for line in chart.lines])
    if chart.unit == "share":
        return share_axis(bottom, TOP, 1.0 if chart.baseline else float(values.max()))
    return value_axis(values, bottom, TOP)


def _curves(chart: Chart, x: Axis, y: Axis) -> tuple[Mark, ...]:
    marks = []
    for i, line in enumerate(chart.lines):
        width = _width(chart, line)
        keep = _thinned(len(line.series))
        at = x.place(line.series.steps)[keep]
        area = ""
        if line.band is not None:
            area = _band(at, y.place(line.band[keep, 0]), y.place(line.band[keep, 1]))
        few = len(keep) <= FEW_POINTS
        dots = _dots(at, y.place(line.series.values[keep])) if width > 1 or few else ""
        curve = _path(at, y.place(running_mean(line.series.values, width)[keep]))
        marks.append(Mark(line.name, float(line.series.values[-1]), str(i % COLORS), curve, dots, area))
    return tuple(marks)


def _areas(chart: Chart, x: Axis, y: Axis) -> tuple[Mark, ...]:
    values = np.array([running_mean(line.series.values, _width(chart, line)) for line in chart.lines])
    edges = np.vstack([np.zeros(values.shape[1]), np.cumsum(values, axis=0)])
    keep = _thinned(values.shape[1])
    at = x.place(chart.lines[0].series.steps)[keep]
    if len(at) == 1:  # an area needs two ends: one moment is drawn as wide as the plot
        at, keep = np.array([x.start, x.end]), np.array([0, 0])
    marks = []
    for i, (line, (low, high)) in enumerate(zip(chart.lines, pairwise(edges), strict=True)):
        area = _band(at, y.place(low[keep]), y.place(high[keep]))
        style = "none" if line.name == "none" else f"a{i % COLORS}"
        marks.append(Mark(line.name, float(line.series.values[-1]), style, area=area))
    return tuple(marks)


def _blocks(chart: Chart, marks: tuple[Mark, ...], y: Axis) -> tuple[Block, ...]:
    if not chart.beside:
        return ()
    edges = y.place(np.concatenate([[0.0], np.cumsum(chart.beside[1])]))
    return tuple(
        Block(mark.style, round(float(upper), 1), round(float(lower - upper), 1))
        for mark, (lower, upper) in zip(marks, pairwise(edges), strict=True)
    )


def _tooltip_data(chart: Chart, x: Axis, right: float, marks: tuple[Mark, ...]) -> str:
    lines = []
    for line, mark in zip(chart.lines, marks, strict=True):
        keep = _thinned(len(line.series))
        entry: dict[str, object] = {
            "name": line.name,
            "style": mark.style,
            "x": line.series.steps[keep].tolist(),
            "y": _rounded(line.series.values[keep]),
        }
        if line.band is not None:
            entry["low"], entry["high"] = (_rounded(line.band[keep, end]) for end in (0, 1))
        lines.append(entry)
    axis = {"from": x.low, "to": x.high, "left": LEFT, "right": right, "width": WIDTH}
    return json.dumps({"unit": chart.unit, "axis": axis, "lines": lines}, separators=(",", ":"))


def _thinned(count: int) -> npt.NDArray[np.int64]:
    """Indices of at most `DRAWN_POINTS` points, evenly spread, first and last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, DRAWN_POINTS)).round().astype(np.int64))


def _rounded(values: Points) -> list[float]:
    return [float(f"{value:.6g}") for value in values]


def _path(x: Points, y: Points) -> str:
    return "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in zip(x, y, strict=True))


def _band(x: Points, low: Points, high: Points) -> str:
    return _path(np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]])) + "Z"


def _dots(x: Points, y: Points) -> str:
    """Strokes of no length: round caps make them dots, in far fewer bytes than circles."""
    return "".join(f"M{px:.1f} {py:.1f}h0" for px, py in zip(x, y, strict=True))
