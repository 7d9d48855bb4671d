"""The rows of a summary: runs that differ in nothing but their seed are one measurement."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from statistics import fmean, stdev
from typing import Literal

from eval.conditions import settings
from eval.results import BENCH, Answer, Run, ordered_groups, scaled_interval
from robot_r1.errors import UserError
from robot_r1.intervals import Interval

By = Literal["group", "task"]
ALL, TRAINING, HELD_OUT = "all", "in training", "held out"


@dataclass(frozen=True, slots=True)
class Measured:
    """A model on a benchmark: one run, or several that are its seeds.

    Attributes:
        model: its name, or the pattern that several models' names match, taken together as seeds.
        number: of its footnote.
    """

    benchmark: str
    model: str
    runs: tuple[Run, ...]
    number: int


@dataclass(frozen=True, slots=True)
class Row:
    """One group of questions as a model answered them.

    Attributes:
        mean: over questions, each with its mean over seeds; None where nothing was answered.
        asked: questions over all seeds; `answered` of them have a value.
        seeds: the mean of each seed.
        refused: share of the answers with a value whose completion could not be read.
    """

    measured: Measured
    group: str
    mean: Interval | None
    asked: int
    answered: int
    seeds: tuple[float, ...]
    refused: float

    @property
    def spread(self) -> tuple[float, float] | None:
        """Mean and standard deviation over seeds, of which there have to be several."""
        return (fmean(self.seeds), stdev(self.seeds)) if len(self.seeds) > 1 else None


def measurements(runs: Sequence[Run], seeds_of: Sequence[str] = ()) -> list[Measured]:
    """The runs by benchmark, model, settings and questions asked, in the order in which they came.

    Args:
        seeds_of: patterns as in file names; models that match the same one count as seeds of one model.

    Raises:
        UserError: a pattern matches no model.
    """
    names = list(dict.fromkeys(run.model for run in runs))
    for each in seeds_of:
        if not any(fnmatchcase(name, each) for name in names):
            raise UserError(f"--seeds-of {each} matches none of the models {', '.join(names)}")
    found: dict[tuple[object, ...], list[Run]] = defaultdict(list)
    for run in runs:
        pattern = next((each for each in seeds_of if fnmatchcase(run.model, each)), None)
        questions = frozenset(answer.id for answer in run.answers)
        settled = settings(run, ignore_model=pattern is not None)
        found[run.benchmark, pattern or run.model, settled, questions].append(run)
    return [
        Measured(str(benchmark), str(model), tuple(sorted(members, key=_by_seed)), number)
        for number, ((benchmark, model, *_), members) in enumerate(found.items(), start=1)
    ]


def _by_seed(run: Run) -> tuple[str, int]:
    return run.model, run.seed or 0


def rows(measured: Sequence[Measured], by: By = "group") -> list[Row]:
    """All questions first, then each group or task; models stand together within a group.

    The bench is also split by whether training questions are made from a task, in all and within each group, unless
    only tasks of one kind were asked about.
    """
    answers = [answer for each in measured for run in each.runs for answer in run.answers]
    names = ordered_groups(answers) if by == "group" else sorted({answer.task for answer in answers})
    groups: list[tuple[str, Callable[[Answer], bool] | None]] = [(ALL, None)]
    split = measured[0].benchmark == BENCH and len({answer.in_training for answer in answers}) > 1
    if split:
        groups += [(name, _part(name)) for name in (TRAINING, HELD_OUT)]
    for name in names:
        groups.append((name, _member(name, by)))
        if split and by == "group":
            groups += [(f"{name}, {part}", _both(_member(name, by), _part(part))) for part in (TRAINING, HELD_OUT)]
    return [row for name, belongs in groups for each in measured if (row := row_of(each, name, belongs))]


def row_of(measured: Measured, name: str, belongs: Callable[[Answer], bool] | None) -> Row | None:
    """The row of the answers that belong to a group, or of all; None if none belongs."""
    members = [[answer for answer in run.answers if not belongs or belongs(answer)] for run in measured.runs]
    asked = sum(run.asked if not belongs else len(each) for run, each in zip(measured.runs, members, strict=True))
    if not asked:
        return None
    given = [[answer for answer in each if answer.value is not None] for each in members]
    answered = sum(map(len, given))
    refused = sum(answer.reason is not None for each in given for answer in each)
    seeds = tuple(fmean(_values(each)) for each in given if each)
    mean = _interval(given, measured.runs[0].top)
    return Row(measured, name, mean, asked, answered, seeds, refused / answered if answered else 0.0)


def _interval(given: Sequence[Sequence[Answer]], top: float) -> Interval | None:
    values: dict[str, list[float]] = defaultdict(list)
    demos: dict[str, str] = {}
    for answers in given:
        for answer, value in zip(answers, _values(answers), strict=True):
            values[answer.id].append(value)
            demos[answer.id] = answer.demo
    if not values:
        return None
    return scaled_interval([fmean(each) for each in values.values()], [demos[name] for name in values], top)


def _values(answers: Sequence[Answer]) -> list[float]:
    return [answer.value for answer in answers if answer.value is not None]


def _member(name: str, by: By) -> Callable[[Answer], bool]:
    return lambda answer: (answer.group if by == "group" else answer.task) == name


def _part(name: str) -> Callable[[Answer], bool]:
    return lambda answer: answer.in_training is (name == TRAINING)


def _both(one: Callable[[Answer], bool], other: Callable[[Answer], bool]) -> Callable[[Answer], bool]:
    return lambda answer: one(answer) and other(answer)
