"""What a run leaves in its folder, and how it is written; `train/report` reads it.

RUN/run.json                          what was asked for: settings, data, versions
RUN/metrics.jsonl                     one line per logged step
RUN/evaluations/questions.parquet     the held-out questions that are followed
RUN/evaluations/step-000120.parquet   greedy answers to them after 120 updates
RUN/samples/step-000120.parquet       sampled completions with image, rewards and advantage
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from robot_r1.errors import UserError
from robot_r1.files import atomic_path, write_text

METRICS = "metrics.jsonl"
QUESTIONS = "evaluations/questions.parquet"
_IMAGES = pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
_REWARDS = pa.list_(pa.struct([("name", pa.string()), ("value", pa.float64())]))


class NamedReward(BaseModel):
    """What one reward function gave; NaN where it did not apply."""

    name: str
    value: float


class Sample(BaseModel):
    """A sampled completion."""

    id: str
    question_type: str
    task: str
    question: str
    answer: str | None
    images: tuple[bytes, ...]
    completion: str
    letter: str | None
    refusal: str | None
    reward: float
    rewards: tuple[NamedReward, ...]
    advantage: float = math.nan


class HeldOutQuestion(BaseModel):
    """A question that is asked again and again, without being learned from."""

    id: str
    question_type: str
    task: str
    demo: str
    question: str
    options: tuple[str, ...]
    answer: str
    images: tuple[bytes, ...]


class HeldOutAnswer(BaseModel):
    """A greedy answer to a held-out question."""

    id: str
    completion: str
    letter: str | None
    refusal: str | None
    correct: bool
    tokens: int


_TYPES: dict[Any, pa.DataType] = {
    str: pa.string(),
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str | None: pa.string(),
}
_COLUMNS = {"images": _IMAGES, "rewards": _REWARDS, "options": pa.list_(pa.string())}


def write_records(path: Path, records: Sequence[BaseModel]) -> None:
    """Write records of one kind to a parquet file that appears complete or not at all."""
    fields = type(records[0]).model_fields
    schema = pa.schema([(name, _COLUMNS.get(name) or _TYPES[field.annotation]) for name, field in fields.items()])
    rows = [{**record.model_dump(), **_images(record)} for record in records]
    with atomic_path(path) as temporary:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), temporary)


def _images(record: BaseModel) -> dict[str, Any]:
    images = getattr(record, "images", None)
    if images is None:
        return {}
    return {"images": [{"bytes": image, "path": f"{number}.png"} for number, image in enumerate(images)]}


def step_file(folder: Path, step: int) -> Path:
    """The name of a file that belongs to a step."""
    return folder / f"step-{step:06d}.parquet"


def append_metrics(run: Path, step: int, seconds: float, values: Mapping[str, float | None]) -> None:
    """Add a line to the run's metrics; NaN is written as null."""
    line: dict[str, float | None] = {"step": step, "seconds": round(seconds, 3)}
    for name, value in values.items():
        if isinstance(value, int | float) or value is None:
            line[name] = None if value is None or not math.isfinite(value) else value
    with (run / METRICS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def seconds_so_far(run: Path) -> float:
    """The time that the last line of the run's metrics gives; 0 if there is none."""
    path = run / METRICS
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return float(json.loads(lines[-1])["seconds"]) if lines else 0.0


def forget_after(run: Path, step: int) -> None:
    """Take away what was recorded after a step, since a resumed run does it again."""
    path = run / METRICS
    if path.is_file():
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if _step(line) <= step]
        write_text(path, "".join(f"{line}\n" for line in lines))
    for file in (*run.glob("evaluations/step-*.parquet"), *run.glob("samples/step-*.parquet")):
        if int(file.stem.removeprefix("step-")) > step:
            file.unlink()


def check_same_questions(run: Path, asked: Sequence[str]) -> None:
    """Refuse to go on with a run that was watched on other questions: its best model was chosen by those.

    Args:
        asked: the ids of the questions that would be asked.

    Raises:
        UserError: they are others than before.
    """
    path = run / QUESTIONS
    if path.is_file() and pq.read_table(path, columns=["id"])["id"].to_pylist() != list(asked):
        raise UserError(
            f"{run} was watched on other questions than now, which cannot be compared; give the data set, "
            "--heldout_split and --heldout_questions of before (run.json), or --heldout_questions 0"
        )


def _step(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError):
        return math.inf  # cut off when the process was killed
