"""How far a tiny model learns on a CPU: warm start, then each algorithm, over seeds.

    python benchmarks/learning.py --seeds 3

The task is that of tests/train/test_learning.py: which letter stands for the colour of a block. The warm start knows
the format and one letter of four; the rest has to be found by reward. One process, one thread.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.blocks import write_blocks
from train import grpo, reinforce_pp, rloo, sft
from train.tiny_model import TinyShape, write_tiny_model

COMMON = [
    *["--use_cpu", "true", "--bf16", "false", "--gradient_checkpointing", "false", "--report_to", "none"],
    *["--disable_tqdm", "true", "--save_strategy", "no", "--sample_every", "0", "--logging_steps", "5"],
]
WARM = [
    *["--per_device_train_batch_size", "32", "--max_steps", "120", "--learning_rate", "1e-3", "--warmup_steps", "20"],
    *["--lr_scheduler_type", "constant_with_warmup", "--heldout_questions", "0"],
]
RL = [
    *["--num_generations", "5", "--per_device_train_batch_size", "60", "--max_completion_length", "20"],
    *["--max_steps", "90", "--lr_scheduler_type", "constant", "--heldout_every", "0"],
    *["--heldout_questions", "120", "--heldout_batch_size", "60"],
]
ALGORITHMS = {
    "grpo": (grpo.main, ["--learning_rate", "2e-4"]),
    "rloo": (rloo.main, ["--learning_rate", "2e-4", "--beta", "0"]),
    "reinforce_pp": (reinforce_pp.main, ["--learning_rate", "2e-4", "--beta", "0.001"]),
}
EXACT = "rewards/exact_match_reward/mean"


def run(algorithm: str, seed: int, model: Path, data: Path, out: Path) -> str:
    """Train once and return a line of the table."""
    main, flags = ALGORITHMS[algorithm]
    start = time.monotonic()
    places = ["--model_name_or_path", str(model), "--dataset", str(data), "--output_dir", str(out)]
    main([*places, *COMMON, *RL, *flags, "--seed", str(seed)])
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    sampled = [line[EXACT] for line in lines if EXACT in line]
    greedy = [line["heldout/accuracy"] for line in lines if "heldout/accuracy" in line]
    after = sum(sampled[-3:]) / 3
    seconds = time.monotonic() - start
    found = f"{sampled[0]:.2f} | {after:.2f} | {greedy[0]:.2f} | {greedy[-1]:.2f} | {seconds:.0f}"
    return f"| {algorithm} | {seed} | {found} |"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--algorithms", nargs="+", choices=ALGORITHMS, default=list(ALGORITHMS))
    given = parser.parse_args()
    table = ["| algorithm | seed | sampled, first 5 | sampled, last 15 | greedy before | greedy after | seconds |"]
    table.append("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(given.seeds):
            place = Path(folder) / str(seed)
            data = write_blocks(place / "blocks", 1200, 120, seed)
            write_tiny_model(place / "tiny", TinyShape(vocabulary=400, seed=seed))
            places = ["--model_name_or_path", str(place / "tiny"), "--dataset", str(data)]
            sft.main([*places, "--output_dir", str(place / "warm"), *COMMON, *WARM, "--seed", str(seed)])
            for algorithm in given.algorithms:
                table.append(run(algorithm, seed, place / "warm" / "last", data, place / algorithm))
                print(table[-1], file=sys.stderr)
    print("\n".join(table))


if __name__ == "__main__":
    main()
