"""The options of questions, for all moments of many demos at once: the right one and three drawn wrong ones."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_gen.config import BuildConfig
from data_gen.distractors.balance import Balance, fit_balance
from data_gen.distractors.cues import EXTREMES, movement_cues, point_cues
from data_gen.distractors.movements import MOVEMENTS, also_right, draw_movement_sets, label_numbers, surplus
from data_gen.distractors.points import Asked
from data_gen.distractors.sets import draw_sets
from data_gen.distractors.usual import Usual
from data_gen.survey import Indices, Survey
from robot_r1.geometry import Array
from robot_r1.movement import axis_moves, movement_text
from robot_r1.prompts import point_text
from robot_r1.question import TRUE_OPTION, QuestionType
from robot_r1.seeding import generator

SETS: dict[QuestionType, int] = {"waypoint": 24, "current_state": 12, "movement": 16}
"""Sets of wrong options among which the balance chooses; a waypoint's prompt gives more to level."""
NO_MOVEMENT = "next keypoint within the dead zone"
TOO_USUAL = "movement right in too many questions of the task"
SAMPLE = 400
"""Questions of a task by which the balance is found."""


@dataclass(frozen=True)
class Option:
    """The text of an option and the strategy that made it, `answer` for the right one."""

    text: str
    strategy: str


Options = tuple[Option, Option, Option, Option]
"""The right option first."""


@dataclass(frozen=True)
class _Sets:
    """T sets of options for Q questions; the right option first."""

    numbers: Array
    """(Q, T, 4, 3) positions in metres, or (Q, T, 4) numbers of movements."""
    strategies: np.ndarray[tuple[int, ...], np.dtype[np.str_]]
    """(Q, T, 3)"""
    cues: Array
    """(Q, T, 4, K)"""


