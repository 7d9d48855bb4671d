"""What occurs twice: questions, options, and demos or pictures in more than one split."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from data_gen.audit.lights import none_allowed
from data_gen.audit.report import Finding
from data_gen.audit.rows import Rows, Strings
from data_gen.audit.truth import TOLERANCE
from robot_r1.geometry import Array
from robot_r1.question import QUESTION_TYPES, SPLITS

_PAIRS = np.triu_indices(4, 1)


def duplicate_findings(rows: Rows) -> Iterator[Finding]:
    """Repeated questions, and options of a question that resemble each other."""
    n = len(rows)
    yield none_allowed("duplicates", "same id", None, rows.id[_repeated(rows.id)], n)
    parts = [rows.picture, rows.question_type]
    if rows.options is not None:
        parts += list(np.sort(rows.options, axis=1).T)
    same = _repeated(np.array(["\n".join(key) for key in zip(*(part.tolist() for part in parts), strict=True)]))
    check = "same picture, type and options" if rows.options is not None else "same picture and type"
    yield none_allowed("duplicates", check, None, rows.id[same], n, "red" if rows.options is not None else "amber")
    if rows.options is not None and rows.points is not None:
        yield from _option_findings(rows, rows.options, rows.points)
    first_demo = _first(rows.picture, rows.demo)
    other = _one_each(rows.picture, first_demo != rows.demo)
    yield none_allowed(
        "duplicates", "same picture in two demos", None, rows.id[other], len(np.unique(rows.picture)), "amber"
    )


def _option_findings(rows: Rows, options: Strings, points: Array) -> Iterator[Finding]:
    for question_type in QUESTION_TYPES:
        mask = rows.question_type == question_type
        if not mask.any():
            continue
        ids, texts = rows.id[mask], options[mask]
        alike = (texts[:, _PAIRS[0]] == texts[:, _PAIRS[1]]).any(axis=1)
        yield none_allowed("duplicates", "two options print the same", question_type, ids[alike], len(ids))
        if question_type != "movement":
            apart = np.linalg.norm(points[mask][:, _PAIRS[0]] - points[mask][:, _PAIRS[1]], axis=2)
            near = (apart < TOLERANCE).any(axis=1) & ~alike
            check = f"two options within {1000 * TOLERANCE:.0f} mm"
            yield none_allowed("duplicates", check, question_type, ids[near], len(ids), "amber")


def split_findings(rows: Rows) -> Iterator[Finding]:
    """Demos and pictures that are in more than one split."""
    for check, column in (("demo in two splits", rows.demo), ("picture in two splits", rows.picture)):
        each = np.concatenate([np.unique(column[rows.split == split]) for split in SPLITS])
        shared = each[_repeated(each)]
        found = rows.id[_one_each(column, np.isin(column, shared))]
        yield none_allowed("splits", check, None, found, len(np.unique(column)))


def _repeated(keys: Strings) -> NDArray[np.bool_]:
    """Which rows' keys occurred before."""
    again = np.ones(len(keys), dtype=np.bool_)
    again[np.unique(keys, return_index=True)[1]] = False
    return again


def _first(keys: Strings, values: Strings) -> Strings:
    """For each row the value of the first row with the same key."""
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    return values[first][place]


def _one_each(keys: Strings, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The first row of each key among the rows of a mask."""
    rows = np.flatnonzero(mask)
    return rows[np.sort(np.unique(keys[rows], return_index=True)[1])]
