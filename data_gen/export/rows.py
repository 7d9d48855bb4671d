"""Reading a data set for export: each row checked, its picture handed to the frame store, the rest as plain text."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data_gen.dataset import DatasetFile, batches, check_columns
from data_gen.export.frames import FrameStore
from data_gen.formats import ROW_MODELS, Format
from data_gen.manifest import MANIFEST, read_manifest
from robot_r1.control_text import IMAGE_MARK, SPELLED, plain_prompt, spells_control
from robot_r1.errors import UserError
from robot_r1.pictures import BadPictureError, stored_pictures
from robot_r1.question import Letter, Point, QuestionType

Training = Literal["RL", "SFT"]
_COLUMNS = ("id", "question_type", "images", "question", "task", "demo", "frame")
_TRUTH: dict[Format, tuple[str, ...]] = {
    "mcqa": ("answer",),
    "open-ended": ("state", "target"),
    "sft-direct": ("completion",),
    "sft-cot": ("completion",),
    "sft-think": ("completion",),
}


@dataclass(frozen=True)
class Example:
    """One prompt with its picture and what is right."""

    id: str
    question_type: QuestionType
    task: str
    prompt: str
    """The whole prompt; `<image>` stands in it once, in the place of the picture."""
    image: str
    """Path of the PNG, relative to the export's folder."""
    training: Training
    answer: str
    """For RL the truth: the letter, or the point as JSON `[x, y, z]`, metres, world frame; for SFT the completion."""


class _Stored(BaseModel):
    """The columns that an export reads."""

    model_config = ConfigDict(frozen=True)

    id: str
    question_type: QuestionType
    images: tuple[bytes] = Field(description="one picture")
    question: str
    task: str
    demo: str
    frame: int
    answer: Letter | None = None
    completion: str | None = None
    state: Point | None = None
    target: Point | None = None


def training_of(data_format: Format) -> Training:
    """Whether rows of a format hold a truth to be found, or a completion to be learned."""
    return "RL" if data_format in ("mcqa", "open-ended") else "SFT"


def format_of(folder: Path, files: Sequence[DatasetFile]) -> Format:
    """The format of a data set: what its manifest says; without a manifest, what its columns say.

    Raises:
        UserError: the manifest is damaged, or is missing where the columns of several formats are the same.
    """
    if (folder / MANIFEST).is_file():
        name = read_manifest(folder).config.get("format", "mcqa")  # a manifest leaves the default out
        for data_format in ROW_MODELS:
            if data_format == name:
                return data_format
        raise UserError(f"{folder / MANIFEST} names the format {name}; known are {', '.join(ROW_MODELS)}")
    if all("completion" not in file.columns for file in files):
        return "mcqa"
    if all("answer" in file.columns for file in files):
        return "sft-think"
    raise UserError(
        f"{folder} has no {MANIFEST}, and its columns may be those of open-ended, sft-direct or sft-cot; "
        "copy the manifest beside the data, or build the data set again"
    )


def examples(
    files: Sequence[DatasetFile], data_format: Format, store: FrameStore, seen: set[str]
) -> Iterator[Example]:
    """The rows of the files in order, while their pictures go to the store.

    Args:
        seen: ids so far; those of these files are added.

    Raises:
        UserError: a column is missing, an id is there twice, or a row does not hold what the columns promise.
    """
    columns = (*_COLUMNS, *_TRUTH[data_format])
    check_columns(files, columns)
    for file, batch in batches(files, columns):
        for values in batch.to_pylist():
            row = _checked(values, file.path)
            if row.id in seen:
                raise UserError(f"{file.path}: the id {row.id} is there twice; build the data set again")
            seen.add(row.id)
            try:
                image = store.add(row.demo, row.frame, row.images[0])
            except BadPictureError as error:
                raise UserError(f"{file.path}, row {row.id}: {error}") from error
            yield Example(
                id=row.id,
                question_type=row.question_type,
                task=row.task,
                prompt=plain_prompt(row.question),
                image=image,
                training=training_of(data_format),
                answer=_answer(row, data_format, file),
            )


def _checked(values: dict[str, Any], path: Path) -> _Stored:
    where = f"{path}, row {values['id']}"
    try:
        row = _Stored.model_validate({**values, "images": stored_pictures(values["images"])})
    except BadPictureError as error:
        raise UserError(f"{where}: {error}") from error
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = first["loc"][0] if first["loc"] else "row"
        raise UserError(f"{where}: {name}: {first['msg']}; build the data set again") from error
    if row.question.count(IMAGE_MARK) != 1 or IMAGE_MARK in (row.completion or ""):
        raise UserError(
            f"{where}: {IMAGE_MARK} has to stand once in the question and not in the completion, since every "
            "framework counts it against the pictures; mend the prompt or description and build again"
        )
    if spells_control(row.completion or ""):
        raise UserError(f"{where}: completion: {SPELLED}")
    return row


def _answer(row: _Stored, data_format: Format, file: DatasetFile) -> str:
    if data_format == "open-ended":
        point = row.target if row.question_type == "waypoint" else row.state  # as robot_r1.rewards.l1_reward has it
        text = None if point is None else json.dumps(point)
    else:
        text = row.answer if data_format == "mcqa" else row.completion
    if not text:
        raise UserError(f"{file.path}, row {row.id}: {' and '.join(_TRUTH[data_format])} must not be empty")
    return text
