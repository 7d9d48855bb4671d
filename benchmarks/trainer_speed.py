"""Seconds per update, tokens a second and peak memory: this project's GRPO trainer against TRL's own.

    python benchmarks/trainer_speed.py                                              # a tiny model on a CPU
    python benchmarks/trainer_speed.py --model Qwen/Qwen2.5-VL-7B-Instruct --lora   # random weights, on a GPU

Both train on the same data. Each trainer runs in a process of its own, in turn, on random weights. The first update is
left out.
"""

import argparse
import contextlib
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from peft import LoraConfig
from transformers import Qwen2_5_VLForConditionalGeneration
from trl import GRPOConfig, GRPOTrainer

from tests.support.blocks import write_blocks
from tests.support.rewards import vowel_reward
from train.arguments import ModelArguments
from train.data import QUESTION_COLUMNS, read_split, rendered
from train.memory.published import published_config
from train.model import read_processor
from train.tiny_model import TinyShape, write_tiny_model
from train.trainers import RobotGRPOTrainer


@dataclass(frozen=True)
class Run:
    """What one process is asked to measure."""

    ours: bool
    model: str
    data: str
    out: str
    lora: bool
    updates: int
    completions: int
    length: int


@dataclass(frozen=True)
class Measured:
    """Seconds per update, tokens a second, and peak memory in MB: of the device on a GPU, else of the process."""

    seconds: float
    tokens: float
    memory: float


def measure(run: Run) -> Measured:
    """Train for some updates and measure all but the first."""
    gpu = torch.cuda.is_available()
    arguments = GRPOConfig(
        run.out,
        use_cpu=not gpu,
        bf16=gpu,
        gradient_checkpointing=gpu,
        report_to="none",
        disable_tqdm=True,
        logging_steps=1,
        save_strategy="no",
        per_device_train_batch_size=run.completions,
        num_generations=5,
        max_completion_length=run.length,
        max_steps=run.updates + 1,
        model_init_kwargs={"dtype": "bfloat16" if gpu else "float32"},
    )
    trainer = (RobotGRPOTrainer if run.ours else GRPOTrainer)(
        run.model,
        [vowel_reward],
        arguments,
        train_dataset=rendered(read_split(run.data, "train", QUESTION_COLUMNS), None, None),
        processing_class=read_processor(ModelArguments(model_name_or_path=run.model)),
        peft_config=LoraConfig(target_modules="all-linear", exclude_modules=r".*visual.*") if run.lora else None,
    )
    with contextlib.redirect_stdout(sys.stderr):  # the table stands alone
        trainer.train()
    logs = [entry for entry in trainer.state.log_history if "step_time" in entry]
    seconds = statistics.median(entry["step_time"] for entry in logs[1:])
    tokens = (logs[-1]["num_tokens"] - logs[0]["num_tokens"]) / sum(entry["step_time"] for entry in logs[1:])
    peak = torch.cuda.max_memory_allocated() if gpu else 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Measured(seconds, tokens, peak / 2**20)


def make_model(name: str, folder: Path) -> str:
    """A tiny model, or random weights of a released size with the tiny model's tokenizer."""
    write_tiny_model(folder, TinyShape(vocabulary=400))
    config = published_config(name)
    if config is None:
        return str(folder)
    tiny = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder).config
    for token in ("image_token_id", "video_token_id", "vision_start_token_id"):
        setattr(config, token, getattr(tiny, token))
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = Qwen2_5_VLForConditionalGeneration._from_config(config, dtype=torch.bfloat16)
    model.generation_config = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder).generation_config
    model.save_pretrained(folder)
    return str(folder)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tiny", help="tiny, or the Hub id of a released Qwen2.5-VL")
    parser.add_argument("--lora", action="store_true")
    parser.add_argument("--updates", type=int, default=10)
    parser.add_argument("--completions", type=int, default=60)
    parser.add_argument("--length", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print("| trainer | round | s per update | tokens/s | peak MB |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        data = str(write_blocks(Path(folder) / "blocks", 400, 10, sizes=(112,)))
        model = make_model(given.model, Path(folder) / "model")
        for number in range(given.rounds):
            for ours in (False, True):
                out = str(Path(folder) / f"{number}-{ours}")
                run = Run(ours, model, data, out, given.lora, given.updates, given.completions, given.length)
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    found = pool.apply(measure, (run,))
                name = "this project" if ours else "TRL"
                print(
                    f"| {name} | {number} | {found.seconds:.2f} | {found.tokens:.0f} | {found.memory:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
