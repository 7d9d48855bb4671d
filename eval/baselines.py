"""Answers that need no model: by chance, by rules that never look at the picture, and the right ones.

They are written as completions in the format, so that the parser and the scorer of models read them.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from inspect_ai.model import ModelOutput
from inspect_ai.solver import Generate, Solver, TaskState, solver

from eval.questions import Row
from robot_r1.blind_questions import blind_questions
from robot_r1.blind_rules import RULES, BlindRule, taken
from robot_r1.errors import UserError
from robot_r1.geometry import WORKSPACE
from robot_r1.question import LETTERS, Letter, Point, QuestionType
from robot_r1.seeding import generator

ALL = "all"
MAJORITY = "majority"
_MAJORITY_RULE = "most usual letter"
_UNKNOWN: Point = (float("nan"), float("nan"), float("nan"))
_RULES: dict[str, tuple[BlindRule, bool]] = {
    name: (rule, backward) for rule in RULES for name, backward in ((rule.forward, False), (rule.backward, True))
}
"""By name the rule, and whether it is taken backwards."""
CHOICE_BASELINES = ("random", MAJORITY, "oracle", *_RULES)
POSITION_BASELINES = ("random", "mean", "state", "oracle")


@dataclass(frozen=True)
class Completions:
    """What a baseline writes, by the id of the sample."""

    name: str
    of: Mapping[str, str]


@solver
def written(completions: Completions) -> Solver:
    """Answers with completions that were written before; no model is asked."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.output = ModelOutput.from_content(model="none", content=completions.of[str(state.sample_id)])
        state.messages.append(state.output.message)
        return state

    return solve


def completion(name: str, answer: str) -> str:
    """An answer in the format."""
    return f"<think>{name}</think> <answer>{answer}</answer>"


def applies(name: str, question_type: QuestionType) -> bool:
    """Whether a baseline for multiple choice answers this type of question."""
    rule = _rule(name)
    return rule is None or question_type in rule[0].question_types


def choose(name: str, rows: Sequence[Row], seed: int) -> list[Letter]:
    """The letter that a baseline answers to each question.

    What a rule learns from right answers it learns from those of other demos among these rows.

    Args:
        name: one of `CHOICE_BASELINES`.
        seed: for `random`, and for options among which a rule cannot choose.

    Raises:
        UserError: there is no such baseline, or it does not apply to a type of question.
    """
    if name not in CHOICE_BASELINES:
        raise _unknown(name, CHOICE_BASELINES)
    rule = _rule(name)
    if name == "oracle":
        return [row.answer for row in rows if row.answer is not None]
    if rule is None:
        return [_draw(np.ones(4, dtype=np.bool_), name, row, seed) for row in rows]
    answers: dict[int, Letter] = {}
    for question_type in sorted({row.question_type for row in rows}):
        if question_type not in rule[0].question_types:
            allowed = ",".join(rule[0].question_types)
            raise UserError(f"baseline {name!r} does not apply to {question_type}; give --question-types {allowed}")
        indices = [index for index, row in enumerate(rows) if row.question_type == question_type]
        answers |= _by_rule(name, rule, question_type, {index: rows[index] for index in indices}, seed)
    return [answers[index] for index in range(len(rows))]


def _unknown(name: str, allowed: Sequence[str]) -> UserError:
    close = difflib.get_close_matches(name, allowed, n=3) or allowed[:4]
    return UserError(
        f"baseline {name!r} is unknown; did you mean {', '.join(map(repr, close))}? --help lists them all"
    )


def _rule(name: str) -> tuple[BlindRule, bool] | None:
    return _RULES.get(_MAJORITY_RULE if name == MAJORITY else name)


def _by_rule(
    name: str, rule: tuple[BlindRule, bool], question_type: QuestionType, rows: Mapping[int, Row], seed: int
) -> dict[int, Letter]:
    questions = blind_questions(
        question_type,
        [row.task for row in rows.values()],
        [row.cluster for row in rows.values()],
        [row.state or _UNKNOWN for row in rows.values()],
        [row.options or ("", "", "", "") for row in rows.values()],
        [LETTERS.index(row.answer or "A") for row in rows.values()],
    )
    masks = taken(rule[0], questions, backward=rule[1])
    return {index: _draw(mask, name, row, seed) for (index, row), mask in zip(rows.items(), masks, strict=True)}


def _draw(allowed: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]", name: str, row: Row, seed: int) -> Letter:
    letters = [letter for letter, may in zip(LETTERS, allowed, strict=True) if may]
    if len(letters) == 1:
        return letters[0]
    first = row.options[0] if row.options else ""  # other orders of the same options are other draws
    return letters[int(generator(seed, "baseline", name, row.id, first).integers(len(letters)))]


def locate(name: str, rows: Sequence[Row], seed: int) -> list[Point]:
    """The position, in metres, that a baseline answers to each question without options.

    `random` is uniform in the workspace; `mean` the mean answer of other demos of the same task, or of all tasks where
    there are none, for this type of question; `state` the current position, which a waypoint's prompt tells.

    Raises:
        UserError: there is no such baseline, or it does not apply to a type of question.
    """
    if name not in POSITION_BASELINES:
        raise _unknown(name, POSITION_BASELINES)
    if name == "state" and any(row.question_type != "waypoint" for row in rows):
        raise UserError("baseline 'state' would be the answer of current_state; give --question-types waypoint")
    means = _MeanAnswers(rows)
    ways: dict[str, Callable[[Row], Point]] = {
        "random": lambda row: _anywhere(row, seed),
        "mean": means.elsewhere,
        "state": lambda row: row.state or _UNKNOWN,
        "oracle": right_position,
    }
    return [ways[name](row) for row in rows]


def right_position(row: Row) -> Point:
    """Metres, world frame: the target of a waypoint, the state of a current state."""
    position = row.target if row.question_type == "waypoint" else row.state
    if position is None or row.question_type == "movement":
        raise UserError(f"question {row.id} has no position to ask for; give waypoint or current_state questions")
    return position


class _MeanAnswers:
    """Means of right answers with a demo's own left out."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._sums: dict[tuple[str, ...], np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = {}
        for row in rows:
            answer = np.array([*right_position(row), 1.0])
            for key in self._keys(row):
                self._sums[key] = self._sums.get(key, np.zeros(4)) + answer

    @staticmethod
    def _keys(row: Row) -> tuple[tuple[str, ...], ...]:
        kind = row.question_type
        return (kind,), (kind, row.task), (kind, row.task, row.cluster)

    def elsewhere(self, row: Row) -> Point:
        everywhere, task, own = (self._sums[key] for key in self._keys(row))
        for total in (task - own, everywhere - own):
            if total[3] > 0.5:
                x, y, z = (total[:3] / total[3]).tolist()
                return (x, y, z)
        x, y, z = np.mean(WORKSPACE, axis=0).tolist()
        return (x, y, z)


def _anywhere(row: Row, seed: int) -> Point:
    x, y, z = generator(seed, "baseline", "random", row.id).uniform(*WORKSPACE).tolist()
    return (x, y, z)


def position_completion(name: str, position: Point) -> str:
    """A position in the format, to a thousandth of a millimetre, so that rounding costs no score."""
    return completion(name, "[" + ", ".join(f"{value:.6f}" for value in position) + "]")
