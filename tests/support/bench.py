"""A bench of a few questions, made by hand."""

import json
from pathlib import Path
from typing import Any

from PIL import Image

from eval.robot_r1_bench.question import Along, BenchQuestion, Moves, Plan, PlanStep, Relation, Subtask, Truth

CUP = ("red cup", "cup")
_REACH = PlanStep(action="reach", thing=CUP)
_GRASP = PlanStep(action="grasp", thing=CUP)
_DOWN = Along(axis=2, positive=False)
_KINDS: dict[str, tuple[str, str, Truth]] = {
    "spatial": (
        "Where is the gripper relative to the red cup?",
        "The gripper is above the red cup.",
        Relation(subject=("gripper",), anchor=CUP, along=(Along(axis=2, positive=True),)),
    ),
    "planning": (
        "Which steps are left?",
        "1. Move the gripper to the red cup. 2. Grasp the red cup.",
        Plan(steps=(_REACH, _GRASP)),
    ),
    "high_level": ("What is the next subtask?", "Grasp the red cup.", Subtask(step=_GRASP, others=(_REACH,))),
    "movement": ("How does the gripper move next?", "Move down.", Moves(along=(_DOWN,))),
}


def bench_questions(tasks: int = 2, episodes: int = 2) -> list[BenchQuestion]:
    """One question of each type for each episode of each task; the first task is in training."""
    return [
        BenchQuestion.model_validate(
            {
                "id": f"task{task}-{episode}-{kind}",
                "image": f"images/task{task}-{episode}.png",
                "reasoning_type": kind,
                "question": question,
                "reference": reference,
                "task": f"task{task}",
                "description": "pick up the red cup",
                "in_training": task == 0,
                "episode": episode,
                "truth": truth,
            }
        )
        for task in range(tasks)
        for episode in range(episodes)
        for kind, (question, reference, truth) in _KINDS.items()
    ]


def write_bench(folder: Path, lines: list[dict[str, Any]] | None = None) -> Path:
    """Write a bench with its pictures, of `bench_questions` or of these lines, and return its folder."""
    lines = lines if lines is not None else [question.model_dump(mode="json") for question in bench_questions()]
    for name in {line["image"] for line in lines if "image" in line}:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 24), "gray").save(folder / name)
    (folder / "bench.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder
