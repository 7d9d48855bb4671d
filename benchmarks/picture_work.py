"""What the host does with the pictures of a generation batch: this project's GRPO trainer against TRL's own.

    python benchmarks/picture_work.py

Reading, processing and gathering of a batch whose completions are given, so that nothing is generated; pictures of
256 pixels, enlarged to 262,144 pixels as in the paper's recipe. Seconds are those of the process on one thread.
"""

import argparse
import io
import os
import pickle
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from datasets import Dataset
from PIL import Image
from transformers.image_utils import make_flat_list_of_images
from trl import GRPOConfig, GRPOTrainer
from trl.trainer import grpo_trainer

from tests.support.rewards import vowel_reward
from train.arguments import ModelArguments
from train.data import rendered
from train.model import read_processor
from train.tiny_model import TinyShape, write_tiny_model
from train.trainers import RobotGRPOTrainer, pictures

SIDE, MIN_PIXELS = 256, 262144


def questions(count: int) -> Dataset:
    """Rows with a picture of noise each."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(count):
        buffer = io.BytesIO()
        Image.fromarray(rng.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)).save(buffer, "PNG")
        images = [{"bytes": buffer.getvalue(), "path": None}]
        rows.append({"id": str(number), "question_type": "waypoint", "question": "<image>Where?", "images": images})
    return rendered(Dataset.from_list(rows), MIN_PIXELS, None)


def answered(self: Any, prompt_ids: list[list[int]], *_: Any, **__: Any) -> Any:
    """Given completions in the place of generated ones."""
    return [[65, 66, 67]] * len(prompt_ids), None


def measure(kind: Any, model: Path, rows: Dataset, generations: int, rounds: int) -> tuple[float, int, int, int]:
    """Seconds of a batch, pictures processed for it, bytes of prompts gathered, bytes of patches kept."""
    processor = read_processor(ModelArguments(model_name_or_path=str(model)))
    processor.image_processor.size = {"shortest_edge": 3136, "longest_edge": 12845056}  # Qwen2.5-VL's own
    counted = {"pictures": 0, "bytes": 0}
    settings = GRPOConfig(
        str(model / "run"),
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        report_to="none",
        per_device_train_batch_size=len(rows) * generations,
        num_generations=generations,
        max_completion_length=3,
    )
    trainer = kind(str(model), [vowel_reward], settings, train_dataset=rows, processing_class=processor)
    trainer.model.train()
    preprocess, gather = type(processor.image_processor).preprocess, grpo_trainer.gather_object

    def counting(self: Any, images: Any, *rest: Any, **named: Any) -> Any:
        counted["pictures"] += len(make_flat_list_of_images(images))
        return preprocess(self, images, *rest, **named)

    def weighing(values: list[Any]) -> Any:
        counted["bytes"] += sum(len(pickle.dumps(value)) for value in values if "user" in str(value))
        return gather(values)

    def batch() -> dict[str, Any]:
        asked = trainer.train_dataset.__getitems__([row // generations for row in range(len(rows) * generations)])
        scored: dict[str, Any] = trainer._generate_and_score_completions(asked)
        return scored

    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        scored = batch()
        seconds.append(time.process_time() - start)
    type(processor.image_processor).preprocess = counting
    grpo_trainer.gather_object = pictures.gather_object = weighing
    batch()
    type(processor.image_processor).preprocess = preprocess
    grpo_trainer.gather_object = pictures.gather_object = gather
    patches = scored["pixel_values"]
    kept = patches.untyped_storage() if torch.is_tensor(patches) else patches[0].untyped_storage()
    return statistics.median(seconds), counted["pictures"], counted["bytes"], kept.nbytes()


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=16)
    parser.add_argument("--generations", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3, help="batches; the median is told")
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows = questions(given.questions)
    print("| trainer | s per batch | pictures processed | prompts gathered, MB | patches kept, MB |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        write_tiny_model(Path(folder), TinyShape(vocabulary=400))
        for kind, name in ((GRPOTrainer, "TRL"), (RobotGRPOTrainer, "this project")):
            kind._generate_single_turn = answered
            seconds, processed, gathered, kept = measure(kind, Path(folder), rows, given.generations, given.rounds)
            print(f"| {name} | {seconds:.2f} | {processed} | {gathered / 1e6:.1f} | {kept / 1e6:.0f} |", flush=True)


if __name__ == "__main__":
    main()
