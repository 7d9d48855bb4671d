"""From rows to chat messages with pictures: what a trainer is given."""

import errno
import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset

from robot_r1.cli import run_command
from robot_r1.errors import UserError
from train import data
from train.data import (
    QUESTION_COLUMNS,
    SFT_COLUMNS,
    has_split,
    letter_counts,
    messages,
    of_types,
    read_split,
    rendered,
    subset,
)


def test_the_image_stands_where_the_prompt_has_its_mark() -> None:
    image, text = {"type": "image"}, {"type": "text", "text": "Which?"}
    assert messages("<image>Which?") == [{"role": "user", "content": [image, text]}]
    assert messages("Which?<image>")[0]["content"] == [text, image]
    assert messages("Look: <image> Which?")[0]["content"] == [
        {"type": "text", "text": "Look: "},
        image,
        {"type": "text", "text": " Which?"},
    ]


def test_what_a_trainer_reads(blocks: Path) -> None:
    rows = rendered(read_split(str(blocks), "train", QUESTION_COLUMNS), None, 28 * 28)
    row = rows[3]
    assert row["prompt"] == messages(row["question"])
    assert [image.size for image in row["images"]] == [(28, 28)]
    assert row["completion"][0]["role"] == "assistant"
    assert {"id", "answer", "question_type", "task", "demo", "options"} <= row.keys()


def test_reading_twice_gives_the_same_pixels(blocks: Path) -> None:
    rows = rendered(read_split(str(blocks), "test", QUESTION_COLUMNS), None, 28 * 28)
    assert np.array_equal(np.asarray(rows[0]["images"][0]), np.asarray(rows[0]["images"][0]))
    whole = rendered(read_split(str(blocks), "test", QUESTION_COLUMNS), None, None)
    assert whole[0]["images"][0].size == (56, 56)


def typed(counts: dict[str, int]) -> Dataset:
    names = [name for name, count in counts.items() for _ in range(count)]
    return Dataset.from_dict({"question_type": names, "number": list(range(len(names)))})


def drawn(dataset: Dataset, count: int, seed: int) -> Any:
    return subset(dataset, count, np.random.default_rng(seed))["number"][:]


def test_a_subset_is_balanced_and_repeatable() -> None:
    dataset = typed({"movement": 50, "waypoint": 30, "current_state": 40})
    chosen = subset(dataset, 10, np.random.default_rng(3))
    counts = [list(chosen["question_type"]).count(name) for name in ("movement", "waypoint", "current_state")]
    assert sorted(counts) == [3, 3, 4]
    assert list(chosen["number"]) == sorted(chosen["number"])
    assert drawn(dataset, 10, 3) == drawn(dataset, 10, 3) != drawn(dataset, 10, 4)


def test_a_subset_takes_what_there_is() -> None:
    dataset = typed({"movement": 2, "waypoint": 30})
    chosen = subset(dataset, 12, np.random.default_rng(0))["question_type"]
    assert (list(chosen).count("movement"), list(chosen).count("waypoint")) == (2, 10)
    assert len(subset(dataset, 1000, np.random.default_rng(0))) == 32


def test_rows_of_some_types(blocks: Path) -> None:
    dataset = read_split(str(blocks), "test", QUESTION_COLUMNS)
    assert of_types(dataset, []) is dataset
    assert set(of_types(dataset, ["movement", "waypoint"])["question_type"]) == {"movement", "waypoint"}
    with pytest.raises(UserError, match="question type grasp is unknown; allowed are waypoint, current_state"):
        of_types(dataset, ["grasp", "waypoint"])
    with pytest.raises(UserError, match="no questions of type movement"):
        of_types(typed({"waypoint": 3}), ["movement"])


def test_letters_are_counted(blocks: Path) -> None:
    counts = letter_counts(read_split(str(blocks), "test", QUESTION_COLUMNS))
    assert sum(counts.values()) == 120 and min(counts.values()) > 10
    assert letter_counts(typed({"waypoint": 3})) == {"A": 0, "B": 0, "C": 0, "D": 0}


