"""What the page says of each question, and what it draws over its picture."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np

from data_gen.report.pictures import embed
from data_gen.report.projection import Disc, Place, discs, height, place
from data_gen.report.rows import Entry, ShownRow
from robot_r1.page.fitting import clip, fair_limit, size
from robot_r1.question import LETTERS, TRUE_OPTION, Point

PICTURE_BYTES, TEXT_BYTES = 12_500, 3_000
"""Bytes that a question may take on average, so that 200 of them stay below 5 MB."""
LEAST_BUDGET = 200
"""Questions whose bytes may be spent in any case: few questions are shown at their best."""
RATE = 20
"""Frames per second."""
_NUMBER = r"\s*([-+]?\d+(?:\.\d*)?)\s*"
_POSITION = re.compile(rf"\[{_NUMBER},{_NUMBER},{_NUMBER}\]")


@dataclass(frozen=True)
class Option:
    """One of the offered answers.

    Attributes:
        distance: metres to the truth, for positions.
        strategy: what made it; None for the right one and where the data set does not say.
    """

    letter: str
    text: str
    right: bool
    distance: float | None
    strategy: str | None


@dataclass(frozen=True)
class Overlay:
    """What is drawn over the picture, in units of `projection.WIDTH`."""

    height: float
    gripper: Place
    keypoint: Place
    discs: tuple[Disc, ...]


@dataclass(frozen=True)
class Card:
    """A question as the page shows it."""

    row: ShownRow
    split: str
    picture: str | None
    options: tuple[Option, ...]
    overlay: Overlay | None
    prompt: str
    completion: str

    @property
    def anchor(self) -> str:
        """The fragment that leads to this card."""
        return quote(self.row.id, safe="/")

    @property
    def strategies(self) -> tuple[str, ...]:
        return tuple(sorted({option.strategy for option in self.options if option.strategy}))

    @property
    def time(self) -> float:
        """Seconds from the demo's start to the frame shown."""
        return self.row.frame / RATE

    @property
    def wait(self) -> float:
        """Seconds from the frame shown to the next keypoint."""
        return (self.row.keypoint_frame - self.row.frame) / RATE

    @property
    def displacement(self) -> Point:
        """From the gripper to the next keypoint, metres."""
        x, y, z = (end - start for start, end in zip(self.row.state, self.row.target, strict=True))
        return x, y, z

    @property
    def length(self) -> float:
        return float(np.linalg.norm(self.displacement))


def cards(rows: Sequence[tuple[Entry, ShownRow]]) -> tuple[Card, ...]:
    """The cards of some rows, pictures and texts cut to the page's budget."""
    count = max(len(rows), LEAST_BUDGET)
    pictures = embed([row.images[0] if row.images else None for _, row in rows], PICTURE_BYTES * count)
    texts = [size(text) for _, row in rows for text in (row.question, row.completion or "")]
    limit = fair_limit(texts, TEXT_BYTES * count)
    return tuple(
        Card(
            row,
            entry.split,
            picture,
            _options(row),
            _overlay(row),
            clip(row.question, limit),
            clip(row.completion or "", limit),
        )
        for (entry, row), picture in zip(rows, pictures, strict=True)
    )


def _options(row: ShownRow) -> tuple[Option, ...]:
    strategies = row.distractors or (None,) * len(row.options)
    truth = row.state if row.question_type == "current_state" else row.target
    return tuple(
        Option(
            letter,
            text,
            letter == row.answer,
            None if (point := _position(text)) is None else float(np.linalg.norm(np.subtract(point, truth))),
            None if strategy == TRUE_OPTION else strategy,
        )
        for letter, text, strategy in zip(LETTERS, row.options, strategies, strict=False)
    )


def _overlay(row: ShownRow) -> Overlay | None:
    if row.camera is None:
        return None
    positions = [(letter, _position(text)) for letter, text in zip(LETTERS, row.options, strict=False)]
    return Overlay(
        round(height(row.camera), 1),
        place(row.camera, row.state),
        place(row.camera, row.target),
        discs(row.camera, [(letter, point) for letter, point in positions if point is not None]),
    )


def _position(text: str) -> Point | None:
    """The position that an option names; None for a movement."""
    found = _POSITION.fullmatch(text.strip())
    return (float(found[1]), float(found[2]), float(found[3])) if found else None
