"""The questions that two runs share, and what became of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from eval.compare.statistics import Difference, McNemar, Values, mcnemar, paired_difference
from eval.conditions import differing
from eval.logs import find_runs
from eval.results import Answer, Run, ordered_groups
from robot_r1.errors import UserError

Direction = Literal["gained", "lost"]
ALL = "all"


@dataclass(frozen=True, slots=True)
class Pair:
    """One question as both runs answered it."""

    first: Answer
    second: Answer
    change: float

    @property
    def direction(self) -> Direction | None:
        return "gained" if self.change > 0 else "lost" if self.change < 0 else None


@dataclass(frozen=True, slots=True)
class Group:
    """How the runs compare on all questions, or on those of one group.

    Attributes:
        first, second: the runs' means over the shared questions.
        test: None for values other than 0 and 1, which McNemar's test knows nothing of, and where a question was asked
            several times, which it would count as several questions.
    """

    name: str
    first: float
    second: float
    difference: Difference
    gained: int
    lost: int
    test: McNemar | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs on the questions that both answered.

    Attributes:
        groups: all questions first, then each group.
        unpaired: questions that only one of the runs has a value for: of the first, of the second.
        warnings: what else differs between the runs, one line each.
    """

    first: Run
    second: Run
    pairs: tuple[Pair, ...]
    groups: tuple[Group, ...]
    unpaired: tuple[int, int]
    warnings: tuple[str, ...]

    @property
    def flips(self) -> list[Pair]:
        """Questions whose value changed, the largest changes first."""
        changed = [pair for pair in self.pairs if pair.direction]
        return sorted(changed, key=lambda pair: -abs(pair.change))


def one_run(place: Path) -> Run:
    """The only run in a log or a folder; of a bench scored by several judges, the first judge's.

    Raises:
        UserError: there is none, or there are several.
    """
    runs = find_runs([place]).runs
    paths = list(dict.fromkeys(run.path for run in runs))
    if len(paths) > 1:
        listed = ", ".join(str(path) for path in paths[:3]) + (", ..." if len(paths) > 3 else "")
        raise UserError(f"{place} holds {len(paths)} logs; give one of them: {listed}")
    return runs[0]


def compare(first: Run, second: Run) -> Comparison:
    """Pair two runs by question and epoch.

    Raises:
        UserError: they are runs of different benchmarks or data, or have no question in common.
    """
    if first.benchmark != second.benchmark:
        raise UserError(
            f"{first.path} is a run of {first.benchmark}, {second.path} one of {second.benchmark};"
            " give two runs of one benchmark"
        )
    different = differing([first, second])
    data = [each for each in different if each.same_questions]
    if data:
        raise UserError(
            f"{first.path} and {second.path} have different data: {data[0]}; evaluate both on the same data"
        )
    others = {(answer.id, answer.epoch): answer for answer in second.answers if answer.value is not None}
    own = [answer for answer in first.answers if answer.value is not None]
    pairs = [_pair(answer, others[answer.id, answer.epoch]) for answer in own if (answer.id, answer.epoch) in others]
    if not pairs:
        raise UserError(
            f"no question was answered in both {first.path} and {second.path}; evaluate the same questions"
        )
    names = ordered_groups(pair.first for pair in pairs)
    groups = [_group(ALL, pairs, first.top)]
    if len(names) > 1:
        groups += [_group(name, [p for p in pairs if p.first.group == name], first.top) for name in names]
    return Comparison(
        first,
        second,
        tuple(pairs),
        tuple(groups),
        (len(own) - len(pairs), len(others) - len(pairs)),
        tuple(str(each) for each in different),
    )


def _pair(first: Answer, second: Answer) -> Pair:
    assert first.value is not None and second.value is not None
    return Pair(first, second, second.value - first.value)


def _group(name: str, pairs: Sequence[Pair], top: float) -> Group:
    first = _values(pairs, lambda pair: pair.first.value)
    second = _values(pairs, lambda pair: pair.second.value)
    once = len({pair.first.question_id for pair in pairs}) == len(pairs)
    return Group(
        name,
        float(first.mean()),
        float(second.mean()),
        paired_difference(first, second, [pair.first.demo for pair in pairs], top),
        int(np.sum(second > first)),
        int(np.sum(second < first)),
        mcnemar(first, second) if top == 1.0 and once else None,
    )


def _values(pairs: Sequence[Pair], value: Callable[[Pair], float | None]) -> Values:
    return np.array([value(pair) for pair in pairs], dtype=np.float64)
