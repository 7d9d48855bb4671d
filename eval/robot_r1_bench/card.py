"""The card of a bench: its `README.md`."""

import string
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from eval.robot_r1_bench.frames import SEED
from eval.robot_r1_bench.question import REASONING_TYPES, BenchQuestion
from robot_r1.processor import processor
from robot_r1.versions import OURS, versions_of

_TEMPLATE = Path(__file__).parent / "card.md"


def card(questions: Sequence[BenchQuestion]) -> str:
    """The text of the card."""
    return string.Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        questions=len(questions),
        images=len({question.image for question in questions}),
        types="\n".join(_type_row(questions, name) for name in REASONING_TYPES),
        tasks="\n".join(_task_row(questions, name) for name in dict.fromkeys(q.task for q in questions)),
        seed=SEED,
        processor=processor(),
        versions=", ".join(
            f"{name} {number}" for name, number in versions_of((OURS, "mujoco", "numpy", "pillow")).items()
        ),
        columns="\n".join(
            f"- `{name}`: {field.description or _COLUMNS[name]}" for name, field in BenchQuestion.model_fields.items()
        ),
    )


_COLUMNS = {
    "reasoning_type": "`spatial`, `planning`, `high_level` or `movement`",
    "question": "what is asked, in words",
    "variation": "variation number of the task",
    "episode": "episode number of the demo",
}
"""Of fields that need no description in the code."""


def _type_row(questions: Sequence[BenchQuestion], name: str) -> str:
    places = Counter(question.in_training for question in questions if question.reasoning_type == name)
    return f"| {name} | {places[True]} | {places[False]} | {places.total()} |"


def _task_row(questions: Sequence[BenchQuestion], name: str) -> str:
    of_task = [question for question in questions if question.task == name]
    counts = Counter(question.reasoning_type for question in of_task)
    place = "in training" if of_task[0].in_training else "held out"
    return f"| {name} | {place} | {' | '.join(str(counts[kind]) for kind in REASONING_TYPES)} |"
