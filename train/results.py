"""What the greedy evaluations of a run say, with intervals clustered by demo."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from robot_r1.intervals import Interval, clustered_interval
from train.records import QUESTIONS, step_file


@dataclass(frozen=True)
class Evaluation:
    """Accuracy at a step: over all questions, and by question type."""

    step: int
    overall: Interval
    by_type: dict[str, Interval]


def evaluated_steps(run: Path) -> list[int]:
    """The steps at which the held-out questions were asked, in order."""
    return sorted(int(path.stem.removeprefix("step-")) for path in run.glob("evaluations/step-*.parquet"))


def read_evaluation(run: Path, step: int) -> Evaluation:
    """The evaluation at a step that `evaluated_steps` names."""
    columns = ["id", "question_type", "demo"]
    questions = {row["id"]: row for row in pq.read_table(run / QUESTIONS, columns=columns).to_pylist()}
    answers = pq.read_table(step_file(run / "evaluations", step), columns=["id", "correct"]).to_pylist()
    types = sorted({question["question_type"] for question in questions.values()})

    def interval(kind: str | None) -> Interval:
        asked = [(a["correct"], questions[a["id"]]) for a in answers if a["id"] in questions]
        chosen = [(c, q["demo"] or q["id"]) for c, q in asked if kind in (None, q["question_type"])]
        return clustered_interval([float(correct) for correct, _ in chosen], [demo for _, demo in chosen])

    return Evaluation(step, interval(None), {kind: interval(kind) for kind in types})
