import json
from pathlib import Path
from typing import Any

import pytest

from eval.robot_r1_bench.loading import load_bench
from robot_r1.errors import UserError
from tests.support.bench import bench_questions, write_bench


def _lines() -> list[dict[str, Any]]:
    return [question.model_dump(mode="json") for question in bench_questions()]


def test_a_folder_and_its_file_are_the_same_bench(tmp_path: Path) -> None:
    bench = load_bench(write_bench(tmp_path))
    assert list(bench.questions) == bench_questions()
    assert bench.picture(bench.questions[0]).is_file()
    assert bench.sizes == ("32x24",)
    assert load_bench(tmp_path / "bench.jsonl") == bench


def test_the_digest_follows_from_questions_and_pictures(tmp_path: Path) -> None:
    first = load_bench(write_bench(tmp_path / "a")).digest
    assert load_bench(write_bench(tmp_path / "b")).digest == first
    picture = tmp_path / "b" / "images" / "task0-0.png"
    picture.write_bytes(picture.read_bytes() + b"\0")
    assert load_bench(tmp_path / "b").digest != first


def test_a_bench_of_ones_own_needs_neither_truth_nor_episodes(tmp_path: Path) -> None:
    wanted = ("id", "image", "reasoning_type", "question", "reference", "task", "description", "in_training")
    lines = [{name: line[name] for name in wanted} for line in _lines()]
    assert all(question.truth is None for question in load_bench(write_bench(tmp_path, lines)).questions)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": None}, "line 2: id: "),
        ({"question": ""}, "line 2: question: "),
        ({"reasoning_type": "social"}, "line 2: reasoning_type: "),
        ({"truth": {"kind": "moves", "along": []}}, "line 2: truth.moves.along: "),
        ({"colour": "red"}, "line 2: colour: "),
        ({"id": "task0-0-spatial"}, "line 2: the id 'task0-0-spatial' is also in line 1"),
        ({"image": "images/none.png"}, "line 2: the picture "),
        ({"image": "bench.jsonl"}, "line 2: the picture cannot be read"),
    ],
)
def test_mistakes_are_told_with_file_and_line(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    lines = _lines()
    write_bench(tmp_path, lines)
    lines[1] |= change
    file = tmp_path / "bench.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_bench(tmp_path)
    assert f"{file}, {said}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_field_and_bad_json(tmp_path: Path) -> None:
    write_bench(tmp_path)
    file = tmp_path / "bench.jsonl"
    good = file.read_text(encoding="utf-8").split("\n")[0]
    file.write_text(f"{good}\n\n{{'id': 1}}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"line 3 is not JSON: .* at character 2"):
        load_bench(tmp_path)
    file.write_text('{"id": "a"}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"line 1: image: Field required \(and 6 more\)"):
        load_bench(tmp_path)
    file.write_text("[1]\n", encoding="utf-8")
    with pytest.raises(UserError, match="line 1: the line: "):
        load_bench(tmp_path)


def test_a_damaged_picture(tmp_path: Path) -> None:
    picture = write_bench(tmp_path) / "images" / "task0-0.png"
    picture.write_bytes(picture.read_bytes()[:60])
    with pytest.raises(UserError, match="line 1: the picture cannot be read"):
        load_bench(tmp_path)


def test_no_bench(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"bench .*bench\.jsonl is missing"):
        load_bench(tmp_path)
    with pytest.raises(UserError, match=r"bench .* is missing"):
        load_bench(tmp_path / "none.jsonl")
    (tmp_path / "bench.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(UserError, match="has no questions"):
        load_bench(tmp_path)
    (tmp_path / "bench.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="not UTF-8"):
        load_bench(tmp_path)
