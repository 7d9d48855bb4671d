"""From measured values to findings: intervals, thresholds and traffic lights.

A share is red only where its 95 % interval, clustered by demo, lies beyond the threshold as well: the questions of a
demo resemble each other. Of a hundred rules some are beyond it by chance where demos are few, so a rule has to differ
from chance at the level `BY_CHANCE` too. Fewer than `MIN_QUESTIONS` questions or `MIN_DEMOS` demos tell nothing: grey.
"""

from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from data_gen.audit.report import Finding, Light, Section
from robot_r1.intervals import Interval, clustered_interval
from robot_r1.question import QuestionType

MIN_QUESTIONS = 30
MIN_DEMOS = 5
CHANCE = (0.20, 0.30)
"""Where a blind rule's accuracy may lie: chance is 0.25."""
BY_CHANCE = 0.0005
"""How often a rule without knowledge may be as far from chance as one that is red: there are a hundred rules."""
PROBE_LIMIT = 0.35
"""What the learned probe may reach."""


def rule_light(interval: Interval) -> Light:
    """Green within 0.20 to 0.30; beyond it red if the whole interval is and chance does not explain it, else amber."""
    low, high = CHANCE
    if _too_few(interval):
        return "grey"
    if low <= interval.mean <= high:
        return "green"
    beyond = interval.low > high or interval.high < low
    return "red" if beyond and not _by_chance(interval) else "amber"


def probe_light(interval: Interval) -> Light:
    """Green up to 0.35; above it red if the interval's lower end is above 0.30 too, else amber."""
    if _too_few(interval):
        return "grey"
    if interval.mean <= PROBE_LIMIT:
        return "green"
    return "red" if interval.low > CHANCE[1] else "amber"


def limit_light(interval: Interval, limit: float) -> Light:
    """Green up to the limit; above it red if the whole interval is, else amber."""
    if _too_few(interval):
        return "grey"
    if interval.mean <= limit:
        return "green"
    return "red" if interval.low > limit else "amber"


def _too_few(interval: Interval) -> bool:
    return interval.n < MIN_QUESTIONS or interval.clusters < MIN_DEMOS


def _by_chance(interval: Interval) -> bool:
    """Whether a two-sided score test at the level `BY_CHANCE`, that of the interval, leaves 0.25 possible."""
    chance = sum(CHANCE) / 2
    error = np.sqrt(chance * (1 - chance) / interval.effective)
    return bool(abs(interval.mean - chance) <= stdtrit(interval.clusters - 1, 1 - BY_CHANCE / 2) * error)


def interval_by_demo(values: NDArray[np.generic], demo: NDArray[np.generic]) -> Interval:
    """`clustered_interval` of arrays: (N,) values in [0, 1] and their demos, as numbers or names."""
    return clustered_interval(cast("list[float]", values), cast("list[str]", demo))


def share(
    section: Section,
    check: str,
    question_type: QuestionType | None,
    interval: Interval,
    light: Light,
    allowed: str,
    note: str = "",
) -> Finding:
    """A finding about a share of questions."""
    low, high = round(interval.low, 6), round(interval.high, 6)
    value = round(interval.mean, 6)
    return Finding(
        section=section,
        check=check,
        question_type=question_type,
        value=value,
        unit="share",
        low=low,
        high=high,
        n=interval.n,
        allowed=allowed,
        light=light,
        note=note,
    )


def none_allowed(
    section: Section,
    check: str,
    question_type: QuestionType | None,
    examples: NDArray[np.str_],
    n: int,
    worst: Light = "red",
) -> Finding:
    """A finding about what must not occur; `examples` names each case, `worst` is the light if there is one."""
    return Finding(
        section=section,
        check=check,
        question_type=question_type,
        value=len(examples),
        unit="count",
        low=None,
        high=None,
        n=n,
        allowed="none",
        light=worst if len(examples) else "green",
        note=f"for example {examples[0]}" if len(examples) else "",
    )
