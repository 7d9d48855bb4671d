"""A small Qwen2.5-VL from random weights to GRPO on the embedded simulator's questions, on one CPU core.

    python benchmarks/from_scratch.py --out out/from-scratch        # about two hours; docs/results.md has its table

Stages, each in its own folder and skipped if it is there: 600 demos, questions with short prompts, a cold start on
think/answer texts, lessons in looking a letter up (benchmarks/lookup.py), a cold start on short answers, GRPO. Then
greedy accuracy on demos that were never learned from, beside guessing and blind rules.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from datasets import Dataset, Image, List, load_dataset

from benchmarks.lookup import learn_lookup
from robot_r1.intervals import clustered_interval
from robot_r1.question import LETTERS, QUESTION_TYPES
from train import grpo, sft
from train.results import evaluated_steps, read_evaluation
from train.tiny_model import TinyShape, write_tiny_model

ROOT = Path(__file__).parents[1]
Row = dict[str, Any]
DATA = "--demos-per-task 120 --image-size 112 --prompts configs/prompts/short --split.validation-fraction 0"
CPU = "--use_cpu true --bf16 false --gradient_checkpointing false --report_to none --logging_steps 10"
# every stage goes on from the last model: none is chosen, and the test questions only watch
SFT = (
    "--per_device_train_batch_size 32 --weight_decay 0.01 --heldout_questions 150 --heldout_batch_size 50 "
    "--heldout_split test --save_steps 200"
)
GRPO = (
    "--num_generations 8 --per_device_train_batch_size 96 --max_completion_length 40 --heldout_questions 1370 "
    "--heldout_split test --heldout_batch_size 100 --heldout_every 0 --sample_every 50 --save_steps 50 "
    "--save_total_limit 1 --lr_scheduler_type constant"
)


def build(out: Path, *more: str) -> Path:
    """Build a data set, or take the one that is there."""
    command = [sys.executable, "-m", "data_gen.build", *DATA.split(), "--root", str(out.parent / "demos")]
    subprocess.run([*command, "--out", str(out), *more], cwd=ROOT, check=True)
    return out


def short_answer(row: Row) -> Row:
    """A completion that says only what is seen or aimed at, and the letter."""
    if row["question_type"] == "movement":
        thought = row["options"][LETTERS.index(row["answer"])].removeprefix("Move ")
    else:
        point = row["target"] if row["question_type"] == "waypoint" else row["state"]
        thought = "[" + ", ".join(f"{value + 0.0:.2f}" for value in point) + "]"
    return {"completion": f"<think> {thought} </think> <answer> [[{row['answer']}]] </answer>"}


def shortened(source: Path, out: Path) -> Path:
    """The cold start with short answers."""
    for split in ("train", "test"):
        rows = load_dataset(str(source), split=split).cast_column("images", List(Image(decode=False)))
        rows.map(short_answer).cast_column("images", List(Image())).to_parquet(out / f"{split}-00000.parquet")
    return out


def stage(main: Callable[[Sequence[str]], None], model: Path, data: Path, out: Path, flags: str) -> Path:
    """Train unless the folder is there; returns the last model."""
    if not (out / "last").is_dir():
        places = ["--model_name_or_path", str(model), "--dataset", str(data), "--output_dir", str(out)]
        main([*places, *CPU.split(), *flags.split(), "--resume", "true"])
    return out / "last"


def blind_letter(rule: str, row: Row) -> str:
    """What a rule answers that never looks at the picture."""
    options = row["options"]
    if row["question_type"] == "movement":
        lengths = [len(option) for option in options]
        return LETTERS[int(np.argmin(lengths) if rule == "nearest" else np.argmax(lengths))]
    points = np.array([[float(value) for value in option.strip("[]").split(",")] for option in options])
    anchor = np.array(row["state"]) if row["question_type"] == "waypoint" else points.mean(axis=0)
    far = np.linalg.norm(points - anchor, axis=1)
    return LETTERS[int(np.argmin(far) if rule == "nearest" else np.argmax(far))]


def baselines(train: Dataset, test: Dataset) -> dict[str, dict[str, str]]:
    """Accuracy with interval, by rule and question type."""
    columns = ["question_type", "options", "answer", "state", "demo"]
    rows = list(test.select_columns(columns))
    most = Counter(train["answer"][:]).most_common(1)[0][0]
    rules: dict[str, Callable[[Row], str]] = {
        f"always {most}": lambda row: most,
        "blind: nearest, or shortest": lambda row: blind_letter("nearest", row),
        "blind: farthest, or longest": lambda row: blind_letter("farthest", row),
    }
    table: dict[str, dict[str, str]] = {}
    for name, rule in rules.items():
        for kind in QUESTION_TYPES:
            asked = [row for row in rows if row["question_type"] == kind]
            right = [float(rule(row) == row["answer"]) for row in asked]
            interval = clustered_interval(right, [row["demo"] for row in asked])
            table.setdefault(name, {})[kind] = f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
    return table


def report(run: Path, questions: Path) -> None:
    """Print the table."""
    train, test = (load_dataset(str(questions), split=split) for split in ("train", "test"))
    print("| | " + " | ".join(QUESTION_TYPES) + " | all |\n|---|---|---|---|---|")
    for name, by_type in baselines(train, test).items():
        print(f"| {name} | " + " | ".join(by_type[kind] for kind in QUESTION_TYPES) + " | |")
    steps = evaluated_steps(run)
    for name, step in (("before GRPO", steps[0]), (f"after {steps[-1]} updates", steps[-1])):
        found = read_evaluation(run, step)
        print(
            f"| {name} | " + " | ".join(str(found.by_type[kind]) for kind in QUESTION_TYPES) + f" | {found.overall} |"
        )


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args().out.resolve()
    questions, cold = build(out / "questions"), build(out / "cold", "--format", "sft-think")
    short = out / "short" if (out / "short").is_dir() else shortened(cold, out / "short")
    if not (out / "model").is_dir():
        write_tiny_model(
            out / "model", TinyShape(layers=4, vision_hidden=96, vision_layers=3, vocabulary=1024), str(cold)
        )
    constant = "--lr_scheduler_type constant_with_warmup --warmup_steps 50 --learning_rate 1e-3"
    seen = stage(sft.main, out / "model", cold, out / "sft-think", f"{SFT} {constant} --max_steps 880")
    brief = stage(sft.main, seen, short, out / "sft-short", f"{SFT} {constant} --max_steps 400")
    if not (out / "lookup").is_dir():
        print(f"lookup: {learn_lookup(brief, out / 'lookup', minutes=33):.2f} of the lessons right")
    warm = stage(sft.main, out / "lookup", short, out / "sft-again", f"{SFT} {constant} --max_steps 500")
    stage(grpo.main, warm, questions, out / "grpo", f"{GRPO} --learning_rate 1e-4 --max_steps 250")
    shutil.rmtree(out / "grpo" / "best", ignore_errors=True)
    report(out / "grpo", questions)


if __name__ == "__main__":
    main()
