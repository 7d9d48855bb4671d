"""A server that errs, stalls and talks nonsense, as model and as judge: every question ends with its own answer."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pyarrow.parquet as pq
import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalLog, list_eval_logs, read_eval_log
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    Content,
    ContentReasoning,
    ContentText,
    GenerateConfig,
    Model,
    ModelOutput,
    get_model,
)

import eval.robot_r1_bench.__main__ as bench
from eval import mcqa
from eval.as_sent import as_sent
from eval.replies import EMPTY_TRIES, UNREADABLE_TRIES, UnreadableReplyError, that_insists
from robot_r1.question import LETTERS
from tests.support.openai_server import Call, Fault, OpenAIServer

FAULTS: tuple[Fault, ...] = get_args(Fault)
UNMENDED: tuple[Fault, ...] = ("malformed_json", "no_choices", "empty_choices", "no_message")
"""What ends a question with an error if Inspect is left alone."""


def reply(call: Call) -> str:
    """A letter that depends on the question, in the right format."""
    return f"<think>It says {call.key}.</think><answer>[[{LETTERS[int(call.key, 16) % 4]}]]</answer>"


def faulty(call: Call) -> Fault | None:
    """Each kind in turn; no question gets two."""
    return FAULTS[call.number % len(FAULTS)] if call.again == 0 and call.number % 5 else None


def only_log(folder: Path) -> EvalLog:
    logs = list_eval_logs(str(folder))
    assert len(logs) == 1
    return read_eval_log(logs[0])


def answers(log: EvalLog) -> dict[str, str | None]:
    return {str(s.id): (s.scores or {})[next(iter(s.scores or {}))].answer for s in log.samples or []}


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    with OpenAIServer(reply, faulty, slow_seconds=3.0) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        yield server


def test_no_answer_is_lost(hostile: OpenAIServer, data_set: Path, tmp_path: Path) -> None:
    arguments = ["--dataset", str(data_set), "--model", "openai-api/toy/m", "--log-dir", str(tmp_path)]
    assert mcqa.main([*arguments, "-M", "client_timeout=2"]) == 0
    log = only_log(tmp_path)
    rows = [row for file in data_set.rglob("test-*.parquet") for row in pq.read_table(file).to_pylist()]
    assert log.status == "success" and len(log.samples or []) == len(rows) > len(FAULTS)
    assert hostile.faults.keys() == set(FAULTS)

    first: dict[str, Call] = {call.images[0].hex() + call.text: call for call in hostile.calls[::-1]}
    for row in rows:
        picture = row["images"][0]["bytes"]  # as it is in the data set, byte for byte
        call = first[picture.hex() + row["question"].replace("<image>", "")]
        assert answers(log)[row["id"]] == LETTERS[int(call.key, 16) % 4]
        assert call.body["temperature"] == 0 and call.body["model"] == "m"


def verdict(call: Call) -> str:
    """As the model an answer, as the judge a score that depends on it, which is not readable the first time."""
    if call.body["model"] == "m":
        return f"<think>Let me see.</think><answer>Answer {call.key}.</answer>"
    answer = re.findall(r"Answer ([0-9a-f]{16})\.", str(call.messages))[0]
    first = len([message for message in call.messages if message["role"] == "assistant"]) == 0
    return f"{answer} is good" if first and int(answer, 16) % 3 == 0 else f"Score: {score(answer)} Reason: So it is."


def score(answer: str) -> int:
    return int(answer, 16) % 4


def test_no_judgement_is_lost(hostile: OpenAIServer, tmp_path: Path) -> None:
    hostile.answer = verdict
    arguments = ["--model", "openai-api/toy/m", "--grader", "openai-api/toy/j", "--log-dir", str(tmp_path)]
    assert bench.main([*arguments, "--limit", "24"]) == 0
    log = only_log(tmp_path)
    assert log.status == "success" and len(log.samples or []) == 24
    assert hostile.faults.keys() == set(FAULTS)
    for sample in log.samples or []:
        given = next(iter((sample.scores or {}).values()))
        assert given.answer is not None and given.value == score(given.answer.removeprefix("Answer ").strip("."))
    assert {call.body["temperature"] for call in hostile.calls if call.body["model"] == "j"} == {1}
    assert not any(call.images for call in hostile.calls if call.body["model"] == "j")  # the judge sees no picture
    assert all(len(call.images) == 1 for call in hostile.calls if call.body["model"] == "m")


def bare(server: OpenAIServer, retries: int = 0) -> Model:
    config = GenerateConfig(max_retries=retries)
    return get_model("openai-api/toy/m", memoize=False, base_url=server.url, api_key="none", config=config)


THOUGHTS = {
    "<think>It is red.</think>\n<answer>[[A]]</answer>": "<answer>[[A]]</answer>",
    "<answer>[[A]]</answer><think>It is red.</think>": "<answer>[[A]]</answer>",  # the wrong order, to be refused
    "<think>cut off": "<think>cut off",
    "<answer>[[A]]</answer>": "<answer>[[A]]</answer>",
}


@pytest.mark.parametrize("sent", THOUGHTS)
def test_thinking_is_read_as_it_was_sent(sent: str) -> None:
    with OpenAIServer(lambda call: sent) as server:
        assert asyncio.run(bare(server).generate("Hello")).completion == THOUGHTS[sent]  # Inspect takes it away
        assert as_sent(asyncio.run(that_insists(bare(server)).generate("Hello"))) == sent


def test_inspects_own_eval_reads_it_as_it_was_sent_too(
    data_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = "<answer>[[A]]</answer><think>It is red.</think>"
    with OpenAIServer(lambda call: sent) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        task = mcqa.mcqa(str(data_set))
        (log,) = inspect_eval(task, model="openai-api/toy/m", limit=1, log_dir=str(tmp_path), display="none")
    (sample,) = log.samples or []
    assert sample.output.completion == sent
    assert ((sample.scores or {})["right_option"].metadata or {})["reason"] == "wrong_order"


def test_the_last_error_is_told_when_retries_run_out(
    data_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with OpenAIServer(reply, lambda call: "malformed_json") as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        flags = ["--dataset", str(data_set), "--log-dir", str(tmp_path), "--limit", "1", "--max-retries", "0"]
        assert mcqa.main([*flags, "--model", "openai-api/toy/m"]) == 1
    (told,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert "m sent an unreadable reply: " in told and "RetryError" not in told


def test_thinking_that_a_server_took_out_stands_before_the_answer() -> None:
    parts: list[Content] = [ContentReasoning(reasoning="It is red."), ContentText(text="<answer>[[A]]</answer>")]
    output = ModelOutput(choices=[ChatCompletionChoice(message=ChatMessageAssistant(content=parts))])
    assert as_sent(output) == "<think>It is red.</think>\n<answer>[[A]]</answer>"


@pytest.mark.parametrize("fault", UNMENDED)
def test_inspect_alone_does_not_retry_nonsense(fault: Fault) -> None:
    """When this fails, `eval.replies` has less to do."""
    with OpenAIServer(reply, lambda call: fault) as server:
        try:
            output = asyncio.run(bare(server, retries=3).generate("Hello"))
        except (json.JSONDecodeError, TypeError, AttributeError):
            pass
        else:
            assert not output.choices
        assert len(server.calls) == 1


@pytest.mark.parametrize("fault", ["null_content", "empty_content"])
def test_an_empty_reply_is_the_answer_only_when_repeated(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.replies._WAIT", 0.0)
    with OpenAIServer(reply, lambda call: fault) as server:
        assert asyncio.run(bare(server).generate("Hello")).completion == ""  # what Inspect alone takes for it
        assert asyncio.run(that_insists(bare(server)).generate("Hello")).completion == ""
        assert len(server.calls) == 1 + EMPTY_TRIES
    with OpenAIServer(reply, lambda call: fault if call.again < EMPTY_TRIES - 1 else None) as server:
        assert "[[" in asyncio.run(that_insists(bare(server)).generate("Hello")).completion


@pytest.mark.parametrize("fault", [*UNMENDED, "huge", "blanks"])
def test_nonsense_is_asked_for_again_and_ends(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.replies._WAIT", 0.0)
    with OpenAIServer(reply, lambda call: fault) as server:
        model = that_insists(bare(server))
        with pytest.raises(UnreadableReplyError):
            asyncio.run(model.generate("Hello"))
        assert len(server.calls) == UNREADABLE_TRIES  # and not once more, however patient Inspect is
        assert not model.api.should_retry(UnreadableReplyError("no choices"))
        assert not model.api.should_retry(ValueError("something else"))


@pytest.mark.parametrize("fault", ["parts", "parts_of_other_kinds"])
def test_a_text_in_parts_is_read(fault: Fault) -> None:
    with OpenAIServer(reply, lambda call: fault) as server:
        output = asyncio.run(that_insists(bare(server)).generate("Hello"))
        assert as_sent(output) == reply(server.calls[0])
        assert len(server.calls) == 1


@pytest.mark.parametrize("text", ["\ud800 [[A]]", "\0\x1b[2J\u202e"])
def test_half_characters_and_control_codes_reach_the_log(
    text: str, data_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with OpenAIServer(lambda call: text) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        arguments = ["--dataset", str(data_set), "--model", "openai-api/toy/m", "--log-dir", str(tmp_path)]
        assert mcqa.main([*arguments, "--limit", "2"]) == 0
    assert len(only_log(tmp_path).samples or []) == 2
    printed = capsys.readouterr()
    assert "\x1b[2J" not in printed.out + printed.err


def test_codes_in_a_servers_error_do_not_reach_the_terminal(
    data_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with OpenAIServer(reply, lambda call: "control_codes") as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        arguments = ["--dataset", str(data_set), "--model", "openai-api/toy/m", "--log-dir", str(tmp_path)]
        assert mcqa.main([*arguments, "--limit", "1"]) == 1
    printed = capsys.readouterr()
    assert "\x1b[2J" not in printed.out + printed.err
