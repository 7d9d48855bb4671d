from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eval.questions import read_questions
from robot_r1.errors import UserError
from tests.support.blocks import write_blocks
from tests.support.question_rows import question_rows, write_rows


def test_a_built_data_set_is_read_with_its_pictures(data_set: Path) -> None:
    questions = read_questions(str(data_set), "train")
    assert {row.question_type for row in questions.rows} == {"waypoint", "current_state", "movement"}
    assert all(row.images[0].startswith(b"\x89PNG") and row.resolution == "64x64" for row in questions.rows)
    bare = read_questions(str(data_set), "train", pictures=False)
    assert [row.id for row in bare.rows] == [row.id for row in questions.rows]
    assert not any(row.images for row in bare.rows)


def test_types_and_tasks_are_chosen(tmp_path: Path) -> None:
    folder = str(write_rows(tmp_path, question_rows(60)))
    chosen = read_questions(folder, "test", ["movement"], ["push_button"]).rows
    assert 0 < len(chosen) < 60
    assert {(row.question_type, row.task) for row in chosen} == {("movement", "push_button")}


def test_the_version_follows_from_the_content(tmp_path: Path) -> None:
    rows = question_rows(12)
    same, other = (write_rows(tmp_path / name, rows) for name in ("a", "b"))
    changed = write_rows(
        tmp_path / "c", [rows[0].model_copy(update={"answer": "A" if rows[0].answer == "B" else "B"}), *rows[1:]]
    )
    versions = [read_questions(str(folder), "test").version for folder in (same, other, changed)]
    assert versions[0] == versions[1] != versions[2]
    parts = (read_questions(str(same), "test", ["movement"]), read_questions(str(same), "test", pictures=False))
    assert {part.version for part in parts} == {versions[0]}  # whatever is chosen of it


def test_columns_that_only_some_questions_need_may_be_absent(tmp_path: Path) -> None:
    folder = write_blocks(tmp_path, 1, 3)
    row = read_questions(str(folder), "test").rows[0]
    assert (row.options, row.state, row.resolution) == (("red", "green", "blue", "yellow"), None, "unknown")


def test_mistakes_are_told_in_one_line(tmp_path: Path) -> None:
    folder = str(write_rows(tmp_path / "set", question_rows(12)))
    (tmp_path / "broken" / "waypoint").mkdir(parents=True)
    (tmp_path / "broken" / "waypoint" / "test-00000.parquet").write_bytes(b"no parquet")
    twice = write_rows(tmp_path / "twice", [*question_rows(3), *question_rows(3)])
    bad = write_rows(tmp_path / "bad", [question_rows(1)[0].model_copy(update={"answer": "E"})])
    for told, name, split, types, tasks, required in (
        ("neither a folder nor a name on the Hub", str(tmp_path / "none"), "test", [], [], []),
        ("allowed are waypoint", folder, "test", ["way"], [], []),
        ("allowed are train, validation, test", folder, "val", [], [], []),
        ("it has only test", folder, "train", [], [], []),
        ("holds no parquet files", str(tmp_path), "test", [], [], []),
        ("it has pick_up_cup, push_button", folder, "test", [], ["cup"], []),
        ("lacks the columns completion", folder, "test", [], [], ["completion"]),
        ("cannot be read", str(tmp_path / "broken"), "test", [], [], []),
        ("two questions with the id", str(twice), "test", [], [], []),
        ("row 1: answer", str(bad), "test", [], [], []),
    ):
        with pytest.raises(UserError, match=told):
            read_questions(name, split, types, tasks, required=required)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("camera", "front", "camera: is no struct"),
        ("camera", [1], "camera: is no struct"),
        ("camera", {"width": "wide"}, "width"),
        ("id", ["a"], "id"),
        ("demo", 7, "demo"),
        ("state", [1.0], "state"),
        ("options", ["a"], "options"),
        ("question", None, "question"),
    ],
)
def test_a_value_of_another_shape_is_named(tmp_path: Path, column: str, value: object, told: str) -> None:
    path = next(write_rows(tmp_path, question_rows(2)).rglob("*.parquet"))
    rows = [row | {column: value} for row in pq.read_table(path).to_pylist()]
    pq.write_table(pa.Table.from_pylist(rows), path)
    with pytest.raises(UserError, match=rf"parquet, row 1: .*{told}"):
        read_questions(str(tmp_path), "test")


def test_a_text_that_is_no_utf8(tmp_path: Path) -> None:
    path = next(write_rows(tmp_path, question_rows(2)).rglob("*.parquet"))
    table = pq.read_table(path)
    broken = pa.array([b"\xff\xfe"] * len(table), pa.binary()).view(pa.string())
    pq.write_table(table.set_column(table.schema.get_field_index("question"), "question", broken), path)
    with pytest.raises(UserError, match="cannot be read"):
        read_questions(str(tmp_path), "test")
