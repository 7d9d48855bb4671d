"""A sheet per demo: the stored frame nearest to each keypoint, and the height of the gripper over time."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from data_gen.report.cards import RATE
from data_gen.report.pictures import embed
from data_gen.report.projection import Place, height, place
from data_gen.report.rows import Entry, Moment, ShownRow
from robot_r1.geometry import TABLE_HEIGHT
from robot_r1.page.axes import Axis, range_axis
from robot_r1.question import Point

LEAST_COLUMNS, MOST_COLUMNS = 4, 6
"""Pictures beside each other in a strip."""
THUMBNAIL, THUMBNAIL_BYTES = 144, 600_000
"""Longest side of a picture in a strip, pixels, and bytes of all of them."""
PLOT_WIDTH, PLOT_HEIGHT = 1000, 120
"""The curve's drawing units: the width is stretched to the page, the height is pixels."""
ROOM = 0.04
"""Metres above the highest and below the lowest point of the curve."""


@dataclass(frozen=True)
class DemoMoments:
    """What the rows of a demo say of it.

    Attributes:
        states: tip position and whether the gripper is open, by frame.
        keypoints: target by keypoint frame.
        entries: a row for each frame.
    """

    id: str
    states: Mapping[int, tuple[Point, bool | None]]
    keypoints: Mapping[int, Point]
    entries: Mapping[int, Entry]

    def nearest(self, keypoint: int) -> int:
        """The stored frame nearest to a keypoint's frame; of two, the earlier."""
        return min(self.entries, key=lambda frame: (abs(frame - keypoint), frame))


@dataclass(frozen=True)
class Still:
    """The stored frame nearest to a keypoint; `late` is how many seconds after it, negative before."""

    keypoint: int
    frame: int
    late: float
    picture: str | None
    mark: Place | None
    height: float


@dataclass(frozen=True)
class Band:
    """A stretch of time, in percent of the plot's width, in which the gripper is open or closed."""

    start: float
    width: float
    is_open: bool


@dataclass(frozen=True)
class Curve:
    """Height of the tip over time.

    Attributes:
        line: path through the frames of questions and the keypoints, in units of `PLOT_WIDTH` by `PLOT_HEIGHT`.
        dots: of each question frame, percent from the left and units from the top.
        marks: the same of each keypoint.
        table: height of the table top in units from the top.
    """

    time: Axis
    metres: Axis
    line: str
    dots: tuple[tuple[float, float], ...]
    marks: tuple[tuple[float, float], ...]
    bands: tuple[Band, ...]
    table: float


@dataclass(frozen=True)
class Sheet:
    """A demo as the page shows it."""

    id: str
    task: str
    description: str
    split: str
    stills: tuple[Still, ...]
    curve: Curve

    @property
    def columns(self) -> int:
        """Pictures beside each other, so that the rows of the strip are about equally long."""
        rows = math.ceil(len(self.stills) / MOST_COLUMNS)
        return max(LEAST_COLUMNS, math.ceil(len(self.stills) / rows))


def gather(rows: Mapping[str, Sequence[tuple[Entry, Moment]]]) -> tuple[DemoMoments, ...]:
    """The demos behind some rows."""
    return tuple(
        DemoMoments(
            demo,
            {moment.frame: (moment.state, moment.gripper_open) for _, moment in sorted(each, key=_frame)},
            {moment.keypoint_frame: moment.target for _, moment in sorted(each, key=_keypoint)},
            {moment.frame: entry for entry, moment in sorted(each, key=_frame)},
        )
        for demo, each in rows.items()
    )


def sheets(demos: Sequence[DemoMoments], rows: Mapping[Entry, ShownRow]) -> tuple[Sheet, ...]:
    """The sheets of some demos, whose nearest frames are among `rows`."""
    stills = [(demo, keypoint, demo.nearest(keypoint)) for demo in demos for keypoint in demo.keypoints]
    shown = [rows[demo.entries[frame]] for demo, _, frame in stills]
    pictures = embed([row.images[0] if row.images else None for row in shown], THUMBNAIL_BYTES, THUMBNAIL)
    drawn = [
        (demo.id, _still(demo, keypoint, frame, row, picture))
        for (demo, keypoint, frame), row, picture in zip(stills, shown, pictures, strict=True)
    ]
    return tuple(_sheet(demo, [still for id, still in drawn if id == demo.id], rows) for demo in demos)


def _sheet(demo: DemoMoments, stills: Sequence[Still], rows: Mapping[Entry, ShownRow]) -> Sheet:
    entry = demo.entries[demo.nearest(min(demo.keypoints))]
    return Sheet(demo.id, entry.task, rows[entry].description, entry.split, tuple(stills), curve(demo))


def _still(demo: DemoMoments, keypoint: int, frame: int, row: ShownRow, picture: str | None) -> Still:
    camera = row.camera
    mark = None if camera is None else place(camera, demo.keypoints[keypoint])
    drawn = 0.0 if camera is None else round(height(camera), 1)
    return Still(keypoint, frame, (frame - keypoint) / RATE, picture, mark, drawn)


def curve(demo: DemoMoments) -> Curve:
    """The tip's height through all that the data set knows of a demo: states at its frames, and its keypoints."""
    known = {frame: state[2] for frame, (state, _) in demo.states.items()}
    known |= {frame: target[2] for frame, target in demo.keypoints.items()}
    time = range_axis(0, max(max(known) / RATE, 1 / RATE), 0, 100)
    heights = [*known.values(), TABLE_HEIGHT]
    metres = range_axis(min(heights) - ROOM, max(heights) + ROOM, PLOT_HEIGHT, 0)

    def at(frame: int) -> tuple[float, float]:
        return round(float(time.place(frame / RATE)), 2), round(float(metres.place(known[frame])), 1)

    points = [at(frame) for frame in sorted(known)]
    line = "M" + "L".join(f"{x * PLOT_WIDTH / 100:.1f} {y:.1f}" for x, y in points)
    return Curve(
        time,
        metres,
        line,
        tuple(at(frame) for frame in demo.states),
        tuple(at(frame) for frame in demo.keypoints),
        _bands(demo, time),
        round(float(metres.place(TABLE_HEIGHT)), 1),
    )


def _bands(demo: DemoMoments, time: Axis) -> tuple[Band, ...]:
    """From each frame of a question to the next one: in between, nothing is known of the gripper."""
    frames = [*demo.states, max(*demo.states, *demo.keypoints)]
    bands = []
    for start, end in pairwise(frames):
        is_open = demo.states[start][1]
        if is_open is not None:
            left, right = (float(time.place(frame / RATE)) for frame in (start, end))
            bands.append(Band(round(left, 2), round(right - left, 2), is_open))
    return tuple(bands)


def _frame(pair: tuple[Entry, Moment]) -> int:
    return pair[1].frame


def _keypoint(pair: tuple[Entry, Moment]) -> int:
    return pair[1].keypoint_frame
