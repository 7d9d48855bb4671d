import math
import shutil
from pathlib import Path

import pytest
from inspect_ai.log import EvalLog, EvalSample, read_eval_log
from inspect_ai.model import ChatMessage

from eval.agreement.__main__ import main as agreement
from eval.judge.rules import RULES_JUDGE
from eval.robot_r1_bench.__main__ import main
from robot_r1.errors import UserError
from tests.support.bench import write_bench
from tests.support.scripted_model import Script, scripted
from tests.support.tables import narrow

READABLE = "Score: 2 Reason: nearly"


class Counted:
    """A script that counts its calls."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.calls = 0

    def __call__(self, messages: list[ChatMessage]) -> str:
        self.calls += 1
        return self.script(messages)


def _answer(messages: list[ChatMessage]) -> str:
    """Right for movements, two answers for subtasks, no tags for plans, something else for relations."""
    question = messages[-1].text
    if "move next" in question:
        return "<think>near</think> <answer>Move down.</answer>"
    if "subtask" in question:
        return "<answer>Grasp it.</answer> <answer>Lift it.</answer>"
    return "1. Fly away." if "steps" in question else "<answer>The gripper is below the red cup.</answer>"


def _cannot_judge_plans(messages: list[ChatMessage]) -> str:
    return "hard to say" if "Which steps" in messages[1].text else READABLE


def _overloaded(messages: list[ChatMessage]) -> str:
    raise ValueError("the judge is overloaded")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def judged(bench: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with four scored answers of the movement type and of relations, four refused and four unjudged."""
    folder = tmp_path_factory.mktemp("judged")
    models = ["--model", scripted("model", _answer), "--grader", scripted("judge", _cannot_judge_plans)]
    assert main([*models, "--repeats", "2", "--bench", str(bench), "--log-dir", str(folder)]) == 1
    (log,) = folder.rglob("*.eval")
    return log


def _scores(log: EvalLog) -> dict[str, float]:
    return {str(sample.id): _main(sample)[0] for sample in log.samples or ()}


def _main(sample: EvalSample) -> tuple[float, dict[str, object]]:
    score = next(iter((sample.scores or {}).values()))
    return score.as_float(), score.metadata or {}


def test_what_a_log_holds(judged: Path) -> None:
    log = read_eval_log(str(judged))
    assert (log.status, log.eval.task, log.eval.model) == ("success", "robot_r1_bench", "scripted/model")
    facts = log.eval.metadata or {}
    assert (facts["benchmark"], facts["judge"], facts["judge_repeats"]) == ("robot_r1_bench", "scripted/judge", 2)
    assert facts["image_resolution"] == ["32x24"]
    assert facts["decoding"]["temperature"] == 0
    sample = next(sample for sample in log.samples or () if sample.id == "task1-0-movement")
    assert sample.metadata["demo"] == "task1/variation0/episode0"
    assert (sample.metadata["task"], sample.metadata["group"]) == ("task1", "movement")
    assert (sample.metadata["in_training"], sample.metadata["question_id"]) == (False, "task1-0-movement")
    value, details = _main(sample)
    assert (value, details["replies"]) == (2, [[READABLE], [READABLE]])


def test_unjudged_answers_are_not_zero(judged: Path) -> None:
    log = read_eval_log(str(judged))
    scores = _scores(log)
    assert sum(map(math.isnan, scores.values())) == 4
    assert all(math.isnan(score) == name.endswith("planning") for name, score in scores.items())
    assert log.results is not None
    result = log.results.scores[0]
    assert (result.scored_samples, result.unscored_samples) == (12, 4)
    assert result.metrics["mean"].value == pytest.approx(8 * 2 / 12)
    assert result.metrics["refused"].value == 4


