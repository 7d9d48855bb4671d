"""Parquet files of rows, whose columns follow from the fields of the row's model.

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

from data_gen.formats import Row
from robot_r1.files import atomic_path
from robot_r1.question import Question

ROW_GROUP = 50
"""Rows per row group: what the Hub's viewer reads at once, and what a worker holds in memory."""
_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_VALUES = {int: ("int32", pa.int32()), float: ("float64", pa.float64()), bool: ("bool", pa.bool_())}
_MATRICES = {"intrinsics": (3, 3), "extrinsics": (4, 4)}


@cache
def arrow_schema(model: type[Row] = Question) -> pa.Schema:
    """The columns of a row, with the features of `datasets` in the metadata."""
    columns = {name: _column(name, field.annotation) for name, field in model.model_fields.items()}
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


class RowWriter:
    """Appends rows to a parquet file, a row group at a time; same rows, same bytes."""

    def __init__(self, writer: pq.ParquetWriter, schema: pa.Schema) -> None:
        self._writer = writer
        self._schema = schema
        self._pending: list[Row] = []

    def write(self, rows: Sequence[Row]) -> None:
        """Append rows; they reach the file in groups of `ROW_GROUP`."""
        self._pending.extend(rows)
        while len(self._pending) >= ROW_GROUP:
            self._flush(ROW_GROUP)

    def flush(self) -> None:
        """Write what is pending as a last, shorter group."""
        if self._pending:
            self._flush(len(self._pending))

    def _flush(self, count: int) -> None:
        rows = [_values(row) for row in self._pending[:count]]
        del self._pending[:count]
        columns = [pa.array([row[field.name] for row in rows], field.type) for field in self._schema]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))


@contextmanager
def row_writer(path: Path, model: type[Row] = Question) -> Iterator[RowWriter]:
    """A writer to a file that appears, complete, when the block ends without an error.

    Raises:
        OSError: the disk is full or not writable.
    """
    schema = arrow_schema(model)
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(
            temporary,
            schema,
            compression=_compression(model),
            use_dictionary=["question_type", "task", "description", "demo", "source", "renderer"],
            write_statistics=["id", "task", "frame"],
        ) as parquet,
    ):
        writer = RowWriter(parquet, schema)
        yield writer
        writer.flush()


@cache
def _compression(model: type[Row]) -> dict[str, str]:
    """By column: pictures are compressed already, and a second time would take longer than all the rest."""
    sink = pa.BufferOutputStream()
    pq.write_table(arrow_schema(model).empty_table(), sink)
    columns = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    paths = [columns.column(i).path for i in range(len(columns))]
    return {path: "none" if path.endswith(".bytes") else "zstd" for path in paths}


def _values(row: Row) -> dict[str, Any]:
    values: dict[str, Any] = dict(row)
    values["images"] = [
        {"bytes": image, "path": f"{row.demo.replace('/', '-')}-frame{row.frame}.png"} for image in row.images
    ]
    values["camera"] = dict(row.camera)
    return values
