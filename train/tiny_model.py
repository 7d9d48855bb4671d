"""A small Qwen2.5-VL with random weights, for laptops and tests: class, processor and chat template of the real one.

    python -m train.tiny_model --out models/tiny

Every part that training touches is there (vision tower with window attention, multimodal rotary positions, image
placeholders, Qwen's special tokens), only narrower; the weights are random, so it has to be warmed up by
`train/sft.py` before reinforcement learning can find a reward.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import chain
from pathlib import Path
from shlex import quote
from typing import Any

from robot_r1.cli import CommandParser, run_command
from robot_r1.errors import UserError
from train.command import training_packages

with training_packages():
    import torch
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import (
        GenerationConfig,
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
        Qwen2Tokenizer,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
    )
    from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

    from train.folders import atomic_folder
    from train.tiny_corpus import corpus, dataset_texts

# Order of ids 151643 to 151664 in the released tokenizer; the last eight are not "special" there.
QWEN_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|object_ref_start|>",
    "<|object_ref_end|>",
    "<|box_start|>",
    "<|box_end|>",
    "<|quad_start|>",
    "<|quad_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<tool_call>",
    "</tool_call>",
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
)
FORMAT_TOKENS = ("<think>", "</think>", "<answer>", "</answer>")
"""One token each, so that a model of this size learns the format early."""
_PLAIN = {*QWEN_TOKENS[14:], *FORMAT_TOKENS}
_PATCH, _MERGE = 14, 2


@dataclass(frozen=True)
class TinyShape:
    """Sizes of the model. The defaults make about one million parameters."""

    hidden: int = 128
    layers: int = 3
    heads: int = 4
    vision_hidden: int = 64
    vision_layers: int = 2
    vocabulary: int = 768
    max_pixels: int = 112 * 112
    seed: int = 0


def build_tokenizer(vocabulary: int, texts: Iterable[str]) -> Qwen2Tokenizer:
    """A byte-level BPE of so many entries over some texts, with Qwen's special tokens and pre-tokenizer."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    split = pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(texts, trainer)
    learned = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(merge) for merge in learned["merges"]]
    qwen = Qwen2Tokenizer(vocab=learned["vocab"], merges=merges)
    names = (*QWEN_TOKENS, *FORMAT_TOKENS)
    qwen.add_tokens([AddedToken(name, special=name not in _PLAIN, normalized=False) for name in names])
    qwen.add_special_tokens({"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"})
    qwen.model_max_length = 131072
    return qwen


def build_processor(tokenizer: Qwen2Tokenizer, max_pixels: int) -> Qwen2_5_VLProcessor:
    """Tokenizer and image processor together, with Qwen2.5-VL's own chat template.

    Args:
        max_pixels: pixels above which pictures are made smaller; a picture costs one token per 28 x 28 pixels.
    """
    template = (resources.files("trl") / "chat_templates" / "qwen2_5_vl.jinja").read_text()
    tokenizer.chat_template = template
    images = Qwen2VLImageProcessor(
        size={"shortest_edge": (_PATCH * _MERGE) ** 2, "longest_edge": max_pixels},
        patch_size=_PATCH,
        temporal_patch_size=2,
        merge_size=_MERGE,
    )
    return Qwen2_5_VLProcessor(
        image_processor=images, tokenizer=tokenizer, video_processor=Qwen2VLVideoProcessor(), chat_template=template
    )


def build_model(tokenizer: Qwen2Tokenizer, shape: TinyShape) -> Qwen2_5_VLForConditionalGeneration:
    """A model of the given sizes with random float32 weights, the same for the same seed."""
    torch.manual_seed(shape.seed)
    tokens = {name: tokenizer.convert_tokens_to_ids(name) for name in QWEN_TOKENS}
    end, pad = tokens["<|im_end|>"], tokens["<|endoftext|>"]
    config = Qwen2_5_VLConfig(
        text_config={
            **_text_config(shape, len(tokenizer)),
            "bos_token_id": None,
            "eos_token_id": end,
            "pad_token_id": pad,
        },
        vision_config=_vision_config(shape),
        image_token_id=tokens["<|image_pad|>"],
        video_token_id=tokens["<|video_pad|>"],
        vision_start_token_id=tokens["<|vision_start|>"],
        vision_end_token_id=tokens["<|vision_end|>"],
        tie_word_embeddings=False,
        dtype="float32",
    )
    model = Qwen2_5_VLForConditionalGeneration(config)
    model.generation_config = GenerationConfig(pad_token_id=pad, eos_token_id=[end, pad], do_sample=True)
    return model