def test_columns_that_are_missing_are_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["a"], "question": ["<image>?"]}), tmp_path / "train.parquet")
    with pytest.raises(UserError, match=r"lacks the columns question_type, images .it has id, question."):
        read_split(str(tmp_path), "train", QUESTION_COLUMNS)
    with pytest.raises(UserError, match=r"--format sft-direct, sft-cot or sft-think for train/sft.py"):
        read_split(str(tmp_path), "train", SFT_COLUMNS)


def test_no_such_data_set(tmp_path: Path, blocks: Path) -> None:
    with pytest.raises(UserError, match="neither a folder nor a Hub id; build one"):
        read_split(str(tmp_path / "missing"), "train", [])
    with pytest.raises(UserError, match="doesn't contain any data files"):
        read_split(str(tmp_path), "train", [])
    with pytest.raises(UserError, match=r"(?s)Unknown split.*give another split"):
        read_split(str(blocks), "valid", [])


def test_whether_there_is_a_split(tmp_path: Path, blocks: Path) -> None:
    assert has_split(str(blocks), "validation") and not has_split(str(blocks), "valid")
    with pytest.raises(UserError, match="neither a folder nor a Hub id; build one"):
        has_split(str(tmp_path / "missing"), "validation")
    with pytest.raises(UserError, match="doesn't contain any data files"):
        has_split(str(tmp_path), "validation")


def test_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "train.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(UserError, match="give another split or data set"):
        read_split(str(tmp_path), "train", [])


@pytest.mark.parametrize("damage", ["empty", "cut off", "page", "footer"])
def test_a_damaged_file_of_a_good_data_set(tmp_path: Path, damage: str) -> None:
    for name in ("train", "test"):
        pq.write_table(pa.table({"id": [f"{name} {i}" for i in range(100)]}), tmp_path / f"{name}-00000.parquet")
    path = tmp_path / "train-00000.parquet"
    whole = path.read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    spoilt = {
        "empty": b"",
        "cut off": whole[:-20],
        "page": whole[:8] + b"\xff" * 400 + whole[408:],
        "footer": whole[:footer] + b"\xff" * (len(whole) - 8 - footer) + whole[-8:],
    }
    path.write_bytes(spoilt[damage])
    with pytest.raises(UserError, match="give another split or data set"):
        read_split(str(tmp_path), "train", [])


def test_texts_that_are_no_utf8_end_in_one_line(tmp_path: Path) -> None:
    ends = np.array([0, 4], np.int32)
    text = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(ends), pa.py_buffer(b"a\xff\xfeb")])
    columns = {name: text if name == "question" else ["a"] for name in QUESTION_COLUMNS}
    pq.write_table(pa.table(columns), tmp_path / "train-00000.parquet")
    with pytest.raises(UserError, match="Invalid UTF8"):
        read_split(str(tmp_path), "train", QUESTION_COLUMNS)


def test_a_path_that_reads_like_a_pattern(data_set: Path, tmp_path: Path) -> None:
    odd = tmp_path / "it's [v2] 100% *?" / "set[1]"
    shutil.copytree(data_set, odd)
    for split in ("train", "test"):
        assert has_split(str(odd), split)
        plain, read = (read_split(str(path), split, QUESTION_COLUMNS) for path in (data_set, odd))
        assert read.features == plain.features
        assert read.with_format("arrow")[:].equals(plain.with_format("arrow")[:])
    with pytest.raises(UserError, match=r"Unknown split"):
        read_split(str(odd), "none", QUESTION_COLUMNS)


@pytest.mark.parametrize(
    ("number", "place", "cure"),
    [(errno.EACCES, "datasets", "set HF_HOME to"), (errno.ENOLCK, None, "a lock file: .*set HF_HOME to")],
)
def test_a_cache_that_cannot_be_used_is_one_line(
    number: int,
    place: str | None,
    cure: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))

    def refused(**_: object) -> None:
        raise OSError(number, os.strerror(number), *([str(tmp_path / "cache" / place)] if place else []))

    monkeypatch.setattr(data, "load_dataset", refused)
    assert run_command(lambda _: read_split(str(tmp_path), "train", ()) and None, "again") == 2
    line = capsys.readouterr().err
    assert re.search(cure, line) and line.count("\n") == 1
