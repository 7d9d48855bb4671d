"""The paper's numbers beside ours: every cell says whether it is published, measured or not run."""

from collections.abc import Sequence
from statistics import fmean

from eval.markdown import plain, table
from eval.results import Answer
from eval.summary.published_numbers import SOURCE, TABLES, Measure, PublishedTable
from eval.summary.rows import HELD_OUT, TRAINING, Measured, row_of

CAVEAT = (
    "The paper's bench was not released. Ours asks other questions about other pictures of other tasks, and its judge"
    " is another one, so that a measured number is not directly comparable with a published one: compare published"
    " numbers with each other, and measured ones with each other."
)
NOT_RUN = "not run"


def published_tables(measured: Sequence[Measured]) -> str:
    """All tables as Markdown, with a row for each measurement of the bench where the table is about such a bench."""
    sections = [f"## Published and measured\n\n{CAVEAT}"]
    sections += [_section(each, measured) for each in TABLES]
    return "\n\n".join(sections)


def _section(published: PublishedTable, measured: Sequence[Measured]) -> str:
    lines = [(row.name, *(f"{published.written(value)} published" for value in row.values)) for row in published.rows]
    ours = measured if any(column.measures for column in published.columns) else ()
    lines += [
        (_name(each), *(_cell(each, column.measures, published) for column in published.columns)) for each in ours
    ]
    if not ours:
        lines.append(("this project", *(NOT_RUN for _ in published.columns)))
    note = f" {published.note}" if published.note else ""
    head = (published.of, *(column.title for column in published.columns))
    return f"### {published.title}\n\n{SOURCE}, table {published.number}.{note}\n\n{table(head, lines)}"


def _name(measured: Measured) -> str:
    judge = measured.runs[0].facts.get("judge", "unknown")
    return plain(f"{measured.model}, judge {judge}") + f" ({measured.number})"


def _cell(measured: Measured, measures: Sequence[Measure], published: PublishedTable) -> str:
    means = []
    for measure in measures:
        row = row_of(measured, measure.group, lambda answer, measure=measure: _belongs(answer, measure))  # type: ignore[misc]
        if row is None or row.mean is None:
            return NOT_RUN
        means.append(row.mean.mean)
    return f"{published.written(fmean(means))} measured" if means else NOT_RUN


def _belongs(answer: Answer, measure: Measure) -> bool:
    parts = {TRAINING: True, HELD_OUT: False}
    return answer.group == measure.group and (measure.part is None or answer.in_training is parts[measure.part])
