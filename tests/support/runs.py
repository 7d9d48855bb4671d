"""Made-up run folders: what a trainer leaves behind, with curves that look like a run's."""

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw

from robot_r1.answer import REASONS
from robot_r1.files import write_text
from robot_r1.prompts import default_templates
from robot_r1.question import LETTERS, QUESTION_TYPES, QuestionType

TASKS = ("pick_up_cup", "push_button", "put_rubbish_in_bin", "take_lid_off_saucepan", "phone_on_base")
REFUSALS = ("no_answer", "unclosed", "not_a_letter", "text_outside")
_DESCRIPTIONS = {task: task.replace("_", " ") for task in TASKS}
_VOCABULARY = "the gripper is above table so next waypoint must be lower and closer to target cup x y z".split()  # noqa: SIM905
Row = dict[str, Any]


def make_run(
    folder: Path,
    steps: int = 300,
    evaluate_every: int = 10,
    questions: int = 60,
    image_size: int = 256,
    algorithm: str = "grpo",
    description: str | None = None,
    words: int = 110,
    seed: int = 0,
) -> Path:
    """A whole run of reinforcement learning that learns: every file, and about `words` words to a completion."""
    rng = np.random.default_rng(seed)
    write_run_json(folder, algorithm, steps)
    evaluated = list(range(0, steps + 1, evaluate_every))
    asked = [_question(rng, row, image_size, description) for row in range(questions)]
    write_rows(folder / "evaluations" / "questions.parquet", asked)
    right = {}
    for step in evaluated:
        attempts = [_attempt(rng, question, _skill(step, steps), words) for question in asked]
        write_rows(folder / "evaluations" / f"step-{step:06d}.parquet", attempts)
        right[step] = [attempt["correct"] for attempt in attempts]
    sampled = [_question(rng, 10_000 + row, image_size, description) for row in range(16)]
    samples = [sample for question in sampled for sample in _group(rng, question, words)]
    write_rows(folder / "samples" / f"step-{steps:06d}.parquet", samples)
    lines = [_logged(rng, step, steps) for step in range(1, steps + 1)]
    lines += [_evaluated(rng, step, steps, asked, right[step]) for step in evaluated]
    write_metrics(folder, sorted(lines, key=lambda line: (line["step"], "loss" not in line)))
    return folder


def write_run_json(folder: Path, algorithm: str = "grpo", steps: int = 300, **changes: Any) -> None:
    """`run.json` alone: a run that just began."""
    info = {
        "algorithm": algorithm,
        "started": "2026-05-04T09:12:44+00:00",
        "command": f"python -m train.{algorithm} --config configs/train/{algorithm}.yaml --output_dir {folder.name}",
        "settings": {
            "model_name_or_path": "Qwen/Qwen2.5-VL-3B-Instruct",
            "max_steps": steps,
            "num_generations": 5,
            "learning_rate": 1e-6,
            "beta": 0.01,
            "epsilon": 0.2,
            "epsilon_high": 0.3,
            "loss_type": "dapo",
            "scale_rewards": "group",
            "temperature": 1.0,
            "max_completion_length": 2048,
            "rewards": ["format", "accuracy"],
            "lora": None,
            "bf16": True,
            "seed": 0,
            "heldout_split": "validation",
        },
        "data": {
            "path": "data/default",
            "rows": 7412,
            "letters": {"A": 1853, "B": 1853, "C": 1853, "D": 1853},
            "questions": {"waypoint": 2455, "current_state": 2503, "movement": 2454},
            "dropped": {"prompt too long": 3, "unreadable image": 1},
        },
        "versions": {"robot-r1": "0.1.0", "torch": "2.15.0", "transformers": "5.23.0", "trl": "1.16.0"},
    }
    write_text(folder / "run.json", json.dumps(info | changes))


def write_metrics(folder: Path, lines: list[Row]) -> None:
    """`metrics.jsonl` from one mapping per line."""
    write_text(folder / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in lines))


