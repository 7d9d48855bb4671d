"""A judge that needs no model and no network: it reads an answer by rules and compares it with the structured truth.

It is **not the paper's judge**, which is GPT-4o with a rubric, and its scores must not be reported as such. It reads
English answers of the kind that the bench asks for; what it cannot read scores 0.
"""

import re

from eval.judge.rules.choice import score_choice
from eval.judge.rules.moves import score_moves
from eval.judge.rules.plan import score_plan
from eval.judge.rules.relation import score_relation
from eval.judge.rules.subtask import score_subtask
from eval.judge.rules.verdict import Verdict
from eval.robot_r1_bench.question import BenchQuestion, Choice, Moves, Plan, Relation
from robot_r1.errors import UserError

RULES_JUDGE = "rules (not the paper's judge)"
"""How logs and tables call this judge."""


def judge_by_rules(question: BenchQuestion, answer: str) -> Verdict:
    """The score of an answer, 0 to 3, by rules that are the same for everyone and every run.

    Args:
        answer: any text; the answer alone, without reasoning and tags. Takes time linear in its length.

    Raises:
        UserError: the question has no structured truth.
    """
    truth = question.truth
    if truth is None:
        raise UserError(
            f"question {question.id} has no `truth`, which the rules judge scores by; "
            "choose a model instead: --grader PROVIDER/MODEL"
        )
    answer = _without_question(question.question, answer)
    if not any(character.isalpha() for character in answer):
        return Verdict(0, "the answer is empty, or only repeats the question")
    if isinstance(truth, Relation):
        return score_relation(truth, answer)
    if isinstance(truth, Choice):
        return score_choice(truth, question.question, answer)
    if isinstance(truth, Moves):
        return score_moves(truth, answer)
    return score_plan(truth, answer) if isinstance(truth, Plan) else score_subtask(truth, answer)


def _without_question(question: str, answer: str) -> str:
    """What is left of an answer when the question that it repeats is taken away; the task in it is often a step."""
    return re.sub(r"\s+".join(map(re.escape, question.split())), "\n", answer, flags=re.IGNORECASE)


__all__ = ["RULES_JUDGE", "Verdict", "judge_by_rules"]
