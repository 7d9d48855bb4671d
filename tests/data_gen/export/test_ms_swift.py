"""The export read as ms-swift reads it (4.5.2: swift/dataset/preprocessor/core.py, swift/rewards, swift/template)."""

import importlib
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import datasets
import pytest
from PIL import Image

from data_gen.formats import Format
from robot_r1.question import SPLITS
from tests.data_gen.export.conftest import Export, Exported

STANDARD = {"messages", "images", "videos", "audios", "tools", "objects", "label", "channel", "margin"}
"""Columns that supervised training keeps."""
FORMATS: tuple[Format, ...] = ("mcqa", "open-ended", "sft-direct", "sft-cot", "sft-think")


def load(export: Export, split: str, cache: Path) -> list[dict[str, Any]]:
    """`DatasetLoader` and `RowPreprocessor`: the column `messages` chooses the reader, paths become dictionaries."""
    path = str(export.folder / f"{split}.jsonl")
    rows = list(datasets.load_dataset("json", data_files=path, split="train", cache_dir=str(cache)))
    for row in rows:
        assert len(row["messages"]) > 0
        for message in row["messages"]:
            assert set(message) == {"role", "content"}
            assert message["role"] in {"system", "user", "assistant"} and message["content"] is not None
        row["images"] = [{"bytes": None, "path": image} for image in row["images"]]
    return rows


def check_path(path: str) -> str | None:
    """`swift/template/vision_utils.py`."""
    if Path(path).exists():
        return str(Path(path).resolve())
    joined = Path(os.environ["ROOT_IMAGE_DIR"]) / path
    return str(joined) if joined.exists() else None


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("split", SPLITS)
def test_rows_as_the_preprocessor_reads_them(
    exported: Exported, data_format: Format, split: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = exported(data_format, "ms-swift")
    monkeypatch.setenv("ROOT_IMAGE_DIR", str(export.folder))
    rows = load(export, split, tmp_path)
    source = export.rows[split]
    assert len({row["id"] for row in rows}) == len(rows) == len(source) > 0
    for row in rows:
        original = source[row["id"]]
        roles = [message["role"] for message in row["messages"]]
        text = "".join(message["content"] for message in row["messages"])
        assert text.count("<image>") == len(row["images"]) == 1
        assert row["messages"][0]["content"] == original["question"]
        path = check_path(row["images"][0]["path"])
        assert path
        with Image.open(path) as image:
            image.load()
        if data_format in ("mcqa", "open-ended"):
            assert roles == ["user"]
            letter = original["answer"] if data_format == "mcqa" else None
            point = original["target" if row["question_type"] == "waypoint" else "state"]
            assert row["solution"] == letter or json.loads(row["solution"]) == list(point)
        else:
            assert roles == ["user", "assistant"] and row["messages"][1]["content"] == original["completion"]
            assert "solution" not in row
            assert {"messages", "images"} <= STANDARD & set(row)


class ORM:
    """ms-swift's base class, as far as rewards use it."""

    def __init__(self, args: object = None, **kwargs: object) -> None:
        self.args = args


@pytest.fixture
def orms(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    swift, rewards = ModuleType("swift"), ModuleType("swift.rewards")
    registered: dict[str, Any] = {}
    vars(rewards).update(ORM=ORM, orms=registered)
    monkeypatch.setitem(sys.modules, "swift", swift)
    monkeypatch.setitem(sys.modules, "swift.rewards", rewards)
    monkeypatch.delitem(sys.modules, "robot_r1_plugin", raising=False)
    return registered


def import_external_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`swift/utils/utils.py`: the file's folder comes first on the path, the module is named by the file."""
    monkeypatch.syspath_prepend(str(path.parent))
    module = importlib.import_module(path.name.split(".", 1)[0])
    assert module.__file__ == str(path)
    monkeypatch.delitem(sys.modules, module.__name__)


def score(orms: dict[str, Any], rows: list[dict[str, Any]], completions: list[str]) -> list[list[float]]:
    """`compute_rewards_per_func`: the completions in place, the columns by name, beside the trainer's state."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    names = ("robot_r1_format", "robot_r1_answer")
    return [orms[name](args=object())(completions, trainer_state=None, **columns) for name in names]


def test_rewards_of_letters(
    exported: Exported, orms: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = exported("mcqa", "ms-swift")
    import_external_file(export.folder / "robot_r1_plugin.py", monkeypatch)
    rows = load(export, "train", tmp_path)[:12]
    form, answer = score(orms, rows, [f"<think>t</think><answer>[[{row['solution']}]]</answer>" for row in rows])
    assert form == answer == [1.0] * 12
    wrong = [f"<think>t</think><answer>[[{'B' if row['solution'] == 'A' else 'A'}]]</answer>" for row in rows]
    form, answer = score(orms, rows, wrong)
    assert form == [1.0] * 12 and answer == [0.0] * 12
    form, answer = score(orms, rows, [row["solution"] for row in rows])
    assert form == answer == [0.0] * 12


def test_rewards_of_points(
    exported: Exported, orms: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = exported("open-ended", "ms-swift")
    import_external_file(export.folder / "robot_r1_plugin.py", monkeypatch)
    rows = load(export, "train", tmp_path)[:12]
    _, answer = score(orms, rows, [f"<think>t</think><answer>{row['solution']}</answer>" for row in rows])
    assert answer == [1.0] * 12
    _, answer = score(orms, rows, ["<think>t</think><answer>[9, 9, 9]</answer>"] * 12)
    assert answer == [0.0] * 12


def test_only_rl_needs_a_plugin(exported: Exported) -> None:
    folder = exported("sft-think", "ms-swift").folder
    names = {"README.md", "images", *(f"{split}.jsonl" for split in SPLITS)}
    assert {path.name for path in folder.iterdir()} == names
    text = (folder / "README.md").read_text()
    assert "swift sft" in text and "--external_plugins" not in text and "## Rewards" not in text
    text = (exported("mcqa", "ms-swift").folder / "README.md").read_text()
    assert "--external_plugins" in text and "--reward_funcs robot_r1_format robot_r1_answer" in text
