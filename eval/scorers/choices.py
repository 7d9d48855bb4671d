"""Scoring multiple-choice answers: read as the reward reads them, by `robot_r1.answer.parse_answer`."""

import math

from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from eval.as_sent import as_sent
from eval.scorers.metrics import details, means
from robot_r1.answer import Refusal, parse_answer, parse_point
from robot_r1.question import LETTERS, Letter, QuestionType


@scorer(metrics=[means(), details()])
def right_option() -> Scorer:
    """1 for the letter of the right option in the right format, otherwise 0."""

    async def score(state: TaskState, target: Target) -> Score:
        return score_choice(
            as_sent(state.output),
            state.metadata["answer"],
            state.metadata["group"],
            state.metadata["options"],
            state.output.usage.output_tokens if state.output.usage else None,
        )

    return score


def score_choice(
    completion: str, right: Letter, question_type: QuestionType, options: list[str], tokens: int | None = None
) -> Score:
    """The score of one completion.

    `Score.metadata` has `letter` and `content`, the letter that was read and its option, `reason`, why none could be,
    `distance`, metres from the right option for positions, `length` in characters, and `tokens` where they are known.
    """
    parsed = parse_answer(completion)
    found: dict[str, object] = {"length": len(completion), **({} if tokens is None else {"tokens": tokens})}
    if isinstance(parsed, Refusal):
        found["reason"] = parsed.reason
        return Score(value=0.0, answer="", explanation=f"no answer: {parsed.reason}", metadata=found)
    chosen = options[LETTERS.index(parsed.letter)]
    found |= {"letter": parsed.letter, "content": chosen}
    distance = option_distance(question_type, chosen, options[LETTERS.index(right)])
    if distance is not None:
        found["distance"] = distance
    apart = "" if distance is None else f", {distance:.3f} m apart"
    verdict = "right" if parsed.letter == right else f"the right option is {right}{apart}"
    return Score(
        value=float(parsed.letter == right),
        answer=parsed.letter,
        explanation=f"{parsed.letter}, {chosen}: {verdict}",
        metadata=found,
    )


def option_distance(question_type: QuestionType, chosen: str, right: str) -> float | None:
    """Metres between two options that are positions; None for movements and for texts that are no positions."""
    if question_type == "movement":
        return None
    here, there = parse_point(chosen), parse_point(right)
    return None if isinstance(here, Refusal) or isinstance(there, Refusal) else math.dist(here, there)
