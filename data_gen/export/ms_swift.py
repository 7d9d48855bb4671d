"""ms-swift: one JSON-lines file per split with `messages` and `images`, for RL `solution`, for SFT the completion.

Rules, from https://github.com/modelscope/ms-swift/blob/v4.5.2/docs/source_en/Customization/Custom-dataset.md and
`swift/dataset/preprocessor/core.py` (`AutoPreprocessor`, `MessagesPreprocessor`): a column `messages` with the roles
user and assistant is read as it is, `images` may hold paths, `<image>` marks the place of each, and GRPO passes
`solution` and all further columns to the rewards. Relative paths are joined to the environment variable
ROOT_IMAGE_DIR, unless they exist in the current folder (`swift/template/vision_utils.py`, `_check_path`).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from data_gen.export.framework import Framework
from data_gen.export.rows import Example, Training
from robot_r1.question import Split

PLUGIN = "robot_r1_plugin.py"


def write_jsonl(path: Path, examples: Iterable[Example]) -> None:
    """Write the examples, one a line."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(_row(example), ensure_ascii=False) + "\n" for example in examples)


def _row(example: Example) -> dict[str, object]:
    user = {"role": "user", "content": example.prompt}
    known = {"id": example.id, "question_type": example.question_type, "task": example.task, "images": [example.image]}
    if example.training == "RL":
        return {**known, "messages": [user], "solution": example.answer}
    return {**known, "messages": [user, {"role": "assistant", "content": example.answer}]}


def _files(training: Training, splits: Sequence[Split]) -> Mapping[str, str]:
    if training == "SFT":
        return {}
    return {PLUGIN: Path(__file__).with_name("ms_swift_reward.py").read_text(encoding="utf-8")}


def _command(training: Training, splits: Sequence[Split], data: str) -> str:
    held_out = f" --val_dataset {data}/validation.jsonl" if "validation" in splits else ""
    shared = (
        "--model Qwen/Qwen2.5-VL-7B-Instruct --torch_dtype bfloat16",
        f"--dataset {data}/{splits[0]}.jsonl{held_out}",
    )
    by_training = {
        "SFT": (f"ROOT_IMAGE_DIR={data} swift sft", *shared),
        "RL": (
            f"ROOT_IMAGE_DIR={data} swift rlhf --rlhf_type grpo",
            *shared,
            f"--external_plugins {data}/{PLUGIN}",
            "--reward_funcs robot_r1_format robot_r1_answer",
            "--num_generations 8 --max_completion_length 1024",
        ),
    }
    return " \\\n    ".join(by_training[training])


MS_SWIFT = Framework(
    name="ms-swift",
    trainings=("RL", "SFT"),
    refusal="",
    suffix=".jsonl",
    write=write_jsonl,
    files=_files,
    command=_command,
    notes="""\
Run the command where ms-swift 4 is installed (<https://github.com/modelscope/ms-swift>; read: v4.5.2).

- Columns: `messages` (the prompt, `<image>` once; for SFT the completion as the assistant's turn), `images` (one
  path), for RL `solution`, and `id`, `question_type`, `task`, which GRPO passes to the rewards as well.
- `ROOT_IMAGE_DIR` is this folder: paths are relative to it.
- Give no `--system` that asks for a format: the prompts say themselves how to answer.
- Rows with errors are dropped with a message; `--strict true` stops at the first.
""",
)
