"""Merge a LoRA adapter into its base model: a plain folder that transformers and vLLM load.

    python -m train.merge runs/lora/best --out runs/lora/merged

The base is the model that the adapter was trained on, from its folder or the Hub. The merged weights have its type:
changes that are small beside a weight are rounded away in bfloat16, and the command says how much of them is left.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from robot_r1.cli import CommandParser, run_command
from robot_r1.errors import UserError
from train.command import training_packages

with training_packages():
    from peft import PeftConfig, PeftModel
    from peft.tuners.lora import LoraLayer
    from transformers import AutoModelForImageTextToText, AutoProcessor

    from train.folders import atomic_folder
    from train.hub import ask_for_model


NEARLY_ALL = 0.95
"""A share of the change from which nothing is said of the rest."""


def merge(adapter: Path, out: Path) -> float:
    """Write the merged model and its processor; returns the share of the adapter's change that is left in its weights.

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
        ask_for_model(base, config.revision)
        model = AutoModelForImageTextToText.from_pretrained(base, revision=config.revision or "main", dtype="auto")
    except OSError as error:
        raise UserError(f"the adapter's base model {base} cannot be loaded: {error}") from error
    adapted = PeftModel.from_pretrained(model, str(adapter))
    left = _left_of_change(adapted)
    merged = adapted.merge_and_unload()
    with atomic_folder(out.absolute()) as folder:
        merged.save_pretrained(folder)
        AutoProcessor.from_pretrained(str(adapter)).save_pretrained(folder)
    return left


def _left_of_change(model: PeftModel) -> float:
    """How far the weights move along the adapter's change once they are rounded to their type: 1 where nothing is."""
    moved = wanted = 0.0
    for layer in model.modules():
        if isinstance(layer, LoraLayer):
            weight = layer.get_base_layer().weight.detach()
            for name in layer.active_adapters:
                change = layer.get_delta_weight(name).detach().float()
                rounded = (weight.float() + change).to(weight.dtype).float() - weight.float()
                moved += float((rounded * change).sum())
                wanted += float((change * change).sum())
    return moved / wanted if wanted else 1.0


def main(arguments: Sequence[str]) -> None:
    """Merge; see the module's text."""
    parser = CommandParser(prog="python -m train.merge", allow_abbrev=False)
    parser.add_argument("adapter", type=Path, help="folder of the adapter, such as RUN/best")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    given = parser.parse_args(arguments)
    left = merge(given.adapter, given.out)
    print(f"merged model: {given.out}")
    if left < NEARLY_ALL:
        print(
            f"{left:.0%} of the adapter's change is left, the rest is below the steps of the weights' type; to keep "
            f"all of it use the adapter as it is ({given.adapter}), which eval/ and vllm serve --enable-lora load"
        )


if __name__ == "__main__":
    sys.exit(run_command(main, "run the same command again"))
