"""Each prompt computed once for all its completions against once for each: seconds, tokens a second, peak memory.

    python benchmarks/shared_prefix_speed.py                                              # a mid-size model on a CPU
    python benchmarks/shared_prefix_speed.py --model Qwen/Qwen2.5-VL-7B-Instruct --lora   # random weights, on a GPU

Both ways run in turn in processes of their own on the same random weights and tokens. Learning is one forward and
backward pass over the completions of a prompt; generation their sampling through transformers, with those of three
more prompts; the whole step is both and an update, its peak of memory that of learning. Tokens are those of separate
rows, or the new ones in generation: the same number for both ways. "By tokens" is what the number of tokens alone
promises for learning. Both ways' log-probabilities are compared before anything is timed.
"""

import argparse
import itertools
import multiprocessing
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from numpy.typing import NDArray
from peft import LoraConfig, get_peft_model
from transformers import GenerationConfig, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
from trl.trainer.utils import add_fused_lm_head

from tests.support.prompts import Rows, make_rows
from train.memory.published import published_config
from train.shared_prefix.attention import NAME, SPLIT_FROM, register
from train.shared_prefix.generation import generate_from_shared_prompts, prompts_to_answer
from train.shared_prefix.groups import equal_prompts
from train.shared_prefix.log_probs import Batch, pictures_by_row, shared_log_probs
from train.trainers.shared_prefix import core_of, without_adapter

MID_SIZE = "mid-size"
GRID = (40, 48)
"""Patches of a picture: 480 tokens."""


@dataclass(frozen=True)
class Case:
    """What one process is asked to measure."""

    shared: bool
    model: str
    lora: bool
    prompts: int
    """Generated for at once; learned from is one at a time."""
    prompt_tokens: int
    completion_tokens: int
    generations: int
    rounds: int
    split_from: int
    """Tokens of a row from which attention is split."""


@dataclass(frozen=True)
class Measured:
    """Seconds of each phase for the completions of one prompt, MB at the peak of each, and the log-probabilities,
    (G, C), that came out. On a CPU the seconds are those of the process, whatever else the machine does."""

    learning: float
    generation: float
    step: float
    generation_memory: float
    """Before anything was learned, for all prompts that are generated for at once."""
    learning_memory: float
    log_probs: NDArray[np.float32]


def mid_size() -> Qwen2_5_VLConfig:
    """35 million parameters with the shape of the released models."""
    return Qwen2_5_VLConfig(
        text_config={
            "hidden_size": 512,
            "num_hidden_layers": 8,
            "num_attention_heads": 8,
            "num_key_value_heads": 2,
            "intermediate_size": 1536,
            "vocab_size": 4096,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [8, 12, 12]},
            "bos_token_id": None,
            "eos_token_id": None,
            "pad_token_id": 0,
        },
        vision_config={
            "depth": 4,
            "hidden_size": 256,
            "intermediate_size": 512,
            "num_heads": 4,
            "out_hidden_size": 512,
            "fullatt_block_indexes": [1, 3],
        },
        image_token_id=4090,
        video_token_id=4091,
        vision_start_token_id=4092,
        vision_end_token_id=4093,
    )


def load(case: Case) -> torch.nn.Module:
    """The model with random weights."""
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    config = published_config(case.model) or mid_size()
    with torch.device(device):
        dtype = torch.bfloat16 if device == "cuda" else torch.float32
        model = Qwen2_5_VLForConditionalGeneration._from_config(config, dtype=dtype)
    add_fused_lm_head(model)
    if case.shared:
        register()
        model.model.language_model.set_attn_implementation(NAME)
    if case.lora:
        model = get_peft_model(model, LoraConfig(target_modules="all-linear", exclude_modules=r".*visual.*"))
    if device == "cuda":
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return model.train()


def rows_for(case: Case, model: torch.nn.Module, prompts: int) -> Rows:
    """The tokens of a batch."""
    words = case.prompt_tokens - GRID[0] * GRID[1] // 4 - 2
    lengths = [case.completion_tokens] * (prompts * case.generations)
    rows = make_rows(core_of(model), [words] * prompts, [GRID] * prompts, lengths, case.generations)
    return rows.to(next(model.parameters()).device)


def log_probs(model: torch.nn.Module, rows: Rows, case: Case) -> torch.Tensor:
    """Of the completions, (B, C)."""
    ids, mask = rows.model_inputs["input_ids"], rows.model_inputs["attention_mask"]
    width = ids.shape[1] - rows.completion_width
    if not case.shared:
        labels = ids.masked_fill(mask == 0, -100)
        labels[:, :width] = -100
        found: torch.Tensor = model(**rows.model_inputs, labels=labels, fused_lm_head=True).log_probs
        return found[:, -rows.completion_width :]
    patches, grids = pictures_by_row(*(rows.fields[name] for name in ("pixel_values", "image_grid_thw", "num_images")))
    batch = Batch(ids, mask, rows.fields["mm_token_type_ids"], width, patches, grids)
    groups, positions_of = equal_prompts(batch.prompts()), core_of(model).get_rope_index
    return shared_log_probs(model, positions_of, batch, groups, case.split_from).log_probs


def generate(model: torch.nn.Module, rows: Rows, shared: bool, tokens: int) -> torch.Tensor:
    """As many tokens for each completion."""
    whole = without_adapter(model)
    settings = GenerationConfig(max_new_tokens=tokens, do_sample=True, pad_token_id=0, eos_token_id=None)
    width = rows.model_inputs["input_ids"].shape[1] - rows.completion_width
    cut = ("input_ids", "attention_mask", "mm_token_type_ids")
    inputs = {name: value[:, :width] if name in cut else value for name, value in rows.model_inputs.items()}
    with torch.no_grad():
        if shared:
            return generate_from_shared_prompts(whole.generate, whole, inputs, prompts_to_answer(inputs), settings)
        found: torch.Tensor = whole.generate(**inputs, generation_config=settings)
        return found


