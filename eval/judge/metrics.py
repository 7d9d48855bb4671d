"""Metrics of a judged bench: mean scores by kind of question and of task with their intervals, and what was read."""

from collections import Counter
from collections.abc import Mapping, Sequence

from inspect_ai.scorer import Metric, SampleScore, Value, metric

from eval.results import scaled_interval
from eval.robot_r1_bench.question import REASONING_TYPES
from robot_r1.intervals import Interval

TOP = 3.0
"""The best score of a judge; the worst is 0."""
ALL = "all"
TASKS = {"in_training": True, "held_out": False}


def grouped_intervals(scores: Sequence[SampleScore]) -> dict[str, Interval]:
    """Mean scores, 0 to 3, with 95 % intervals clustered by demo.

    Returns:
        By group: `all`, the reasoning types, `in_training` and `held_out`, and both, as in `spatial held_out`;
        groups without a scored sample are left out.
    """
    groups: dict[str, list[SampleScore]] = {}
    for kind in ("", *REASONING_TYPES):
        for task in ("", *TASKS):
            members = [score for score in scores if _belongs(score, kind, task)]
            if members:
                groups[f"{kind} {task}".strip() or ALL] = members
    return {name: _interval(members) for name, members in groups.items()}


def counts(scores: Sequence[SampleScore]) -> dict[str, int]:
    """How many completions had no answer tags (`untagged`), were refused, in all and by reason, and how many of a
    judge's repeats gave no score though others did (`lost_repeats`)."""
    details = [score.score.metadata or {} for score in scores]
    reasons = Counter(str(detail["reason"]) for detail in details if detail.get("reason") not in (None, "unjudged"))
    lost = sum(value is None for detail in details for value in detail.get("scores", ()))
    return {
        "untagged": sum(bool(detail.get("untagged")) for detail in details),
        "refused": reasons.total(),
        **{f"refused: {reason}": count for reason, count in sorted(reasons.items())},
        "lost_repeats": lost,
    }


@metric
def mean_score() -> Metric:
    """The mean score with the ends of its interval, then the same of each group of `grouped_intervals`."""

    def compute(scores: list[SampleScore]) -> Value:
        if not scores:
            return {"mean": float("nan")}
        values: dict[str, str | int | float | bool | None] = {}
        for name, interval in grouped_intervals(scores).items():
            group = "" if name == ALL else f"{name.replace(' ', '_')}_"
            mean = group.removesuffix("_") or "mean"
            values |= {mean: interval.mean, f"{group}low_95": interval.low, f"{group}high_95": interval.high}
        return values

    return compute


@metric
def answers() -> Metric:
    """The counts of `counts`, and the mean length of the completions in characters (`characters`)."""

    def compute(scores: list[SampleScore]) -> Value:
        lengths = [float((score.score.metadata or {}).get("length", 0)) for score in scores]
        return {**counts(scores), "characters": sum(lengths) / len(lengths) if lengths else float("nan")}

    return compute


def _belongs(score: SampleScore, kind: str, task: str) -> bool:
    metadata: Mapping[str, object] = score.sample_metadata or {}
    right_kind = not kind or metadata["group"] == kind
    return right_kind and (not task or metadata["in_training"] is TASKS[task])


def _interval(scores: Sequence[SampleScore]) -> Interval:
    demos = [str((score.sample_metadata or {})["demo"]) for score in scores]
    return scaled_interval([score.score.as_float() for score in scores], demos, TOP)
