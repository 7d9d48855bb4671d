"""A run that is killed goes on where it was: no question that was answered is asked again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.log import EvalLog, list_eval_logs, read_eval_log

import eval.robot_r1_bench.__main__ as bench
from eval import mcqa
from robot_r1.question import LETTERS
from tests.eval.test_server import verdict
from tests.support.openai_server import Call, OpenAIServer

Command = Callable[[Sequence[str]], int]
AT_ONCE = 4
"""Requests at a time to each model, and so at most in flight when a run is killed."""


def reply(call: Call) -> str:
    """A letter that depends on the question; some completions are not readable."""
    number = int(call.key, 16)
    answer = f"<think>Well.</think><answer>[[{LETTERS[number % 4]}]]</answer>"
    return answer if number % 7 else answer.removesuffix("</answer>")


def started(module: str, arguments: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def killed_after(process: subprocess.Popen[bytes], server: OpenAIServer, answers: int) -> None:
    while server.answered.total() < answers:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def finished(folder: Path) -> EvalLog:
    logs = [read_eval_log(log) for log in list_eval_logs(str(folder))]
    complete = [log for log in logs if log.status == "success"]
    assert len(complete) == 1 < len(logs)
    return complete[0]


def scores(log: EvalLog) -> dict[str, tuple[Any, ...]]:
    """What was said and scored, by question."""
    found = {}
    for sample in log.samples or []:
        score = next(iter((sample.scores or {}).values()))
        found[str(sample.id)] = (score.value, score.answer, score.explanation, score.metadata)
    return found


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    with OpenAIServer(reply) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        yield server


def compared(module: str, main: Command, arguments: list[str], server: OpenAIServer, logs: Path, answers: int) -> None:
    """A run that is killed after so many answers and gone on with has asked and found what a whole run does."""
    arguments = ["--model", "openai-api/toy/m", "--max-connections", str(AT_ONCE), *arguments]
    assert main([*arguments, "--log-dir", str(logs / "whole")]) == 0
    whole = server.calls.copy()
    server.calls.clear()
    server.answered.clear()
    server.seconds = 0.1
    again = [*arguments, "--log-dir", str(logs / "killed")]
    killed_after(started(module, again), server, answers)
    asked = len(server.calls)
    assert answers <= asked < len(whole) - AT_ONCE  # it was killed midway
    assert main(again) == 0
    assert {call.key for call in server.calls} == {call.key for call in whole}
    assert len(server.calls) - len(whole) <= 2 * AT_ONCE  # in flight, to model and judge: nobody received the answer
    asked = len(server.calls)
    assert main(again) == 0 and len(server.calls) == asked  # a finished run asks nothing
    first, second = finished(logs / "killed"), read_eval_log(list_eval_logs(str(logs / "whole"))[0])
    assert scores(first) == scores(second)
    assert first.results is not None and second.results is not None
    assert [score.metrics for score in first.results.scores] == [score.metrics for score in second.results.scores]


def test_a_killed_run_goes_on(server: OpenAIServer, data_set: Path, tmp_path: Path) -> None:
    compared("eval.mcqa", mcqa.main, ["--dataset", str(data_set)], server, tmp_path, answers=15)


def test_a_killed_run_with_a_judge_goes_on(server: OpenAIServer, tmp_path: Path) -> None:
    """Neither what the model nor what the judge has said, twice about each answer, is asked again."""
    server.answer = verdict
    judged = ["--grader", "openai-api/toy/j", "--repeats", "2", "--limit", "16"]
    compared("eval.robot_r1_bench", bench.main, judged, server, tmp_path, answers=25)
