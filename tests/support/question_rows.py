"""Questions as evaluation reads them, made without a simulator."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from eval.questions import Row
from robot_r1.movement import all_movements, movement_text
from robot_r1.prompts import default_templates, point_text
from robot_r1.question import LETTERS, QUESTION_TYPES, Point, QuestionType


def question_rows(count: int, seed: int = 0, demos: int = 40) -> list[Row]:
    """Questions of all types in turn, their right letters drawn evenly."""
    rng = np.random.default_rng(seed)
    return [_row(number, QUESTION_TYPES[number % 3], number % demos, rng) for number in range(count)]


def _row(number: int, question_type: QuestionType, demo: int, rng: np.random.Generator) -> Row:
    points: list[Point] = [tuple(point) for point in rng.uniform((0, -0.3, 0.8), (0.5, 0.3, 1.2), (5, 3)).tolist()]
    right = int(rng.integers(4))
    options = tuple(point_text(point) for point in points[:4])
    state, target = points[4], points[right]
    if question_type == "current_state":
        state, target = target, state
    if question_type == "movement":
        moves = [movement_text(movement) for movement in all_movements()]
        options = tuple(str(text) for text in rng.choice(moves, 4, replace=False))
    task = ("pick_up_cup", "push_button")[demo % 2]
    return Row(
        id=f"{task}/episode{demo}/{number}/{question_type}",
        question_type=question_type,
        question=default_templates().render(question_type, task.replace("_", " "), state, options),
        images=(_PICTURE,),
        options=options,  # type: ignore[arg-type]  # four
        answer=LETTERS[right],
        task=task,
        demo=f"{task}/episode{demo}",
        description=task.replace("_", " "),
        state=state,
        target=target,
        width=16,
        height=16,
    )


def write_rows(folder: Path, rows: Sequence[Row], split: str = "test", without: Sequence[str] = ()) -> Path:
    """A data set of these rows, as data_gen lays it out, without some of the columns."""
    for question_type in sorted({row.question_type for row in rows}):
        records = [_record(row, without) for row in rows if row.question_type == question_type]
        path = folder / question_type / f"{split}-00000.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(records), path)
    return folder


def _record(row: Row, without: Sequence[str]) -> dict[str, object]:
    record = row.model_dump(exclude={"width", "height", "images"})
    record["images"] = [{"bytes": image, "path": "front.png"} for image in row.images]
    record["camera"] = {"name": "front", "width": row.width, "height": row.height}
    return {name: value for name, value in record.items() if name not in without}


def _picture() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (16, 16), (90, 120, 150)).save(buffer, "PNG")
    return buffer.getvalue()


_PICTURE = _picture()
