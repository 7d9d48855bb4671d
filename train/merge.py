"""Merge a LoRA adapter into its base model: a plain folder that transformers and vLLM load.

    python -m train.merge runs/lora/best --out runs/lora/merged

The base is the model that the adapter was trained on, from its folder or the Hub.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from robot_r1.cli import CommandParser, run_command
from robot_r1.errors import UserError
from train.command import training_packages

with training_packages():
    from peft import PeftConfig, PeftModel
    from transformers import AutoModelForImageTextToText, AutoProcessor

    from train.folders import atomic_folder


def merge(adapter: Path, out: Path) -> None:
    """Write the merged model and its processor.

    Raises:
        UserError: the adapter or its base is missing, or the folder exists.
    """
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        if not (adapter / name).is_file():
            raise UserError(f"{adapter} holds no LoRA adapter ({name}); give RUN/best or RUN/last of a LoRA run")
    if out.exists():
        raise UserError(f"{out} exists; give another --out or remove it")
    config = PeftConfig.from_pretrained(str(adapter))
    base = config.base_model_name_or_path
    try:
        model = AutoModelForImageTextToText.from_pretrained(base, revision=config.revision or "main", dtype="auto")
    except OSError as error:
        raise UserError(f"the adapter's base model {base} cannot be loaded: {error}") from error
    merged = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    with atomic_folder(out.absolute()) as folder:
        merged.save_pretrained(folder)
        AutoProcessor.from_pretrained(str(adapter)).save_pretrained(folder)


def main(arguments: Sequence[str]) -> None:
    """Merge; see the module's text."""
    parser = CommandParser(prog="python -m train.merge", allow_abbrev=False)
    parser.add_argument("adapter", type=Path, help="folder of the adapter, such as RUN/best")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    given = parser.parse_args(arguments)
    merge(given.adapter, given.out)
    print(f"merged model: {given.out}")


if __name__ == "__main__":
    sys.exit(run_command(main, "run the same command again"))
