from pathlib import Path

import datasets
import pyarrow.parquet as pq
import pytest

from data_gen.config import BuildConfig
from data_gen.examples import make_rows
from data_gen.formats import ROW_MODELS, Format, Row
from data_gen.writer import ROW_GROUP, arrow_schema, row_writer
from robot_r1.prompts import default_templates
from tests.support.demos import make_demo
from tests.support.questions import outline


def rows(data_format: Format = "mcqa") -> list[Row]:
    config = BuildConfig(frame_interval=1, format=data_format)
    return list(make_rows(make_demo(), outline(make_demo(), config), config, default_templates()).rows)


@pytest.mark.parametrize("model", dict.fromkeys(ROW_MODELS.values()))
def test_datasets_would_have_made_the_same_schema(model: type[Row]) -> None:
    schema = arrow_schema(model)
    features = datasets.Features.from_arrow_schema(schema)
    assert features["images"] == datasets.List(datasets.Image())
    assert features.arrow_schema == schema
    assert features.arrow_schema.metadata == schema.metadata
    assert list(features) == list(model.model_fields)


@pytest.mark.parametrize("data_format", ["mcqa", "sft-cot", "sft-think"])
def test_rows_come_back(tmp_path: Path, data_format: Format) -> None:
    model = ROW_MODELS[data_format]
    made = rows(data_format)
    path = tmp_path / "a.parquet"
    with row_writer(path, model) as writer:
        for start in range(0, len(made), 7):
            writer.write(made[start : start + 7])
    for values, row in zip(pq.read_table(path).to_pylist(), made, strict=True):
        values["images"] = [image["bytes"] for image in values["images"]]
        assert model.model_validate(values) == row
    groups = pq.ParquetFile(path).metadata
    sizes = [groups.row_group(i).num_rows for i in range(groups.num_row_groups)]
    assert sizes[:-1] == [ROW_GROUP] * (len(made) // ROW_GROUP) and sum(sizes) == len(made)


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    def fail() -> None:
        with row_writer(tmp_path / "a.parquet") as writer:
            writer.write(rows())
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert list(tmp_path.iterdir()) == []
