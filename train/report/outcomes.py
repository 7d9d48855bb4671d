"""How answers to the followed questions changed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from robot_r1.intervals import Interval
from train.report.answers import Answers, Attempt, HeldOutQuestion, accuracy


@dataclass(frozen=True)
class Change:
    """How the answers to the followed questions of one type differ between the first and the last evaluation."""

    name: str
    count: int
    right_before: int
    gained: int
    lost: int
    after: Interval
    """Share that is right at the last evaluation."""

    @property
    def before(self) -> float:
        return self.right_before / self.count


def outcomes(attempts: Sequence[Attempt]) -> tuple[str, ...]:
    """The filters that a question falls under, given its answers in the order of their steps."""
    if not attempts:
        return ()
    first, last = attempts[0].correct, attempts[-1].correct
    found = {
        "gained": last and not first,
        "lost": first and not last,
        "never": not any(attempt.correct for attempt in attempts),
        "refused": any(attempt.refusal is not None for attempt in attempts),
    }
    return tuple(name for name, applies in found.items() if applies)


def changes(answers: Answers) -> tuple[Change, ...]:
    """Each question type, then all, over every followed question; empty with fewer than two evaluations."""
    if len(answers.attempts) < 2:
        return ()
    first, last = (answers.attempts[step] for step in (min(answers.attempts), max(answers.attempts)))
    asked: dict[str, list[HeldOutQuestion]] = defaultdict(list)
    for question in answers.questions:
        if question.id in first and question.id in last:
            asked[question.question_type].append(question)
    if len(asked) > 1:
        asked["all"] = [question for each in asked.values() for question in each]
    pairs = {name: [(first[q.id].correct, last[q.id].correct) for q in each] for name, each in asked.items()}
    return tuple(
        Change(
            name,
            len(each),
            sum(before for before, _ in each),
            sum(after and not before for before, after in each),
            sum(before and not after for before, after in each),
            accuracy(asked[name], last),
        )
        for name, each in pairs.items()
    )
