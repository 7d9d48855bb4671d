"""`python -m data_gen.audit` as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_gen.audit.__main__ import main
from data_gen.audit.report import AUDIT, Audit
from data_gen.audit.table import markdown_table, summary_lines
from robot_r1.errors import UserError
from robot_r1.question import Question
from tests.data_gen.audit.synthetic import poisoned, with_answer, write

REPOSITORY = Path(__file__).parents[3]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "data_gen.audit", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def always_b(questions: list[Question], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("b"), poisoned(questions, lambda question: with_answer(question, "B")))


def test_a_clean_data_set_passes(clean: Path, tmp_path: Path) -> None:
    result = run(clean, "--fail-on", "amber", "--out", tmp_path / "found.json")
    assert result.returncode == 0, result.stderr
    assert "audit: green" in result.stderr and str(tmp_path / "found.json") in result.stderr
    assert not (clean / AUDIT).exists()
    assert json.loads((tmp_path / "found.json").read_text())["light"] == "green"


def test_a_poisoned_data_set_fails(always_b: Path) -> None:
    result = run(always_b)
    assert result.returncode == 1, result.stderr
    assert "audit: red" in result.stderr and "right answers equally often" in result.stderr
    assert "Traceback" not in result.stderr and len(result.stderr.splitlines()) < 80
    assert Audit.model_validate_json((always_b / AUDIT).read_bytes()).light == "red"


def test_fail_on(always_b: Path, questions: list[Question], tmp_path: Path) -> None:
    assert main([str(always_b), "--fail-on", "never"]) == 0
    assert main([str(always_b), "--fail-on", "red"]) == 1
    few = [question for question in questions if 1 <= question.episode <= 4]  # too few to be anything but green
    stolen = few[0].images  # of episode 1, and like it in the split for training
    amber = write(tmp_path, [q.model_copy(update={"images": stolen}) if q.episode == 2 else q for q in few])
    assert main([str(amber), "--fail-on", "never"]) == main([str(amber)]) == 0
    assert main([str(amber), "--fail-on", "amber"]) == 1


def damaged(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-50])


def broken_inside(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4:400] = bytes(396)
    path.write_bytes(data)


def with_texts_that_are_none(path: Path) -> None:
    table = pq.read_table(path)
    index = table.column_names.index("demo")
    texts = pa.array([b"\xff\xfe"] * len(table)).view(pa.string())
    pq.write_table(table.set_column(index, "demo", texts), path)


def with_a_schema_that_is_no_text(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"answer", b"a\xff\xfewer"))


def without(column: str) -> object:
    def change(path: Path) -> None:
        pq.write_table(pq.read_table(path).drop_columns([column]), path)

    return change


def with_values(column: str, value: object) -> object:
    def change(path: Path) -> None:
        table = pq.read_table(path)
        index = table.column_names.index(column)
        pq.write_table(table.set_column(index, column, pa.array([value] * len(table))), path)

    return change


def without_bytes(path: Path) -> None:
    table = pq.read_table(path)
    index = table.column_names.index("images")
    paths = pa.array([[{"bytes": None, "path": "a.png"}]] * len(table), table.schema.field("images").type)
    pq.write_table(table.set_column(index, "images", paths), path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (damaged, "is not a readable parquet file"),
        (broken_inside, "is damaged"),
        (with_texts_that_are_none, "is damaged"),
        (with_a_schema_that_is_no_text, "is not a readable parquet file"),
        (without("options"), "lacks the column options"),
        (without("demo"), "lacks the column demo"),
        (without("answer_text"), "lacks the column answer_text"),
        (with_values("options", ["a", "b", "c"]), "the column options is not as documented"),
        (with_values("state", None), "the column state is not as documented"),
        (with_values("state", [0.0, 0.0, float("nan")]), "not finite"),
        (with_values("task", None), "a value is missing"),
        (with_values("images", "a path"), "given as paths, which are not read"),
        (with_values("images", [{"path": "a.png"}]), "given as paths, which are not read"),
        (without_bytes, "given as paths, which are not read"),
        (with_values("question_type", "pose"), "question_type 'pose' is unknown; allowed are waypoint"),
        (lambda path: path.rename(path.with_name("some.parquet")), "the name tells no split"),
    ],
)
def test_damaged_data_sets_end_in_one_line(
    change: object, message: str, questions: list[Question], tmp_path: Path
) -> None:
    folder = write(tmp_path / "set", questions[:24])
    change(folder / "waypoint" / "train-00000.parquet")  # type: ignore[operator]
    with pytest.raises(UserError, match=message):
        main([str(folder)])
    assert not (folder / AUDIT).exists()


def test_other_mistakes_end_in_one_line(questions: list[Question], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run(tmp_path / "nowhere")
    assert result.returncode == 2 and "Traceback" not in result.stderr
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ") and "is no folder" in last
    for arguments, message in (
        ([tmp_path / "empty"], "holds no parquet file"),
        ([], "the following arguments are required: PATH"),
        ([tmp_path, "--fail-on", "pink"], "invalid choice"),
        ([tmp_path, "--ou", "x"], "unrecognized arguments: --ou x"),
    ):
        with pytest.raises(UserError, match=message):
            main([str(argument) for argument in arguments])
    folder = write(tmp_path / "set", questions[:24], None)
    (folder / "config.yaml").write_text("dead_zone: wide\n")
    with pytest.raises(UserError, match="dead_zone is 'wide'"):
        main([str(folder)])


def test_findings_that_cannot_be_written_end_in_one_line(questions: list[Question], tmp_path: Path) -> None:
    folder = write(tmp_path / "a set", questions[:24])
    (folder / "file").touch()
    for out in (tmp_path, folder / "file" / "audit.json"):
        with pytest.raises(UserError, match=r"cannot write .*; give --out a file you may write"):
            main([str(folder), "--out", str(out)])


def test_the_next_command_can_be_copied(
    questions: list[Question], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(write(tmp_path / "a set", questions[:24])), "--fail-on", "never"])
    assert f"-m data_gen.report '{tmp_path / 'a set'}'" in capsys.readouterr().err


def test_tables(clean_audit: Audit) -> None:
    table = markdown_table(clean_audit)
    rules = table.split("\n\n")[0].splitlines()
    assert rules[0] == "| picked blindly | waypoint | current_state | movement | allowed |"
    assert all(line.count("|") == 6 for line in rules)
    nearest = next(line for line in rules if line.startswith("| nearest to the state<br>farthest from the state "))
    assert nearest.count("🟢") == 2 and nearest.endswith("|  |  | 0.20 to 0.30 |")
    assert rules[-2].startswith("| learned from the options ") and rules[-2].count("🟢") == 3
    assert rules[-2].endswith("| up to 0.35 |") and rules[-1].endswith("|  |")
    assert rules[-1].startswith("| learned by boosted trees ") and rules[-1].count("⚪") == 3
    assert "| splits: demo in two splits | 🟢 0 of 300 |  |  |  | none |" in table
    lines = summary_lines(clean_audit)
    assert 3 <= len(lines) <= 8 and lines[0].startswith("audit: green (")


def test_files_without_rows_count_for_nothing(questions: list[Question], tmp_path: Path) -> None:
    folder = write(tmp_path, questions[:24])
    file = folder / "waypoint" / "train-00000.parquet"
    pq.write_table(pq.read_table(file).slice(0, 0), folder / "waypoint" / "train-00001.parquet")
    assert main([str(folder), "--fail-on", "never"]) == 0
    for path in folder.rglob("*.parquet"):
        pq.write_table(pq.read_table(path).slice(0, 0), path)
    with pytest.raises(UserError, match="holds no question"):
        main([str(folder)])
