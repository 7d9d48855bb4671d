"""One question with what was answered, as the measures take it, from a log or from Inspect's metrics."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inspect_ai.log import EvalSample
from inspect_ai.scorer import SampleScore, Score

from robot_r1.answer import Reason
from robot_r1.question import Letter


@dataclass(frozen=True, slots=True)
class Answered:
    """One completion, judged."""

    question_id: str
    """The same for all orders of a question's options."""
    group: str
    """Type of question."""
    task: str
    demo: str
    value: float
    """1 or 0 for multiple choice, clip(1 - L1, 0, 1) for a position."""
    right: Letter | None = None
    """Letter of the right option; None for a position."""
    letter: Letter | None = None
    """Letter that was answered; None if none could be read."""
    content: str | None = None
    """Text of the option that was chosen, or the position as it was said."""
    reason: Reason | None = None
    """Why the completion could not be read."""
    distance: float | None = None
    """Metres between what was answered and the truth; None where nothing could be read and for movements."""
    length: int = 0
    """Characters of the completion."""
    tokens: int | None = None
    """Tokens of the completion, where the engine counts them."""

    @classmethod
    def read(cls, metadata: Mapping[str, Any], score: Score) -> "Answered":
        """From a sample's metadata and its score."""
        details = score.metadata or {}
        return cls(
            question_id=metadata["question_id"],
            group=metadata["group"],
            task=metadata["task"],
            demo=metadata["demo"],
            value=float(score.value),  # type: ignore[arg-type]  # our scorers give numbers
            right=metadata.get("answer"),
            letter=details.get("letter"),
            content=details.get("content"),
            reason=details.get("reason"),
            distance=details.get("distance"),
            length=details.get("length", 0),
            tokens=details.get("tokens"),
        )


def from_scores(scores: Iterable[SampleScore]) -> list[Answered]:
    """What Inspect hands to a metric."""
    return [Answered.read(score.sample_metadata or {}, score.score) for score in scores]


def from_samples(samples: Sequence[EvalSample]) -> list[Answered]:
    """The questions of a log that have a score, by its first scorer."""
    return [Answered.read(sample.metadata, next(iter(sample.scores.values()))) for sample in samples if sample.scores]
