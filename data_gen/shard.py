"""The unit of building: a few demos of one split, from their files to one parquet file per question type.

A shard leaves its report beside its files as the last thing it does, so that a report on disk means a finished shard.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from data_gen.config import BuildConfig
from data_gen.frames import resized
from data_gen.manifest import DataFile, SkippedDemo, UsedDemo, sha256
from data_gen.questions import make_questions
from data_gen.sources import DemoFile, load
from data_gen.staging import Staging
from data_gen.writer import write_questions
from robot_r1.errors import BadDemoError
from robot_r1.files import write_text
from robot_r1.prompts import PromptTemplates
from robot_r1.question import QUESTION_TYPES, Question, QuestionType, Split

DEMOS_PER_SHARD = 25
"""About 250 questions of each type: files of some 20 MB, and little lost when a build is interrupted."""


@dataclass(frozen=True)
class Shard:
    """What one worker needs to build a shard."""

    split: Split
    number: int
    demos: tuple[DemoFile, ...]
    config: BuildConfig
    templates: PromptTemplates
    schema: bytes
    staging: Staging

    @property
    def report_path(self) -> Path:
        return self.staging.reports / f"{self.split}-{self.number:05d}.json"

    def data_path(self, question_type: QuestionType) -> str:
        """Path of a parquet file, relative to the data set."""
        return f"{question_type}/{self.split}-{self.number:05d}.parquet"


class ShardReport(BaseModel):
    """What became of a shard."""

    renderers: tuple[str, ...] = ()
    demos: tuple[UsedDemo, ...] = ()
    skipped: tuple[SkippedDemo, ...] = ()
    dropped: dict[str, int] = {}
    files: tuple[DataFile, ...] = ()


def build_shard(shard: Shard) -> ShardReport:
    """Build a shard and leave its files and report in the staging folder.

    Raises:
        BadDemoError: a demo is damaged and the configuration is strict.
        OSError: the staging folder cannot be written.
    """
    questions: list[Question] = []
    used: list[UsedDemo] = []
    skipped: list[SkippedDemo] = []
    dropped: Counter[str] = Counter()
    for file in shard.demos:
        try:
            demo = load(file, shard.config)
            if shard.config.image_size is not None:
                demo = resized(demo, shard.config.image_size)
            result = make_questions(demo, shard.config, shard.templates)
        except BadDemoError as error:
            if shard.config.strict:
                raise
            skipped.append(SkippedDemo(where=error.where, reason=error.reason))
            continue
        questions.extend(result.questions)
        dropped += result.dropped
        used.append(
            UsedDemo(
                id=demo.key.id,
                split=shard.split,
                frames=len(demo),
                keypoints=result.keypoints,
                questions=len(result.questions),
                attempts=demo.provenance.attempts,
                fallback_description=demo.provenance.fallback_description,
            )
        )
    report = ShardReport(
        renderers=tuple(sorted({question.renderer for question in questions})),
        demos=tuple(used),
        skipped=tuple(skipped),
        dropped=dict(sorted(dropped.items())),
        files=tuple(_write(shard, questions)),
    )
    write_text(shard.report_path, report.model_dump_json(indent=1))
    return report


def _write(shard: Shard, questions: list[Question]) -> list[DataFile]:
    files = []
    for question_type in QUESTION_TYPES:
        rows = [question for question in questions if question.question_type == question_type]
        if not rows:
            continue
        path = shard.staging.data / shard.data_path(question_type)
        write_questions(rows, shard.schema, path)
        files.append(
            DataFile(
                path=shard.data_path(question_type),
                question_type=question_type,
                split=shard.split,
                rows=len(rows),
                bytes=path.stat().st_size,
                sha256=sha256(path),
                answers=dict(sorted(Counter(row.answer for row in rows).items())),
                tasks=dict(sorted(Counter(row.task for row in rows).items())),
            )
        )
    return files
