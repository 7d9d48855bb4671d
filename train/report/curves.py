"""Which curves the page shows, and of which metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from robot_r1.question import LETTERS
from train.report.answers import Answers, accuracy
from train.report.run import Metrics, Series

COLORS = 6
"""Colours in page.css, for lines (`--c0` ...) and for areas (`--a0` ...)."""
CHANCE = 1 / len(LETTERS)
Unit = Literal["share", "number"]


@dataclass(frozen=True, eq=False)
class Line:
    """A metric over steps. `band` holds the lower and upper end of its 95 % interval, (n, 2)."""

    name: str
    series: Series
    band: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Chart:
    """Lines over steps on common axes.

    Attributes:
        title: what the vertical axis shows.
        lines: at least one, each with at least one point.
        unit: `share` is drawn from 0 to 1 and written in percent.
        note: how to read it, one line.
        noisy: draw a running mean over faint points.
        stacked: areas on top of each other; all lines then have the same steps.
        baseline: name and height of a dashed line.
        beside: shares drawn as one stacked bar beside a stacked chart, one per line, with its name.
    """

    title: str
    lines: tuple[Line, ...]
    unit: Unit = "number"
    note: str = ""
    noisy: bool = False
    stacked: bool = False
    baseline: tuple[str, float] | None = None
    beside: tuple[str, tuple[float, ...]] | None = None


@dataclass(frozen=True)
class Section:
    """Charts that belong together, and the titles of those whose metrics the run did not log."""

    title: str
    charts: tuple[Chart, ...]
    missing: tuple[str, ...]


def sections(metrics: Metrics, answers: Answers, data_letters: Mapping[str, int]) -> tuple[Section, ...]:
    """All curves of a run.

    Args:
        answers: what the bands of held-out accuracy are computed from.
        data_letters: right letter to how many training questions have it.
    """
    return (
        _section("Held-out accuracy", _accuracy(metrics, answers)),
        _section("Reward", _reward(metrics)),
        _section("Responses", _responses(metrics)),
        _section("Optimisation", _optimisation(metrics)),
        _section("Letters and format", _letters(metrics, data_letters)),
    )


def held_out_accuracy(metrics: Metrics, answers: Answers) -> Line:
    """Accuracy on the held-out questions; the band is there if the answers of every evaluation are."""
    series = metrics["heldout/accuracy"]
    return Line("all", series, _band(series, answers, None))


def _accuracy(metrics: Metrics, answers: Answers) -> list[Chart]:
    by_type = [
        Line(name, series, _band(series, answers, name)) for name, series in metrics.named("heldout/accuracy/").items()
    ]
    chance = ("chance", CHANCE)
    interval = "greedy answers; band: 95 % interval, clustered by demo"
    return [
        Chart(
            "Accuracy, all questions", _there(held_out_accuracy(metrics, answers)), "share", interval, baseline=chance
        ),
        Chart("Accuracy by question type", tuple(by_type), "share", interval, baseline=chance),
        Chart(
            "Answers in the required format",
            _there(Line("held-out", metrics["heldout/format"])),
            "share",
            "greedy answers within think and answer tags",
        ),
    ]


def _reward(metrics: Metrics) -> list[Chart]:
    parts = metrics.named("rewards/", "/mean")
    types = metrics.named("train_accuracy/")
    return [
        Chart("Reward", _there(Line("reward", metrics["reward"])), noisy=True, note="mean over sampled completions"),
        Chart("Reward parts", _lines(parts), noisy=True, note="mean of each reward function"),
        Chart(
            "Accuracy of samples by type",
            _lines(types),
            "share",
            "sampled in training",
            True,
            baseline=("chance", CHANCE),
        ),
        Chart(
            "Groups with zero reward variance",
            _there(Line("groups", metrics["frac_reward_zero_std"])),
            "share",
            "all completions scored alike: no gradient",
            noisy=True,
        ),
        Chart(
            "Spread of rewards",
            _there(Line("reward_std", metrics["reward_std"])),
            noisy=True,
            note="standard deviation",
        ),
    ]


def _responses(metrics: Metrics) -> list[Chart]:
    lengths = _there(
        Line("sampled", metrics["completions/mean_length"]), Line("held-out, greedy", metrics["heldout/mean_length"])
    )
    return [
        Chart("Response length", lengths, noisy=True, note="mean tokens of a completion"),
        Chart(
            "Responses cut off",
            _there(Line("sampled", metrics["completions/clipped_ratio"])),
            "share",
            "share that reached the token limit",
            noisy=True,
        ),
        Chart("Entropy", _there(Line("entropy", metrics["entropy"])), noisy=True, note="mean over tokens, nats"),
    ]


def _optimisation(metrics: Metrics) -> list[Chart]:
    tokens = _there(Line("tokens", metrics["mean_token_accuracy"]))
    supervised = [Chart("Token accuracy", tokens, "share", "of the examples' completions", noisy=True)]
    return [
        *(supervised if tokens else []),
        *_policy_gap(metrics),
        Chart("KL to the reference", _there(Line("kl", metrics["kl"])), noisy=True, note="mean over tokens, nats"),
        Chart("Loss", _there(Line("loss", metrics["loss"])), noisy=True),
        Chart("Gradient norm", _there(Line("grad_norm", metrics["grad_norm"])), noisy=True, note="before clipping"),
        Chart("Learning rate", _there(Line("learning_rate", metrics["learning_rate"]))),
        Chart(
            "Clipped ratios",
            _there(Line("clip_ratio", metrics["clip_ratio/region_mean"])),
            note="share of tokens with a clipped probability ratio",
            noisy=True,
        ),
        Chart("Seconds per step", _there(Line("step_time", metrics["step_time"])), noisy=True),
    ]


def _policy_gap(metrics: Metrics) -> list[Chart]:
    """How far vLLM's policy is from the trainer's; nothing for a run without vLLM."""
    name = "sampling/sampling_logp_difference"
    mean, greatest = (_there(Line(part, metrics[f"{name}/{part}"])) for part in ("mean", "max"))
    charts = [
        Chart("vLLM against trainer", mean, noisy=True, note="mean |log p - log p| of sampled tokens, nats"),
        Chart("vLLM against trainer, at most", greatest, noisy=True, note="of all sampled tokens, nats"),
    ]
    return [chart for chart in charts if chart.lines]


def _letters(metrics: Metrics, data_letters: Mapping[str, int]) -> list[Chart]:
    letters = metrics.named("letters/")
    ordered = {name: letters[name] for name in (*LETTERS, "none") if name in letters}
    lines = _same_steps(ordered)
    count = sum(data_letters.values())
    shares = tuple(data_letters.get(line.name, 0) / count for line in lines) if count else ()
    return [
        Chart(
            "Letters answered",
            lines,
            "share",
            "sampled answers; bar: right letters of the data",
            stacked=True,
            beside=("data", shares) if shares else None,
        ),
        Chart(
            "Format failures by reason",
            _largest(_same_steps(metrics.named("refusals/"))),
            "share",
            "sampled completions without a readable letter",
            stacked=True,
        ),
    ]


def _section(title: str, charts: Sequence[Chart]) -> Section:
    return Section(
        title,
        tuple(chart for chart in charts if chart.lines),
        tuple(chart.title for chart in charts if not chart.lines),
    )


def _lines(named: Mapping[str, Series]) -> tuple[Line, ...]:
    return tuple(Line(name, series) for name, series in named.items())


def _there(*lines: Line) -> tuple[Line, ...]:
    return tuple(line for line in lines if len(line.series))


def _band(shares: Series, answers: Answers, kind: str | None) -> npt.NDArray[np.float64] | None:
    ends = []
    for step in shares.steps.tolist():
        given = answers.attempts.get(step, {})
        asked = [q for q in answers.questions if q.id in given and kind in (None, q.question_type)]
        if not asked:
            return None
        found = accuracy(asked, given)
        ends.append((found.low, found.high))
    return np.array(ends).reshape(-1, 2)


def _largest(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines that matter most, in falling order, and the sum of the others that are not zero throughout."""
    ordered = sorted((line for line in lines if line.series.values.any()), key=lambda line: -line.series.values.mean())
    if not ordered:
        return tuple(Line("any reason", line.series) for line in lines[:1])
    shown, others = ordered[: COLORS - 1], ordered[COLORS - 1 :]
    if len(others) > 1:
        total = np.sum([line.series.values for line in others], axis=0)
        others = [Line("other reasons", Series(others[0].series.steps, total))]
    return (*shown, *others)


def _same_steps(named: Mapping[str, Series]) -> tuple[Line, ...]:
    """The series on the union of their steps: a share that was not logged at a step is 0 there."""
    if not named:
        return ()
    steps = np.unique(np.concatenate([series.steps for series in named.values()]))
    lines = []
    for name, series in named.items():
        values = np.zeros(len(steps))
        values[np.searchsorted(steps, series.steps)] = series.values
        lines.append(Line(name, Series(steps, values)))
    return tuple(lines)
