"""The head of the page: what the data set holds, where it comes from, and what was left out."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data_gen.manifest import MANIFEST, Manifest, read_manifest
from data_gen.report.rows import Entry, ShownRow
from robot_r1.errors import UserError
from robot_r1.question import QUESTION_TYPES, SPLITS


@dataclass(frozen=True)
class Summary:
    """What the head says.

    Attributes:
        fingerprint: tells data sets apart, so that flags stay with theirs.
        counts: rows by question type, then split.
        tasks: rows by task.
        dropped: questions that were left out, by reason, as the manifest counts them; None where there is none.
        skipped: demos that could not be used; None where there is no manifest.
    """

    name: str
    fingerprint: str
    rows: int
    demos: int
    counts: dict[str, dict[str, int]]
    splits: tuple[str, ...]
    tasks: dict[str, int]
    sources: tuple[str, ...]
    renderers: tuple[str, ...]
    dropped: dict[str, int] | None
    skipped: int | None


def summarise(folder: Path, entries: Sequence[Entry], shown: Sequence[ShownRow]) -> Summary:
    """The head's numbers: all rows are counted; sources and renderers are those of the rows shown."""
    manifest = _manifest(folder)
    types = sorted({entry.question_type for entry in entries}, key=type_order)
    cells = Counter((entry.question_type, entry.split) for entry in entries)
    splits = tuple(split for split in SPLITS if any(entry.split == split for entry in entries))
    return Summary(
        folder.resolve().name,
        _fingerprint(folder, entries),
        len(entries),
        len({entry.demo for entry in entries}),
        {name: {split: cells[name, split] for split in splits} for name in types},
        splits,
        dict(sorted(Counter(entry.task for entry in entries).items())),
        tuple(sorted({row.source for row in shown if row.source})),
        tuple(sorted({row.renderer for row in shown if row.renderer})),
        dict(manifest.dropped) if manifest else None,
        len(manifest.skipped) if manifest else None,
    )


def type_order(question_type: str) -> tuple[int, str]:
    """The three types in their usual order, any others after them."""
    known = [str(name) for name in QUESTION_TYPES]
    return (known.index(question_type) if question_type in known else len(known)), question_type


def _manifest(folder: Path) -> Manifest | None:
    """The manifest, which data sets of another hand lack."""
    try:
        return read_manifest(folder)
    except UserError:
        return None


def _fingerprint(folder: Path, entries: Sequence[Entry]) -> str:
    path = folder / MANIFEST
    told = path.read_bytes() if path.is_file() else "\n".join(entry.id for entry in entries).encode()
    return hashlib.sha256(told).hexdigest()[:16]