class Drawing:
    """What options are drawn from: the survey of all demos, under one configuration."""

    def __init__(self, survey: Survey, config: BuildConfig) -> None:
        self.survey = survey
        self._config = config
        self._tasks = tuple(sorted(set(survey.task.tolist())))
        self._task = np.searchsorted(self._tasks, survey.task)[survey.demo] if self._tasks else survey.demo
        self._moves = axis_moves(survey.target - survey.state, config.dead_zone)
        self._label = label_numbers(self._moves)
        self._too_usual = self._surplus()
        asked = np.where(self._too_usual, len(MOVEMENTS), self._label)
        self._frequency = _label_counts(self._task, asked)
        self._frequency_of_demo = _label_counts(survey.demo, asked)

    def _surplus(self) -> NDArray[np.bool_]:
        """(M,): moments whose movement is right in too many of their task's questions; see `surplus`."""
        left_out = np.zeros(len(self._label), dtype=np.bool_)
        for number, task in enumerate(self._tasks):
            of_task = np.flatnonzero((self._task == number) & (self._label < len(MOVEMENTS)))
            rng = generator(self._config.seed, "surplus", task)
            left_out[of_task] = surplus(self._label[of_task], self._config.distractors.max_label_share, rng)
        return left_out

    def askable(self, question_type: QuestionType) -> Indices:
        """Moments that ask a question of the type: for all but the current state there has to be a movement."""
        if question_type == "current_state":
            return np.arange(len(self._label))
        moving = self._moves.any(axis=1)
        return np.flatnonzero(moving & ~self._too_usual if question_type == "movement" else moving)

    def why_not(self, moment: int, question_type: QuestionType) -> str:
        """Why a moment asks no question of the type."""
        return TOO_USUAL if question_type == "movement" and self._too_usual[moment] else NO_MOVEMENT

    def fit(self, question_type: QuestionType) -> Balance:
        """The balance of the type's options, found on a sample of each task's questions; see `balance`."""
        return fit_balance(self._samples(question_type), EXTREMES[question_type])

    def _samples(self, question_type: QuestionType) -> Iterator[tuple[int, Array]]:
        moments = self.askable(question_type)
        for number, task in enumerate(self._tasks):
            of_task = moments[self._task[moments] == number]
            if len(of_task):
                rng = generator(self._config.seed, "balance", question_type, task)
                sample = np.sort(rng.permutation(of_task)[:SAMPLE])
                yield number, self._draw(sample, question_type, SETS[question_type], rng).cues

    def options(
        self, moments: Indices, question_type: QuestionType, balance: Balance | None, rng: np.random.Generator
    ) -> dict[int, Options]:
        """The options of each of the moments that asks a question of the type.

        Args:
            balance: without one the first set that is drawn is taken, whatever it gives away.
        """
        asking = np.intersect1d(moments, self.askable(question_type))
        if not len(asking):
            return {}
        sets = self._draw(asking, question_type, 1 if balance is None else SETS[question_type], rng)
        chosen = np.zeros(len(asking), dtype=np.int64)
        if balance is not None:
            chosen = balance.choose(sets.cues, self._task[asking], rng)
        rows = np.arange(len(asking))
        numbers, strategies = sets.numbers[rows, chosen].tolist(), sets.strategies[rows, chosen].tolist()
        result: dict[int, Options] = {}
        for moment, values, names in zip(asking.tolist(), numbers, strategies, strict=True):
            texts = (
                [movement_text(MOVEMENTS[int(value)]) for value in values]
                if question_type == "movement"
                else [point_text(value) for value in values]
            )
            a, b, c, d = (Option(*pair) for pair in zip(texts, [TRUE_OPTION, *names], strict=True))
            result[moment] = (a, b, c, d)
        return result

    def _draw(self, moments: Indices, question_type: QuestionType, count: int, rng: np.random.Generator) -> _Sets:
        if question_type == "movement":
            return self._draw_movements(moments, count, rng)
        return self._draw_points(moments, question_type, count, rng)

    def _draw_points(
        self, moments: Indices, question_type: QuestionType, count: int, rng: np.random.Generator
    ) -> _Sets:
        distractors = self._config.distractors
        askable = self.askable(question_type)
        asked = Asked(self.survey, question_type, moments, askable, distractors.near_miss_metres)
        weights = distractors.waypoint if question_type == "waypoint" else distractors.current_state
        sets = draw_sets(asked, weights, distractors.min_separation, count, rng)
        state = self.survey.state[moments] if question_type == "waypoint" else None
        usual = self._usual(question_type)
        cues = point_cues(sets.points, state, self._task[moments], self.survey.demo[moments], usual)
        return _Sets(sets.points, sets.strategies, cues)

    def _usual(self, question_type: QuestionType) -> Usual:
        survey, askable = self.survey, self.askable(question_type)
        right = survey.target if question_type == "waypoint" else survey.state
        moves = survey.target - survey.state
        return Usual(right[askable], moves[askable], self._task[askable], survey.demo[askable])

    def _frequency_elsewhere(self, moments: Indices) -> Array:
        """(Q, L): how often movements are to be expected in other demos of the questions' tasks.

        What no other demo shows must not be told from the rest by that: such movements share the weight of all the
        task's questions whose right answer no other demo has (Good & Turing; Good 1953, Biometrika 40), by how usual
        they are in other tasks.
        """
        known = self.askable("movement")
        task, label = self._task[known], self._label[known]
        alone = self._frequency[task, label] == self._frequency_of_demo[self.survey.demo[known], label]
        new = np.bincount(task, alone, len(self._tasks))[self._task[moments], None]
        of_task = self._frequency[self._task[moments]]
        elsewhere = of_task - self._frequency_of_demo[self.survey.demo[moments]]
        usual = np.where(elsewhere == 0, self._frequency.sum(axis=0) - of_task + 1, 0)
        expected: Array = elsewhere + new * usual / np.maximum(usual.sum(axis=1, keepdims=True), 1)
        return expected

    def _draw_movements(self, moments: Indices, count: int, rng: np.random.Generator) -> _Sets:
        survey, dead_zone = self.survey, self._config.dead_zone
        frequency = self._frequency_elsewhere(moments)
        also = also_right(survey.target[moments] - survey.state[moments], dead_zone)
        weights = self._config.distractors.movement
        sets = draw_movement_sets(self._label[moments], also, frequency, weights, dead_zone, count, rng)
        cues = movement_cues(sets.labels, frequency)
        return _Sets(sets.labels.astype(np.float64), sets.strategies, cues)


def _label_counts(group: Indices, label: Indices) -> Array:
    """(groups, L): how often each label occurs in each group; the label L stands for none."""
    counts = np.zeros((int(group.max(initial=-1)) + 1, len(MOVEMENTS) + 1))
    np.add.at(counts, (group, label), 1)
    return counts[:, :-1]
