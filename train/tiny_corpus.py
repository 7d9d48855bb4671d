"""The texts from which the tiny model's tokenizer learns its vocabulary."""

from collections.abc import Iterator

import numpy as np

from robot_r1.control_text import IMAGE_MARK
from robot_r1.instructions import instructions
from robot_r1.movement import all_movements, movement_text
from robot_r1.prompts import default_templates, point_text
from robot_r1.question import LETTERS, QUESTION_TYPES
from train.data import read_split

_TASKS = ("pick_up_cup", "push_button", "put_rubbish_in_bin", "phone_on_base", "take_lid_off_saucepan")
_ROUNDS = 20
_DATASET_ROWS = 2000
_CHAT = ("system\nYou are a helpful assistant.", "user\n", "assistant\n")


def corpus() -> Iterator[str]:
    """Prompts and answers such as data_gen writes by default, and chat roles; the same texts on every call."""
    rng = np.random.default_rng(0)
    movements = [movement_text(movement) for movement in all_movements()]
    templates = default_templates()
    for number in range(_ROUNDS):
        yield from _CHAT
        for task in _TASKS:
            for description in instructions(task, number):
                points = [point_text(rng.uniform([-0.3, -0.5, 0.7], [0.7, 0.5, 1.5]).tolist()) for _ in LETTERS]
                words = [str(text) for text in rng.choice(movements, len(LETTERS), replace=False)]
                state = (0.3, 0.0, 1.1)
                for question_type in QUESTION_TYPES:
                    options = words if question_type == "movement" else points
                    yield templates.render(question_type, description, state, options)
                for letter, move, point in zip(LETTERS, words, points, strict=True):
                    yield f"<think> {move}. The gripper is at {point}. </think> <answer> [[{letter}]] </answer>"


def dataset_texts(path: str) -> Iterator[str]:
    """Prompts, and completions where there are any, of rows spread over a data set's train split.

    Raises:
        UserError: there is no such data set.
    """
    dataset = read_split(path, "train", ["question"])
    columns = [name for name in ("question", "completion") if name in dataset.column_names]
    for row in dataset.select_columns(columns).select(range(0, len(dataset), max(1, len(dataset) // _DATASET_ROWS))):
        yield from (row[name].replace(IMAGE_MARK, "") for name in columns)
