"""Shared prompts in detail, beside `shared_prefix_speed.py`: completions of unequal lengths, attention in two ways.

    python benchmarks/shared_prefix_rows.py

Seconds are those of the process for a forward and backward pass over the completions of two prompts of 700 tokens;
tokens are those that the language model computes, prompts once or with each completion and padding included. The
differences are those of log-probabilities, nats, between attention by a mask and split, for a group of 900 tokens.
"""

import os
import statistics
import sys
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

from benchmarks.shared_prefix_speed import GRID, MID_SIZE, Case, load, log_probs, rows_for, seconds
from tests.support.prompts import make_rows
from train.shared_prefix.attention import SPLIT_FROM
from train.trainers.shared_prefix import core_of

PROMPT, EACH, ROUNDS = 700, 5, 1
LENGTHS = {
    "all 150": [150] * 10,
    "60 to 400": [60, 80, 100, 120, 150, 150, 200, 250, 300, 400],
    "five of 300, five of 30": [300] * 5 + [30] * 5,
}
CASE = Case(True, MID_SIZE, False, 2, PROMPT, 0, EACH, ROUNDS, SPLIT_FROM)


def learning(case: Case, lengths: list[int]) -> tuple[float, int]:
    """Seconds, and tokens computed."""
    model = load(case)
    rows = make_rows(core_of(model), [PROMPT - GRID[0] * GRID[1] // 4 - 2] * 2, [GRID] * 2, lengths, EACH)
    tokens: list[int] = []
    hook = core_of(model).language_model.register_forward_pre_hook(
        lambda module, args, named: tokens.append(named["inputs_embeds"].shape[:2].numel()), with_kwargs=True
    )

    def learn() -> None:
        model.zero_grad()
        log_probs(model, rows, case).mean().backward()

    found = statistics.median(seconds(learn) for _ in range(ROUNDS))
    hook.remove()
    return found, tokens[0]


def apart(dtype: torch.dtype) -> torch.Tensor:
    """Differences of the two ways of attention, (tokens,)."""
    case = replace(CASE, prompts=1, prompt_tokens=600, completion_tokens=60)
    model = load(case).to(dtype)
    rows = rows_for(case, model, 1)
    for values in (rows.model_inputs, rows.fields):
        values["pixel_values"] = values["pixel_values"].to(dtype)
    with torch.no_grad():
        mask, split = (log_probs(model, rows, replace(case, split_from=start)).float() for start in (10**6, 0))
    return (mask - split).abs()


def main() -> None:
    """Print two tables."""
    torch.set_num_threads(1)
    print("| completions | separate, s | shared, s | separate, tokens | shared, tokens |\n|---|---|---|---|---|")
    for name, lengths in LENGTHS.items():
        (before, many), (after, few) = (learning(replace(CASE, shared=way), lengths) for way in (False, True))
        print(f"| {name} | {before:.1f} | {after:.1f} | {many} | {few} |", flush=True)
    print("\n| numbers | mean difference | greatest |\n|---|---|---|")
    for dtype in (torch.float32, torch.bfloat16):
        found = apart(dtype)
        print(f"| {str(dtype).removeprefix('torch.')} | {found.mean():.1e} | {found.max():.1e} |")


if __name__ == "__main__":
    main()
