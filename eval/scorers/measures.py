"""Measures on answered questions."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean, median

from eval.scorers.answered import Answered
from robot_r1.answer import REASONS, Reason
from robot_r1.intervals import Interval, clustered_interval
from robot_r1.question import LETTERS, QUESTION_TYPES, Letter


def mean_value(answered: Sequence[Answered]) -> Interval:
    """Accuracy, or the mean of clip(1 - L1), with its 95 % interval clustered by demo."""
    return clustered_interval([each.value for each in answered], [each.demo for each in answered])


def by_group(answered: Sequence[Answered]) -> dict[str, list[Answered]]:
    """The answers by type of question, in the usual order."""
    found = {each.group for each in answered}
    ordered = [*(name for name in QUESTION_TYPES if name in found), *sorted(found - set(QUESTION_TYPES))]
    return {name: [each for each in answered if each.group == name] for name in ordered}


def by_task(answered: Sequence[Answered]) -> dict[str, list[Answered]]:
    """The answers by task, by name."""
    ordered = sorted(answered, key=lambda each: each.task)
    return {task: list(members) for task, members in groupby(ordered, key=lambda each: each.task)}


def refusals(answered: Sequence[Answered]) -> dict[Reason, int]:
    """How many completions could not be read, by reason."""
    counts = Counter(each.reason for each in answered if each.reason is not None)
    return {reason: counts[reason] for reason in REASONS if counts[reason]}


def confusion(answered: Sequence[Answered]) -> dict[Letter, dict[Letter | None, int]]:
    """By the letter of the right option how often each letter was answered; None counts those with no answer."""
    counts = Counter((each.right, each.letter) for each in answered)
    return {right: {said: counts[right, said] for said in (*LETTERS, None)} for right in LETTERS}


def letter_shares(answered: Sequence[Answered]) -> dict[Letter, float]:
    """The share of each letter among the answers that name one; empty if there are none."""
    counts = Counter(each.letter for each in answered if each.letter is not None)
    return {letter: counts[letter] / counts.total() for letter in LETTERS} if counts else {}


@dataclass(frozen=True)
class Distances:
    """Metres between what was answered and the truth; 0 where they are the same."""

    mean: float
    median: float
    n: int
    """Positions that could be read."""


def distances(answered: Sequence[Answered]) -> Distances | None:
    """Over all positions that could be read; None if there are none."""
    known = [each.distance for each in answered if each.distance is not None]
    return Distances(fmean(known), median(known), len(known)) if known else None


def mean_length(answered: Sequence[Answered]) -> float:
    """Characters of a completion."""
    return fmean(each.length for each in answered)


def mean_tokens(answered: Sequence[Answered]) -> float | None:
    """Tokens of a completion; None where the engine does not count them."""
    known = [each.tokens for each in answered if each.tokens is not None]
    return fmean(known) if known else None


@dataclass(frozen=True)
class Orders:
    """What changing the order of the options tells, over questions asked in all of them."""

    all_right: Interval
    """Questions answered right in every order."""
    consistent: Interval
    """Questions for which the same option was chosen in every order."""


def orders(answered: Sequence[Answered]) -> Orders | None:
    """None if no question was asked in more than one order."""
    ordered = sorted(answered, key=lambda each: each.question_id)
    questions = [list(members) for _, members in groupby(ordered, key=lambda each: each.question_id)]
    most = max(map(len, questions), default=1)
    whole = [question for question in questions if len(question) == most]
    if most == 1:
        return None
    demos = [question[0].demo for question in whole]
    right = [float(all(each.value == 1 for each in question)) for question in whole]
    return Orders(clustered_interval(right, demos), clustered_interval([_consistent(each) for each in whole], demos))


def _consistent(question: Sequence[Answered]) -> float:
    chosen = {each.content for each in question}
    return float(len(chosen) == 1 and None not in chosen)
