"""What rules and the probe that never look at a picture reach on the questions."""

from data_gen.audit.lights import (
    CHANCE,
    MIN_DEMOS,
    PROBE_LIMIT,
    interval_by_demo,
    probe_light,
    rule_light,
    share,
)
from data_gen.audit.probe import probe
from data_gen.audit.report import Finding
from data_gen.audit.rows import Rows
from robot_r1.blind_questions import BlindQuestions, blind_questions
from robot_r1.blind_rules import both_ways, rules_for
from robot_r1.question import QuestionType

PROBE = "learned from the options"
TREES = "learned by boosted trees"


def blind_findings(rows: Rows, question_type: QuestionType) -> list[Finding]:
    """Every rule in both directions, and the probe, on the questions of a type; none where there are no options."""
    questions = _questions(rows, question_type)
    if questions is None:
        return []
    findings = []
    for rule in rules_for(question_type):
        for check, won in zip((rule.forward, rule.backward), both_ways(rule, questions), strict=True):
            interval = interval_by_demo(won, questions.demo)
            allowed = f"{CHANCE[0]:.2f} to {CHANCE[1]:.2f}"
            light = rule_light(interval)
            findings.append(share("blind rules", check, question_type, interval, light, allowed))
    return [*findings, *_probe_findings(questions)]


def _probe_findings(questions: BlindQuestions) -> list[Finding]:
    probes = probe(questions)
    if probes is None:
        return [_unknown(check, questions.question_type) for check in (PROBE, TREES)]
    linear, trees = (interval_by_demo(result.won, result.demo) for result in (probes.linear, probes.trees))
    kind = questions.question_type
    return [
        share("blind probe", PROBE, kind, linear, probe_light(linear), f"up to {PROBE_LIMIT:.2f}"),
        share("blind probe", TREES, kind, trees, "grey", ""),
    ]


def _unknown(check: str, question_type: QuestionType) -> Finding:
    return Finding(
        section="blind probe",
        check=check,
        question_type=question_type,
        value=0,
        unit="share",
        n=0,
        light="grey",
        note=f"fewer than {MIN_DEMOS} demos to learn from",
    )


def _questions(rows: Rows, question_type: QuestionType) -> BlindQuestions | None:
    if rows.options is None or rows.answer is None:
        return None
    mask = (rows.question_type == question_type) & (rows.answer >= 0)
    if not mask.any():
        return None
    return blind_questions(
        question_type,
        rows.task[mask].tolist(),
        rows.demo[mask].tolist(),
        rows.state[mask],
        rows.options[mask].tolist(),
        rows.answer[mask],
    )
