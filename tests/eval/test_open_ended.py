from pathlib import Path

import pytest
from inspect_ai.log import list_eval_logs, read_eval_log
from inspect_ai.model import ChatMessage, ContentText

from eval import open_ended
from eval.questions import Row
from robot_r1.errors import UserError
from tests.support.question_rows import question_rows, write_rows
from tests.support.scripted_model import scripted

ROWS = question_rows(18)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rows(tmp_path_factory.mktemp("set"), ROWS, without=("options", "answer"))


def test_a_model_says_positions(folder: Path, tmp_path: Path) -> None:
    prompts: list[str] = []

    def script(messages: list[ChatMessage]) -> str:
        content = messages[-1].content
        assert not isinstance(content, str)
        prompts.append("".join(part.text for part in content if isinstance(part, ContentText)))
        return "<think>There.</think> <answer>[0.25, 0.0, 1.0]</answer>"

    flags = ["--dataset", str(folder), "--model", scripted("there", script), "--log-dir", str(tmp_path)]
    assert open_ended.main(flags) == 0
    assert len(prompts) == 12
    assert not any("[[A]]" in prompt for prompt in prompts)
    assert all("the position, in metres, MUST BE between <answer>" in prompt for prompt in prompts)
    (info,) = list_eval_logs(str(tmp_path))
    log = read_eval_log(info)
    assert (log.eval.task, (log.eval.metadata or {})["benchmark"]) == ("open-ended", "open-ended")
    assert (log.eval.metadata or {})["prompt"].startswith("robot_r1/prompts, ")
    for sample in log.samples or []:
        row = next(row for row in ROWS if row.id == sample.id)
        score = (sample.scores or {})["near_position"]
        l1 = sum(abs(a - b) for a, b in zip((0.25, 0.0, 1.0), right(row), strict=True))
        assert score.value == pytest.approx(max(0.0, 1 - l1))


def right(row: Row) -> tuple[float, float, float]:
    position = row.target if row.question_type == "waypoint" else row.state
    assert position is not None
    return position


def test_the_table_of_all_baselines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert open_ended.main(["--dataset", str(folder), "--baseline", "all"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert set(lines) >= {"random", "mean", "state", "oracle"}
    words = lines["oracle"].split()
    assert words[1::4] == ["1.00"] * 2 and words[3::4] == ["1.00]"] * 2 and words[4::4] == ["(0.000)"] * 2
    assert lines["state"].count("(") == 1


def test_own_prompts_are_asked(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "current_state_open.txt").write_text("<image>\n$description: where is it?\n")
    task = open_ended.open_ended(str(folder), question_types="current_state", prompts=str(tmp_path))
    content = next(iter(task.dataset)).input[0].content  # type: ignore[union-attr]
    assert "where is it?" in content[-1].text  # type: ignore[union-attr]
    assert (task.metadata or {})["prompt"].startswith("own templates, ")


def test_mistakes_are_told_in_one_line(folder: Path, tmp_path: Path) -> None:
    bare = write_rows(tmp_path, ROWS, without=("state",))
    with pytest.raises(UserError, match="movement has no position"):
        open_ended.open_ended(str(folder), question_types=["movement"])
    with pytest.raises(UserError, match="lacks the columns state"):
        open_ended.open_ended(str(bare))
    with pytest.raises(UserError, match="prompt folder"):
        open_ended.open_ended(str(folder), prompts="/nowhere")
