"""The Markdown tables of runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from eval.logs import find_runs
from eval.markdown import plain, table
from eval.summary.__main__ import main
from eval.summary.tables import summary
from robot_r1.cli import run_command
from robot_r1.errors import UserError
from robot_r1.intervals import clustered_interval
from robot_r1.page.text import DASH
from tests.support.eval_logs import Said, write_log

DEMOS = ("d1", "d1", "d2", "d2", "d3", "d3")


def answers(values: str, group: str = "movement", **more: object) -> list[Said]:
    """Answers from a word of 0 and 1, and x for what failed."""
    return [
        Said(f"{group}{i}", None if value == "x" else float(value), demo=demo, group=group, **more)  # type: ignore[arg-type]
        for i, (value, demo) in enumerate(zip(values, DEMOS, strict=False))
    ]


def cells(text: str, group: str, model: str = "") -> list[str]:
    """The cells of a group's row."""
    (line,) = (line for line in text.splitlines() if line.startswith(f"| {group} ") and model in line)
    return [cell.strip() for cell in line.strip("|").split("|")]


def read(*paths: Path) -> str:
    return summary(find_runs(paths).runs)


def test_rows_by_group_with_intervals_by_demo(tmp_path: Path) -> None:
    text = read(write_log(tmp_path / "a.eval", answers("110100") + answers("000011", "waypoint")))
    expected = clustered_interval([1, 1, 0, 1, 0, 0], DEMOS)
    assert cells(text, "movement")[2:] == [
        "6",
        "0.500",
        f"{expected.low:.3f} {DASH} {expected.high:.3f}",
        "1",
        "0.0 %",
    ]
    assert cells(text, "all")[2:4] == ["12", "0.417"]
    assert text.index("| waypoint") < text.index("| movement")


def test_what_failed_is_counted(tmp_path: Path) -> None:
    text = read(write_log(tmp_path / "a.eval", answers("11x0"), more_asked=["q8", "q9"]))
    assert cells(text, "all")[2:4] == ["3 of 6", "0.667"]
    assert cells(text, "movement")[2:4] == ["3 of 4", "0.667"]


def test_refused_answers_are_a_share_of_those_with_a_value(tmp_path: Path) -> None:
    said = [*answers("11x"), Said("r", 0.0, reason="no_answer")]
    assert cells(read(write_log(tmp_path / "a.eval", said)), "all")[-1] == "33.3 %"


def test_runs_that_differ_in_their_seed_are_one_row(tmp_path: Path) -> None:
    paths = [write_log(tmp_path / f"{i}.eval", answers(v), seed=i) for i, v in enumerate(("110000", "111100"))]
    text = read(*paths)
    mean = clustered_interval([1, 1, 0.5, 0.5, 0, 0], DEMOS)
    assert cells(text, "all")[2:] == [
        "2 x 6",
        "0.500",
        f"{mean.low:.3f} {DASH} {mean.high:.3f}",
        "2: 0.500 ± 0.236",
        "0.0 %",
    ]
    assert "seeds 0, 1" in text


def test_the_same_seed_twice_is_told(tmp_path: Path) -> None:
    text = read(*(write_log(tmp_path / f"{i}.eval", answers("1100"), seed=5) for i in range(2)))
    assert "several runs with seed 5, which count as repeats" in text


def test_seeds_of_sampling_are_seeds(tmp_path: Path) -> None:
    for seed in (8, 7):
        path = tmp_path / f"{seed}.eval"
        write_log(path, answers("1100"), decoding={"temperature": 1.0, "seed": seed})
    text = read(tmp_path)
    assert "2: 0.500 ± 0.000" in text
    assert "seeds 7, 8; 7.eval, 8.eval" in text


def test_runs_of_other_questions_are_no_seeds(tmp_path: Path) -> None:
    for number, values in enumerate(("110000", "11")):
        write_log(tmp_path / f"{number}.eval", answers(values), seed=number)
    assert "±" not in "".join(line for line in read(tmp_path).splitlines() if line.startswith("| all"))


