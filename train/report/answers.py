"""Reading what a run answered: the held-out questions it followed, and the completions it sampled."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from robot_r1.intervals import Interval, clustered_interval

Row = TypeVar("Row", bound=BaseModel)


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Measured = Annotated[float | None, BeforeValidator(_finite)]
"""A number, or None where none was measured, which files write as NaN or null."""


class StoredImage(BaseModel):
    """An image as `datasets` stores it."""

    model_config = ConfigDict(frozen=True)

    encoded: bytes | None = Field(default=None, alias="bytes")


class HeldOutQuestion(BaseModel):
    """A question that was put to the policy again and again. Its images are read apart, for the few that are shown."""

    model_config = ConfigDict(frozen=True)

    id: str
    question_type: str
    task: str
    demo: str
    question: str
    options: tuple[str, ...]
    answer: str


class Attempt(BaseModel):
    """The policy's greedy answer to one held-out question at one step."""

    model_config = ConfigDict(frozen=True)

    id: str
    completion: str
    letter: str | None
    refusal: str | None
    correct: bool
    tokens: int | None


class RewardPart(BaseModel):
    """One reward function's value for one completion."""

    model_config = ConfigDict(frozen=True)

    name: str
    value: Measured


class Sample(BaseModel):
    """A completion that was sampled for training."""

    model_config = ConfigDict(frozen=True)

    id: str
    question_type: str
    task: str
    question: str
    answer: str | None
    images: tuple[StoredImage, ...] | None
    completion: str
    letter: str | None
    refusal: str | None
    reward: Measured
    rewards: tuple[RewardPart, ...] | None
    advantage: Measured


@dataclass(frozen=True)
class Answers:
    """All that a run kept of its answers.

    Attributes:
        questions: the held-out questions followed.
        attempts: evaluated step, rising, to question id to the answer given then.
        samples: the completions of the last step that kept any.
        samples_step: that step.
        unreadable: files that are damaged or lack a column.
    """

    questions: tuple[HeldOutQuestion, ...]
    attempts: Mapping[int, Mapping[str, Attempt]]
    samples: tuple[Sample, ...]
    samples_step: int
    unreadable: tuple[str, ...]


def read_answers(run: Path) -> Answers:
    """Read the parquet files of `evaluations/` and `samples/`; missing and damaged ones are left out."""
    unreadable: list[str] = []

    def rows(row: type[Row], path: Path) -> list[Row]:
        try:
            table = pq.read_table(path, columns=list(row.model_fields))
            return TypeAdapter(list[row]).validate_python(table.to_pylist())  # type: ignore[valid-type]
        except (OSError, pa.ArrowException, ValidationError):
            unreadable.append(str(path.relative_to(run)))
            return []

    asked = questions_file(run)
    questions = rows(HeldOutQuestion, asked) if asked.exists() else []
    attempts = {step: {a.id: a for a in rows(Attempt, path)} for step, path in _steps(run / "evaluations")}
    samples: list[Sample] = []
    samples_step = 0
    for step, path in reversed(_steps(run / "samples")):
        if samples := rows(Sample, path):
            samples_step = step
            break
    return Answers(
        tuple(questions),
        {step: given for step, given in attempts.items() if given},
        tuple(samples),
        samples_step,
        tuple(unreadable),
    )


def read_images(run: Path, rows: Sequence[int]) -> list[tuple[StoredImage, ...]]:
    """The images of some held-out questions, given by their row in `evaluations/questions.parquet`.

    Only those are held as Python objects, and none if the file has no such column.
    """
    if not rows:
        return []
    try:
        table = pq.read_table(questions_file(run), columns=["images"]).take(list(rows))
        return TypeAdapter(list[tuple[StoredImage, ...]]).validate_python(table["images"].to_pylist())
    except (OSError, pa.ArrowException, ValidationError, KeyError):
        return [()] * len(rows)


def accuracy(questions: Sequence[HeldOutQuestion], given: Mapping[str, Attempt]) -> Interval:
    """The share of questions answered right, with its interval clustered by demo; each has an answer in `given`."""
    values = [float(given[question.id].correct) for question in questions]
    return clustered_interval(values, [question.demo or question.id for question in questions])


def questions_file(run: Path) -> Path:
    return run / "evaluations" / "questions.parquet"


def _steps(folder: Path) -> list[tuple[int, Path]]:
    found = ((re.fullmatch(r"step-(\d+)\.parquet", path.name), path) for path in folder.glob("step-*.parquet"))
    return sorted((int(match[1]), path) for match, path in found if match)
