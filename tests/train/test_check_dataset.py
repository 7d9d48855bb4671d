"""Which rows can be used, counted with the processor that will be used."""

import time
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset, Features, Image, List, Value
from PIL import Image as PillowImage
from transformers import ProcessorMixin

from robot_r1.errors import UserError
from robot_r1.pictures import TOO_LONG, UNREADABLE
from tests.conftest import BARE, CPU
from train import grpo
from train.arguments import DataArguments, ModelArguments
from train.check_dataset import DatasetCheck, check_dataset, unchecked
from train.data import messages, rendered
from train.model import read_processor

FEATURES = Features(
    {
        **{name: Value("string") for name in ("id", "question_type", "question", "answer")},
        "images": List(Image()),
    }
)


@pytest.fixture(scope="module")
def processor(tiny_model: Path) -> ProcessorMixin:
    return read_processor(ModelArguments(model_name_or_path=str(tiny_model)))


def picture(width: int, height: int) -> bytes:
    buffer = BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    PillowImage.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


def row(name: str, **changes: Any) -> dict[str, Any]:
    given = {"question_type": "waypoint", "question": "<image>Where to? [A] here", "answer": "A"}
    image = changes.pop("image", picture(56, 56))
    return {"id": name, **given, "images": [{"bytes": image, "path": None}], **changes}


def check(rows: list[dict[str, Any]], processor: ProcessorMixin, **limits: Any) -> DatasetCheck:
    return check_dataset(
        Dataset.from_list(rows, features=FEATURES), processor, DataArguments(dataset="x", **limits), show=False
    )


SIZES = [(56, 56), (100, 40), (33, 97), (300, 200), (28, 28), (20, 15), (640, 480)]


@pytest.mark.parametrize("limits", [{}, {"max_pixels": 3136}, {"min_pixels": 6272}, {"min_pixels": 4000}])
def test_counts_are_those_of_the_whole_processor(processor: ProcessorMixin, limits: dict[str, int]) -> None:
    rows = [
        row(f"{size}", image=picture(*size), question="Well: <image>Where to? ä北🤖" + " now" * place)
        for place, size in enumerate(SIZES)
    ]
    found = check(rows, processor, **limits)
    read = rendered(Dataset.from_list(rows, features=FEATURES), limits.get("min_pixels"), limits.get("max_pixels"))
    for length, given in zip(found.tokens, read, strict=True):
        text = processor.apply_chat_template(messages(given["question"]), add_generation_prompt=True, tokenize=False)
        ids = processor(images=given["images"], text=text)["input_ids"][0]
        assert length == len(ids)
        assert list(ids).count(processor.image_token_id) <= found.image_tokens
    assert found.longest == max(found.tokens)


def test_long_prompts_are_left_out_whole(processor: ProcessorMixin) -> None:
    rows = [row("short"), row("long", question="<image>" + "word " * 300), row("short too")]
    found = check(rows, processor, max_prompt_tokens=120)
    assert found.kept == (0, 2) and found.longest <= 120
    assert found.dropped == {"the prompt has more than 120 tokens (--max_prompt_tokens)": 1}
    assert list(found.examples.values()) == ["long"]
    exact = check([row("short")], processor, max_prompt_tokens=found.longest)
    assert exact.kept == (0,)
    with pytest.raises(UserError, match="no question of the data set can be used: 1 the prompt has more"):
        check([row("short")], processor, max_prompt_tokens=found.longest - 1)


def test_rows_that_cannot_be_used_are_counted_with_an_example(processor: ProcessorMixin) -> None:
    rows = [
        row("good"),
        row("no mark", question="Where to?"),
        row("two marks", question="<image><image>Where to?"),
        row("no question", question=None),
        row("letter", answer="E"),
        row("small letter", answer="a"),
        row("no letter", answer=None),
        row("no picture", image=b""),
        row("half a picture", image=picture(56, 56)[:2000]),
        row("text", image=b"not a picture"),
        row("a line", image=picture(2000, 3)),
        {**row("two pictures"), "images": [{"bytes": picture(28, 28), "path": None}] * 2},
        {**row("none"), "images": []},
        {**row("null"), "images": None},
    ]
    found = check(rows, processor)
    assert found.kept == (0,)
    assert found.dropped == {
        "not exactly one image with its <image> mark in the prompt": 5,
        "the question or the completion is empty or no text": 1,
        "the answer is none of A, B, C, D": 3,
        UNREADABLE: 3,
        TOO_LONG: 1,
    }
    assert set(found.examples.values()) == {"no mark", "no question", "letter", "no picture", "a line"}
    assert "1 of 14 questions can be used" in found.text()
    assert "left out: 3, the answer is none of A, B, C, D (such as letter)" in found.text()


