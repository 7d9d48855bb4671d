"""The page: everything put together and written as one file that asks for nothing else."""

import json
from dataclasses import dataclass
from pathlib import Path

from robot_r1.page.templating import render_page, write_page
from train.report.answers import Answers, read_answers
from train.report.cards import question_cards, sample_cards
from train.report.curves import Line, held_out_accuracy, sections
from train.report.outcomes import changes
from train.report.run import Metrics, RunInfo, read_info, read_metrics
from train.report.svg import BESIDE_GAP, HEIGHT, LEFT, TOP, WIDTH, draw
from train.report.svg import BESIDE_WIDTH as BESIDE

QUESTIONS = 60
"""Held-out questions shown unless told otherwise."""


@dataclass(frozen=True)
class Score:
    """Held-out accuracy at a step; `interval` is its 95 % interval where the answers were kept."""

    step: int
    share: float
    interval: tuple[float, float] | None


def write_report(run: Path, path: Path, questions: int) -> int:
    """Write the page about the run and return its size in bytes.

    Raises:
        UserError: `run` is not the folder of a run, or `path` cannot be written.
    """
    return write_page(path, render(run, questions))


def render(run: Path, questions: int) -> str:
    """The page as HTML text, with at most `questions` held-out questions in full.

    Raises:
        UserError: `run` is not the folder of a run.
    """
    info = read_info(run)
    metrics = read_metrics(run)
    answers = read_answers(run)
    return render_page(
        "train.report",
        {
            "name": run.resolve().name,
            "info": info,
            "metrics": metrics,
            "model": _model(info),
            "algorithm": _ALGORITHMS.get(info.algorithm, info.algorithm),
            "scores": _scores(held_out_accuracy(metrics, answers)),
            "split": info.settings.get("heldout_split") or "unknown",
            "notes": _notes(metrics, answers),
            "sections": [
                (section, [draw(chart, metrics.last_step) for chart in section.charts])
                for section in sections(metrics, answers, info.data.letters)
            ],
            "box": {"width": WIDTH, "height": HEIGHT, "left": LEFT, "top": TOP, "beside": BESIDE, "gap": BESIDE_GAP},
            "answers": answers,
            "changes": changes(answers),
            "cards": question_cards(run, answers, questions),
            "samples": sample_cards(answers.samples),
            "settings": {name: _written(value) for name, value in info.settings.items() if value not in _UNSET},
            "unset": [name for name, value in info.settings.items() if value in _UNSET],
        },
    )


_ALGORITHMS = {"grpo": "GRPO", "rloo": "RLOO", "reinforce_pp": "REINFORCE++", "sft": "Supervised fine-tuning"}


_UNSET: tuple[object, ...] = (None, "", [], {})


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _model(info: RunInfo) -> str:
    return str(info.settings.get("model_name_or_path", ""))


def _scores(accuracy: Line) -> dict[str, Score]:
    """The first, the last and the best held-out accuracy; nothing before the first evaluation."""
    series = accuracy.series
    if not len(series):
        return {}

    def score(index: int) -> Score:
        ends = None if accuracy.band is None else (float(accuracy.band[index, 0]), float(accuracy.band[index, 1]))
        return Score(int(series.steps[index]), float(series.values[index]), ends)

    return {"first": score(0), "last": score(-1), "best": score(int(series.values.argmax()))}


def _notes(metrics: Metrics, answers: Answers) -> list[str]:
    """What a reader has to know before trusting the curves."""
    notes = []
    if metrics.unreadable:
        notes.append(f"metrics.jsonl: {metrics.unreadable} unreadable line(s) left out, as a killed run leaves them.")
    if metrics.not_finite:
        listed = ", ".join(f"{name} ({count})" for name, count in metrics.not_finite.items())
        notes.append(f"Not a finite number, and not drawn: {listed}.")
    if answers.unreadable:
        notes.append(f"Cannot be read: {', '.join(answers.unreadable)}.")
    return notes
