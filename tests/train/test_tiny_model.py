"""The tiny model: everything that training meets in the real one, only narrower."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoModelForImageTextToText, AutoProcessor, Qwen2_5_VLForConditionalGeneration

from robot_r1.errors import UserError
from train.data import messages, read_split
from train.tiny_model import (
    FORMAT_TOKENS,
    QWEN_TOKENS,
    TinyShape,
    build_tokenizer,
    dataset_texts,
    main,
    write_tiny_model,
)

# What a rendered prompt of the released Qwen2.5-VL-7B-Instruct looks like.
RENDERED = (
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n"
    "<|vision_start|><|image_pad|><|vision_end|>Where to?<|im_end|>\n<|im_start|>assistant\n"
)
SPECIAL = QWEN_TOKENS[:14]
"""Left out when a completion is decoded; the others are text in Qwen's tokenizer too."""


@pytest.fixture(scope="module")
def processor(tiny_model: Path) -> AutoProcessor:
    return AutoProcessor.from_pretrained(tiny_model, local_files_only=True)


def test_model_and_processor_load_from_the_folder(tiny_model: Path, processor: AutoProcessor) -> None:
    model = AutoModelForImageTextToText.from_pretrained(tiny_model, local_files_only=True)
    assert type(model) is Qwen2_5_VLForConditionalGeneration
    assert type(processor).__name__ == "Qwen2_5_VLProcessor"
    text = processor.apply_chat_template(messages("<image>Where to?"), add_generation_prompt=True, tokenize=False)
    inputs = processor(text=text, images=Image.new("RGB", (84, 56)), return_tensors="pt")
    assert (inputs["input_ids"] == model.config.image_token_id).sum() == 3 * 2
    with torch.no_grad():
        logits = model(**inputs).logits
    assert logits.isfinite().all() and logits.size(-1) >= len(processor.tokenizer)


def test_special_tokens_are_qwens_in_order_and_kind(processor: AutoProcessor) -> None:
    tokenizer = processor.tokenizer
    ids = tokenizer.convert_tokens_to_ids(list(QWEN_TOKENS))
    assert ids == list(range(ids[0], ids[0] + 22))
    added = {token.content: token for token in tokenizer.added_tokens_decoder.values()}
    assert {name for name, token in added.items() if token.special} == set(SPECIAL)
    assert tokenizer.eos_token == "<|im_end|>" and tokenizer.pad_token == "<|endoftext|>"
    assert processor.image_token == "<|image_pad|>" and processor.image_token_id == ids[12]


def test_the_chat_template_is_qwens(processor: AutoProcessor) -> None:
    conversation = messages("<image>Where to?")
    assert processor.apply_chat_template(conversation, add_generation_prompt=True, tokenize=False) == RENDERED
    answered = [*conversation, {"role": "assistant", "content": "A"}]
    assert processor.apply_chat_template(answered, tokenize=False) == RENDERED + "A<|im_end|>\n"


def test_each_format_tag_is_one_token_and_stays_in_the_text(processor: AutoProcessor) -> None:
    text = "<think> up </think> <answer> [[A]] </answer>"
    ids = processor.tokenizer(text)["input_ids"]
    assert [ids.count(token) for token in processor.tokenizer.convert_tokens_to_ids(list(FORMAT_TOKENS))] == [1] * 4
    assert processor.decode([*ids, processor.tokenizer.eos_token_id], skip_special_tokens=True) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(tokenizer_of_a_text: Callable[[str], str], text: str) -> None:
    import unicodedata

    assert tokenizer_of_a_text(text) == unicodedata.normalize("NFC", text)


@pytest.fixture(scope="module")
def tokenizer_of_a_text(processor: AutoProcessor) -> Callable[[str], str]:
    """What is left of a text after it was encoded and decoded."""
    tokenizer = processor.tokenizer

    def there_and_back(text: str) -> str:
        decoded: str = tokenizer.decode(tokenizer(text)["input_ids"], clean_up_tokenization_spaces=False)
        return decoded

    return there_and_back


def test_the_same_seed_gives_the_same_weights(tmp_path: Path, tiny_model: Path) -> None:
    write_tiny_model(tmp_path / "same", TinyShape(vocabulary=400))
    write_tiny_model(tmp_path / "other", TinyShape(vocabulary=400, seed=1))
    first = load_file(tiny_model / "model.safetensors")
    same, other = (load_file(tmp_path / name / "model.safetensors") for name in ("same", "other"))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)
    assert (tiny_model / "tokenizer.json").read_bytes() == (tmp_path / "same" / "tokenizer.json").read_bytes()


def test_a_data_set_makes_its_prompts_shorter(blocks: Path, tmp_path: Path) -> None:
    main(["--out", str(tmp_path / "learned"), "--vocabulary", "600", "--dataset", str(blocks)])
    main(["--out", str(tmp_path / "plain"), "--vocabulary", "600"])
    question = read_split(str(blocks), "train", [])[0]["question"]
    learned, plain = (
        len(AutoProcessor.from_pretrained(tmp_path / name).tokenizer(question)["input_ids"])
        for name in ("learned", "plain")
    )
    assert learned < 0.8 * plain
    assert "<image>" not in "".join(dataset_texts(str(blocks)))


def test_every_byte_is_in_the_vocabulary() -> None:
    tokenizer = build_tokenizer(256, ["no text to speak of"])
    assert tokenizer.decode(tokenizer("\u5317 \u00e4")["input_ids"]) == "\u5317 \u00e4"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--hidden", "100"], "hidden 100 must be a multiple of 8 x heads"),
        (["--vision_hidden", "40"], "vision_hidden 40 of 16"),
        (["--heads", "5", "--hidden", "120"], "heads 5 is odd"),
        (["--heads", "0"], "heads is 0; give 1 or more"),
        (["--vision_layers", "-1"], "vision_layers is -1"),
        (["--max_pixels", "100"], "max_pixels 100 is less than one image token; give 784 or more"),
        (["--dataset", "nowhere"], "data set nowhere is neither a folder nor a Hub id"),
    ],
)
def test_what_fits_no_model(tmp_path: Path, flags: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        main(["--out", str(tmp_path / "out"), *flags])
    assert "\n" not in str(raised.value) and not (tmp_path / "out").exists()


def test_other_content_is_left_alone(tmp_path: Path, tiny_model: Path) -> None:
    with pytest.raises(UserError, match="exists and is no empty folder; give another --out or remove it"):
        write_tiny_model(tiny_model, TinyShape())
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="exists and is no empty folder"):
        write_tiny_model(tmp_path / "file", TinyShape())


def test_it_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, folder: Path) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Qwen2_5_VLForConditionalGeneration, "save_pretrained", full)
    with pytest.raises(OSError, match="No space left"):
        write_tiny_model(tmp_path / "model", TinyShape(vocabulary=400))
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    (tmp_path / "model").mkdir()
    write_tiny_model(tmp_path / "model", TinyShape(vocabulary=400))
    assert (tmp_path / "model" / "model.safetensors").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("shape", [TinyShape(hidden=32, heads=1, layers=1), TinyShape(hidden=96, heads=6, layers=1)])
def test_other_sizes_compute(tmp_path: Path, shape: TinyShape, processor: AutoProcessor) -> None:
    from train.tiny_model import build_model

    model = build_model(processor.tokenizer, shape)
    inputs = processor(text=RENDERED, images=Image.new("RGB", (200, 60)), return_tensors="pt")
    with torch.no_grad():
        assert model(**inputs).logits.isfinite().all()
