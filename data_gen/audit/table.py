"""The audit in words: a table for the terminal, lines for the end of a build, Markdown for the card."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

from rich.table import Column, Table
from rich.text import Text

from data_gen.audit.report import Audit, Finding, Light, Section
from robot_r1.blind_rules import RULES
from robot_r1.question import QUESTION_TYPES, QuestionType

SYMBOLS: dict[Light, str] = {"green": "🟢", "amber": "🟡", "red": "🔴", "grey": "⚪"}
_ORDER: tuple[Light, ...] = ("red", "amber", "green", "grey")
_BLIND = ("blind rules", "blind probe")
_MARKS: dict[Light, tuple[str, str]] = {
    "green": ("\N{CHECK MARK}", "green"),
    "amber": ("!", "yellow"),
    "red": ("\N{BALLOT X}", "bold red"),
    "grey": ("\N{MIDDLE DOT}", "dim"),
}
_SHOWN_RULES = 5
"""Rules of a type that the terminal shows: those farthest from chance."""


def summary_lines(audit: Audit) -> list[str]:
    """Three to eight lines: the verdict, how many findings have which light, and the worst of them."""
    lines = [f"audit: {verdict(audit)}"]
    strongest = [_strongest_rule(audit, name) for name in QUESTION_TYPES]
    probes = [f for f in audit.findings if f.section == "blind probe" and f.allowed]
    others = [finding for finding in audit.findings if finding.section not in _BLIND and finding.light in _ORDER[:2]]
    shown = [finding for finding in (*strongest, *probes) if finding is not None]
    return lines + [_line(finding) for finding in (*_worst_first(others)[: 7 - len(shown)], *shown)]


def verdict(audit: Audit) -> str:
    """The worst light, and how many findings have which."""
    counts = Counter(finding.light for finding in audit.findings)
    return f"{audit.light} ({', '.join(f'{counts[light]} {light}' for light in _ORDER if counts[light])})"


def _line(finding: Finding) -> str:
    where = f"{finding.question_type}: " if finding.question_type else ""
    allowed = f", allowed {finding.allowed}" if finding.allowed else ""
    note = f" ({finding.note})" if finding.note else ""
    return f"  {finding.light}: {where}{finding.section}, {finding.check}: {value_text(finding)}{allowed}{note}"


def value_text(finding: Finding) -> str:
    """The value with its interval, as its unit asks."""
    if finding.unit == "count":
        return f"{finding.value:.0f} of {finding.n}"
    if finding.unit == "p":
        return f"p = {finding.value:.3g}" if finding.value else "p < 0.000001"
    if finding.low is None or finding.high is None:
        return "not measured"
    return f"{finding.value:.2f} [{finding.low:.2f}, {finding.high:.2f}]"


def _strongest_rule(audit: Audit, question_type: QuestionType) -> Finding | None:
    return next(iter(_strongest_rules(audit, question_type)), None)


def _strongest_rules(audit: Audit, question_type: QuestionType) -> list[Finding]:
    """The rules of a type, the worst light first and then the farthest from chance."""
    rules = [f for f in audit.findings if f.section == "blind rules" and f.question_type == question_type]
    return _worst_first(sorted(rules, key=lambda finding: -abs(finding.value - 0.25)))


def _worst_first(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: _ORDER.index(finding.light))


def terminal_tables(audit: Audit) -> Iterator[Table]:
    """Every check, by question type where it has one, and of the rules those farthest from chance in any type."""
    overall = Table(_column("all questions"), "", "allowed", box=None, pad_edge=False)
    for finding in audit.findings:
        if finding.question_type is None:
            overall.add_row(_name(finding), _mark(finding), finding.allowed)
    yield overall
    in_order = sorted(audit.findings, key=lambda finding: get_args(Section).index(finding.section))
    typed = [finding for finding in in_order if finding.question_type is not None]
    shown = {f.check for name in QUESTION_TYPES for f in _strongest_rules(audit, name)[:_SHOWN_RULES]}
    names = dict.fromkeys(_name(f) for f in typed if f.section != "blind rules" or f.check in shown)
    found = {(_name(finding), finding.question_type): finding for finding in typed}
    columns = [Column(question_type, no_wrap=True) for question_type in QUESTION_TYPES]
    by_type = Table(_column("by type"), *columns, box=None, pad_edge=False)
    for name in names:
        by_type.add_row(name, *(_mark(found.get((name, question_type))) for question_type in QUESTION_TYPES))
    yield by_type


def _column(title: str) -> Column:
    return Column(title, min_width=26)


def _name(finding: Finding) -> str:
    return finding.check if finding.section == "blind rules" else f"{finding.section}: {finding.check}"


def _mark(finding: Finding | None) -> Text:
    """The value after a mark, so that no finding depends on its colour."""
    if finding is None:
        return Text()
    mark, style = _MARKS[finding.light]
    return Text(f"{mark} {value_text(finding).replace('0.', '.')}", style)


def markdown_table(audit: Audit) -> str:
    """Two tables for the card and the documentation: the blind rules by type, and the other checks."""
    types = [
        name for name in QUESTION_TYPES if any(f.section in _BLIND and f.question_type == name for f in audit.findings)
    ]
    tables = [_checks_table(audit)]
    if types:
        tables.insert(0, _rules_table(audit, types))
    return "\n\n".join(tables)


def _rules_table(audit: Audit, types: Sequence[QuestionType]) -> str:
    """A row for each rule, what it picks forwards and, below, backwards, and one for each probe."""
    found = {(f.check, f.question_type): f for f in audit.findings if f.section in _BLIND}
    probes = dict.fromkeys(f.check for f in audit.findings if f.section == "blind probe")
    rows: list[tuple[str, ...]] = [*((rule.forward, rule.backward) for rule in RULES), *((check,) for check in probes)]
    lines = [f"| picked blindly | {' | '.join(types)} | allowed |", f"|---|{'---|' * len(types)}---|"]
    for checks in rows:
        findings = [[found[check, name] for check in checks if (check, name) in found] for name in types]
        if any(findings):
            cells = ["<br>".join(_cell(finding) for finding in each) for each in findings]
            allowed = next((finding.allowed for each in findings for finding in each if finding.allowed), "")
            lines.append(f"| {'<br>'.join(checks)} | {' | '.join(cells)} | {allowed} |")
    return "\n".join(lines)


def _checks_table(audit: Audit) -> str:
    """A row for each check, with a column for those that look at all types together."""
    columns = (None, *(name for name in QUESTION_TYPES if any(f.question_type == name for f in audit.findings)))
    found = {(_name(f), f.question_type): f for f in audit.findings if f.section not in _BLIND}
    names = {name: finding.allowed for (name, _), finding in found.items()}
    head = " | ".join(["check", *(name or "all" for name in columns), "allowed"])
    lines = [f"| {head} |", f"|---|{'---|' * len(columns)}---|"]
    for name, allowed in names.items():
        cells = [_cell(found[name, column]) if (name, column) in found else "" for column in columns]
        lines.append(f"| {name} | {' | '.join(cells)} | {allowed} |")
    return "\n".join(lines)


def _cell(finding: Finding) -> str:
    return f"{SYMBOLS[finding.light]} {value_text(finding)}"
