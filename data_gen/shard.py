"""The unit of building: a few demos of one split, from their files to one parquet file per question type.

A shard leaves its report beside its files as the last thing it does, so that a report on disk means a finished shard.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from data_gen.config import BuildConfig
from data_gen.dataset import frame_name, picture_digest
from data_gen.examples import DemoRows, make_rows
from data_gen.formats import ROW_MODELS, Row, question_types
from data_gen.frames import resized
from data_gen.manifest import DataFile, SkippedDemo, UsedDemo, sha256
from data_gen.outline import Balances, load_named, outlines
from data_gen.questions import Outline
from data_gen.sources import DemoFile, demo_root
from data_gen.staging import Staging
from data_gen.survey import Survey, load_survey
from data_gen.writer import RowWriter, row_writer
from robot_r1.demo import Demo, Provenance
from robot_r1.errors import BadDemoError, UserError
from robot_r1.files import write_text
from robot_r1.prompts import PromptTemplates
from robot_r1.question import Question, QuestionType, Split
from robot_r1.sft_example import ColdStartExample

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
    staging: Staging
    balances: Balances

    @property
    def report_path(self) -> Path:
        return self.staging.reports / f"{self.split}-{self.number:05d}.json"

    def data_path(self, question_type: QuestionType) -> str:
        """Path of a parquet file, relative to the data set."""
        return f"{question_type}/{self.split}-{self.number:05d}.parquet"


class ShardReport(BaseModel):
    """What became of a shard."""

    renderers: tuple[str, ...] = ()
    processors: tuple[str, ...] = ()
    demos: tuple[UsedDemo, ...] = ()
    skipped: tuple[SkippedDemo, ...] = ()
    dropped: dict[str, int] = {}
    files: tuple[DataFile, ...] = ()
    digests: dict[str, str] = {}
    """Of the pictures, for the audit; see `data_gen.dataset.Digests`."""


def build_shard(shard: Shard) -> ShardReport:
    """Build a shard and leave its files and report in the staging folder.

    Raises:
        BadDemoError: a demo is damaged and the configuration is strict.
        UserError: a demo is another than when the survey was taken.
        OSError: the staging folder cannot be written.
    """
    used: list[UsedDemo] = []
    skipped: list[SkippedDemo] = []
    dropped: Counter[str] = Counter()
    provenances: list[Provenance] = []
    digests: dict[str, str] = {}
    survey = load_survey(shard.staging.survey)
    outlined = outlines(survey, [file.key.id for file in shard.demos], shard.balances, shard.config)
    with ExitStack() as stack:
        outputs = {name: stack.enter_context(_Output(shard, name)) for name in question_types(shard.config.format)}
        for file in shard.demos:
            try:
                demo = _load(file, shard, survey)
                outline = outlined[file.key.id]
                result = make_rows(demo, outline, shard.config, shard.templates)
            except BadDemoError as error:
                if shard.config.strict:
                    raise
                skipped.append(SkippedDemo.under(demo_root(shard.config), error.where, error.reason))
                continue
            for name, output in outputs.items():
                output.write([row for row in result.rows if row.question_type == name])
            frames = {frame_name(row.id): row.images for row in result.rows}
            digests |= {name: picture_digest(images) for name, images in frames.items()}
            dropped += result.dropped
            provenances.append(demo.provenance)
            used.append(_used(demo, outline, result, shard.split))
    report = ShardReport(
        renderers=tuple(sorted({provenance.renderer for provenance in provenances})),
        processors=tuple(sorted({provenance.processor for provenance in provenances} - {""})),
        demos=tuple(used),
        skipped=tuple(skipped),
        dropped=dict(sorted(dropped.items())),
        files=tuple(output.data_file() for output in outputs.values() if output.rows),
        digests=digests,
    )
    write_text(shard.report_path, report.model_dump_json(indent=1))
    return report


def _load(file: DemoFile, shard: Shard, survey: Survey) -> Demo:
    """The demo with frames of the size asked for."""
    demo = load_named(file, shard.config)
    if not survey.shows(demo):
        raise UserError(
            f"demo {file.key.id} has changed since this build began; delete {shard.staging.folder} and build anew"
        )
    return demo if shard.config.image_size is None else resized(demo, shard.config.image_size)


def _used(demo: Demo, outline: Outline, result: DemoRows, split: Split) -> UsedDemo:
    return UsedDemo(
        id=demo.key.id,
        split=split,
        frames=len(demo),
        keypoints=outline.keypoints,
        questions=len(result.rows),
        attempts=demo.provenance.attempts,
        fallback_description=demo.provenance.fallback_description,
    )


class _Output(AbstractContextManager["_Output"]):
    """The file of one question type, made when there is a first row for it, and what it counts."""

    def __init__(self, shard: Shard, question_type: QuestionType) -> None:
        self._path = shard.data_path(question_type)
        self._file = shard.staging.data / self._path
        self._split = shard.split
        self._type = question_type
        self._model = ROW_MODELS[shard.config.format]
        self._stack = ExitStack()
        self._writer: RowWriter | None = None
        self._answers: Counter[str] = Counter()
        self._tasks: Counter[str] = Counter()

    @property
    def rows(self) -> int:
        return self._tasks.total()

    def write(self, rows: Sequence[Row]) -> None:
        if rows and self._writer is None:
            self._writer = self._stack.enter_context(row_writer(self._file, self._model))
        if self._writer is not None:
            self._writer.write(rows)
        self._answers.update(row.answer for row in rows if isinstance(row, Question | ColdStartExample))
        self._tasks.update(row.task for row in rows)

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def data_file(self) -> DataFile:
        return DataFile(
            path=self._path,
            question_type=self._type,
            split=self._split,
            rows=self.rows,
            bytes=self._file.stat().st_size,
            sha256=sha256(self._file),
            answers=dict(sorted(self._answers.items())),
            tasks=dict(sorted(self._tasks.items())),
        )
