"""Where the pictures of a page come from if the log holds none."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eval.compare.questions import shown_questions
from eval.logs import find_runs
from eval.permutations import rotated
from eval.questions import Row, read_questions
from eval.results import Run
from robot_r1.prompts import options_text
from tests.support.eval_logs import OPTIONS, Said, png, write_log


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four questions, each with a picture of another colour."""
    folder = tmp_path_factory.mktemp("set")
    rows = [
        {
            "id": f"demo/{i}",
            "question_type": "movement",
            "question": f"<image>\nQuestion {i}: which movement?\n{options_text(OPTIONS)}",
            "images": [{"bytes": png((0, 0, 50 * i)), "path": None}],
            "options": OPTIONS,
            "answer": "A",
            "demo": "demo",
            "state": (0.1 * i, 0.2, 0.3),
        }
        for i in range(4)
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "test-00000.parquet")
    return folder


@pytest.fixture
def rows(data_set: Path) -> tuple[Row, ...]:
    return tuple(sorted(read_questions(str(data_set), "test").rows, key=lambda row: row.id))


def run_of(path: Path, data_set: Path, rows: tuple[Row, ...], turn: int = 0, change: str = "") -> Run:
    said = [
        Said(f"{row.id}~{turn}", 0.0, text=rotated(row, turn).question.replace("<image>", "") + change) for row in rows
    ]
    return find_runs([write_log(path, said, "mcqa-permuted", dataset=str(data_set))]).runs[0]


@pytest.mark.parametrize("turn", [0, 3])
def test_from_the_data_set_in_whatever_order_the_options_are(
    tmp_path: Path, data_set: Path, rows: tuple[Row, ...], turn: int
) -> None:
    run = run_of(tmp_path / "a.eval", data_set, rows, turn)
    assert [question.picture for question in shown_questions(run, run.answers)] == [row.images[0] for row in rows]


def test_not_from_a_data_set_that_asks_otherwise(tmp_path: Path, data_set: Path, rows: tuple[Row, ...]) -> None:
    run = run_of(tmp_path / "a.eval", data_set, rows, change=" Really?")
    assert [question.picture for question in shown_questions(run, run.answers)] == [None] * 4


def test_not_from_a_data_set_that_is_gone(tmp_path: Path, data_set: Path, rows: tuple[Row, ...]) -> None:
    run = run_of(tmp_path / "a.eval", tmp_path / "gone", rows)
    assert [question.picture for question in shown_questions(run, run.answers)] == [None] * 4


def test_of_open_questions_by_their_position(tmp_path: Path, data_set: Path, rows: tuple[Row, ...]) -> None:
    said = [
        Said(rows[0].id, 0.0, options=(), target="[0.000, 0.200, 0.300]"),
        Said(rows[1].id, 0.0, options=(), target="[0.000, 0.200, 0.300]"),
    ]
    run = find_runs([write_log(tmp_path / "a.eval", said, "open-ended", dataset=str(data_set))]).runs[0]
    assert [question.picture for question in shown_questions(run, run.answers)] == [rows[0].images[0], None]
