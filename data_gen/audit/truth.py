"""Whether the right option is right, the wrong ones are wrong, and keypoint and gripper lie in the picture."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_gen.audit.lights import interval_by_demo, none_allowed, share
from data_gen.audit.report import Finding
from data_gen.audit.rows import Rows, Strings
from data_gen.manifest import MANIFEST, read_manifest
from robot_r1.errors import BadFileError, UserError
from robot_r1.geometry import Array
from robot_r1.movement import SLIGHT_RATIO, movement_between, movement_text
from robot_r1.question import QuestionType
from robot_r1.yaml_file import read_yaml

TOLERANCE = 0.01
"""Metres: positions nearer than this are one place to who looks at a picture."""
_ROUNDING = 0.0005 + 1e-9
"""Metres that a printed coordinate may differ from its value."""
_VISIBLE = 0.001
"""Metres: a move along an axis that could be named, as positions print to it."""

_Mask = NDArray[np.bool_]


def read_dead_zone(folder: Path) -> float | None:
    """The dead zone that a data set was built with, metres, from `config.yaml` or the manifest; None without either.

    Raises:
        UserError: the file is damaged or says something else.
    """
    config: Any = None
    if (folder / "config.yaml").is_file():
        try:
            config = read_yaml(folder / "config.yaml")
        except BadFileError as error:
            raise UserError(f"{folder / 'config.yaml'} {error}; build the data set again") from error
    elif (folder / MANIFEST).is_file():
        config = read_manifest(folder).config
    value = config.get("dead_zone") if isinstance(config, dict) else None
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1):
        raise UserError(f"{folder}: dead_zone is {value!r}, no number of metres from 0 to 1; build the data set again")
    return value


def truth_findings(rows: Rows, question_type: QuestionType, dead_zone: float | None) -> Iterator[Finding]:
    """What can be checked of a type's options against the positions in the columns."""
    mask = rows.question_type == question_type
    n = int(mask.sum())
    if rows.options is None or rows.points is None or rows.answer is None or not n:
        return

    def none(check: str, wrong: _Mask) -> Finding:
        return none_allowed("truth", check, question_type, rows.id[mask][wrong], n)

    answer, options = rows.answer[mask], rows.options[mask]
    place = (np.arange(n), answer)  # -1, no letter, reads the last option and is masked below
    lettered = answer >= 0
    yield none("answer is none of A to D", ~lettered)
    if rows.answer_text is not None:
        yield none("letter and text of the answer differ", lettered & (options[place] != rows.answer_text[mask]))
    points = rows.points[mask]
    readable: _Mask = np.asarray(np.isfinite(points).all(axis=(1, 2)))
    yield none("options that cannot be read", ~readable)
    checked = lettered & readable
    state, target = rows.state[mask], rows.target[mask]
    if question_type != "movement":
        truth = target if question_type == "waypoint" else state
        off = np.abs(points[place] - truth).max(axis=1)
        true: _Mask = np.linalg.norm(points - truth[:, None], axis=2) < TOLERANCE
        yield none("right option is not the recorded position", checked & (off > _ROUNDING))
    elif dead_zone is None:
        yield _unknown_dead_zone(n)
        return
    else:
        true = _true_movements(points, target - state, dead_zone)
        expected = _movement_texts(state, target, dead_zone)
        yield none("right option is not the recorded movement", checked & (options[place] != expected))
    true[place] = False
    yield none("a wrong option is also right", checked & true.any(axis=1))


def _unknown_dead_zone(n: int) -> Finding:
    return Finding(
        section="truth",
        check="right option is not the recorded movement",
        question_type="movement",
        value=0,
        unit="count",
        low=None,
        high=None,
        n=n,
        light="grey",
        note="not checked: neither config.yaml nor manifest.json tells the dead zone",
    )


def _movement_texts(state: Array, target: Array, dead_zone: float) -> Strings:
    movements = [movement_between(start, end, dead_zone) for start, end in zip(state, target, strict=True)]
    return np.array([movement_text(movement) if movement else "" for movement in movements], dtype=np.str_)


def _true_movements(points: Array, move: Array, dead_zone: float) -> _Mask:
    """(N, 4): whether nobody could call a movement wrong who looks at the displacement, (N, 3).

    Each axis that it names moves that way (by a millimetre at least) and is rightly slight or not; each that it leaves
    out stays within the dead zone.
    """
    largest = np.abs(move).max(axis=1, keepdims=True)
    direction = np.where(np.abs(move) <= SLIGHT_RATIO * largest, 0.5, 1.0) * np.sign(move)
    named = (points == direction[:, None]) & (np.abs(move) >= _VISIBLE)[:, None]
    left_out = (points == 0) & (np.abs(move) <= dead_zone)[:, None]
    true: _Mask = (named | left_out).all(axis=2)
    return true


def view_findings(rows: Rows) -> Iterator[Finding]:
    """How many questions are about what the picture cannot show; told, not judged."""
    for name, check, column in (
        ("off_screen", "next keypoint outside the picture", rows.off_screen),
        ("gripper_off_screen", "gripper outside the picture", rows.gripper_off_screen),
    ):
        if column is not None:
            interval = interval_by_demo(column, rows.demo)
            yield share("truth", check, None, interval, "grey", "", f"column {name}")
