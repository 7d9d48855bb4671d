"""The whole audit of a data set's folder."""

import shlex
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from data_gen.audit.displacements import movement_findings
from data_gen.audit.frequencies import label_findings, letter_finding, tallies
from data_gen.audit.repeats import duplicate_findings, split_findings
from data_gen.audit.report import AUDIT, LARGEST, Audit, Finding, Light
from data_gen.audit.rows import Rows, read_rows
from data_gen.audit.truth import read_dead_zone, truth_findings, view_findings
from data_gen.dataset import Digests
from robot_r1.errors import BadFileError, UserError
from robot_r1.files import read_bounded, write_text
from robot_r1.question import QUESTION_TYPES

_BY_SEVERITY: tuple[Light, ...] = ("red", "amber", "green")


def audit_dataset(folder: Path, workers: int = 2, digests: Digests | None = None) -> Audit:
    """Audit any folder of parquet files with the documented columns; what a format lacks is not looked at.

    The result depends on the files alone, not on the number of `workers` (threads).

    Args:
        digests: those of the pictures, where they are known; the pictures are then not read.

    Raises:
        UserError: no data set is there, a file is unreadable, or a column is missing or not as documented.
    """
    dead_zone = read_dead_zone(folder)
    rows = read_rows(folder, workers, digests)
    findings = (*_findings(rows, dead_zone), *_blind_findings(rows, workers))
    lights = {finding.light for finding in findings}
    return Audit(
        questions=len(rows),
        demos=len(np.unique(rows.demo)),
        light=next((light for light in _BY_SEVERITY if light in lights), "grey"),
        findings=findings,
        tallies=tuple(tallies(rows)),
    )


def _findings(rows: Rows, dead_zone: float | None) -> Iterator[Finding]:
    yield from split_findings(rows)
    yield from duplicate_findings(rows)
    yield from chain.from_iterable(truth_findings(rows, name, dead_zone) for name in QUESTION_TYPES)
    yield from view_findings(rows)
    yield from (found for found in (letter_finding(rows, name) for name in (*QUESTION_TYPES, None)) if found)
    yield from label_findings(rows)
    yield from movement_findings(rows)


def _blind_findings(rows: Rows, workers: int) -> list[Finding]:
    from data_gen.audit.blind import blind_findings  # brings scikit-learn, a second that a mistake need not wait for

    # one thread each for the sums of all: a limit set inside one of them would end while another counts on it
    with threadpool_limits(1), ThreadPoolExecutor(workers) as pool:
        return list(chain.from_iterable(pool.map(partial(blind_findings, rows), QUESTION_TYPES)))


def write_audit(folder: Path, audit: Audit) -> None:
    """Write `audit.json` into a folder; same data set, same bytes."""
    save_audit(folder / AUDIT, audit)


def save_audit(path: Path, audit: Audit) -> None:
    """Write an audit to a file of any name."""
    write_text(path, audit.model_dump_json(indent=1) + "\n")


def read_audit(folder: Path) -> Audit:
    """The audit beside a data set.

    Raises:
        UserError: there is none, or it is damaged.
    """
    try:
        return Audit.model_validate_json(read_bounded(folder / AUDIT, LARGEST))
    except (BadFileError, ValueError) as error:
        again = f"python -m data_gen.audit {shlex.quote(str(folder))}"
        raise UserError(f"{folder / AUDIT} is missing or damaged; run {again}") from error
