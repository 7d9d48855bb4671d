"""LLaVA's JSON: one list per split of `{id, image, conversations}`, as several trainers read it.

Rules: a human turn with `<image>` once per picture, then a turn of gpt.

- LLaVA 1.2.2, https://github.com/haotian-liu/LLaVA/blob/c121f04/llava/train/train.py (`LazySupervisedDataset`):
  `image` is joined to `--image_folder`; `preprocess_multimodal` moves `<image>` to the front of the turn.
- Qwen-VL, https://github.com/QwenLM/Qwen3-VL/blob/9658872/qwen-vl-finetune/qwenvl/data/data_processor.py
  (`_build_messages`): `image` is joined to `data_path`; fails on a placeholder too many or too few.
- LLaMA-Factory 0.9.5, https://github.com/hiyouga/LLaMA-Factory/blob/v0.9.5/src/llamafactory/data/converter.py
  (`SharegptDatasetConverter`): roles have to alternate; `dataset_info.json` names the columns.

`<image>` stays where the project's prompt has it: LLaVA itself moves it, and to the others the prompt is then the one
of RL and evaluation. For questions with options there is no completion, and none is made up: their prompt asks for
reasoning before the letter, and a turn without it is one that `robot_r1.answer` refuses.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from data_gen.export.framework import Framework
from data_gen.export.rows import Example, Training
from robot_r1.question import Split

INFO = "dataset_info.json"


def write_json(path: Path, examples: Iterable[Example]) -> None:
    """Write one list, an entry a line."""
    with path.open("w", encoding="utf-8") as file:
        separator = "[\n"
        for example in examples:
            file.write(separator + json.dumps(_entry(example), ensure_ascii=False))
            separator = ",\n"
        file.write("\n]\n" if separator == ",\n" else "[]\n")


def _entry(example: Example) -> dict[str, object]:
    human, gpt = {"from": "human", "value": example.prompt}, {"from": "gpt", "value": example.answer}
    return {"id": example.id, "image": example.image, "conversations": [human, gpt]}


def _files(training: Training, splits: Sequence[Split]) -> Mapping[str, str]:
    columns = {"messages": "conversations", "images": "image"}
    info = {
        f"robot_r1_{split}": {"file_name": f"{split}.json", "formatting": "sharegpt", "columns": columns}
        for split in splits
    }
    return {INFO: json.dumps(info, indent=1) + "\n"}


def _command(training: Training, splits: Sequence[Split], data: str) -> str:
    held_out = " eval_dataset=robot_r1_validation" if "validation" in splits else ""
    return " \\\n    ".join(
        (
            "llamafactory-cli train examples/train_lora/qwen3vl_lora_sft.yaml",
            f"dataset_dir={data} media_dir={data} dataset=robot_r1_{splits[0]}{held_out}",
            "max_samples=null cutoff_len=4096",
        )
    )


LLAVA_JSON = Framework(
    name="LLaVA JSON",
    trainings=("SFT",),
    refusal="LLaVA JSON needs what the model shall write, and these rows have a truth but no reasoning; "
    "build the data set with --format sft-think, sft-direct or sft-cot",
    suffix=".json",
    write=write_json,
    files=_files,
    command=_command,
    notes="""\
Each entry has `id`, `image` (path relative to this folder) and `conversations`: one turn of `human`, with `<image>`
once, and one of `gpt`.

- LLaMA-Factory (read: v0.9.5): the command above, in a clone of <https://github.com/hiyouga/LLaMA-Factory>;
  `dataset_info.json` names the files and columns. `max_samples=null` lifts the limit of that example's settings.
- LLaVA (read: 1.2.2): `--data_path $DATA/train.json --image_folder $DATA`. It moves `<image>` to the front.
- Qwen-VL's finetuning (read: <https://github.com/QwenLM/Qwen3-VL>, commit 9658872): in `qwenvl/data/__init__.py`, an
  entry `{"annotation_path": "$DATA/train.json", "data_path": "$DATA"}`, with the path written out.
- Qwen2-VL-Finetune (read: <https://github.com/2U1/Qwen2-VL-Finetune>, commit 6695161): `--data_path` and
  `--image_folder` as for LLaVA.
""",
)
