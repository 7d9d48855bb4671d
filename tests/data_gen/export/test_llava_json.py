"""The export read as the readers of LLaVA's JSON do: LLaVA, Qwen-VL's finetuning, LLaMA-Factory."""

import json
import re
from pathlib import Path
from typing import Any

import datasets
import pytest
from PIL import Image

from data_gen.formats import Format
from robot_r1.answer import Answer, parse_answer
from robot_r1.question import SPLITS
from tests.data_gen.export.conftest import Export, Exported

FORMATS: tuple[Format, ...] = ("sft-direct", "sft-cot", "sft-think")


def load(export: Export, split: str) -> list[dict[str, Any]]:
    entries = json.loads((export.folder / f"{split}.json").read_text())
    assert isinstance(entries, list)
    return entries


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("split", SPLITS)
def test_entries_are_the_rows(exported: Exported, data_format: Format, split: str) -> None:
    export = exported(data_format, "llava-json")
    source, entries = export.rows[split], load(export, split)
    assert len({entry["id"] for entry in entries}) == len(entries) == len(source) > 0
    for entry in entries:
        human, gpt = entry["conversations"]
        assert (human["from"], gpt["from"]) == ("human", "gpt")
        assert human["value"] == source[entry["id"]]["question"]
        assert gpt["value"] == source[entry["id"]]["completion"]
        if data_format == "sft-think":
            answer = parse_answer(gpt["value"])
            assert isinstance(answer, Answer) and answer.letter == source[entry["id"]]["answer"]


def llava_turns(entry: dict[str, Any]) -> list[str]:
    """LLaVA's `preprocess_multimodal`, without tokens around the picture."""
    values = []
    for sentence in entry["conversations"]:
        value = sentence["value"]
        if "<image>" in value:
            value = ("<image>\n" + value.replace("<image>", "").strip()).strip()
        values.append(value)
    return values


def qwen_messages(entry: dict[str, Any], base: Path) -> list[dict[str, Any]]:
    """Qwen-VL's `_build_messages`: every placeholder takes a picture, none may be left over."""
    pool = [entry["image"]] if isinstance(entry["image"], str) else list(entry["image"])
    messages: list[dict[str, Any]] = []
    for turn in entry["conversations"]:
        if turn["from"] != "human":
            messages.append({"role": "assistant", "content": [{"type": "text", "text": turn["value"]}]})
            continue
        content = []
        for part in re.split(r"(<image>|<video>)", turn["value"]):
            if part == "<image>":
                content.append({"type": "image", "image": str((base / pool.pop(0)).resolve())})
            elif part.strip():
                content.append({"type": "text", "text": part.strip()})
        messages.append({"role": "user", "content": content})
    assert not pool
    return messages


@pytest.mark.parametrize("data_format", FORMATS)
def test_llava_and_qwen_read_every_entry(exported: Exported, data_format: Format) -> None:
    export = exported(data_format, "llava-json")
    for entry in load(export, "train") + load(export, "test"):
        human, gpt = llava_turns(entry)
        assert human.startswith("<image>\n") and human.count("<image>") == 1 and "<image>" not in gpt
        user, assistant = qwen_messages(entry, export.folder)
        assert [part["type"] for part in user["content"]] == ["text", "image", "text"]
        assert assistant["content"][0]["text"]
        with Image.open(user["content"][1]["image"]) as image:
            assert image.convert("RGB").size == (64, 64)


@pytest.mark.parametrize("data_format", FORMATS)
def test_llama_factory_reads_every_entry(exported: Exported, data_format: Format, tmp_path: Path) -> None:
    """`get_dataset_list`, `SharegptDatasetConverter` and `_validate_messages`; media_dir is the folder."""
    export = exported(data_format, "llava-json")
    info = json.loads((export.folder / "dataset_info.json").read_text())
    assert list(info) == ["robot_r1_train", "robot_r1_validation", "robot_r1_test"]
    for name, attributes in info.items():
        assert attributes["formatting"] == "sharegpt"
        path = str(export.folder / attributes["file_name"])
        columns = attributes["columns"]
        rows = datasets.load_dataset("json", data_files=path, split="train", cache_dir=str(tmp_path))
        assert len(rows) == len(export.rows[name.removeprefix("robot_r1_")])
        for row in rows:
            messages = row[columns["messages"]]
            assert [message["from"] for message in messages] == ["human", "gpt"]  # odd, even
            medias = row[columns["images"]]
            medias = medias if isinstance(medias, list) else [medias]
            assert sum(message["value"].count("<image>") for message in messages) == len(medias)
            assert all((export.folder / media).is_file() for media in medias)
