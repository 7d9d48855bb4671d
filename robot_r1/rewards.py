"""Rewards as plain functions in TRL's form: `(completions, column, .., **columns)`, one value per completion.

A completion is a list of chat messages, of which the first is the assistant's, or a plain string. The columns are
those of the data set (`robot_r1.question.Question`), one entry per completion.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from robot_r1.answer import Answer, Refusal, parse_answer, parse_blocks, parse_point
from robot_r1.question import QuestionType

Completion = str | Sequence[Mapping[str, Any]]


def completion_text(completion: Completion) -> str:
    """What the assistant wrote."""
    return completion if isinstance(completion, str) else str(completion[0]["content"])


def format_reward(completions: Sequence[Completion], **columns: object) -> list[float]:
    """1.0 for a completion with the two blocks in order and nothing else, whatever they say; otherwise 0.0.

    The content is left to the other rewards, so that this one serves multiple-choice and open-ended answers alike.
    """
    return [float(not isinstance(parse_blocks(completion_text(c)), Refusal)) for c in completions]


def exact_match_reward(completions: Sequence[Completion], answer: Sequence[str], **columns: object) -> list[float]:
    """1.0 for a completion in the right format whose letter is `answer`; otherwise 0.0.

    A letter outside the format counts for nothing. To find one there means guessing which of the letters in a text is
    meant, and a policy would be paid for naming several. Format and exact match stay separate rewards, separately
    logged: a completion in the format with a wrong letter has the first and not the second.
    """
    parsed = [parse_answer(completion_text(c)) for c in completions]
    return [float(isinstance(p, Answer) and p.letter == a) for p, a in zip(parsed, answer, strict=True)]


def l1_reward(
    completions: Sequence[Completion],
    question_type: Sequence[QuestionType],
    state: Sequence[Sequence[float]],
    target: Sequence[Sequence[float]],
    **columns: object,
) -> list[float | None]:
    """clip(1 - L1, 0, 1) for an open-ended answer, with L1 = |dx| + |dy| + |dz| in metres (Robot-R1, table 9).

    The right point is `target` for `waypoint` and `state` for `current_state`, both in the world frame. A completion
    from which no point can be read gets 0.0. A movement has no coordinates, so its completions get None, TRL's word
    for a reward that does not apply: they then count for the other rewards alone.
    """
    rows = zip(completions, question_type, state, target, strict=True)
    return [_closeness(completion_text(c), _right_point(kind, here, there)) for c, kind, here, there in rows]


def _right_point(kind: QuestionType, state: Sequence[float], target: Sequence[float]) -> Sequence[float] | None:
    return {"waypoint": target, "current_state": state, "movement": None}[kind]


def _closeness(text: str, right: Sequence[float] | None) -> float | None:
    if right is None:
        return None
    blocks = parse_blocks(text)
    if isinstance(blocks, Refusal):
        return 0.0
    point = parse_point(blocks.content)
    if isinstance(point, Refusal):
        return 0.0
    return max(0.0, 1.0 - sum(abs(said - true) for said, true in zip(point, right, strict=True)))
