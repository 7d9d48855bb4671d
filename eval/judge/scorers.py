"""The two judges as Inspect scorers, for a run and for scoring its log anew with `inspect score`."""

import math
from collections.abc import Sequence
from typing import Any

from inspect_ai.log import EvalSample
from inspect_ai.model import GenerateConfig, ModelUsage, get_model
from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from eval.judge.asking import ATTEMPTS, Round, ask_judge
from eval.judge.metrics import answers, mean_score
from eval.judge.prompt import judge_digest, judge_messages
from eval.judge.reading import Reading, read_completion
from eval.judge.reply import Judgement, Unreadable
from eval.judge.rules import RULES_JUDGE, judge_by_rules
from eval.kept import kept
from eval.robot_r1_bench.question import BenchQuestion
from robot_r1.answer import Refusal

GRADER = "grader"
"""Inspect's model role of the judge."""
TEMPERATURE = 1.0
"""What the paper's judge samples with; a configuration of the role wins."""


@scorer(metrics=[mean_score(), answers()])
def rules_judge() -> Scorer:
    """Score by the structured truth of the question, without a model. This is not the paper's judge."""

    async def score(state: TaskState, target: Target) -> Score:
        reading = _read(state)
        if isinstance(reading, Score):
            return reading
        verdict = judge_by_rules(_question(state), reading.answer)
        details = {**_details(state, reading), "judge": RULES_JUDGE}
        return Score(value=verdict.score, answer=reading.answer, explanation=verdict.reason, metadata=details)

    return score


@scorer(metrics=[mean_score(), answers()])
def model_judge(model: str | None = None, repeats: int = 1, attempts: int = ATTEMPTS) -> Scorer:
    """Score by the model in the role `grader`: the mean of its readable scores, 0 to 3.

    Where no reply of any repeat could be read the sample has no score (NaN), so that it counts nowhere as a 0.
    `Score.metadata` has the judge's name and what it calls itself, the score of each repeat (None where none could be
    read), every raw reply by repeat, and the tokens used.

    Args:
        model: the judge where no model is bound to the role.
        repeats: how many scores are asked for, in conversations of their own.
        attempts: replies to each of them before it is given up.
    """

    async def score(state: TaskState, target: Target) -> Score:
        config = GenerateConfig(temperature=TEMPERATURE)
        # required, as the judge would otherwise be the model that is judged
        judge = get_model(role=GRADER, default=model, required=True, config=config)
        reading = _read(state)
        if isinstance(reading, Score):
            return reading
        messages = judge_messages(_question(state), reading.answer)
        scope = {"question": state.sample_id, "epoch": state.epoch}
        rounds = [
            await ask_judge(judge, messages, attempts, kept(**scope, repeat=repeat)) for repeat in range(repeats)
        ]
        return _mean(rounds, reading, {**_details(state, reading), "judge": str(judge)})

    return score


def judge_facts(model: str | None, repeats: int) -> dict[str, Any]:
    """What `Task.metadata` says of the judge; without a model it is the rules judge."""
    if model is None:
        return {"judge": RULES_JUDGE}
    return {
        "judge": model,
        "judge_repeats": repeats,
        "judge_prompt": judge_digest(),
        "judge_temperature": TEMPERATURE,
    }


def main_score(sample: EvalSample) -> Score | None:
    """The score of a log's first scorer, if the sample got that far."""
    return next(iter((sample.scores or {}).values()), None)


def unscored(sample: EvalSample) -> bool:
    """Whether a sample has no number as its score: its judge failed, or could not be understood."""
    score = main_score(sample)
    return score is None or math.isnan(score.as_float())


def _mean(rounds: Sequence[Round], reading: Reading, details: dict[str, Any]) -> Score:
    judgements = [one.last if isinstance(one.last, Judgement) else None for one in rounds]
    valid = [judgement for judgement in judgements if judgement]
    details |= {
        "judge_model": rounds[0].model,
        "scores": [judgement.score if judgement else None for judgement in judgements],
        "replies": [list(one.replies) for one in rounds],
        "judge_usage": sum((one.usage for one in rounds), ModelUsage()).model_dump(exclude_none=True),
    }
    if not valid:
        problems = "; ".join(dict.fromkeys(one.last.problem for one in rounds if isinstance(one.last, Unreadable)))
        explanation = f"no reply of the judge could be read: {problems}"
        details["reason"] = "unjudged"
        return Score.unscored(reason="grader_failed", answer=reading.answer, explanation=explanation, metadata=details)
    return Score(
        value=sum(judgement.score for judgement in valid) / len(valid),
        answer=reading.answer,
        explanation="\n".join(judgement.reason for judgement in valid),
        metadata=details,
    )


def _question(state: TaskState) -> BenchQuestion:
    return BenchQuestion.model_validate(state.metadata["bench_question"])


def _read(state: TaskState) -> Reading | Score:
    """The answer to judge, or the score of a completion that no judge has to see."""
    if not state.output.choices:
        return Score.unscored(
            reason="scoring_failed", explanation="the model gave no completion", metadata={"reason": "no_completion"}
        )
    reading = read_completion(state.output.completion)
    if isinstance(reading, Reading):
        return reading
    return _refused(state, reading)


def _refused(state: TaskState, refusal: Refusal) -> Score:
    return Score(
        value=0,
        reason="invalid_response_format",
        explanation=f"refused without asking the judge: {refusal.reason}",
        metadata={**_size(state), "reason": refusal.reason},
    )


def _details(state: TaskState, reading: Reading) -> dict[str, Any]:
    return {**_size(state), "untagged": reading.untagged}


def _size(state: TaskState) -> dict[str, int]:
    """Characters of the completion, and its tokens where they are known."""
    tokens = {"tokens": state.output.usage.output_tokens} if state.output.usage else {}
    return {"length": len(state.output.completion), **tokens}
