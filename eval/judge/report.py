"""What is shown of a judged bench: scores with intervals, what could not be read or judged, tokens and cost."""

from collections.abc import Iterator, Sequence

from inspect_ai.log import EvalLog, EvalSample
from inspect_ai.model import ModelUsage
from inspect_ai.scorer import SampleScore

from eval.judge.metrics import counts, grouped_intervals
from eval.judge.scorers import main_score, unscored
from eval.sheets import Sheet


def score_sheet(log: EvalLog) -> Sheet:
    """Mean scores by reasoning type and kind of task."""
    metadata = log.eval.metadata or {}
    who = f"baseline: {metadata['baseline']}" if "baseline" in metadata else log.eval.model
    rows = [
        (name.replace("_", " "), f"{interval.n:,}", f"{interval.mean:.2f} [{interval.low:.2f}, {interval.high:.2f}]")
        for name, interval in grouped_intervals(_scored(log.samples or [])).items()
    ]
    return Sheet(f"{who}, judge: {metadata['judge']}", ("", "n", "score, 0 to 3\n95 % interval"), tuple(rows))


def remarks(log: EvalLog) -> list[str]:
    """Lines on what was read of the answers, on the judge's replies, and on what was spent."""
    samples = log.samples or []
    return [*_answers(samples), *_spent(samples)]


def unjudged(log: EvalLog) -> int:
    """How many answers in a log have no score."""
    return sum(unscored(sample) for sample in log.samples or ())


def _scored(samples: Sequence[EvalSample]) -> list[SampleScore]:
    scores = [(sample, main_score(sample)) for sample in samples if not unscored(sample)]
    return [SampleScore(score=score, sample_metadata=sample.metadata) for sample, score in scores if score]


def _answers(samples: Sequence[EvalSample]) -> Iterator[str]:
    found = counts(_scored(samples))
    reasons = [f"{name.removeprefix('refused: ')} {n}" for name, n in found.items() if name.startswith("refused: ")]
    refused = f"{found['refused']} refused" + (f" ({', '.join(reasons)})" if reasons else "")
    length = sum(len(sample.output.completion) for sample in samples) / max(1, len(samples))
    yield f"answers: {found['untagged']} without tags, {refused}, {length:.0f} characters on average"
    yield f"judge: {sum(map(unscored, samples))} unjudged, {found['lost_repeats']} repeats without a readable score"


def _spent(samples: Sequence[EvalSample]) -> Iterator[str]:
    yield f"tokens of the model: {_usage([sample.output.usage or ModelUsage() for sample in samples])}"
    details = [(score.metadata or {}) for sample in samples if (score := main_score(sample))]
    yield f"tokens of the judge: {_usage([ModelUsage(**d['judge_usage']) for d in details if 'judge_usage' in d])}"


def _usage(usages: Sequence[ModelUsage]) -> str:
    total = sum(usages, ModelUsage())
    read = total.input_tokens + (total.input_tokens_cache_read or 0) + (total.input_tokens_cache_write or 0)
    cost = f", {total.total_cost:.4f} USD" if total.total_cost is not None else ""
    return f"{read:,} in, {total.output_tokens:,} out{cost}"
