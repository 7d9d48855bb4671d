"""A picture to check a data set by eye: sampled frames with gripper, next keypoint, options and completions."""

import textwrap
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from PIL import Image, ImageDraw, ImageFont

from data_gen.manifest import Manifest
from data_gen.writer import ROW_GROUP
from robot_r1.files import atomic_path
from robot_r1.geometry import project
from robot_r1.pictures import decode
from robot_r1.question import LETTERS, QUESTION_TYPES
from robot_r1.seeding import generator

CONTACT_SHEET = "contact_sheet.png"
COLUMNS = 5
FRAME = 384
"""Side of a drawn frame in pixels: large enough for the marks to stand apart."""
_HEAD, _LINE, _FOOT = 36, 13, 8
"""Heights in pixels of the caption's head, of each of its further lines, and of the space below."""
_LINE_WIDTH = 64
"""Characters."""
_GRIPPER, _TARGET, _RIGHT, _WRONG = "#00e5ff", "#ffd400", "#35e06f", "#ff7b7b"
_COLUMNS = [
    "question_type", "images", "options", "answer", "task", "description", "frame", "keypoint_frame", "state",
    "target", "camera", "completion",
]  # fmt: skip


def write_contact_sheet(folder: Path, manifest: Manifest, seed: int) -> Path:
    """Draw a sheet of sampled rows, one line of them per question type, and store it in the data set's folder."""
    rows = [_sample(folder, manifest, question_type, seed) for question_type in QUESTION_TYPES]
    filled = [row for row in rows if row]
    height = FRAME + _HEAD + _LINE * max(len(_lines(question)) for row in filled for question in row) + _FOOT
    sheet = Image.new("RGB", (COLUMNS * FRAME, len(filled) * height), "white")
    for y, row in enumerate(filled):
        for x, question in enumerate(row):
            sheet.paste(_cell(question, height), (x * FRAME, y * height))
    path = folder / CONTACT_SHEET
    with atomic_path(path) as temporary:
        sheet.save(temporary, "PNG", compress_level=3)
    return path


def _sample(folder: Path, manifest: Manifest, question_type: str, seed: int) -> list[dict[str, Any]]:
    """Questions of one type, spread over the tasks."""
    paths = [folder / file.path for file in manifest.files if file.question_type == question_type]
    places = [
        (task, path, row)
        for path in paths
        for row, task in enumerate(pq.read_table(path, columns=["task"])["task"].to_pylist())
    ]
    rng = generator(seed, "contact sheet", question_type)
    per_task = [
        rng.permutation([i for i, place in enumerate(places) if place[0] == task])
        for task in sorted({task for task, _, _ in places})
    ]
    return [_read_row(*places[i][1:]) for i in sorted(_in_turn(per_task, COLUMNS))]


def _read_row(path: Path, row: int) -> dict[str, Any]:
    with pq.ParquetFile(path) as file:
        columns = [name for name in _COLUMNS if name in file.schema_arrow.names]
        group = file.read_row_group(row // ROW_GROUP, columns=columns)
    values: dict[str, Any] = group.slice(row % ROW_GROUP, 1).to_pylist()[0]
    return values


def _in_turn(groups: Sequence[Iterable[int]], count: int) -> list[int]:
    queues = [list(group) for group in groups]
    picked: list[int] = []
    while len(picked) < count and any(queues):
        picked += [queue.pop(0) for queue in queues if queue]
    return picked[:count]


def _cell(question: dict[str, Any], height: int) -> Image.Image:
    cell = Image.new("RGB", (FRAME, height), "white")
    picture = decode(question["images"][0]["bytes"])
    cell.paste(picture.resize((FRAME, FRAME), Image.Resampling.LANCZOS))
    draw = ImageDraw.Draw(cell)
    if question["question_type"] != "movement" and "options" in question:
        _draw_options(draw, question)
    _ring(draw, _pixel(question, question["state"]), _GRIPPER)
    if question["question_type"] != "current_state":
        _cross(draw, _pixel(question, question["target"]), _TARGET)
    _caption(draw, question)
    return cell


def _pixel(question: dict[str, Any], point: Sequence[float]) -> tuple[float, float]:
    camera = question["camera"]
    u, v, _ = project(point, np.array(camera["intrinsics"]), np.array(camera["extrinsics"]))
    return float(u) * FRAME / camera["width"], float(v) * FRAME / camera["height"]


def _draw_options(draw: ImageDraw.ImageDraw, question: dict[str, Any]) -> None:
    for letter, text in zip(LETTERS, question["options"], strict=True):
        u, v = _pixel(question, [float(value) for value in text.strip("[]").split(",")])
        u, v = min(max(u, 9), FRAME - 9), min(max(v, 9), FRAME - 9)  # options outside the picture stay readable
        color = _RIGHT if letter == question["answer"] else _WRONG
        draw.ellipse((u - 9, v - 9, u + 9, v + 9), fill=color, outline="black")
        draw.text((u, v), letter, fill="black", anchor="mm", font=_font(14))


def _ring(draw: ImageDraw.ImageDraw, pixel: tuple[float, float], color: str) -> None:
    u, v = pixel
    for radius, paint, width in ((15, "black", 5), (14, color, 3)):
        draw.ellipse((u - radius, v - radius, u + radius, v + radius), outline=paint, width=width)


def _cross(draw: ImageDraw.ImageDraw, pixel: tuple[float, float], color: str) -> None:
    u, v = pixel
    for paint, width in (("black", 6), (color, 3)):
        draw.line((u - 13, v - 13, u + 13, v + 13), fill=paint, width=width)
        draw.line((u - 13, v + 13, u + 13, v - 13), fill=paint, width=width)


def _lines(question: dict[str, Any]) -> list[str]:
    """The caption below its head: the options, the completion."""
    written = question.get("completion", "").splitlines()
    return [*_option_lines(question), *(line for text in written for line in textwrap.wrap(text, _LINE_WIDTH))]


def _option_lines(question: dict[str, Any]) -> list[str]:
    if "options" not in question:
        return []
    options = [f"{letter} {text}" for letter, text in zip(LETTERS, question["options"], strict=True)]
    answer = LETTERS.index(question["answer"])
    if question["question_type"] == "movement":
        return [f"right: {options[answer]}", *(o for i, o in enumerate(options) if i != answer)]
    return ["   ".join(options[:2]), "   ".join(options[2:]), f"right: {options[answer]}"]


def _caption(draw: ImageDraw.ImageDraw, question: dict[str, Any]) -> None:
    head = (
        f"{question['question_type']}  {question['task']}  frame {question['frame']} to {question['keypoint_frame']}"
    )
    draw.text((6, FRAME + 4), head, fill="black", font=_font(13))
    draw.text((6, FRAME + 20), question["description"][:60], fill="#444444", font=_font(12))
    for i, line in enumerate(_lines(question)):
        color = "#0a7a33" if line.startswith("right") else "black"
        draw.text((6, FRAME + _HEAD + _LINE * i), line, fill=color, font=_font(12))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
