"""Parquet files of questions, whose columns follow from `robot_r1.question.Question`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq

from robot_r1.demo import Camera
from robot_r1.files import atomic_path
from robot_r1.question import Question

if TYPE_CHECKING:
    from datasets import Features

ROW_GROUP = 100
"""Rows per row group: what the Hub's viewer reads at once."""


def features() -> "Features":
    """The data set's features, derived from the fields of `Question`."""
    from datasets import Features  # costs 80 MB and a second; the workers do without

    return Features({name: _feature(name, field.annotation) for name, field in Question.model_fields.items()})


def _feature(name: str, annotation: Any) -> Any:
    from datasets import Image, List, Value

    if name == "images":
        return List(Image())
    if annotation is Camera:
        matrix = {
            "intrinsics": List(List(Value("float64"), length=3), length=3),
            "extrinsics": List(List(Value("float64"), length=4), length=4),
        }
        return {"name": Value("string"), "width": Value("int32"), "height": Value("int32"), **matrix}
    if get_origin(annotation) is tuple:
        items = get_args(annotation)
        return List(_feature(name, items[0]), length=len(items))
    return Value({int: "int32", float: "float64", bool: "bool"}.get(annotation, "string"))


def arrow_schema() -> bytes:
    """The serialised arrow schema with the features in its metadata: what the workers need to write files."""
    schema: bytes = features().arrow_schema.serialize().to_pybytes()
    return schema


def write_questions(questions: Sequence[Question], schema: bytes, path: Path) -> None:
    """Write questions to a parquet file that appears complete or not at all; same questions, same bytes.

    Raises:
        OSError: the disk is full or not writable.
    """
    arrow = pa.ipc.read_schema(pa.py_buffer(schema))
    # pictures are compressed already; a second compression would take longer than all the rest
    compression = {path: "none" if path.endswith(".bytes") else "zstd" for path in _leaves(arrow)}
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(
            temporary,
            arrow,
            compression=compression,
            use_dictionary=["question_type", "task", "description", "demo", "source", "renderer"],
            write_statistics=["id", "task", "frame"],
            memory_pool=pa.system_memory_pool(),  # the default one keeps what it once had
        ) as writer,
    ):
        for start in range(0, len(questions), ROW_GROUP):
            rows = [_row(question) for question in questions[start : start + ROW_GROUP]]
            columns = [pa.array([row[field.name] for row in rows], field.type) for field in arrow]
            writer.write_table(pa.Table.from_arrays(columns, schema=arrow))


def _leaves(schema: pa.Schema) -> list[str]:
    """Dotted paths of the columns as parquet stores them."""
    parquet = pq.ParquetFile(_empty_file(schema)).schema
    return [parquet.column(i).path for i in range(len(parquet))]


def _empty_file(schema: pa.Schema) -> pa.BufferReader:
    sink = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), sink)
    return pa.BufferReader(sink.getvalue())


def _row(question: Question) -> dict[str, Any]:
    row = dict(question)
    row["images"] = [
        {"bytes": image, "path": f"{question.demo.replace('/', '-')}-frame{question.frame}.png"}
        for image in question.images
    ]
    row["camera"] = dict(question.camera)
    return row