@pytest.mark.parametrize("completion", [None, "", " \n"])
def test_completions_that_teach_nothing_are_left_out(processor: ProcessorMixin, completion: str | None) -> None:
    rows = Dataset.from_list([row("good", completion="up"), row("bad", completion=completion)])
    found = check_dataset(rows, processor, DataArguments(dataset="x"), show=False)
    assert found.kept == (0,) and found.dropped == {"the question or the completion is empty or no text": 1}


@pytest.mark.parametrize("column", ["question", "completion"])
def test_columns_of_other_types_are_no_text(processor: ProcessorMixin, column: str) -> None:
    for value in (7, ["<image>Where to?"], [{"role": "assistant", "content": "up"}]):
        rows = Dataset.from_list([{**row("a", completion="up"), column: value}])
        with pytest.raises(UserError, match="1 the question or the completion is empty or no text"):
            check_dataset(rows, processor, DataArguments(dataset="x"), show=False)


def test_a_text_of_megabytes_is_left_out_at_once(processor: ProcessorMixin) -> None:
    start = time.process_time()
    found = check([row("good"), row("huge", question="<image>" + "a b" * 10**7)], processor)
    assert found.kept == (0,) and "tokens (--max_prompt_tokens)" in next(iter(found.dropped))
    assert time.process_time() - start < 5


def test_what_is_kept_is_summed_up(processor: ProcessorMixin) -> None:
    rows = [row("a"), row("b", question_type="movement", answer="C"), row("c", answer="C"), row("d", answer="x")]
    found = check(rows, processor)
    assert found.questions == {"movement": 1, "waypoint": 2}
    assert found.letters == {"A": 1, "B": 0, "C": 2, "D": 0}
    assert "by type: movement 1, waypoint 2" in found.text()


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max_pixels": 200000}, "max_pixels 200000 is outside of the model's own limits, 784 to 12544"),
        ({"min_pixels": 100}, "min_pixels 100 is outside"),
        ({"min_pixels": 5000, "max_pixels": 4000}, "min_pixels 5000 is more than max_pixels 4000"),
    ],
)
def test_limits_that_contradict_the_processors(
    processor: ProcessorMixin, limits: dict[str, int], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        check([row("a")], processor, **limits)


def test_without_a_processor_prompts_are_as_long_as_is_allowed() -> None:
    rows = Dataset.from_list([row("a", image=picture(280, 140)), row("b")], features=FEATURES)
    found = unchecked(rows, DataArguments(dataset="x", max_prompt_tokens=500))
    assert (found.rows, found.kept, found.longest, found.image_tokens) == (2, (0, 1), 500, 50)


def test_the_longest_completion_is_that_of_the_chat_template(processor: ProcessorMixin) -> None:
    features = Features({**FEATURES, "completion": Value("string")})
    long = row("long", completion="word " * 500, question="<image>" + "Where to? " * 300)
    rows = [row("short", completion="<think> up </think>"), row("ends", completion="ä " * 9), long]
    found = check_dataset(
        Dataset.from_list(rows, features=features), processor, DataArguments(dataset="x", max_prompt_tokens=400), False
    )
    conversation = messages(rows[1]["question"])
    whole = [*conversation, {"role": "assistant", "content": rows[1]["completion"]}]
    prompt, all_of_it = (
        len(
            processor.tokenizer(
                processor.apply_chat_template(part, add_generation_prompt=ask, tokenize=False)
            ).input_ids
        )
        for part, ask in ((conversation, True), (whole, False))
    )
    assert len(found.kept) == 2 and found.longest_completion == all_of_it - prompt
    assert check([row("plain")], processor).longest_completion == 0


def test_the_command_explains_and_trains_nothing(
    tiny_model: Path, blocks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    grpo.main(
        [
            *["--model_name_or_path", str(tiny_model), "--dataset", str(blocks), "--output_dir", str(run), *CPU],
            *[*BARE, "--check_dataset", "true", "--question_types", "movement"],
        ]
    )
    out = capsys.readouterr().out
    assert "400 of 400 questions can be used" in out and "by type: movement 400" in out
    assert "prompt tokens: " in out and "right letters: A " in out
    assert not run.exists()
