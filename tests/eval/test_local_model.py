"""The provider for local models: it sees what training saw, in batches, each answer to its own question."""

import asyncio
import base64
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inspect_ai.log import list_eval_logs, read_eval_log
from inspect_ai.model import (
    ChatMessage,
    ChatMessageSystem,
    ChatMessageUser,
    Content,
    ContentAudio,
    ContentImage,
    ContentText,
    GenerateConfig,
    Model,
    ModelOutput,
    get_model,
)
from PIL import Image

import eval.registry  # noqa: F401 - the provider, also where the installed package is older than its entry point
from eval import mcqa
from eval.local_model.batches import Batches, Completion, Decoding, Request
from eval.local_model.checkpoint import find_checkpoint, trained_pixels
from eval.local_model.pictures import PixelLimits
from eval.local_model.prompt import Prompt
from robot_r1.control_text import IMAGE_MARK
from robot_r1.errors import UserError
from robot_r1.pictures import fitted

SHORT = GenerateConfig(max_tokens=6, temperature=0)


def picture(side: int, seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8), "RGB")


def content(image: Image.Image) -> ContentImage:
    file = io.BytesIO()
    image.save(file, "PNG")
    return ContentImage(image="data:image/png;base64," + base64.b64encode(file.getvalue()).decode())


def asked(question: str, image: Image.Image) -> list[ChatMessage]:
    before, after = question.split(IMAGE_MARK)
    parts: list[Content] = [ContentText(text=before), content(image), ContentText(text=after)]
    return [ChatMessageUser(content=parts)]


def mixed() -> list[list[ChatMessage]]:
    """Prompts of different lengths with pictures of different sizes."""
    sides = (28, 56, 112, 64, 84, 56, 28)
    return [asked("Look: <image> what is it?" + " Say it." * (i % 3), picture(s, i)) for i, s in enumerate(sides)]


def opened(path: object, **arguments: Any) -> Model:
    return get_model(f"robot-r1/{path}", memoize=False, **{"device": "cpu", **arguments})


def answers(model: Model, prompts: Sequence[list[ChatMessage]], config: GenerateConfig = SHORT) -> list[ModelOutput]:
    """All asked at once."""

    async def gather() -> list[ModelOutput]:
        return list(await asyncio.gather(*(model.generate(prompt, config=config) for prompt in prompts)))

    return asyncio.run(gather())


def texts(outputs: Sequence[ModelOutput]) -> list[str]:
    return [output.completion for output in outputs]


@pytest.fixture(scope="module")
def tiny(tiny_model: Path) -> Model:
    return opened(tiny_model)