def test_training_seeds_are_one_row_if_asked_for(tmp_path: Path) -> None:
    for seed in (1, 2, 3):
        write_log(tmp_path / f"{seed}.eval", answers("1100"), model=f"robot-r1/grpo-s{seed}", checkpoint=str(seed))
    runs = find_runs([tmp_path]).runs
    text = summary(runs, seeds_of=["robot-r1/grpo-s*"])
    assert "3: 0.500 ± 0.000" in text
    assert "the seeds are robot-r1/grpo-s1, robot-r1/grpo-s2, robot-r1/grpo-s3" in text
    assert "repeats" not in text
    assert "± 0.000" not in summary(runs)
    with pytest.raises(UserError, match="--seeds-of grpo matches none of the models robot-r1/grpo-s1, "):
        summary(runs, seeds_of=["grpo"])


def test_footnotes_say_only_what_is_not_said_of_all_rows(tmp_path: Path) -> None:
    write_log(tmp_path / "a.eval", answers("1100"))
    write_log(tmp_path / "b.eval", answers("1100"), model="vllm/x", engine="vllm")
    text = read(tmp_path)
    (shared,) = (line for line in text.splitlines() if line.startswith("All rows: "))
    assert "dataset_version v1" in shared
    assert "engine" not in shared
    assert "2. vllm/x: engine vllm; seed 0; b.eval" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [("dataset_version", "v2"), ("prompt", "other"), ("split", "train"), ("decoding", {"temperature": 1.0})],
)
def test_what_makes_runs_incomparable_is_told(tmp_path: Path, name: str, value: object) -> None:
    write_log(tmp_path / "a.eval", answers("1100"))
    write_log(tmp_path / "b.eval", answers("1100"), model="openai/other", **{name: value})
    (warning,) = (line for line in read(tmp_path).splitlines() if line.startswith("**Not comparable:**"))
    assert name in warning
    assert "openai/base" in warning
    assert "openai/other" in warning


def test_other_engines_are_no_other_conditions(tmp_path: Path) -> None:
    write_log(tmp_path / "a.eval", answers("1100"))
    write_log(tmp_path / "b.eval", answers("1100"), model="vllm/x", engine="vllm", versions={"vllm": "0.22"})
    assert "Not comparable" not in read(tmp_path)


def test_the_bench_is_split_by_training(tmp_path: Path) -> None:
    said = [
        *answers("330", "spatial", in_training=True),
        *(Said(f"o{i}", 1.0, group="spatial", in_training=False, demo=f"o{i}") for i in range(3)),
    ]
    text = read(write_log(tmp_path / "a.eval", said, "robot_r1_bench"))
    assert cells(text, "in training")[2:4] == ["3", "2.000"]
    assert cells(text, "held out")[2:5] == ["3", "1.000", f"0.050 {DASH} 2.811"]  # three alike tell little
    assert cells(text, "spatial, held out")[3] == "1.000"
    assert "judge rules" in text


def test_rows_by_task(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = [*answers("11"), Said("b", 0.0, task="a_task")]
    main([str(write_log(tmp_path / "a.eval", said)), "--by", "task"])
    text = capsys.readouterr().out
    assert cells(text, "a task")[3] == "0.000"
    assert cells(text, "pick up cup")[3] == "1.000"


def test_names_have_no_meaning_to_markdown(tmp_path: Path) -> None:
    text = read(write_log(tmp_path / "a.eval", answers("1"), model="x/a|b <b>*\n_c_"))
    assert r"x/a\|b \<b\>\* \_c\_ (1)" in text
    assert plain("pick_up_cup") == "pick_up_cup"


def test_a_table_reads_as_text() -> None:
    assert table(("a", "n"), [("long name", "1")]) == ("| a         |   n |\n| --------- | --: |\n| long name |   1 |")


def test_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "tables" / "summary.md"
    main([str(write_log(tmp_path / "a.eval", answers("1100"))), "--out", str(out)])
    assert out.read_text().startswith("## mcqa\n")
    assert capsys.readouterr().out == f"{out}\n"


def test_left_out_logs_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_log(tmp_path / "a.eval", answers("1100"))
    write_log(tmp_path / "b.eval", answers("1"), status="error")
    main([str(tmp_path)])
    assert "left out: " in capsys.readouterr().err


def test_mistakes_end_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["eval.summary", "nowhere"])
    assert run_command(main, "") == 2
    assert capsys.readouterr().err == "error: nowhere does not exist; give a log (.eval) or a folder of logs\n"


def test_neither_torch_nor_a_simulator_is_imported() -> None:
    commands = "import sys, eval.compare.__main__, eval.summary.__main__"
    program = f"{commands}; sys.exit(bool({{'torch', 'mujoco'}} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", program], check=True)
