"""From a data set's rows to what TRL's trainers take: chat messages with the image as an image part.

Pictures are brought to the pixel limits here, in the data, because a colocated vLLM reads its own limits from the
model's folder and would not know of any that were set on the processor.
"""

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, Image, LargeList, List, load_dataset
from datasets.exceptions import DatasetNotFoundError, DatasetsError

from robot_r1.control_text import IMAGE_MARK, plain
from robot_r1.errors import UserError
from robot_r1.pictures import decode, fitted, stored_pictures
from robot_r1.question import LETTERS, QUESTION_TYPES

QUESTION_COLUMNS = ("id", "question_type", "images", "question")
"""What reinforcement learning needs; the rewards need more, such as `answer` or `target`."""
SFT_COLUMNS = ("id", "question_type", "images", "question", "completion")
"""What supervised fine-tuning needs."""


def read_split(path: str, split: str, columns: Sequence[str]) -> Dataset:
    """One split of a data set in a folder or on the Hub.

    Raises:
        UserError: there is no such data set or split, or it lacks columns.
    """
    with _opening(path):
        dataset = load_dataset(**_source(path), split=split)
        dataset.data.validate(full=True)  # texts that are no UTF-8 would fail when they are read
    missing = [name for name in columns if name not in dataset.column_names]
    if missing:
        found = ", ".join(dataset.column_names)
        raise UserError(
            f"data set {path} lacks the columns {', '.join(missing)} (it has {found}); data_gen.build writes them, "
            "with --format sft-direct, sft-cot or sft-think for train/sft.py"
        )
    return dataset


def has_split(path: str, split: str) -> bool:
    """Whether a data set in a folder or on the Hub has a split.

    Raises:
        UserError: there is no such data set.
    """
    with _opening(path):
        return split in load_dataset(**_source(path))


def _source(path: str) -> dict[str, Any]:
    """What `load_dataset` is given: the files by split where a folder's path reads like a pattern, as with brackets.

    The files are those of `data_gen`, in the order of its own card.
    """
    if not glob.has_magic(path) or not Path(path).is_dir():
        return {"path": path}
    order: dict[str, int] = {name: place for place, name in enumerate(QUESTION_TYPES)}
    files: dict[str, list[str]] = {}
    for file in sorted(Path(path).glob("*/[!.]*-*.parquet"), key=lambda file: (order.get(file.parent.name, 9), file)):
        files.setdefault(file.name.split("-")[0], []).append(glob.escape(str(file)))
    return {"path": "parquet", "data_files": files} if files else {"path": path}


@contextmanager
def _opening(path: str) -> Iterator[None]:
    """What `datasets` says of a data set that it cannot open, in one line."""
    if not Path(path).is_dir() and (path.count("/") != 1 or path.startswith((".", "/"))):
        raise UserError(f"data set {path} is neither a folder nor a Hub id; build one: python -m data_gen.build")
    try:
        yield
    except (DatasetNotFoundError, ConnectionError, FileNotFoundError) as error:
        message = f"data set {path} was not found in a folder of that name nor on the Hub: {error}"
        raise UserError(f"{message}; build one: python -m data_gen.build") from error
    except (ValueError, OSError, DatasetsError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # that is the disk; damage has no number
            raise
        why = error.__cause__ or error
        raise UserError(f"data set {path}: {why}; give another split or data set") from error


def of_types(dataset: Dataset, question_types: Sequence[str]) -> Dataset:
    """The rows of some question types; all of them if none is named.

    Raises:
        UserError: a type is unknown or has no rows.
    """
    if not question_types:
        return dataset
    unknown = set(question_types) - set(QUESTION_TYPES)
    if unknown:
        raise UserError(f"question type {min(unknown)} is unknown; allowed are {', '.join(QUESTION_TYPES)}")
    types = dataset["question_type"][:]
    kept = dataset.select([i for i, name in enumerate(types) if name in question_types])
    if not len(kept):
        raise UserError(f"the data set has no questions of type {', '.join(question_types)}")
    return kept


def subset(dataset: Dataset, count: int, rng: np.random.Generator) -> Dataset:
    """`count` rows, as equally divided over question types as they allow, in the data set's order."""
    types = np.array(dataset["question_type"][:])
    queues = [rng.permutation(np.flatnonzero(types == name)).tolist() for name in sorted(set(types.tolist()))]
    chosen: list[int] = []
    while len(chosen) < count and any(queues):
        chosen += [queue.pop() for queue in queues if queue][: count - len(chosen)]
    return dataset.select(sorted(chosen))


def messages(question: str) -> list[dict[str, Any]]:
    """One user turn in which the image stands where the prompt has its mark; its text spells no control token."""
    before, after = (plain(text) for text in question.split(IMAGE_MARK))
    parts = [{"type": "text", "text": before}, {"type": "image"}, {"type": "text", "text": after}]
    return [{"role": "user", "content": [part for part in parts if part.get("text") != ""]}]


def encoded(dataset: Dataset) -> Dataset:
    """The data set with its pictures as they are stored: what decodes them shall be `robot_r1.pictures` alone."""
    stored, plain = dataset.features["images"], Image(decode=False)
    if isinstance(stored, List | LargeList) and isinstance(stored.feature, Image):
        return dataset.cast_column("images", type(stored)(plain))
    return dataset.cast_column("images", plain) if isinstance(stored, Image) else dataset


@dataclass(frozen=True)
class Renderer:
    """Adds `prompt`, and `completion` where the rows have one, to a batch of rows; brings pictures to the limits.

    Equal pictures of adjacent rows are one object, decoded once.
    """

    min_pixels: int | None = None
    max_pixels: int | None = None

    def __call__(self, batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        rendered = dict(batch)
        rendered["prompt"] = [messages(question) for question in batch["question"]]
        pictures: list[list[Any]] = []
        for row, images in enumerate(batch["images"]):
            if row and images == batch["images"][row - 1]:  # a prompt stands there once for each of its completions
                pictures.append(list(pictures[-1]))
            else:
                stored = stored_pictures(images)
                pictures.append([fitted(decode(picture), self.min_pixels, self.max_pixels) for picture in stored])
        rendered["images"] = pictures
        if "completion" in batch:
            rendered["completion"] = [[{"role": "assistant", "content": text}] for text in batch["completion"]]
        return rendered


def rendered(dataset: Dataset, min_pixels: int | None, max_pixels: int | None) -> Dataset:
    """The data set as TRL's trainers take it; rows are rendered when they are read."""
    return encoded(dataset).with_transform(Renderer(min_pixels, max_pixels))


def letter_counts(dataset: Dataset) -> dict[str, int]:
    """How often each letter is the right one."""
    answers = dataset["answer"][:] if "answer" in dataset.column_names else []
    return {letter: sum(answer == letter for answer in answers) for letter in LETTERS}
