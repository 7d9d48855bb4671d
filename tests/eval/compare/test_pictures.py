"""Where the pictures of a page come from if the log holds none."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from inspect_ai.log import read_eval_log, write_eval_log
from inspect_ai.model import ChatMessageUser, ContentImage, ContentText

from eval.compare.questions import shown_questions
from eval.logs import find_runs
from eval.permutations import rotated
from eval.questions import Row, read_questions
from eval.results import Run
from eval.robot_r1_bench.loading import load_bench
from robot_r1.errors import UserError
from robot_r1.prompts import options_text
from tests.support.bench import write_bench
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


def _named(folder: Path, picture: str, **more: Any) -> Path:
    """A log of the bench that names a picture in both places where logs name them."""
    path = write_log(folder / "a.eval", [Said("q", 0.0, options=(), text="Which way?")], "robot_r1_bench", **more)
    log = read_eval_log(str(path))
    assert log.samples
    (sample,) = log.samples
    sample.input = [ChatMessageUser(content=[ContentImage(image=picture), ContentText(text="Which way?")])]
    sample.metadata["image"] = picture
    write_eval_log(log, str(path))
    return path


@pytest.mark.parametrize("kind", ["private", "device", "pipe", "link"])
def test_a_path_in_a_log_is_never_read(tmp_path: Path, kind: str) -> None:
    """Compared pages are passed on, and what a log names is the writer's choice."""
    picture = tmp_path / "private.png"
    if kind == "device":
        picture = Path("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(picture)
    elif kind == "link":
        picture.symlink_to("/dev/zero")
    else:
        picture.write_bytes(png())
    run = find_runs([_named(tmp_path, str(picture))]).runs[0]
    assert [question.picture for question in shown_questions(run, run.answers)] == [None]


def _spoilt(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The log with its only sample changed."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "samples/q_epoch_1.json"
    sample = json.loads(members[name])
    change(sample)
    with zipfile.ZipFile(path, "w") as archive:
        for each, data in (members | {name: json.dumps(sample).encode()}).items():
            archive.writestr(each, data)
    return path


def test_options_that_are_no_list_are_none(tmp_path: Path) -> None:
    log = write_log(tmp_path / "a.eval", [Said("q", 0.0)])
    run = find_runs([_spoilt(log, lambda sample: sample["metadata"].update(options=1e308))]).runs[0]
    assert [question.options for question in shown_questions(run, run.answers)] == [()]


def test_damage_where_only_the_page_looks_ends_in_one_line(tmp_path: Path) -> None:
    log = write_log(tmp_path / "a.eval", [Said("q", 0.0)])
    run = find_runs([_spoilt(log, lambda sample: sample.update(attachments="x"))]).runs[0]
    with pytest.raises(UserError, match=r"a\.eval is no readable Inspect log: damaged"):
        shown_questions(run, run.answers)


@pytest.mark.parametrize("place", ["~nobody/x", "x" * 5000, "\0", "/dev/zero", "."])
def test_a_data_set_that_no_file_can_be(tmp_path: Path, place: str) -> None:
    for benchmark in ("mcqa", "robot_r1_bench"):
        path = write_log(tmp_path / f"{benchmark}.eval", [Said("q", 0.0)], benchmark, dataset=place)
        run = find_runs([path]).runs[0]
        assert [question.picture for question in shown_questions(run, run.answers)] == [None]


def test_of_a_bench_here_that_asks_the_same(tmp_path: Path) -> None:
    asked = load_bench().questions[0]
    said = [Said(asked.id, 0.0, options=(), text=asked.question), Said("other", 0.0, options=(), text=asked.question)]
    run = find_runs([write_log(tmp_path / "a.eval", said, "robot_r1_bench")]).runs[0]
    expected = load_bench().picture(asked).read_bytes()
    assert [question.picture for question in shown_questions(run, run.answers)] == [expected, None]


def test_of_a_bench_no_picture_outside_its_folder(tmp_path: Path) -> None:
    file = write_bench(tmp_path / "bench") / "bench.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    (tmp_path / "private.png").write_bytes(png())
    lines[0]["image"] = "../private.png"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    said = [Said(line["id"], 0.0, options=(), text=line["question"]) for line in lines[:2]]
    run = find_runs([write_log(tmp_path / "a.eval", said, "robot_r1_bench", dataset=str(file))]).runs[0]
    shown = {
        answer.id: each.picture for answer, each in zip(run.answers, shown_questions(run, run.answers), strict=True)
    }
    assert shown == {lines[0]["id"]: None, lines[1]["id"]: (file.parent / lines[1]["image"]).read_bytes()}
