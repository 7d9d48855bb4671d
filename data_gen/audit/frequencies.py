"""How often each letter is right and each label occurs."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from data_gen.audit.lights import MIN_QUESTIONS, interval_by_demo, limit_light, share
from data_gen.audit.report import Finding, Light, Tally
from data_gen.audit.rows import Rows
from robot_r1.question import LETTERS, QUESTION_TYPES, TRUE_OPTION, QuestionType

ODD, TOO_ODD = 0.01, 0.001
"""Chance of letters as uneven as these: below the first amber, below the second red."""
MAJORITY = 0.5
"""Share that a single movement may have of all right answers."""


def letter_finding(rows: Rows, question_type: QuestionType | None) -> Finding | None:
    """Chi-square test of the right letters, of a type or of all; None where there are none."""
    counts = _letters(rows, question_type)
    if counts is None or not counts.sum():
        return None
    n = int(counts.sum())
    even = n / len(LETTERS)
    p = round(float(chdtrc(len(LETTERS) - 1, np.sum((counts - even) ** 2) / even)), 6)
    light: Light = "red" if p < TOO_ODD else "amber" if p < ODD else "green"
    return Finding(
        section="letters",
        check="right answers equally often",
        question_type=question_type,
        value=p,
        unit="p",
        low=None,
        high=None,
        n=n,
        allowed=f"at least {ODD}",
        light="grey" if n < MIN_QUESTIONS else light,
        note=", ".join(f"{letter} {count}" for letter, count in zip(LETTERS, counts, strict=True)),
    )


def label_findings(rows: Rows) -> Iterator[Finding]:
    """The commonest movement."""
    labels = _movement_labels(rows)
    if labels is None:
        return
    mask, texts = labels
    commonest, _ = min(Counter(texts).items(), key=lambda item: (-item[1], item[0]))
    interval = interval_by_demo(np.array(texts) == commonest, rows.demo[mask])
    light = limit_light(interval, MAJORITY)
    allowed = f"up to {MAJORITY:.2f}"
    yield share("labels", "commonest movement", "movement", interval, light, allowed, commonest)


def tallies(rows: Rows) -> Iterator[Tally]:
    """Right letters by type, right movements, and strategies of wrong options by type."""
    for question_type in QUESTION_TYPES:
        counts = _letters(rows, question_type)
        if counts is not None and counts.sum():
            letters = {letter: int(count) for letter, count in zip(LETTERS, counts, strict=True)}
            yield Tally(name="letter", question_type=question_type, counts=letters)
    labels = _movement_labels(rows)
    if labels is not None:
        yield Tally(name="movement label", question_type="movement", counts=_sorted(Counter(labels[1])))
    if rows.distractors is None:
        return
    for question_type in QUESTION_TYPES:
        names = rows.distractors[rows.question_type == question_type].ravel().tolist()
        strategies = Counter(name for name in names if name != TRUE_OPTION)
        if strategies:
            yield Tally(name="strategy", question_type=question_type, counts=_sorted(strategies))


def _letters(rows: Rows, question_type: QuestionType | None) -> NDArray[np.int64] | None:
    if rows.answer is None:
        return None
    mask = (rows.answer >= 0) & ((rows.question_type == question_type) | (question_type is None))
    return np.bincount(rows.answer[mask], minlength=len(LETTERS))


def _movement_labels(rows: Rows) -> tuple[NDArray[np.bool_], list[str]] | None:
    """Which rows ask for movements, and their right answers."""
    if rows.options is None or rows.answer is None:
        return None
    mask = (rows.question_type == "movement") & (rows.answer >= 0)
    texts: list[str] = rows.options[mask, rows.answer[mask]].tolist()
    return (mask, texts) if texts else None


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
