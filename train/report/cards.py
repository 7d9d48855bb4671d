"""What the page says of each held-out question and each sampled completion."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from robot_r1.page.fitting import clip, fair_limit, size
from robot_r1.page.pictures import data_uri
from train.report.answers import Answers, Attempt, HeldOutQuestion, Sample, StoredImage, read_images
from train.report.fitting import spread
from train.report.outcomes import outcomes

Verdict = Literal["right", "wrong", "refused"]

TEXT_BUDGET = 2_400_000
"""Bytes of completions in the page, so that it stays easy to open and to send."""
SAMPLED_QUESTIONS = 12
"""Questions of the last step of training whose completions are shown."""


@dataclass(frozen=True)
class Answered:
    """The answer to a followed question at one evaluated step, its completion cut to the page's budget."""

    step: int
    attempt: Attempt
    text: str

    @property
    def verdict(self) -> Verdict:
        if self.attempt.refusal is not None:
            return "refused"
        return "right" if self.attempt.correct else "wrong"


@dataclass(frozen=True)
class QuestionCard:
    """A held-out question with its answers over the steps, and the outcomes by which it can be filtered."""

    question: HeldOutQuestion
    images: tuple[str | None, ...]
    answers: tuple[Answered, ...]

    @property
    def outcomes(self) -> tuple[str, ...]:
        return outcomes([answered.attempt for answered in self.answers])


@dataclass(frozen=True)
class SampledCompletion:
    """A completion with its reward, its text cut to the page's budget."""

    sample: Sample
    text: str


@dataclass(frozen=True)
class SampleCard:
    """A training question with the group of completions that were sampled for it."""

    images: tuple[str | None, ...]
    completions: tuple[SampledCompletion, ...]

    @property
    def first(self) -> Sample:
        return self.completions[0].sample


def question_cards(run: Path, answers: Answers, count: int) -> tuple[QuestionCard, ...]:
    """`count` of the followed questions, spread evenly over types, tasks and the file, in the file's order."""
    rows = spread(answers.questions, count)
    given = {
        row: [
            (step, at[answers.questions[row].id])
            for step, at in answers.attempts.items()
            if answers.questions[row].id in at
        ]
        for row in rows
    }
    limit = fair_limit([size(attempt.completion) for each in given.values() for _, attempt in each], TEXT_BUDGET)
    return tuple(
        QuestionCard(
            answers.questions[row],
            _pictures(images),
            tuple(Answered(step, attempt, clip(attempt.completion, limit)) for step, attempt in given[row]),
        )
        for row, images in zip(rows, read_images(run, rows), strict=True)
    )


def sample_cards(samples: Sequence[Sample]) -> tuple[SampleCard, ...]:
    """The groups of completions of some questions, spread like the followed questions."""
    groups: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        groups[sample.id].append(sample)
    firsts = [group[0] for group in groups.values()]
    chosen = [groups[firsts[row].id] for row in spread(firsts, SAMPLED_QUESTIONS)]
    limit = fair_limit([size(sample.completion) for group in chosen for sample in group], TEXT_BUDGET // 4)
    return tuple(
        SampleCard(
            _pictures(group[0].images or ()),
            tuple(SampledCompletion(sample, clip(sample.completion, limit)) for sample in group),
        )
        for group in chosen
    )


def _pictures(images: Sequence[StoredImage]) -> tuple[str | None, ...]:
    return tuple(data_uri(image.encoded) if image.encoded else None for image in images)