def seconds(work: Callable[[], object]) -> float:
    """How long something takes, until the device has done it."""
    clock = time.perf_counter if torch.cuda.is_available() else time.process_time
    start = clock()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return clock() - start


def measure(case: Case) -> Measured:
    """Time the phases of one way, step after step, once the log-probabilities have warmed it up."""
    torch.set_num_threads(1)
    model = load(case)
    rows, asked = rows_for(case, model, 1), rows_for(case, model, case.prompts)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=1e-6)

    def learn() -> None:
        optimizer.zero_grad()
        log_probs(model, rows, case).mean().backward()

    with torch.no_grad():
        found = log_probs(model, rows, case).float().cpu().numpy()
    generated = [
        seconds(lambda: generate(model, asked, case.shared, case.completion_tokens)) for _ in range(case.rounds)
    ]
    generation_peak = peak_memory()
    learned = [(seconds(learn), seconds(optimizer.step)) for _ in range(case.rounds)]
    learning, update = (statistics.median(phase) for phase in zip(*learned, strict=True))
    generation = statistics.median(generated) / case.prompts
    return Measured(learning, generation, generation + learning + update, generation_peak, peak_memory(), found)


def peak_memory() -> float:
    """MB since the last call on a GPU, since the start of the process on a CPU, where learning needs most."""
    if not torch.cuda.is_available():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    peak = torch.cuda.max_memory_allocated() / 2**20
    torch.cuda.reset_peak_memory_stats()
    return peak


def matrix_rate() -> float:
    """Operations a second of one large product of matrices: what the chip can do at best."""
    size, half = 8192, torch.bfloat16
    one, other = (torch.randn(size, size, device="cuda", dtype=half) for _ in range(2))
    seconds(lambda: one @ other)
    return 20 * 2 * size**3 / seconds(lambda: [one @ other for _ in range(20)])


def line(case: Case, stock: Measured, shared: Measured, rate: float | None) -> str:
    """One line of the table."""
    p, c, g = case.prompt_tokens, case.completion_tokens, case.generations
    difference = float(np.abs(stock.log_probs - shared.log_probs).max())

    def phase(name: str, tokens: int) -> list[str]:
        before, after = getattr(stock, name), getattr(shared, name)
        per_second = f"{tokens / before:.0f} -> {tokens / after:.0f}"
        return [f"{before:.2f} -> {after:.2f}", f"{before / after:.2f}", per_second]

    cells = [
        *(str(number) for number in (p, c, g)),
        *phase("learning", g * (p + c)),
        f"{g * (p + c) / (p - 1 + g * c):.2f}",
        f"{stock.learning_memory:.0f} -> {shared.learning_memory:.0f}",
        *phase("generation", g * c),
        f"{stock.generation_memory:.0f} -> {shared.generation_memory:.0f}",
        *phase("step", g * (p + c)),
        f"{difference:.1e}",
    ]
    if rate is not None:
        # Two operations for each weight and token forwards, two again by checkpointing, two for the gradients of the
        # inputs, two for those of the weights, which frozen ones have not.
        passes = 6 if case.lora else 8
        cells.append(f"{passes * _parameters(case.model) * (p - 1 + g * c) / shared.learning / rate:.0%}")
    return "| " + " | ".join(cells) + " |"


def _parameters(name: str) -> int:
    with torch.device("meta"):
        model = Qwen2_5_VLForConditionalGeneration._from_config(published_config(name) or mid_size())
    return sum(p.numel() for p in model.model.language_model.layers.parameters())


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=MID_SIZE, help=f"{MID_SIZE}, or the Hub id of a released Qwen2.5-VL")
    parser.add_argument("--lora", action="store_true")
    parser.add_argument("--prompts", type=int, default=4, help="prompts that are generated for at once")
    parser.add_argument("--prompt-tokens", type=int, nargs="+", default=[500, 800, 1200])
    parser.add_argument("--completion-tokens", type=int, nargs="+", default=[64, 150, 300])
    parser.add_argument("--generations", type=int, nargs="+", default=[5, 8])
    parser.add_argument("--rounds", type=int, default=1, help="steps; the medians are told")
    parser.add_argument("--split-from", type=int, default=SPLIT_FROM, help="tokens of a group; %(default)s")
    given = parser.parse_args()
    if given.model != MID_SIZE and published_config(given.model) is None:
        parser.error(
            f"--model {given.model} is unknown; give {MID_SIZE} or the id of one, such as Qwen/Qwen2.5-VL-7B-Instruct"
        )
    rate = matrix_rate() if torch.cuda.is_available() else None
    titles = ["P", "C", "G", "learning s", "times", "tokens/s", "by tokens", "peak MB"]
    titles += ["generation s", "times", "tokens/s", "peak MB", "step s", "times", "tokens/s"]
    titles += ["greatest difference, nats", *(["of the chip's matrix rate"] if rate else [])]
    header = "| " + " | ".join(titles) + " |"
    print(header + "\n|" + "---|" * (header.count("|") - 1), flush=True)
    shapes = itertools.product(given.generations, given.prompt_tokens, given.completion_tokens)
    for g, p, c in shapes:
        settings = (given.model, given.lora, given.prompts, p, c, g, given.rounds, given.split_from)
        cases = [Case(way, *settings) for way in (False, True)]
        found = []
        for case in cases:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                found.append(pool.apply(measure, (case,)))
        print(line(cases[0], *found, rate), flush=True)


if __name__ == "__main__":
    main()