def test_only_what_is_unjudged_is_asked_again(
    judged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(shutil.copy(judged, tmp_path))
    judge = Counted(lambda messages: "Score: 1 Reason: another end")
    scripted("judge", judge)
    assert main(["--rescore", str(path), "--unjudged", "--log-dir", str(tmp_path)]) == 0
    assert judge.calls == 4 * 2
    before, after = _scores(read_eval_log(str(judged))), _scores(read_eval_log(str(path)))
    assert after == {name: 1 if math.isnan(score) else score for name, score in before.items()}
    log = read_eval_log(str(path))
    assert log.results is not None
    assert log.results.scores[0].metrics["mean"].value == pytest.approx((8 * 2 + 4 * 1) / 16)
    assert "0 unjudged" in capsys.readouterr().err
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    with pytest.raises(UserError, match="every answer in the log has a score"):
        main(["--rescore", str(path), "--unjudged", "--log-dir", str(tmp_path)])
    with pytest.raises(UserError, match="was judged by scripted/judge"):
        main(["--rescore", str(path), "--unjudged", "--grader", "scripted/other", "--log-dir", str(tmp_path)])


def test_tokens_and_cost(judged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("scripted/priced: {input: 2, output: 4, input_cache_write: 0, input_cache_read: 0}\n")
    command = ["--rescore", str(judged), "--log-dir", str(tmp_path), "--model-cost-config", str(prices)]
    assert main([*command, "--grader", scripted("priced", lambda messages: READABLE)]) == 0
    told = capsys.readouterr().err
    assert "tokens of the model: 160 in, 80 out\n" in told
    assert "tokens of the judge: 120 in, 60 out, 0.0005 USD\n" in told
    prices.write_text("scripted/priced: {input: cheap}\n")
    with pytest.raises(UserError, match=r"prices\.yaml: scripted/priced: input: Input should be a valid number"):
        main(command)


def test_another_judge_for_the_same_answers(judged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = Counted(_answer)
    scripted("model", model)
    assert main(["--rescore", str(judged), "--log-dir", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert "not the paper's judge" in printed.err
    assert "not the paper's judge" in " ".join(printed.out.split())
    (path,) = tmp_path.glob("*_rules.eval")
    log = read_eval_log(str(path))
    assert model.calls == 0
    assert (log.eval.model, (log.eval.metadata or {})["judge"]) == ("scripted/model", RULES_JUDGE)
    assert {score for name, score in _scores(log).items() if name.endswith("movement")} == {3}
    assert {score for name, score in _scores(log).items() if not name.endswith("movement")} == {0}
    agreement([str(judged), str(path)])
    table = narrow(capsys.readouterr().out)
    assert f"| scripted/judge, {RULES_JUDGE} | all | 8 | undefined |" in table
    assert "scripted/judge: 8 answers without a score of this judge are left out." in table


def test_a_csv_for_people(judged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    template = tmp_path / "scores.csv"
    agreement(["--csv-template", str(judged), "--out", str(template)])
    text = template.read_text(encoding="utf-8")
    assert text.splitlines()[0] == "id,reasoning_type,demo,image,question,reference,answer,score,rater"
    assert "scripted" not in text
    assert "nearly" not in text
    rows = text.splitlines()[1:]
    assert len(rows) == 12
    filled = [row.removesuffix(",") + f"{score % 4},ann" for score, row in enumerate(rows)]
    template.write_text("\n".join([text.splitlines()[0], *filled]), encoding="utf-8")
    agreement([str(judged), str(template)])
    assert "| scripted/judge, scores | spatial | 4 |" in narrow(capsys.readouterr().out)
    with pytest.raises(UserError, match="exists and may hold scores"):
        agreement(["--csv-template", str(judged), "--out", str(template)])


def test_no_answer_is_lost_when_the_judge_fails(
    bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, judge = Counted(_answer), Counted(_overloaded)
    command = ["--model", scripted("model", model), "--grader", scripted("failing", judge)]
    command += ["--bench", str(bench), "--log-dir", str(tmp_path), "--tasks", "task0"]
    assert main(command) == 1
    assert "the judge is overloaded" in capsys.readouterr().err
    assert model.calls == 8
    (path,) = tmp_path.rglob("*.eval")
    assert main(["--rescore", str(path), "--log-dir", str(tmp_path)]) == 0
    (rescored,) = tmp_path.glob("*_rules.eval")
    log = read_eval_log(str(rescored))
    assert log.status == "success"
    assert all(sample.error is None and sample.scores for sample in log.samples or ())
    judge.script = lambda messages: READABLE
    assert main(command) == 0
    assert model.calls == 8


def test_a_judge_that_fails_while_rescoring_is_one_line(judged: Path, tmp_path: Path) -> None:
    answered = iter(range(3))

    def judge(messages: list[ChatMessage]) -> str:
        next(answered)
        return READABLE

    command = ["--rescore", str(judged), "--log-dir", str(tmp_path), "--grader", scripted("flaky", judge)]
    with pytest.raises(UserError, match=r"^scripted/flaky: .*; what the judge said is kept"):
        main(command)
    assert not list(tmp_path.glob("*.eval"))
    rest = Counted(lambda messages: READABLE)
    scripted("flaky", rest)
    assert main(command) == 0
    assert rest.calls == 12 - 3
    assert [entry.suffix for entry in tmp_path.iterdir()] == [".eval"]
    with pytest.raises(UserError, match="has these scores already"):
        main(command)


@pytest.mark.parametrize(("baseline", "mean"), [("reference", 3), ("", 0)])
def test_the_ends_of_the_scale(
    bench: Path, tmp_path: Path, baseline: str, mean: float, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--bench", str(bench), "--log-dir", str(tmp_path), "--reasoning-types", "spatial,movement"]
    assert main(["--baseline", baseline, *flags, "--markdown", str(tmp_path / "table.md")]) == 0
    table = " ".join((tmp_path / "table.md").read_text(encoding="utf-8").split())
    ends = "[0.85, 3.00]" if mean else "[0.00, 2.15]"  # four demos alike tell little of others
    assert f"| all | 8 | {mean}.00 {ends} |" in table
    assert "not the paper's judge" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "no model is named"),
        (["--model", "a/b", "--baseline", "reference"], "leave out --model or --baseline"),
        (["--model", "nobody/x"], "nobody"),
        (["--baseline", "reference", "--repeats", "3"], "the rules judge always gives the same score"),
        (["--baseline", "reference", "--repeats", "0"], "0 is not a number of at least 1"),
        (["--baseline", "reference", "--tasks", "task9"], "unknown task 'task9'; the bench has task0, task1"),
        (["--baseline", "reference", "--reasoning-types", "social"], "unknown reasoning type 'social'"),
        (["--baseline", "reference", "--unjudged"], "--unjudged goes with --rescore"),
        (["--rescore", "none.eval", "--model", "a/b", "--limit", "3"], "leave out --model, --limit, --bench"),
    ],
)
def test_mistakes(bench: Path, tmp_path: Path, flags: list[str], said: str) -> None:
    with pytest.raises(UserError) as caught:
        main([*flags, "--bench", str(bench), "--log-dir", str(tmp_path)])
    assert said in str(caught.value)
    assert not list(tmp_path.rglob("*.eval"))


def test_there_is_no_such_log_to_rescore(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"log none\.eval is missing"):
        main(["--rescore", "none.eval", "--log-dir", str(tmp_path)])


def test_a_damaged_log(judged: Path, tmp_path: Path) -> None:
    whole = judged.read_bytes()
    for cut in (0, 20, len(whole) // 2, len(whole) - 10):
        (tmp_path / "cut.eval").write_bytes(whole[:cut])
        with pytest.raises(UserError, match=r"cut\.eval is no readable Inspect log"):
            main(["--rescore", str(tmp_path / "cut.eval"), "--log-dir", str(tmp_path)])


def _without_truth(line: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in line.items() if name != "truth"}


def test_the_rules_judge_needs_truth(tmp_path: Path) -> None:
    from tests.support.bench import bench_questions

    lines = [_without_truth(question.model_dump(mode="json")) for question in bench_questions(1, 1)]
    bench = write_bench(tmp_path, lines)
    with pytest.raises(UserError, match=r"4 questions, such as task0-0-spatial, have no truth .*--grader PROVIDER"):
        main(["--baseline", "reference", "--bench", str(bench), "--log-dir", str(tmp_path)])
