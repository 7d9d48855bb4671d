"""The export read as EasyR1 reads it (verl/utils/dataset.py and verl/workers/reward/function.py, commit b44b311)."""

import importlib.util
import io
import json
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
from PIL import Image

from data_gen.formats import Format
from robot_r1.question import SPLITS
from tests.data_gen.export.conftest import Exported

FORMATS: tuple[Format, ...] = ("mcqa", "open-ended")


def process_image(image: Any, min_pixels: int | None, max_pixels: int | None) -> Image.Image:
    """EasyR1's: a path, bytes, or a dictionary with bytes."""
    if isinstance(image, str):
        image = Image.open(image)
    elif isinstance(image, dict):
        image = Image.open(io.BytesIO(image["bytes"]))
    image.load()
    for bound, beyond in ((max_pixels, int.__gt__), (min_pixels, int.__lt__)):
        if bound is not None and beyond(image.width * image.height, bound):
            factor = math.sqrt(bound / (image.width * image.height))
            image = image.resize((int(image.width * factor), int(image.height * factor)))
    assert isinstance(image, Image.Image)
    return image.convert("RGB")


def build_messages(prompt: str) -> list[dict[str, Any]]:
    """EasyR1's `_build_messages` without a format prompt."""
    content: list[dict[str, str]] = []
    for i, text in enumerate(prompt.split("<image>")):
        if i != 0:
            content.append({"type": "image"})
        if text:
            content.append({"type": "text", "text": text})
    return [{"role": "user", "content": content}]


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("split", SPLITS)
def test_rows_as_rlhf_dataset_reads_them(exported: Exported, data_format: Format, split: str, tmp_path: Path) -> None:
    export = exported(data_format, "easyr1")
    path = str(export.folder / f"{split}.parquet")
    rows = datasets.load_dataset("parquet", data_files=path, split="train", cache_dir=str(tmp_path))
    source = export.rows[split]
    assert len(rows) == len(source) == len(set(rows["id"])) > 0 and set(rows["id"]) == set(source)
    for row in rows:
        original = source[row["id"]]
        (message,) = build_messages(row["problem"])
        assert [part["type"] for part in message["content"]].count("image") == len(row["images"]) == 1
        assert row["problem"] == original["question"] and "<answer>" in row["problem"]
        image = process_image(str(export.folder / row["images"][0]), 262144, 4194304)  # its defaults
        assert image.size == (512, 512) and image.mode == "RGB"
        if data_format == "mcqa":
            assert row["answer"] == original["answer"]
        else:
            right = original["target" if row["question_type"] == "waypoint" else "state"]
            assert json.loads(row["answer"]) == list(right)


def test_pictures_are_those_of_the_data_set(exported: Exported, tmp_path: Path) -> None:
    export = exported("mcqa", "easyr1")
    path = str(export.folder / "test.parquet")
    for row in datasets.load_dataset("parquet", data_files=path, split="train", cache_dir=str(tmp_path)):
        embedded = process_image(export.rows["test"][row["id"]]["images"][0], None, None)
        assert np.array_equal(process_image(str(export.folder / row["images"][0]), None, None), embedded)


def test_columns_collate(exported: Exported, tmp_path: Path) -> None:
    """What stays in an example becomes a NumPy array of objects, one entry per example."""
    path = str(exported("mcqa", "easyr1").folder / "train.parquet")
    rows = list(datasets.load_dataset("parquet", data_files=path, split="train[:8]", cache_dir=str(tmp_path)))
    for name in set(rows[0]) - {"problem", "images"}:
        assert np.array([row[name] for row in rows], dtype=object).shape == (8,)


def load_reward(path: Path, **arguments: float) -> Callable[[list[dict[str, Any]]], list[dict[str, float]]]:
    """As `AutoRewardManager` does."""
    spec = importlib.util.spec_from_file_location("custom_reward_fn", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.REWARD_TYPE == "batch"
    return partial(module.compute_score, **arguments)


def given(response: str, truth: str) -> dict[str, Any]:
    return {"response": response, "response_length": len(response), "ground_truth": truth}


def test_reward_of_letters(exported: Exported) -> None:
    reward = load_reward(exported("mcqa", "easyr1").folder / "robot_r1_reward.py")
    responses = ["<think>near</think><answer>[[B]]</answer>", "<think>near</think><answer>[[C]]</answer>", "[[B]]", ""]
    scores = reward([given(response, "B") for response in responses])
    assert [score["overall"] for score in scores] == [1.0, 0.5, 0.0, 0.0]
    assert [score["accuracy"] for score in scores] == [1.0, 0.0, 0.0, 0.0]
    assert [score["format"] for score in scores] == [1.0, 1.0, 0.0, 0.0]
    weighted = load_reward(exported("mcqa", "easyr1").folder / "robot_r1_reward.py", format_weight=0.1)
    assert weighted([given(responses[1], "B")])[0]["overall"] == pytest.approx(0.1)


def test_reward_of_points(exported: Exported, tmp_path: Path) -> None:
    export = exported("open-ended", "easyr1")
    reward = load_reward(export.folder / "robot_r1_reward.py")
    path = str(export.folder / "test.parquet")
    for row in datasets.load_dataset("parquet", data_files=path, split="train[:10]", cache_dir=str(tmp_path)):
        x, y, z = json.loads(row["answer"])
        right = f"<think>t</think><answer>[{x:.12f}, {y:.12f}, {z:.12f}]</answer>"
        off = f"<think>t</think><answer>[{x + 0.25:.12f}, {y:.12f}, {z:.12f}]</answer>"
        far = "<think>t</think><answer>[9, 9, 9]</answer>"
        scores = reward([given(text, row["answer"]) for text in (right, off, far, "[0, 0, 0]")])
        assert [score["accuracy"] for score in scores] == pytest.approx([1, 0.75, 0, 0])


def test_readme_sets_every_key(exported: Exported) -> None:
    text = (exported("mcqa", "easyr1").folder / "README.md").read_text()
    for key in ("prompt_key=problem", "answer_key=answer", "image_key=images", "image_dir=", "format_prompt=null"):
        assert f"data.{key}" in text
    assert "/robot_r1_reward.py:compute_score" in text
