"""The audit as the page draws it: blind rules as intervals, tallies as bars, the rest as a table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data_gen.audit.lights import CHANCE as ALLOWED
from data_gen.audit.lights import PROBE_LIMIT
from data_gen.audit.report import AUDIT, LARGEST, Audit, Finding, Light, Tally
from robot_r1.errors import BadFileError, UserError
from robot_r1.files import read_bounded
from robot_r1.page.axes import Axis, share_axis
from robot_r1.question import QUESTION_TYPES

CHANCE = 0.25
"""What guessing scores."""
WORST = 14
"""Rules of a type that are shown at once."""
ORDER: tuple[Light, ...] = ("red", "amber", "grey", "green")
"""Of findings: what asks for action comes first."""
BARS = 12
"""Most bars of a tally; the rest is summed."""


@dataclass(frozen=True)
class Rules:
    """The blind rules of one question type on a shared axis, in percent of the chart's width.

    Attributes:
        worst: the learned probes, then the rules with the worst light and farthest from chance, in either direction.
        others: the rest, in the same order.
    """

    question_type: str
    worst: tuple[Finding, ...]
    others: tuple[Finding, ...]
    axis: Axis


@dataclass(frozen=True)
class Bar:
    """How often a value occurs; `width` is percent of the chart's width."""

    name: str
    count: int
    share: float
    width: float


@dataclass(frozen=True)
class Bars:
    """A tally; `even` is where all bars would end if all values were equally frequent, in percent of the width."""

    name: str
    question_type: str | None
    bars: tuple[Bar, ...]
    even: float | None


@dataclass(frozen=True)
class Panels:
    """The whole audit."""

    audit: Audit
    lights: Mapping[Light, int]
    rules: tuple[Rules, ...]
    bars: tuple[Bars, ...]
    others: tuple[Finding, ...]


def read_audit(folder: Path, rows: int) -> Panels | str:
    """The audit beside a data set of so many rows, or why there is none to be shown, in a few words."""
    if not (folder / AUDIT).exists():
        return "has not been made"
    try:
        text = read_bounded(folder / AUDIT, LARGEST)
    except (BadFileError, UserError):
        return f"cannot be read ({AUDIT})"
    try:
        audit = Audit.model_validate_json(text)
    except ValueError:
        return f"is damaged or of another version ({AUDIT})"
    if audit.questions != rows:
        return f"is of {audit.questions} questions, and the data set has {rows} by now"
    return panels(audit)


def panels(audit: Audit) -> Panels:
    """Lay an audit out."""
    drawn = [finding for finding in audit.findings if _is_rule(finding)]
    top = max((finding.high or finding.value for finding in drawn), default=0.5)
    axis = share_axis(0, 100, max(top, 0.4))
    types = [name for name in QUESTION_TYPES if any(finding.question_type == name for finding in drawn)]
    return Panels(
        audit,
        Counter(finding.light for finding in audit.findings),
        tuple(_rules(name, [each for each in drawn if each.question_type == name], axis) for name in types),
        tuple(_bars(tally) for tally in audit.tallies),
        tuple(sorted((each for each in audit.findings if not _is_rule(each)), key=_urgency)),
    )


def band(finding: Finding) -> tuple[float, float] | None:
    """Between which shares a rule or probe passes; None for one without a threshold."""
    if finding.section == "blind rules":
        return ALLOWED
    return (0, PROBE_LIMIT) if finding.allowed else None


def _rules(question_type: str, findings: Sequence[Finding], axis: Axis) -> Rules:
    probes = [each for each in findings if each.section == "blind probe"]
    rules = [each for each in findings if each not in probes]
    ordered = [*probes, *sorted(rules, key=lambda each: (_urgency(each), -abs(each.value - CHANCE)))]
    return Rules(question_type, tuple(ordered[:WORST]), tuple(ordered[WORST:]), axis)


def _urgency(finding: Finding) -> int:
    return ORDER.index(finding.light)


def _is_rule(finding: Finding) -> bool:
    return (
        finding.section in ("blind rules", "blind probe")
        and finding.unit == "share"
        and finding.question_type is not None
    )


def _bars(tally: Tally) -> Bars:
    """Letters in their order, other values by how often they occur."""
    counts = sorted(tally.counts.items(), key=lambda each: each[0] if tally.name == "letter" else (-each[1], each[0]))
    if len(counts) > BARS:
        rest = counts[BARS - 1 :]
        counts = [*counts[: BARS - 1], (f"{len(rest)} others", sum(count for _, count in rest))]
    total, most = sum(tally.counts.values()), max((count for _, count in counts), default=0)
    scale = 100 / most if most else 0.0
    even = round(scale * total / len(counts), 1) if tally.name == "letter" and counts else None
    bars = tuple(Bar(name, count, count / total if total else 0.0, round(scale * count, 1)) for name, count in counts)
    return Bars(tally.name, tally.question_type, bars, even)