def _text_config(shape: TinyShape, tokens: int) -> dict[str, Any]:
    pairs = shape.hidden // shape.heads // 2
    time = pairs // 4
    height = (pairs - time) // 2
    return {
        "vocab_size": -(-tokens // 64) * 64,
        "hidden_size": shape.hidden,
        "intermediate_size": 2 * shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": max(1, shape.heads // 2),
        "max_position_embeddings": 4096,
        "tie_word_embeddings": False,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000.0,
            "mrope_section": [time, height, pairs - time - height],
        },
    }


def _vision_config(shape: TinyShape) -> dict[str, Any]:
    return {
        "depth": shape.vision_layers,
        "hidden_size": shape.vision_hidden,
        "intermediate_size": 2 * shape.vision_hidden,
        "num_heads": 4,
        "out_hidden_size": shape.hidden,
        "fullatt_block_indexes": [shape.vision_layers - 1],
        "window_size": 112,
        "patch_size": _PATCH,
        "spatial_merge_size": _MERGE,
        "temporal_patch_size": 2,
    }


def write_tiny_model(out: Path, shape: TinyShape, dataset: str | None = None) -> int:
    """Save model and processor to a folder that `from_pretrained` loads offline; returns the number of parameters.

    Args:
        dataset: a data set whose texts the tokenizer learns too, so that its prompts become shorter.

    Raises:
        UserError: the folder has other content, the sizes do not fit each other, or there is no such data set.
    """
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UserError(f"{out} exists and is no empty folder; give another --out or remove it")
    _check_sizes(shape)
    tokenizer = build_tokenizer(shape.vocabulary, chain(corpus(), dataset_texts(dataset) if dataset else ()))
    model = build_model(tokenizer, shape)
    with atomic_folder(out.absolute()) as folder:
        build_processor(tokenizer, shape.max_pixels).save_pretrained(folder)
        model.save_pretrained(folder)
    return int(model.num_parameters())


def _check_sizes(shape: TinyShape) -> None:
    for name, value in vars(shape).items():
        if value < 1 and name != "seed":
            raise UserError(f"{name} is {value}; give 1 or more, or leave it out")
    if shape.heads > 1 and shape.heads % 2:
        raise UserError(f"heads {shape.heads} is odd, and two of them share a key; give 1 or an even number")
    if shape.hidden % (8 * shape.heads) or shape.vision_hidden % 16:
        raise UserError(
            f"hidden {shape.hidden} must be a multiple of 8 x heads ({shape.heads}), vision_hidden "
            f"{shape.vision_hidden} of 16; try --hidden 128 --heads 4 --vision_hidden 64"
        )
    least = (_PATCH * _MERGE) ** 2
    if shape.max_pixels < least:
        raise UserError(f"max_pixels {shape.max_pixels} is less than one image token; give {least} or more")


def main(arguments: Sequence[str]) -> None:
    """Write a tiny model; see the module's text."""
    parser = CommandParser(prog="python -m train.tiny_model", allow_abbrev=False)
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--dataset", help="data set whose texts the tokenizer learns too: its prompts become shorter")
    for name, default in vars(TinyShape()).items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default {default}")
    given = vars(parser.parse_args(arguments))
    out, dataset = given.pop("out"), given.pop("dataset")
    count = write_tiny_model(out, TinyShape(**given), dataset)
    print(f"{count / 1e6:.2f} million random parameters in {out}")
    print(f"next: python train/sft.py --config configs/train/tiny_sft.yaml --model_name_or_path {quote(str(out))}")


if __name__ == "__main__":
    sys.exit(run_command(main, "run the same command again"))
