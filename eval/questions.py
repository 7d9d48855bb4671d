"""The questions of a data set that data_gen wrote, in a folder or on the Hub."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from robot_r1.control_text import plain, plain_prompt
from robot_r1.errors import UserError
from robot_r1.pictures import BadPictureError, as_png, stored_pictures
from robot_r1.question import QUESTION_TYPES, SPLITS, Letter, Point, QuestionType

_BUILD = "build one: python -m data_gen.build"


_Plain = Annotated[str, AfterValidator(plain)]


class Row(BaseModel):
    """What evaluation reads of a row of `robot_r1.question.Question` or `robot_r1.sft_example.SftExample`.

    Control tokens that its texts spell are broken, as in training.
    """

    model_config = ConfigDict(frozen=True)

    id: str = Field(min_length=1)
    question_type: QuestionType
    question: Annotated[str, AfterValidator(plain_prompt)]
    images: tuple[bytes, ...] = ()
    """Plain PNGs; empty where pictures were not asked for."""
    options: tuple[_Plain, _Plain, _Plain, _Plain] | None = None
    answer: Letter | None = None
    task: str = "unknown"
    demo: str | None = None
    description: _Plain | None = None
    state: Point | None = None
    """Metres, world frame."""
    target: Point | None = None
    """Metres, world frame."""
    width: int | None = None
    """Pixels."""
    height: int | None = None

    @property
    def cluster(self) -> str:
        """What intervals are clustered by: the demo, or the question itself where no demo is known."""
        return self.demo or self.id

    @property
    def resolution(self) -> str:
        """`WIDTHxHEIGHT` in pixels."""
        return f"{self.width}x{self.height}" if self.width and self.height else "unknown"


@dataclass(frozen=True)
class QuestionSet:
    """Rows of one split."""

    name: str
    """The folder as given, or the name on the Hub."""
    version: str
    """Follows from the files of the split, whatever is chosen of it: see `_version`."""
    rows: tuple[Row, ...]


def read_questions(
    name: str,
    split: str,
    question_types: Sequence[str] = (),
    tasks: Sequence[str] = (),
    pictures: bool = True,
    required: Sequence[str] = (),
) -> QuestionSet:
    """The rows of a split, of some question types and tasks or of all.

    Their order follows from their ids and mixes types, tasks and demos, so that the first few stand for all.

    Args:
        pictures: whether to read them, which is most of the work.
        required: columns that must be there besides id, question type, question and images.

    Raises:
        UserError: the data set cannot be found or read, or nothing is left of it.
    """
    for given in question_types:
        if given not in QUESTION_TYPES:
            raise UserError(f"question type {given} is unknown; allowed are {', '.join(QUESTION_TYPES)}")
    if split not in SPLITS:
        raise UserError(f"split {split} is unknown; allowed are {', '.join(SPLITS)}")
    folder = _folder(name)
    files = _files(folder, split)
    rows = [row for path in files for row in _read(path, pictures, required)]
    found = sorted({row.task for row in rows})
    if unknown := set(tasks) - set(found):
        raise UserError(f"{name} has no task {min(unknown)} in its {split} split; it has {', '.join(found)}")
    kept = tuple(
        row
        for row in rows
        if (not question_types or row.question_type in question_types) and (not tasks or row.task in tasks)
    )
    if not kept:
        raise UserError(f"{name} has no questions of these types and tasks in its {split} split; ask for others")
    _check_ids(name, kept)
    mixed = sorted(kept, key=lambda row: hashlib.sha256(row.id.encode()).digest())
    return QuestionSet(name, _version(folder, files), tuple(mixed))


def _folder(name: str) -> Path:
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise UserError(f"data set {name} is neither a folder nor a name on the Hub; {_BUILD}")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HTTPError, LocalEntryNotFoundError  # type: ignore[attr-defined]

    try:
        return Path(snapshot_download(name, repo_type="dataset", allow_patterns=["*.parquet"]))
    except (HTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise UserError(
            f"data set {name} is no folder here and cannot be read from the Hub: {why}; {_BUILD}"
        ) from error


def _files(folder: Path, split: str) -> list[Path]:
    try:
        found = [*folder.glob("*.parquet"), *folder.glob("*/*.parquet")]
    except OSError as error:
        raise UserError(f"data set {folder} cannot be read: {error.strerror}; {_BUILD}") from error
    files = sorted(found, key=lambda path: (_type_order(path), path))
    chosen = [path for path in files if path.name.startswith(f"{split}-")]
    if not chosen:
        splits = sorted({path.name.split("-")[0] for path in files})
        has = f"it has only {', '.join(splits)}" if splits else "it holds no parquet files"
        raise UserError(f"data set {folder} has no {split} split: {has}; give --split, or {_BUILD}")
    return chosen


def _type_order(path: Path) -> int:
    names: tuple[str, ...] = QUESTION_TYPES
    return names.index(path.parent.name) if path.parent.name in names else len(names)


def _read(path: Path, pictures: bool, required: Sequence[str]) -> list[Row]:
    if not path.is_file():  # a pipe would be waited for
        raise UserError(f"{path} is no file; build the data set again")
    try:
        file = pq.ParquetFile(path)
        columns = set(file.schema_arrow.names)
        if missing := [
            name for name in ("id", "question_type", "images", "question", *required) if name not in columns
        ]:
            raise UserError(
                f"{path} lacks the columns {', '.join(missing)}; give a data set of data_gen.build with a format that "
                "has them"
            )
        wanted = [name for name in (*Row.model_fields, "camera") if name in columns]
        table = file.read(columns=[name for name in wanted if pictures or name != "images"])
        table.validate(full=True)  # texts that are no UTF-8 would fail when they are read
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{path} cannot be read: {str(error).splitlines()[0]}; build the data set again") from error
    return [_row(path, number, values) for number, values in enumerate(table.to_pylist())]


def _row(path: Path, number: int, values: dict[str, Any]) -> Row:
    camera = {} if (given := values.pop("camera", None)) is None else given
    if not isinstance(camera, Mapping):
        raise UserError(f"{path}, row {number + 1}: camera: is no struct; build the data set again")
    try:
        values["images"] = tuple(as_png(picture) for picture in stored_pictures(values.get("images")))
        return Row(**values, width=camera.get("width"), height=camera.get("height"))
    except BadPictureError as error:
        raise UserError(f"{path}, row {number + 1}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{path}, row {number + 1}: {where}: {first['msg']}; build the data set again") from error


def _check_ids(name: str, rows: Sequence[Row]) -> None:
    seen: set[str] = set()
    for row in rows:
        if row.id in seen:
            raise UserError(f"data set {name} has two questions with the id {row.id}; ids have to be unique")
        seen.add(row.id)


def _version(folder: Path, files: Sequence[Path]) -> str:
    """Twelve hexadecimal digits that follow from names and bytes of the files."""
    content = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            content.update(path.relative_to(folder).as_posix().encode() + hashlib.file_digest(file, "sha256").digest())
    return content.hexdigest()[:12]
