"""The measures as Inspect's metrics, for its own displays."""

from inspect_ai.scorer import Metric, SampleScore, metric

from eval.scorers.answered import Answered, from_scores
from eval.scorers.measures import (
    by_group,
    by_task,
    distances,
    letter_shares,
    mean_length,
    mean_value,
    orders,
    refusals,
)

_Values = dict[str, str | int | float | bool | None]


@metric
def means() -> Metric:
    """Accuracy, or the mean of clip(1 - L1), with the ends of its interval; then by type of question and by task."""

    def measure(scores: list[SampleScore]) -> _Values:
        answered = from_scores(scores)
        if not answered:
            return {}
        interval = mean_value(answered)
        parts = {**by_group(answered), **by_task(answered)}
        return {
            "mean": interval.mean,
            "low_95": interval.low,
            "high_95": interval.high,
            **{name: mean_value(part).mean for name, part in parts.items()},
        }

    return measure


@metric
def details() -> Metric:
    """Format failures, distances, length; consistency where the options were asked in several orders."""

    def measure(scores: list[SampleScore]) -> _Values:
        answered = from_scores(scores)
        return {**_details(answered), **_orders(answered)} if answered else {}

    return measure


def _details(answered: list[Answered]) -> _Values:
    apart = distances(answered)
    found: _Values = {"format_failures": sum(refusals(answered).values()) / len(answered)}
    found |= {f"failed_{reason}": count for reason, count in refusals(answered).items()}
    if apart is not None:
        found |= {"distance_mean": apart.mean, "distance_median": apart.median}
    return found | {"characters": mean_length(answered)}


def _orders(answered: list[Answered]) -> _Values:
    found = orders(answered)
    if found is None:
        return {}
    shares = {f"share_{letter}": share for letter, share in letter_shares(answered).items()}
    return {"all_orders_right": found.all_right.mean, "consistent": found.consistent.mean, **shares}
