"""A task that a tiny model learns on a CPU within minutes: which letter stands for the colour of a block."""

from pathlib import Path

import numpy as np
from datasets import Dataset, Features, Image, List, Value
from PIL import Image as PillowImage
from PIL import ImageDraw

from robot_r1.pictures import png_bytes
from robot_r1.question import LETTERS, SPLITS, Split

COLORS = {"red": (220, 30, 30), "green": (30, 180, 60), "blue": (40, 70, 220), "yellow": (235, 215, 40)}
PROMPT = "<image>Which color is the block? [A] red [B] green [C] blue [D] yellow"
SPOILT = ("green", "blue", "yellow")
"""Colours whose letters the warm start mostly gets at random, so that there is something left to learn."""
SPOILT_SHARE = 0.8


def block_image(color: str, side: int, rng: np.random.Generator) -> PillowImage.Image:
    """A block of half the image's side somewhere on grey."""
    image = PillowImage.new("RGB", (side, side), (120, 120, 120))
    x, y = (int(value) for value in rng.integers(0, side - side // 2 + 1, 2))
    ImageDraw.Draw(image).rectangle((x, y, x + side // 2, y + side // 2), fill=COLORS[color])
    return image


def write_blocks(folder: Path, train: int, held_out: int, seed: int = 0, sizes: tuple[int, ...] = (56,)) -> Path:
    """A data set with the columns that training reads, its completions spoilt for three of the four colours.

    Args:
        held_out: rows for validation, and as many others for testing.
    """
    for number, split in enumerate(SPLITS):
        count = train if split == "train" else held_out
        rows = _rows(split, count, np.random.default_rng([seed, number]), sizes)
        features = Features({name: Value("string") for name in rows[0] if name not in ("images", "options")})
        features |= {"images": List(Image()), "options": List(Value("string"))}
        folder.mkdir(parents=True, exist_ok=True)
        Dataset.from_list(rows, features=features).to_parquet(folder / f"{split}-00000.parquet")
    return folder


def _rows(split: Split, count: int, rng: np.random.Generator, sizes: tuple[int, ...]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for number in range(count):
        color = str(rng.choice(list(COLORS)))
        letter = LETTERS[list(COLORS).index(color)]
        at_random = split == "train" and color in SPOILT and rng.random() < SPOILT_SHARE
        said = str(rng.choice(LETTERS)) if at_random else letter
        image = png_bytes(block_image(color, sizes[number % len(sizes)], rng))
        rows.append(
            {
                "id": f"{split}/block/{number}",
                "question_type": ("waypoint", "current_state", "movement")[number % 3],
                "images": [{"bytes": image, "path": f"{number}.png"}],
                "question": PROMPT,
                "completion": f"<think>{color}</think><answer>{said}</answer>",
                "options": list(COLORS),
                "answer": letter,
                "task": "blocks",
                "demo": f"{split}/block/{number // 2}",
            }
        )
    return rows
