"""Scoring positions that were asked for without options: clip(1 - L1, 0, 1) and the distance in metres."""

import math

from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from eval.as_sent import as_sent
from eval.scorers.metrics import details, means
from robot_r1.answer import Reason, Refusal, parse_blocks, parse_point
from robot_r1.prompts import point_text
from robot_r1.question import Point
from robot_r1.rewards import l1_reward


@scorer(metrics=[means(), details()])
def near_position() -> Scorer:
    """clip(1 - L1, 0, 1) of the position in the answer, in metres, as the paper's open-ended ablation."""

    async def score(state: TaskState, target: Target) -> Score:
        tokens = state.output.usage.output_tokens if state.output.usage else None
        return score_position(as_sent(state.output), state.metadata["position"], tokens)

    return score


def score_position(completion: str, right: Point, tokens: int | None = None) -> Score:
    """The score of one completion.

    `Score.metadata` has `content`, the position that was read, `reason`, why none could be, `distance` in metres,
    `length` in characters, and `tokens` where they are known.

    Args:
        right: metres, world frame.
    """
    said = _read(completion)
    found: dict[str, object] = {"length": len(completion), **({} if tokens is None else {"tokens": tokens})}
    if isinstance(said, str):
        found["reason"] = said
        return Score(value=0.0, answer="", explanation=f"no position: {said}", metadata=found)
    (value,) = l1_reward([completion], ["waypoint"], [right], [right])
    distance = math.dist(said, right)
    found |= {"content": point_text(said), "distance": distance}
    return Score(
        value=float(value or 0.0),
        answer=point_text(said),
        explanation=f"{distance:.3f} m from {point_text(right)}",
        metadata=found,
    )


def _read(completion: str) -> Point | Reason:
    blocks = parse_blocks(completion)
    if isinstance(blocks, Refusal):
        return blocks.reason
    point = parse_point(blocks.content)
    return point.reason if isinstance(point, Refusal) else point