def write_rows(path: Path, rows: list[Row]) -> None:
    """A parquet file from one mapping per row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


def picture(rng: np.random.Generator, size: int) -> bytes:
    """A PNG of something like a table with an arm, a block and the noise of shading."""
    shade = np.linspace(205, 150, size)[:, None, None] * np.array([1.0, 0.98, 0.94])
    pixels = np.repeat(shade, size, axis=1) + rng.normal(0, 2.5, (size, size, 1))
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    unit = size / 16
    draw.polygon([(2 * unit, 7 * unit), (14 * unit, 7 * unit), (16 * unit, 15 * unit), (0, 15 * unit)], "#a58a68")
    x, y = rng.uniform(4, 12), rng.uniform(5, 10)
    draw.line(
        [(8 * unit, unit), (x * unit * 0.8 + 2 * unit, 3 * unit), (x * unit, y * unit)], "#f2f2f0", int(1.3 * unit)
    )
    draw.rectangle([(x - 0.7) * unit, y * unit, (x + 0.7) * unit, (y + 1) * unit], "#3c3f44")
    bx, by = rng.uniform(3, 12), rng.uniform(9, 13)
    draw.rectangle(
        [bx * unit, by * unit, (bx + 1.4) * unit, (by + 1.4) * unit],
        str(rng.choice(["#b5402f", "#2f6db5", "#3b8f4d"])),
    )
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _question(rng: np.random.Generator, row: int, size: int, description: str | None) -> Row:
    question_type = QUESTION_TYPES[row % 3]
    task = TASKS[row // 3 % len(TASKS)]
    demo = f"{task}/variation0/episode{row // 15}"
    options = _options(rng, question_type)
    prompt = default_templates().render(
        question_type, description or _DESCRIPTIONS[task], (0.265, -0.112, 1.154), options
    )
    return {
        "id": f"{demo}/frame{row % 7 * 10}/{question_type}",
        "question_type": question_type,
        "task": task,
        "demo": demo,
        "question": prompt,
        "options": options,
        "answer": LETTERS[int(rng.integers(4))],
        "images": [{"bytes": picture(rng, size), "path": None}],
    }


def _options(rng: np.random.Generator, question_type: QuestionType) -> list[str]:
    if question_type == "movement":
        ways = ["Move forward and down", "Move backward, slightly left and up", "Move right", "Move up"]
        return [ways[i] for i in rng.permutation(4)]
    return [str([round(float(value), 3) for value in rng.uniform(-0.3, 1.2, 3)]) for _ in LETTERS]


def _skill(step: int, steps: int) -> float:
    return 0.3 + 0.45 * (1 - math.exp(-3 * step / max(steps, 1)))


def _answer(rng: np.random.Generator, answer: str, skill: float, words: int) -> Row:
    refused = rng.random() < 0.5 * (0.75 - skill)
    letter = answer if rng.random() < skill else LETTERS[int(rng.integers(4))]
    thought = " ".join(rng.choice(_VOCABULARY, int(rng.integers(words // 2, words * 3 // 2 + 1))))
    end = f"The option is {letter}." if refused else f"<answer> [[{letter}]] </answer>"
    return {
        "completion": f"<think> {thought} </think> {end}",
        "letter": None if refused else letter,
        "refusal": str(rng.choice(REFUSALS)) if refused else None,
    }


def _attempt(rng: np.random.Generator, question: Row, skill: float, words: int) -> Row:
    answer = _answer(rng, question["answer"], skill, words)
    return {
        "id": question["id"],
        **answer,
        "correct": answer["letter"] == question["answer"],
        "tokens": int(1.4 * words),
    }


def _group(rng: np.random.Generator, question: Row, words: int) -> list[Row]:
    answers = [_answer(rng, question["answer"], 0.6, words) for _ in range(5)]
    parts = [(float(a["refusal"] is None), float(a["letter"] == question["answer"])) for a in answers]
    totals = np.array([0.1 * form + 0.9 * accuracy for form, accuracy in parts])
    advantages = (totals - totals.mean()) / (totals.std(ddof=1) + 1e-4)
    kept = {key: question[key] for key in ("id", "question_type", "task", "question", "answer", "images")}
    return [
        kept
        | answer
        | {
            "reward": float(total),
            "rewards": [{"name": "format", "value": form}, {"name": "accuracy", "value": accuracy}],
            "advantage": float(advantage),
        }
        for answer, (form, accuracy), total, advantage in zip(answers, parts, totals, advantages, strict=True)
    ]


def _logged(rng: np.random.Generator, step: int, steps: int) -> Row:
    skill = _skill(step, steps)
    refused = 0.5 * (0.75 - skill)
    accuracy = float(np.clip(skill + rng.normal(0, 0.05), 0, 1))
    letters = rng.dirichlet(80 * np.array([1 + 2 * (0.75 - skill), 1, 1, 1 - 1.2 * (0.75 - skill)])) * (1 - refused)
    reasons = rng.dirichlet([8, 4, 2, 1]) * refused
    return {
        "step": step,
        "seconds": 41.0 * step,
        "loss": rng.normal(0.002, 0.02),
        "grad_norm": float(np.exp(rng.normal(-0.8, 0.35))),
        "learning_rate": 1e-6 * (1 - (step - 1) / steps),
        "reward": 0.9 * accuracy + 0.1 * (1 - refused),
        "reward_std": 0.4 - 0.2 * skill,
        "rewards/format/mean": 1 - refused,
        "rewards/format/std": 0.1,
        "rewards/accuracy/mean": accuracy,
        "rewards/accuracy/std": 0.4,
        "frac_reward_zero_std": float(np.clip(skill - 0.25 + rng.normal(0, 0.06), 0, 1)),
        "completions/mean_length": 190 - 60 * skill + rng.normal(0, 8),
        "completions/clipped_ratio": float(np.clip(rng.normal(0.01, 0.01), 0, 1)),
        "entropy": 0.9 - 0.6 * skill + rng.normal(0, 0.03),
        "kl": 0.08 * skill**2 * step / steps + abs(rng.normal(0, 0.002)),
        "clip_ratio/region_mean": abs(rng.normal(0.002, 0.001)),
        "step_time": 41 + abs(rng.normal(0, 3)) + 20 * (step % 50 == 0),
        "num_tokens": 90_000.0 * step,
        "epoch": step / 60,
        **{f"letters/{letter}": float(share) for letter, share in zip(LETTERS, letters, strict=True)},
        "letters/none": refused,
        **dict.fromkeys((f"refusals/{reason}" for reason in REASONS), 0.0),
        **{f"refusals/{reason}": float(share) for reason, share in zip(REFUSALS, reasons, strict=True)},
        **{f"train_accuracy/{name}": float(np.clip(accuracy + shift, 0, 1)) for name, shift in _shifts()},
    }


def _shifts() -> list[tuple[str, float]]:
    return list(zip(QUESTION_TYPES, (-0.08, 0.1, 0.0), strict=True))


def _evaluated(rng: np.random.Generator, step: int, steps: int, asked: list[Row], right: list[bool]) -> Row:
    types = np.array([question["question_type"] for question in asked])
    return {
        "step": step,
        "seconds": 41.0 * step + 0.5,
        "heldout/accuracy": float(np.mean(right)),
        **{f"heldout/accuracy/{name}": float(np.mean(np.array(right)[types == name])) for name in QUESTION_TYPES},
        "heldout/format": 1 - 0.5 * (0.75 - _skill(step, steps)),
        "heldout/mean_length": 185 - 60 * _skill(step, steps) + rng.normal(0, 3),
        "heldout/n": len(asked),
    }
