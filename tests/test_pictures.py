"""Pictures of foreign data sets, the same in every command: what one takes all take, and all see the same pixels."""

import base64
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from transformers import ProcessorMixin

import data_gen.audit.__main__
import data_gen.export.__main__
import data_gen.report.__main__
from eval.local_model.pictures import read_picture
from eval.questions import read_questions
from eval.samples import sample
from robot_r1.errors import UserError
from robot_r1.pictures import NO_LIST, PATHS, UNREADABLE
from tests.support.pictures import bad_pictures, odd_pictures
from train.arguments import DataArguments, ModelArguments
from train.check_dataset import check_dataset
from train.data import QUESTION_COLUMNS, read_split, rendered
from train.model import read_processor

ODD = odd_pictures()


@pytest.fixture(scope="module")
def processor(tiny_model: Path) -> ProcessorMixin:
    return read_processor(ModelArguments(model_name_or_path=str(tiny_model)))


def rewritten(source: Path, folder: Path, images: Callable[[int, list[dict[str, Any]]], Any]) -> Path:
    """A copy of the training and test rows of a data set, four each of waypoint, with other `images`."""
    for split in ("train", "test"):
        rows = pq.read_table(next((source / "waypoint").glob(f"{split}-*"))).to_pylist()[:4]
        for number, row in enumerate(rows):
            row["images"] = images(number, row["images"])
        (folder / "waypoint").mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), folder / "waypoint" / f"{split}-00000.parquet")
    return folder


def train(folder: Path, processor: ProcessorMixin) -> None:
    check_dataset(
        read_split(str(folder), "train", QUESTION_COLUMNS), processor, DataArguments(dataset="x"), show=False
    )


def verdicts(folder: Path, out: Path, processor: ProcessorMixin) -> dict[str, str]:
    """What each command says of a data set; empty where it takes it."""
    commands: dict[str, Callable[[], object]] = {
        "train": lambda: train(folder, processor),
        "evaluation": lambda: read_questions(str(folder), "test"),
        "audit": lambda: data_gen.audit.__main__.main([str(folder), "--out", str(out / "audit.json")]),
        "report": lambda: data_gen.report.__main__.main([str(folder), "--out", str(out / "page.html")]),
        "export": lambda: data_gen.export.__main__.main([str(folder), "--to", "easyr1", "--out", str(out / "export")]),
    }
    said = {}
    for name, command in commands.items():
        try:
            command()
            said[name] = ""
        except UserError as error:
            said[name] = str(error)
    return said


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (lambda number, stored: [{"bytes": None, "path": str(Path(__file__).resolve())}], PATHS),
        (lambda number, stored: [{"bytes": None, "path": "pictures/1.png"}], PATHS),
        (lambda number, stored: ["pictures/1.png"], PATHS),
        (lambda number, stored: "pictures/1.png", PATHS),
        (lambda number, stored: stored[0], NO_LIST),
        (lambda number, stored: stored[0]["bytes"], NO_LIST),
        (lambda number, stored: [{"bytes": None, "path": None}], NO_LIST),
    ],
)
def test_every_command_refuses_the_same_in_the_same_words(
    images: Callable[[int, list[dict[str, Any]]], Any],
    reason: str,
    data_set: Path,
    tmp_path: Path,
    processor: ProcessorMixin,
) -> None:
    said = verdicts(rewritten(data_set, tmp_path / "set", images), tmp_path, processor)
    assert all(reason in text for text in said.values()), said


def test_every_command_takes_odd_pictures(data_set: Path, tmp_path: Path, processor: ProcessorMixin) -> None:
    pictures = list(ODD.values())
    folder = rewritten(data_set, tmp_path / "set", lambda number, stored: [{"bytes": pictures[number % 14]}])
    assert verdicts(folder, tmp_path, processor) == dict.fromkeys(
        ("train", "evaluation", "audit", "report", "export"), ""
    )


def test_lists_of_bytes_are_pictures_too(data_set: Path, tmp_path: Path, processor: ProcessorMixin) -> None:
    folder = rewritten(data_set, tmp_path / "set", lambda number, stored: [stored[0]["bytes"]])
    assert set(verdicts(folder, tmp_path, processor).values()) == {""}
    assert rendered(read_split(str(folder), "train", QUESTION_COLUMNS), None, None)[0]["images"][0].mode == "RGB"


def test_damaged_pictures_are_named(data_set: Path, tmp_path: Path, processor: ProcessorMixin) -> None:
    bad = bad_pictures()["text bomb"]
    folder = rewritten(data_set, tmp_path / "set", lambda number, stored: [{"bytes": bad}] if number == 2 else stored)
    checked = check_dataset(
        read_split(str(folder), "train", QUESTION_COLUMNS), processor, DataArguments(dataset="x"), show=False
    )
    assert checked.dropped == {UNREADABLE: 1} and len(checked.kept) == checked.rows - 1
    said = verdicts(folder, tmp_path, processor)
    assert "test-00000.parquet, row 3: " + UNREADABLE in said["evaluation"]
    assert UNREADABLE in said["export"]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("limits", [(None, None), (None, 28 * 84)])
def test_training_and_evaluation_show_the_model_the_same_pixels(
    name: str, limits: tuple[int | None, int | None], data_set: Path, tmp_path: Path, processor: ProcessorMixin
) -> None:
    from eval.local_model.pictures import PixelLimits

    folder = rewritten(data_set, tmp_path, lambda number, stored: [{"bytes": ODD[name], "path": "a"}])
    in_training = rendered(read_split(str(folder), "test", QUESTION_COLUMNS), *limits)[0]
    row = next(row for row in read_questions(str(folder), "test").rows if row.id == in_training["id"])
    content = sample(row, row.id, "A").input[0].content  # type: ignore[union-attr]
    sent = next(part.image for part in content if part.type == "image")  # type: ignore[union-attr]
    in_evaluation = PixelLimits(*limits).fit(read_picture(sent))
    tensors = [
        processor.image_processor(images=[image], return_tensors="np")
        for image in (in_training["images"][0], in_evaluation)
    ]
    assert np.array_equal(tensors[0]["pixel_values"], tensors[1]["pixel_values"])
    assert np.array_equal(tensors[0]["image_grid_thw"], tensors[1]["image_grid_thw"])
    with Image.open(BytesIO(base64.b64decode(sent.partition(",")[2]))) as elsewhere:  # as a server reads it
        assert elsewhere.format == "PNG" and elsewhere.mode == "RGB" and not elsewhere.getexif()
