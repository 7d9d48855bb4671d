"""The data set as columns, with a digest in the place of each picture."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from data_gen.dataset import (
    DatasetFile,
    Digests,
    batches,
    check_columns,
    dataset_files,
    frame_name,
    picture_digest,
)
from data_gen.pool import progress_bar
from robot_r1.blind_questions import read_options
from robot_r1.errors import UserError
from robot_r1.geometry import Array
from robot_r1.pictures import BadPictureError, stored_pictures
from robot_r1.question import LETTERS, QUESTION_TYPES

Strings = NDArray[np.str_]

_ALWAYS = ("id", "question_type", "images", "demo", "task", "state", "target")
_WITH_OPTIONS = ("options", "answer")
_MULTIPLE_CHOICE = (*_WITH_OPTIONS, "answer_text")
_OPTIONAL = (*_MULTIPLE_CHOICE, "distractors", "off_screen", "gripper_off_screen")


@dataclass(frozen=True)
class Rows:
    """N questions as columns, in the order of files and rows; None where the data set lacks a column."""

    split: Strings
    id: Strings
    question_type: Strings
    demo: Strings
    task: Strings
    state: Array
    """(N, 3), metres, world frame."""
    target: Array
    """(N, 3), metres, world frame."""
    picture: Strings
    """(N,), digest of a row's pictures as they are stored."""
    options: Strings | None
    """(N, 4)."""
    points: Array | None
    """(N, 4, 3), the options as `robot_r1.blind_questions.read_options` reads them; NaN where it cannot."""
    answer: NDArray[np.int64] | None
    """(N,), index of the right option; -1 where the column holds no letter."""
    answer_text: Strings | None
    distractors: Strings | None
    """(N, 4)."""
    off_screen: NDArray[np.bool_] | None
    gripper_off_screen: NDArray[np.bool_] | None

    def __len__(self) -> int:
        return len(self.id)


def read_rows(folder: Path, workers: int, digests: Digests | None = None) -> Rows:
    """Read a data set; pictures are hashed by `workers` threads, a few dozen at a time.

    Args:
        digests: those of the pictures, where they are known; the pictures are then not read.

    Raises:
        UserError: no data set is there, a file is unreadable, a column is missing or holds something else.
    """
    files = dataset_files(folder)
    found = frozenset.intersection(*(file.columns for file in files))
    check_columns(files, _needed(files))
    optional = [name for name in _OPTIONAL if name in found]
    names = [*_ALWAYS, *optional]
    pieces = _read_files(files, names if digests is None else [name for name in names if name != "images"], workers)
    for piece in pieces:
        if digests is not None:
            piece["images"] = np.array([digests[frame_name(name)] for name in piece["id"].tolist()], dtype=np.str_)
    splits = [np.full(len(piece["id"]), file.split) for file, piece in zip(files, pieces, strict=True)]
    columns = {name: np.concatenate([piece[name] for piece in pieces]) for name in names}
    if not len(columns["id"]):
        raise UserError(f"{folder} holds no question: its parquet files are empty")
    unknown = sorted(set(columns["question_type"].tolist()) - set(QUESTION_TYPES))
    if unknown:
        allowed = ", ".join(QUESTION_TYPES)
        raise UserError(f"{folder}: question_type {unknown[0]!r} is unknown; allowed are {allowed}")
    return Rows(
        split=np.concatenate(splits),
        picture=columns["images"],
        points=_points(columns["question_type"], columns["options"]) if "options" in optional else None,
        **{name: columns[name] for name in _ALWAYS if name != "images"},
        **{name: columns.get(name) for name in _OPTIONAL},  # type: ignore[arg-type]  # these may be None
    )


def _points(question_type: Strings, options: Strings) -> Array:
    points = np.full((*options.shape, 3), np.nan)
    for name in QUESTION_TYPES:
        points[question_type == name] = read_options(name, options[question_type == name])
    return points


def _needed(files: Sequence[DatasetFile]) -> tuple[str, ...]:
    """Completions stand in the place of options, or beside them and the letter."""
    found = frozenset.union(*(file.columns for file in files))
    if "completion" not in found:
        return (*_ALWAYS, *_MULTIPLE_CHOICE)
    return (*_ALWAYS, *_WITH_OPTIONS) if found & set(_WITH_OPTIONS) else _ALWAYS


def _read_files(files: Sequence[DatasetFile], names: Sequence[str], workers: int) -> list[dict[str, NDArray[Any]]]:
    pool = ThreadPoolExecutor(workers)
    pieces = []
    try:
        with progress_bar() as progress:
            bar = progress.add_task("hashing frames" if "images" in names else "reading questions", total=len(files))
            for piece in pool.map(partial(_read_file, names=names), files):
                pieces.append(piece)
                progress.advance(bar)
    finally:
        pool.shutdown(cancel_futures=True)
    return pieces


def _read_file(file: DatasetFile, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    pictures: list[str] = []
    values: dict[str, list[Any]] = {name: [] for name in names if name != "images"}
    for _, batch in batches([file], names):
        if "images" in names:
            pictures += _digests(file, batch.column("images"), len(pictures))
        for name, column in values.items():
            column += batch.column(name).to_pylist()
    columns = {name: _array(file, name, values[name]) for name in values}
    return {**columns, "images": np.array(pictures, dtype=np.str_)} if "images" in names else columns


def _digests(file: DatasetFile, images: pa.Array, before: int) -> list[str]:
    """A digest for each row's pictures; `before` rows of the file came earlier."""
    digests: list[str] = []
    for value in images.to_pylist():
        try:
            digests.append(picture_digest(stored_pictures(value)))
        except BadPictureError as error:
            raise UserError(f"{file.path}, row {before + len(digests) + 1}: {error}") from error
    return digests


_SHAPES = {"state": (3,), "target": (3,), "options": (4,), "distractors": (4,)}


def _array(file: DatasetFile, name: str, values: list[Any]) -> NDArray[Any]:
    """The column as an array; letters become indices.

    Raises:
        UserError: a value is missing or has another length or type.
    """
    if name == "answer":
        return np.array([LETTERS.index(value) if value in LETTERS else -1 for value in values], dtype=np.int64)
    kind = {"state": np.float64, "target": np.float64, "off_screen": np.bool_, "gripper_off_screen": np.bool_}
    try:
        if None in values:
            raise ValueError("a value is missing")
        array: NDArray[Any] = np.array(values, dtype=kind.get(name, np.str_)).reshape(
            len(values), *_SHAPES.get(name, ())
        )
    except (ValueError, TypeError) as error:
        raise UserError(f"{file.path}: the column {name} is not as documented ({error}); see docs/data.md") from error
    if array.dtype == np.float64 and not np.isfinite(array).all():
        raise UserError(f"{file.path}: the column {name} holds a number that is not finite; build the data set again")
    return array
