"""A lesson without pictures for a model trained from scratch: which letter stands beside the option that fits.

A pretrained model knows how to find a line that matches and to name its letter; a model of a million random weights
does not learn it from a few thousand questions. Options here are random movements and positions, and all the gradient
is on the letter.
"""

import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from transformers import AutoProcessor, Qwen2_5_VLForConditionalGeneration, Qwen2Tokenizer

from robot_r1.movement import all_movements, movement_text
from robot_r1.prompts import point_text
from robot_r1.question import LETTERS

BATCH = 64
_MOVEMENTS = [movement_text(movement) for movement in all_movements()]


def lesson(rng: np.random.Generator) -> tuple[str, int]:
    """A text that ends where the letter has to follow, and the number of the right option."""
    right = int(rng.integers(len(LETTERS)))
    if rng.random() < 0.5:
        options = [_MOVEMENTS[i] for i in rng.choice(len(_MOVEMENTS), len(LETTERS), replace=False)]
        thought = options[right].removeprefix("Move ")
    else:
        points = rng.uniform([0, -0.3, 0.8], [0.4, 0.3, 1.2], (len(LETTERS), 3))
        options = [point_text(point.tolist()) for point in points]
        seen = points[right] + rng.normal(0, 0.01, 3)
        thought = "[" + ", ".join(f"{value + 0.0:.2f}" for value in seen) + "]"
    listed = "".join(f"- [[{letter}]] {option}\n" for letter, option in zip(LETTERS, options, strict=True))
    start = "<|im_start|>user\n" + listed + "<|im_end|>\n<|im_start|>assistant\n"
    return f"{start}<think> {thought} </think> <answer> [[", right


def learn_lookup(source: Path, out: Path, minutes: float, learning_rate: float = 1e-3, seed: int = 0) -> float:
    """Train a model on lessons for some minutes, save it, and return the share that was right at the end."""
    processor = AutoProcessor.from_pretrained(source)
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(source).train()
    letters = torch.tensor(processor.tokenizer.convert_tokens_to_ids(list(LETTERS)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.01)
    warm_up = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.02, total_iters=50)
    rng = np.random.default_rng(seed)
    right: list[float] = []
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        ids, mask, answers = _batch(processor.tokenizer, rng)
        scores = model(input_ids=ids, attention_mask=mask, logits_to_keep=1).logits[:, -1]
        functional.cross_entropy(scores, letters[answers]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        warm_up.step()
        right.append(float((scores[:, letters].argmax(dim=1) == answers).float().mean()))
    model.save_pretrained(out)
    processor.save_pretrained(out)
    return float(np.mean(right[-50:]))


def _batch(tokenizer: Qwen2Tokenizer, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    lessons = [lesson(rng) for _ in range(BATCH)]
    batch = tokenizer([text for text, _ in lessons], padding=True, padding_side="left", return_tensors="pt")
    return batch["input_ids"], batch["attention_mask"], torch.tensor([right for _, right in lessons])
