from pathlib import Path

import datasets
import pyarrow.parquet as pq
import pytest

from data_gen.config import BuildConfig
from data_gen.questions import make_questions
from data_gen.writer import ROW_GROUP, arrow_schema, question_writer
from robot_r1.prompts import default_templates
from robot_r1.question import Question
from tests.support.demos import make_demo


def questions() -> list[Question]:
    return list(make_questions(make_demo(), BuildConfig(frame_interval=1), default_templates()).questions)


def test_datasets_would_have_made_the_same_schema() -> None:
    features = datasets.Features.from_arrow_schema(arrow_schema())
    assert features["images"] == datasets.List(datasets.Image())
    assert features.arrow_schema == arrow_schema()
    assert features.arrow_schema.metadata == arrow_schema().metadata
    assert list(features) == list(Question.model_fields)


def test_rows_come_back(tmp_path: Path) -> None:
    made = questions()
    path = tmp_path / "a.parquet"
    with question_writer(path) as writer:
        for start in range(0, len(made), 7):
            writer.write(made[start : start + 7])
    rows = pq.read_table(path).to_pylist()
    for row, question in zip(rows, made, strict=True):
        row["images"] = [image["bytes"] for image in row["images"]]
        assert Question.model_validate(row) == question
    groups = pq.ParquetFile(path).metadata
    sizes = [groups.row_group(i).num_rows for i in range(groups.num_row_groups)]
    assert sizes == [ROW_GROUP, ROW_GROUP, len(made) - 2 * ROW_GROUP]


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    def fail() -> None:
        with question_writer(tmp_path / "a.parquet") as writer:
            writer.write(questions())
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert list(tmp_path.iterdir()) == []
