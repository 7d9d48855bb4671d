"""What was asked of which model, and what came back, as small records."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval.robot_r1_bench.question import REASONING_TYPES
from robot_r1.intervals import Interval, clustered_interval
from robot_r1.question import QUESTION_TYPES

BENCH = "robot_r1_bench"
BENCHMARKS = ("mcqa", "mcqa-permuted", "open-ended", BENCH)


@dataclass(frozen=True, slots=True)
class Answer:
    """One question as one run answered it.

    Attributes:
        key: the sample's id as the log has it.
        id: the same as readable text: the question's id, with `~k` behind it where its options were permuted.
        demo: the demonstration that it was made from, the cluster of its interval.
        group: type of question, or type of reasoning in the bench.
        in_training: whether training questions are made from its task; None outside the bench.
        value: what the scorer gave; None if the model or the judge failed.
        answer: what was read from the completion.
        reason: why the completion was refused, or why there is no value.
        explanation: the scorer's or judge's words.
    """

    key: str | int
    id: str
    epoch: int
    question_id: str
    demo: str
    task: str
    group: str
    in_training: bool | None
    value: float | None
    answer: str | None
    completion: str
    reason: str | None
    explanation: str


@dataclass(frozen=True, slots=True)
class Run:
    """The answers of one model to one benchmark, scored in one way.

    Attributes:
        scorer: name of the scorer; a bench scored by several judges is as many runs.
        seed: of the run, if it has one.
        facts: what the log says of data, prompt, decoding and engine, by dotted name.
        asked: number of questions put, answered or not, counted once for each epoch.
    """

    path: Path
    benchmark: str
    model: str
    scorer: str
    seed: int | None
    facts: Mapping[str, str]
    answers: tuple[Answer, ...]
    asked: int

    @property
    def top(self) -> float:
        """The highest value that an answer can have; the lowest is 0."""
        return 3.0 if self.benchmark == BENCH else 1.0


def scaled_interval(values: Sequence[float], demos: Sequence[str], top: float) -> Interval:
    """`clustered_interval` of values from 0 to `top`."""
    unit = clustered_interval([value / top for value in values], demos)
    return replace(unit, mean=unit.mean * top, low=unit.low * top, high=unit.high * top)


def ordered_groups(answers: Iterable[Answer]) -> list[str]:
    """The names of the groups in the usual order of types, then others."""
    found = {answer.group for answer in answers}
    usual = (*(name for name in QUESTION_TYPES if name not in REASONING_TYPES), *REASONING_TYPES)
    return [*(name for name in usual if name in found), *sorted(found - set(usual))]


_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def readable(text: str) -> str:
    """The text with characters that no screen shows, such as escape codes and changes of direction, as `[U+001B]`.

    A model can write them, and a terminal would obey them. Halves of characters, which JSON can hold and no file can,
    become question marks.
    """
    whole = text.replace("\r\n", "\n").encode("utf-8", "replace").decode("utf-8")
    return _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", whole)
