"""Reading a data set back from its folder: any folder of parquet files with the documented columns."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from robot_r1.errors import UserError
from robot_r1.question import SPLITS, Question, Split

Digests = Mapping[str, str]
"""Of the pictures of each frame, named as question ids begin: `DEMO/frameN`."""
DAMAGE = (pa.ArrowException, OSError, UnicodeDecodeError)
"""What pyarrow raises for damaged files."""
_BATCH = 64
"""Rows read at once where pictures are among them: some MB."""


@dataclass(frozen=True)
class DatasetFile:
    """A parquet file of a data set."""

    path: Path
    split: Split
    columns: frozenset[str]


def dataset_files(folder: Path) -> tuple[DatasetFile, ...]:
    """The parquet files of a data set, sorted by path; the split is what a file's name, or its folder's, begins with.

    Raises:
        UserError: there are none, one is unreadable, or a name does not tell its split.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; give the folder of a data set, as data_gen.build writes it")
    paths = sorted(path for path in folder.rglob("*.parquet") if not path.name.startswith("."))
    if not paths:
        raise UserError(f"{folder} holds no parquet file; give the folder of a data set, as data_gen.build writes it")
    return tuple(DatasetFile(path, _split(path), _columns(path)) for path in paths)


def _split(path: Path) -> Split:
    for name in (path.name, path.parent.name):
        for split in SPLITS:
            if name.startswith(split):
                return split
    raise UserError(f"{path}: the name tells no split; let it begin with {', '.join(SPLITS[:-1])} or {SPLITS[-1]}")


def _columns(path: Path) -> frozenset[str]:
    if not path.is_file():  # a pipe would be waited for
        raise UserError(f"{path} is no file; build or download the data set again")
    try:
        return frozenset(pq.read_schema(path).names)
    except DAMAGE as error:
        raise UserError(f"{path} is not a readable parquet file; build or download the data set again") from error


def check_columns(files: Sequence[DatasetFile], needed: Sequence[str]) -> None:
    """Make sure that every file has the columns that a command needs.

    Raises:
        UserError: one is missing; the message names the file and the documented columns.
    """
    for file in files:
        missing = [name for name in needed if name not in file.columns]
        if missing:
            documented = ", ".join(Question.model_fields)
            raise UserError(f"{file.path} lacks the column {missing[0]}; the columns of a data set are {documented}")


def batches(files: Sequence[DatasetFile], columns: Sequence[str]) -> Iterator[tuple[DatasetFile, pa.RecordBatch]]:
    """The rows of the files in order, some dozens at a time, restricted to the columns that each file has.

    Raises:
        UserError: a file is damaged.
    """
    for file in files:
        try:
            with pq.ParquetFile(file.path) as parquet:
                for batch in parquet.iter_batches(_BATCH, columns=[name for name in columns if name in file.columns]):
                    batch.validate(full=True)  # texts that are no UTF-8 would fail when they are read
                    yield file, batch
        except DAMAGE as error:
            raise UserError(f"{file.path} is damaged ({error}); build or download the data set again") from error


def picture_digest(pictures: Iterable[bytes]) -> str:
    """A digest of a row's pictures as they are stored, long enough to tell millions apart."""
    digest = hashlib.sha1(usedforsecurity=False)
    for picture in pictures:
        digest.update(picture)
    return digest.hexdigest()[:20]


def frame_name(question_id: str) -> str:
    """What the ids of all questions about a frame begin with: `DEMO/frameN`."""
    return question_id.rpartition("/")[0]
