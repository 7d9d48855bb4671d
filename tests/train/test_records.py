"""Files of a run: complete, typed, and cut back to where a resumed run goes on."""

import json
import math
from pathlib import Path

import pyarrow.parquet as pq

from tests.conftest import ShortRun
from train.records import (
    HeldOutAnswer,
    HeldOutQuestion,
    NamedReward,
    Sample,
    append_metrics,
    forget_after,
    seconds_so_far,
    step_file,
    write_records,
)

QUESTION = HeldOutQuestion(
    id="a",
    question_type="movement",
    task="t",
    demo="d",
    question="<image>?",
    options=("u", "v", "w", "x"),
    answer="A",
    images=(b"\x89PNG1", b"\x89PNG2"),
)
SAMPLE = Sample(
    id="a",
    question_type="movement",
    task="t",
    question="<image>?",
    answer=None,
    images=(b"\x89PNG",),
    completion="\u0000 odd \U0001f916 text",
    letter=None,
    refusal="no_think",
    reward=0.5,
    rewards=(NamedReward(name="one", value=math.nan),),
)


def test_records_come_back(tmp_path: Path) -> None:
    path = step_file(tmp_path / "new" / "folder", 7)
    assert path.name == "step-000007.parquet"
    write_records(path, [QUESTION])
    (row,) = pq.read_table(path).to_pylist()
    assert row["options"] == ["u", "v", "w", "x"]
    assert row["images"] == [{"bytes": b"\x89PNG1", "path": "0.png"}, {"bytes": b"\x89PNG2", "path": "1.png"}]
    write_records(path, [SAMPLE])
    (row,) = pq.read_table(path).to_pylist()
    assert row["completion"] == SAMPLE.completion and row["answer"] is None
    assert math.isnan(row["rewards"][0]["value"]) and math.isnan(row["advantage"])
    assert [item.name for item in path.parent.iterdir()] == ["step-000007.parquet"]


def test_columns_have_their_types_even_if_all_are_missing(tmp_path: Path) -> None:
    answer = HeldOutAnswer(id="a", completion="", letter=None, refusal=None, correct=False, tokens=0)
    write_records(tmp_path / "x.parquet", [answer, answer])
    schema = pq.read_schema(tmp_path / "x.parquet")
    assert str(schema.field("letter").type) == "string" and str(schema.field("correct").type) == "bool"


def lines(run: Path) -> list[dict[str, float | None]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_metrics_are_strict_json(tmp_path: Path) -> None:
    append_metrics(tmp_path, 1, 0.12345, {"loss": 0.5, "kl": math.nan, "x": math.inf, "none": None, "text": "no"})  # type: ignore[dict-item]
    append_metrics(tmp_path, 2, 3.0, {"loss": 1})
    assert lines(tmp_path) == [
        {"step": 1, "seconds": 0.123, "loss": 0.5, "kl": None, "x": None, "none": None},
        {"step": 2, "seconds": 3.0, "loss": 1},
    ]
    assert "NaN" not in (tmp_path / "metrics.jsonl").read_text()
    assert seconds_so_far(tmp_path) == 3.0


def test_what_comes_after_a_step_is_forgotten(tmp_path: Path) -> None:
    for step in (0, 2, 2, 4, 6):
        append_metrics(tmp_path, step, step, {})
        write_records(step_file(tmp_path / "evaluations", step), [QUESTION])
        write_records(step_file(tmp_path / "samples", step), [SAMPLE])
    write_records(tmp_path / "evaluations" / "questions.parquet", [QUESTION])
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 1, "seco')  # killed while it wrote
    forget_after(tmp_path, 4)
    assert [line["step"] for line in lines(tmp_path)] == [0, 2, 2, 4]
    names = ["step-000000.parquet", "step-000002.parquet", "step-000004.parquet"]
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == names
    assert sorted(path.name for path in (tmp_path / "evaluations").iterdir()) == ["questions.parquet", *names]
    forget_after(tmp_path, -1)
    assert lines(tmp_path) == [] and seconds_so_far(tmp_path) == 0.0


def test_a_folder_with_nothing_to_forget(tmp_path: Path) -> None:
    forget_after(tmp_path, 3)
    assert list(tmp_path.iterdir()) == [] and seconds_so_far(tmp_path) == 0.0


def test_time_goes_on(short_run: ShortRun) -> None:
    seconds = [line["seconds"] for line in lines(short_run.folder)]
    assert seconds == sorted(seconds) and seconds[0] > 0
