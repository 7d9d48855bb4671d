"""Parquet files of questions, whose columns follow from `robot_r1.question.Question`.

The arrow schema carries the Hub's features in its metadata, so that `datasets` and the viewer know the image column.
It is put together here rather than by `datasets`, whose import costs every process 80 MB and a second.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from robot_r1.files import atomic_path
from robot_r1.question import Question

ROW_GROUP = 50
"""Rows per row group: what the Hub's viewer reads at once, and what a worker holds in memory."""
_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_VALUES = {int: ("int32", pa.int32()), float: ("float64", pa.float64()), bool: ("bool", pa.bool_())}
_MATRICES = {"intrinsics": (3, 3), "extrinsics": (4, 4)}


@cache
def arrow_schema() -> pa.Schema:
    """The columns, with the features of `datasets` in the metadata."""
    columns = {name: _column(name, field.annotation) for name, field in Question.model_fields.items()}
    features = {name: feature for name, (_, feature) in columns.items()}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema([(name, column) for name, (column, _) in columns.items()], metadata=metadata)


def _column(name: str, annotation: Any) -> tuple[pa.DataType, dict[str, Any]]:
    """Arrow type of a field and its description as a feature."""
    if name == "images":
        return pa.list_(_IMAGE), {"feature": {"_type": "Image"}, "_type": "List"}
    if name in _MATRICES:
        rows, columns = _MATRICES[name]
        return _list(_list(_column("", float), columns), rows)
    if get_origin(annotation) is tuple:
        items = get_args(annotation)
        return _list(_column(name, items[0]), len(items))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {key: _column(key, field.annotation) for key, field in annotation.model_fields.items()}
        return (
            pa.struct([(key, column) for key, (column, _) in fields.items()]),
            {key: feature for key, (_, feature) in fields.items()},
        )
    dtype, column = _VALUES.get(annotation, ("string", pa.string()))
    return column, {"dtype": dtype, "_type": "Value"}


def _list(items: tuple[pa.DataType, dict[str, Any]], length: int) -> tuple[pa.DataType, dict[str, Any]]:
    column, feature = items
    return pa.list_(column, length), {"feature": feature, "length": length, "_type": "List"}


class QuestionWriter:
    """Appends questions to a parquet file, a row group at a time; same questions, same bytes."""

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer
        self._pending: list[Question] = []

    def write(self, questions: Sequence[Question]) -> None:
        """Append questions; they reach the file in groups of `ROW_GROUP`."""
        self._pending.extend(questions)
        while len(self._pending) >= ROW_GROUP:
            self._flush(ROW_GROUP)

    def flush(self) -> None:
        """Write what is pending as a last, shorter group."""
        if self._pending:
            self._flush(len(self._pending))

    def _flush(self, count: int) -> None:
        rows = [_row(question) for question in self._pending[:count]]
        del self._pending[:count]
        schema = arrow_schema()
        columns = [pa.array([row[field.name] for row in rows], field.type) for field in schema]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=schema))


@contextmanager
def question_writer(path: Path) -> Iterator[QuestionWriter]:
    """A writer to a file that appears, complete, when the block ends without an error.

    Raises:
        OSError: the disk is full or not writable.
    """
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(
            temporary,
            arrow_schema(),
            compression=_compression(),
            use_dictionary=["question_type", "task", "description", "demo", "source", "renderer"],
            write_statistics=["id", "task", "frame"],
        ) as parquet,
    ):
        writer = QuestionWriter(parquet)
        yield writer
        writer.flush()


@cache
def _compression() -> dict[str, str]:
    """By column: pictures are compressed already, and a second time would take longer than all the rest."""
    sink = pa.BufferOutputStream()
    pq.write_table(arrow_schema().empty_table(), sink)
    columns = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    paths = [columns.column(i).path for i in range(len(columns))]
    return {path: "none" if path.endswith(".bytes") else "zstd" for path in paths}


def _row(question: Question) -> dict[str, Any]:
    row = dict(question)
    row["images"] = [
        {"bytes": image, "path": f"{question.demo.replace('/', '-')}-frame{question.frame}.png"}
        for image in question.images
    ]
    row["camera"] = dict(question.camera)
    return row
