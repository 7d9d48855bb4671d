"""What a data set says of itself: `manifest.json`, the same bytes for the same input and configuration."""

import hashlib
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from robot_r1.errors import BadFileError, UserError
from robot_r1.files import read_bounded
from robot_r1.question import QuestionType, Split
from robot_r1.versions import versions_of

MANIFEST = "manifest.json"
LARGEST = 2**28
"""Bytes of that file that are read."""
PACKAGES = ("robot-r1", "numpy", "scipy", "scikit-learn", "pillow", "pyarrow", "datasets")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class UsedDemo(_Record):
    """A demo in the data set."""

    id: str
    split: Split
    frames: int
    keypoints: tuple[int, ...]
    questions: int
    attempts: int
    fallback_description: bool


class SkippedDemo(_Record):
    """A demo that could not be used; `where` is its path under the input's root, or its id."""

    where: str
    reason: str

    @classmethod
    def under(cls, root: Path | None, where: str, reason: str) -> Self:
        """A demo whose path begins with the root's, which says nothing to others."""
        shown = where.removeprefix(f"{str(root).rstrip('/')}/")
        readable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
        return cls(where=readable, reason=reason)


class DataFile(_Record):
    """A parquet file of the data set."""

    path: str
    question_type: QuestionType
    split: Split
    rows: int
    bytes: int
    sha256: str
    answers: dict[str, int]
    """Rows by right letter; empty where a format has no options."""
    tasks: dict[str, int]
    """Questions by task."""


class Manifest(_Record):
    """The whole data set."""

    format: int = 1
    config: dict[str, Any]
    versions: dict[str, str]
    renderers: tuple[str, ...]
    """What drew the pictures: `gl`, `rays`, or `rlbench` for recorded ones."""
    processors: tuple[str, ...] = ()
    """What the demos were recorded on, where their source tells; another rounds otherwise."""
    input: str | None = None
    """Digest of the ids and file sizes of recorded demos, wherever they lie; None for simulated ones."""
    demos: tuple[UsedDemo, ...]
    skipped: tuple[SkippedDemo, ...]
    dropped: dict[str, int]
    files: tuple[DataFile, ...]

    def rows(self, question_type: QuestionType | None = None, split: Split | None = None) -> int:
        """Number of questions, of one type or split where given."""
        return sum(
            file.rows
            for file in self.files
            if question_type in (None, file.question_type) and split in (None, file.split)
        )


def package_versions() -> dict[str, str]:
    """Versions of the packages that shape the data set's bytes."""
    return versions_of(PACKAGES)


def sha256(path: Path) -> str:
    """Hexadecimal digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a finished data set.

    Raises:
        UserError: the folder holds no readable manifest.
    """
    try:
        return Manifest.model_validate_json(read_bounded(folder / MANIFEST, LARGEST))
    except (BadFileError, ValueError) as error:
        raise UserError(f"{folder} holds no finished data set: {MANIFEST} is missing or damaged") from error
