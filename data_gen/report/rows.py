"""The rows of a data set as the page reads them: a light pass over all, then whole rows where they are shown."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from data_gen.dataset import DAMAGE, DatasetFile, batches, check_columns
from robot_r1.demo import Camera
from robot_r1.errors import UserError
from robot_r1.pictures import BadPictureError, stored_pictures
from robot_r1.question import Point, Split

_BATCH = 64
"""Rows with pictures held at once."""
_Model = TypeVar("_Model", bound=BaseModel)
_LIGHT = ("id", "question_type", "task", "demo")
_NEEDED = (*_LIGHT, "images", "question", "description", "frame", "keypoint_frame", "state", "target")


@dataclass(frozen=True)
class Entry:
    """Where a row stands, and what decides whether it is shown."""

    file: int
    """Index of its file."""
    row: int
    id: str
    question_type: str
    task: str
    demo: str
    split: Split


class Moment(BaseModel):
    """What a row says of its demo at one frame. Positions are metres in the world frame."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    demo: str
    frame: int
    keypoint_frame: int
    state: Point
    target: Point
    gripper_open: bool | None = None


class ShownRow(Moment):
    """A row with all that the page says of it; what data sets of another hand may lack is optional."""

    id: str
    question_type: str
    images: tuple[bytes, ...]
    question: str
    task: str
    description: str
    options: tuple[str, ...] = ()
    answer: str | None = None
    completion: str | None = None
    distractors: tuple[str, ...] | None = None
    off_screen: bool | None = None
    gripper_off_screen: bool | None = None
    source: str | None = None
    renderer: str | None = None
    camera: Camera | None = None


def read_entries(files: Sequence[DatasetFile]) -> list[Entry]:
    """All rows of the data set, in the order of its files.

    Raises:
        UserError: a needed column is missing, a file is damaged, or there is no row.
    """
    check_columns(files, _NEEDED)
    entries = [_entry(files, file, row, values) for file, row, values in _light_rows(files, _LIGHT)]
    if not entries:
        raise UserError(f"{files[0].path.parent} holds no rows; build the data set again")
    return entries


def read_moments(files: Sequence[DatasetFile], demos: Collection[str]) -> dict[str, list[tuple[Entry, Moment]]]:
    """What the rows of some demos say of them, by demo, without pictures.

    Raises:
        UserError: a value is not what its column means, or a file is damaged.
    """
    moments: dict[str, list[tuple[Entry, Moment]]] = defaultdict(list)
    columns = (*_LIGHT, *(name for name in Moment.model_fields if name not in _LIGHT))
    for file, row, values in _light_rows(files, columns):
        if values["demo"] in demos:
            entry = _entry(files, file, row, values)
            moments[entry.demo].append((entry, _checked(Moment, values, files[file], row)))
    return dict(moments)


def read_rows(files: Sequence[DatasetFile], entries: Collection[Entry]) -> dict[Entry, ShownRow]:
    """The rows at some entries with their pictures; the rest of a file is passed over.

    Raises:
        UserError: a value is not what its column means, or a file is damaged.
    """
    wanted: dict[int, dict[int, Entry]] = defaultdict(dict)
    for entry in entries:
        wanted[entry.file][entry.row] = entry
    found = {}
    for file, at in wanted.items():
        for row, values in _heavy_rows(files[file], at):
            found[at[row]] = _checked(ShownRow, values, files[file], row)
    return found


def _entry(files: Sequence[DatasetFile], file: int, row: int, values: dict[str, Any]) -> Entry:
    id, question_type, task, demo = (values[name] for name in _LIGHT)
    return Entry(file, row, id, question_type, task, demo, files[file].split)


def _light_rows(files: Sequence[DatasetFile], columns: Sequence[str]) -> Iterator[tuple[int, int, dict[str, Any]]]:
    for number, file in enumerate(files):
        row = 0
        for _, batch in batches([file], columns):
            for values in batch.to_pylist():
                for name in _LIGHT:
                    if not isinstance(values[name], str):
                        raise UserError(
                            f"{file.path}, row {row + 1}: {name}: is no text; docs/data.md says what each column holds"
                        )
                yield number, row, values
                row += 1


def _heavy_rows(file: DatasetFile, rows: Collection[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    columns = [name for name in ShownRow.model_fields if name in file.columns]
    try:
        with pq.ParquetFile(file.path) as parquet:
            start = 0
            for group in range(parquet.num_row_groups):
                end = start + parquet.metadata.row_group(group).num_rows
                if any(start <= row < end for row in rows):
                    for batch in parquet.iter_batches(_BATCH, row_groups=[group], columns=columns):
                        batch.validate(full=True)
                        for row in sorted(row for row in rows if start <= row < start + len(batch)):
                            yield row, batch.slice(row - start, 1).to_pylist()[0]
                        start += len(batch)
                start = end
    except DAMAGE as error:
        raise UserError(f"{file.path} is damaged ({error}); build or download the data set again") from error


def _checked(model: type[_Model], values: dict[str, Any], file: DatasetFile, row: int) -> _Model:
    given = {name: value for name, value in values.items() if value is not None}
    try:
        if "images" in given:
            given["images"] = stored_pictures(given["images"])
        return model.model_validate(given)
    except BadPictureError as error:
        raise UserError(f"{file.path}, row {row + 1}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(
            f"{file.path}, row {row + 1}: {where}: {first['msg']}; docs/data.md says what each column holds"
        ) from error