@pytest.fixture(scope="module")
def adapter(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA adapter that changes the tiny model's answers."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import Qwen2_5_VLForConditionalGeneration

    torch.manual_seed(0)
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(tiny_model)
    config = LoraConfig(r=4, lora_alpha=64, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    folder = tmp_path_factory.mktemp("lora") / "adapter"
    get_peft_model(model, config).save_pretrained(folder)
    return folder


def test_answers_are_those_of_training_s_evaluation(
    tiny: Model, tiny_model: Path, mixed_blocks: Path, tmp_path: Path
) -> None:
    from transformers import Qwen2_5_VLForConditionalGeneration, Trainer, TrainingArguments

    from tests.train.test_heldout import held_out

    trainer = Trainer(
        Qwen2_5_VLForConditionalGeneration.from_pretrained(tiny_model),
        TrainingArguments(str(tmp_path), use_cpu=True, report_to="none"),
    )
    heldout = held_out(tiny_model, mixed_blocks, 6, batch_size=6)
    trained = heldout.answers(trainer)
    outputs = answers(tiny, [asked(row["question"], row["images"][0]) for row in heldout.questions])
    assert texts(outputs) == [answer.completion for answer in trained]
    assert [output.usage.output_tokens for output in outputs if output.usage] == [answer.tokens for answer in trained]


def test_batched_answers_are_those_one_by_one(tiny: Model) -> None:
    alone = [output for prompt in mixed() for output in answers(tiny, [prompt])]
    together = answers(tiny, mixed())
    assert texts(together) == texts(alone)
    assert len(set(texts(alone))) > 1  # else any order would do
    for one, other in zip(alone, together, strict=True):
        assert one.usage == other.usage  # padding is no token
    assert texts(answers(tiny, mixed()[::-1])) == texts(together)[::-1]


def test_the_picture_reaches_the_model(tiny: Model) -> None:
    outputs = answers(tiny, [asked("<image>What is it?", picture(112, seed)) for seed in range(4)])
    assert len(set(texts(outputs))) > 1


def test_each_area_of_28_pixels_is_one_image_token(tiny: Model, tiny_model: Path) -> None:
    prompts = [asked("<image>?", picture(side, 0)) for side in (28, 56, 112, 224)]
    counts = [output.metadata["image_tokens"] for output in answers(tiny, prompts) if output.metadata]
    assert counts == [1, 4, 16, 16]  # the tiny model's processor allows 112 x 112
    limited = opened(tiny_model, max_pixels=56 * 56)
    assert [o.metadata["image_tokens"] for o in answers(limited, prompts) if o.metadata] == [1, 4, 4, 4]
    assert limited.api.facts()["max_pixels"] == 56 * 56  # type: ignore[attr-defined]


@pytest.mark.parametrize("limits", [(None, None), (None, 56 * 56), (100 * 100, None), (50 * 50, 90 * 90)])
def test_pictures_are_fitted_as_in_training(limits: tuple[int | None, int | None]) -> None:
    for size in ((28, 28), (64, 64), (256, 256), (37, 91), (128, 60)):
        image = picture(8, 1).resize(size)
        mine, trained = PixelLimits(*limits).fit(image), fitted(image, *limits)
        assert mine.size == trained.size
        assert mine.tobytes() == trained.tobytes()


def test_the_limits_of_the_run_hold_unless_others_are_given(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "best").symlink_to(tiny_model)
    record: dict[str, Any] = {"settings": {"max_pixels": 3136, "min_pixels": None}}
    (tmp_path / "run.json").write_text(json.dumps(record))
    assert trained_pixels(str(tmp_path / "best")) == (None, 3136)
    record["resumed"] = [{"started": "", "command": "", "changed": {"max_pixels": [3136, 1568]}}]
    (tmp_path / "run.json").write_text(json.dumps(record))
    facts = opened(tmp_path / "best").api.facts()  # type: ignore[attr-defined]
    assert facts["max_pixels"] == 1568 and facts["min_pixels"] is None
    given = opened(tmp_path / "best", max_pixels=784).api.facts()  # type: ignore[attr-defined]
    assert given["max_pixels"] == 784
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(UserError, match=r"run\.json is damaged"):
        opened(tmp_path / "best")


def test_an_adapter_answers_differently_from_its_base(
    tiny: Model, adapter: Path, tiny_model: Path, tmp_path: Path
) -> None:
    lora = opened(adapter)
    alone = [text for prompt in mixed() for text in texts(answers(lora, [prompt]))]
    assert texts(answers(lora, mixed())) == alone
    assert alone != texts(answers(tiny, mixed()))
    facts = lora.api.facts()  # type: ignore[attr-defined]
    assert facts["base"] == str(tiny_model) and facts["peft"]
    moved = tmp_path / "moved"
    moved.mkdir()
    for file in adapter.iterdir():
        (moved / file.name).write_bytes(file.read_bytes())
    config = json.loads((moved / "adapter_config.json").read_text()) | {"base_model_name_or_path": "../gone"}
    (moved / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=r"base model \.\./gone of the adapter .* is not there; .*-M base=FOLDER"):
        find_checkpoint(str(moved))
    assert find_checkpoint(str(moved), str(tiny_model)).base == str(tiny_model)


def test_outputs_say_why_they_end_what_they_cost_and_what_shaped_them(tiny: Model) -> None:
    output = answers(tiny, [asked("<image>What?", picture(56, 0))])[0]
    assert output.usage is not None and output.metadata is not None
    assert output.stop_reason == "max_tokens" and output.usage.output_tokens == 6
    assert output.usage.total_tokens == output.usage.input_tokens + 6
    assert output.metadata["dtype"] == "float32" and output.metadata["device"] == "cpu"
    assert {"torch", "transformers", "chat_template", "weights", "processor_max_pixels"} <= output.metadata.keys()
    first = output.completion[1]
    stopped = answers(tiny, [asked("<image>What?", picture(56, 0))], SHORT.merge(GenerateConfig(stop_seqs=[first])))[0]
    assert stopped.stop_reason == "stop" and stopped.completion == output.completion[: output.completion.index(first)]


def test_sampling_is_repeatable_in_any_batch_and_differs_each_time(tiny: Model, tiny_model: Path) -> None:
    warm = GenerateConfig(max_tokens=6, temperature=1.0, top_p=0.95, top_k=50, seed=7)
    together = texts(answers(tiny, mixed(), warm))
    again = opened(tiny_model)
    assert [text for prompt in mixed() for text in texts(answers(again, [prompt], warm))] == together
    assert texts(answers(again, mixed(), warm)) != together  # as often as it is asked, another answer
    assert texts(answers(opened(tiny_model), mixed(), warm.merge(GenerateConfig(seed=8)))) != together
    cold = warm.merge(GenerateConfig(temperature=1e-4))
    assert texts(answers(tiny, mixed(), cold)) == texts(answers(tiny, mixed()))


def test_requests_of_different_settings_are_kept_apart(tiny: Model) -> None:
    async def gather() -> list[ModelOutput]:
        lengths = [2, 5, 2, 5, 3]
        calls = [
            tiny.generate(prompt, config=GenerateConfig(max_tokens=length, temperature=0))
            for prompt, length in zip(mixed(), lengths, strict=False)
        ]
        return list(await asyncio.gather(*calls))

    outputs = asyncio.run(gather())
    assert [output.usage.output_tokens for output in outputs if output.usage] == [2, 5, 2, 5, 3]


def test_what_the_model_cannot_read_is_one_line(tiny: Model) -> None:
    def error(*parts: Content, config: GenerateConfig = SHORT) -> str:
        with pytest.raises(UserError) as caught:
            answers(tiny, [[ChatMessageUser(content=list(parts))]], config)
        return str(caught.value)

    assert "no audio" in error(ContentAudio(audio="data:audio/wav;base64,AA==", format="wav"))
    assert "picture cannot be read" in error(ContentImage(image="data:image/png;base64,AAAA"))
    assert "no setting logprobs" in error(ContentText(text="Hello"), config=SHORT.merge(GenerateConfig(logprobs=True)))


def test_text_alone_a_system_message_and_a_spelt_placeholder(tiny: Model) -> None:
    judged = "Score this: <|vision_start|><|image_pad|><|image_pad|>red"
    outputs = answers(tiny, [[ChatMessageSystem(content="Be brief."), ChatMessageUser(content=judged)], *mixed()[:2]])
    assert outputs[0].metadata is not None and outputs[0].metadata["image_tokens"] == 0
    assert texts(outputs)[1:] == texts(answers(tiny, mixed()))[1 - 1 : 2]


def request(name: str, decoding: Decoding | None = None) -> Request:
    decoding = decoding or Decoding(4, 0.0, 1.0, 0, ())
    return Request(Prompt([{"role": "user", "content": name}], []), decoding, (0,))


def test_a_batch_gathers_while_another_is_answered_and_an_error_belongs_to_its_batch() -> None:
    sizes: list[int] = []

    def answer(batch: Sequence[Request]) -> list[Completion]:
        sizes.append(len(batch))
        if any(item.prompt.messages[0]["content"] == "bad" for item in batch):
            raise UserError("out of memory")
        return [Completion(item.prompt.messages[0]["content"], True, 1, 0, 1) for item in batch]

    batches = Batches(answer, 4)
    sent = [request(str(number)) for number in range(10)]
    for item in sent:
        batches.put(item)
    assert [item.future.result(5).text for item in sent] == [str(number) for number in range(10)]
    assert sizes[0] == 4 and sum(sizes) == 10
    bad, good = request("bad"), request("good", Decoding(5, 0.0, 1.0, 0, ()))
    batches.put(bad)
    batches.put(good)
    assert good.future.result(5).text == "good"
    with pytest.raises(UserError, match="out of memory"):
        bad.future.result(5)
    batches.close()


def test_a_cancelled_run_is_not_answered(tiny: Model) -> None:
    """Its rows end at the next token, its waiting requests are dropped, and the model goes on for others."""
    long = GenerateConfig(max_tokens=4000, temperature=0)
    prompts = mixed()

    async def cancel() -> float:
        loop = asyncio.get_running_loop()
        tasks = [asyncio.create_task(tiny.generate(prompt, config=long)) for prompt in prompts * 3]
        await asyncio.sleep(0.4)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        start = loop.time()
        await tiny.generate(prompts[0], config=SHORT)
        return loop.time() - start

    assert asyncio.run(cancel()) < 3  # 4,000 tokens take many times as long


def test_out_of_memory_names_the_batch_size(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from transformers import Qwen2_5_VLForConditionalGeneration

    def generate(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    model = opened(tiny_model)
    monkeypatch.setattr(Qwen2_5_VLForConditionalGeneration, "generate", generate)
    with pytest.raises(UserError, match=r"out of memory with 7 prompts at once; give -M batch_size=3"):
        answers(model, mixed())


def test_wrong_paths_and_arguments_are_one_line(tiny_model: Path, adapter: Path, tmp_path: Path) -> None:
    def error(path: object, **arguments: Any) -> str:
        with pytest.raises(UserError) as caught:
            opened(path, **arguments)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "there is no folder" in error(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    assert "no checkpoint: it has no config.json" in error(tmp_path / "empty")
    half = tmp_path / "half"
    half.mkdir()
    for file in tiny_model.iterdir():
        if file.suffix != ".safetensors":
            (half / file.name).write_bytes(file.read_bytes())
    assert "no *.safetensors" in error(half)
    (half / "model.safetensors").write_bytes(b"broken")
    assert "cannot be loaded" in error(half)
    assert "base=x has no meaning" in error(tiny_model, base="x")
    assert "batch_size is 0" in error(tiny_model, batch_size=0)
    assert "min_pixels is 'big'" in error(tiny_model, min_pixels="big")
    assert "more than max_pixels" in error(tiny_model, min_pixels=5000, max_pixels=4000)
    assert "no -M pixels; allowed are base, device" in error(tiny_model, pixels=3)
    assert "cannot be loaded" in error(tiny_model, device="cuda:7")
    assert "is not there" in error(adapter, base=str(tmp_path / "gone"))


def test_the_digest_of_the_weights_changes_with_them(tiny_model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in tiny_model.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    before = find_checkpoint(str(copy)).weights
    assert find_checkpoint(str(copy)).weights == before
    (copy / "model.safetensors").write_bytes((tiny_model / "model.safetensors").read_bytes() + b" ")
    assert find_checkpoint(str(copy)).weights != before


def test_the_tiny_model_is_evaluated_end_to_end(data_set: Path, tiny_model: Path, tmp_path: Path) -> None:
    arguments = ["--dataset", str(data_set), "--model", f"robot-r1/{tiny_model}", "--log-dir", str(tmp_path)]
    assert mcqa.main([*arguments, "--max-tokens", "16", "--limit", "8", "-M", "device=cpu"]) == 0
    log = read_eval_log(list_eval_logs(str(tmp_path))[0])
    assert log.status == "success" and len(log.samples or []) == 8
    for sample in log.samples or []:
        assert sample.scores and sample.output.usage is not None
        assert sample.output.usage.output_tokens <= 16 < sample.output.usage.input_tokens
    facts = log.eval.metadata or {}
    assert facts["engine"] == "robot-r1" and {"torch", "transformers"} <= facts["versions"].keys()
    assert facts["local_model"]["dtype"] == "float32" and facts["local_model"]["processor_max_pixels"] == 112 * 112


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
import eval.registry
from inspect_ai.model import get_model
from robot_r1.control_text import IMAGE_MARK
from robot_r1.errors import UserError
from robot_r1.pictures import fitted
try:
    get_model("robot-r1/" + sys.argv[1])
except UserError as error:
    assert str(error).startswith("torch is not installed; ") and str(error).endswith('pip install -e ".[train]"')
    print("one line")
"""


def test_without_torch_the_package_to_install_is_named(tiny_model: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_TORCH, str(tiny_model)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == "one line"
