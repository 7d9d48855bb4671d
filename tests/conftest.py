"""A small data set, a tiny model and a small task, made once for all tests."""

import contextlib
import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
CPU = ["--use_cpu", "true", "--bf16", "false", "--gradient_checkpointing", "false", "--report_to", "none"]
"""What every run of a test is told."""
BARE = ["--disable_tqdm", "true", "--heldout_questions", "0", "--sample_every", "0"]
"""No evaluation, no samples, no bar."""


SLOW = ("test_launches", "test_learning", "test_two_processes", "test_resume", "test_leaks", "test_memory")
"""Files whose tests take minutes: they come first, so that no worker is left with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem not in SLOW)


@pytest.fixture(scope="session")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set built from made-up demos."""
    from tests.support.demos import write_archive

    folder = tmp_path_factory.mktemp("data_set")
    write_archive(folder / "demos", ("push_button", "pick_up_cup"), episodes=3)
    flags = ["--root", str(folder / "demos"), "--tasks", "push_button,pick_up_cup", "--variations", "0"]
    flags += ["--demos-per-task", "3", "--image-size", "64", "--out", str(folder / "set")]
    subprocess.run([sys.executable, "-m", "data_gen.build", *flags], cwd=REPOSITORY, check=True)
    return folder / "set"


@pytest.fixture(scope="session")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of coloured blocks: 1,200 rows to train on, 120 held out."""
    from tests.support.blocks import write_blocks

    return write_blocks(tmp_path_factory.mktemp("blocks"), 1200, 120)


@pytest.fixture(scope="session")
def mixed_blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Blocks in pictures of three sizes, so that the prompts of a batch differ in length."""
    from tests.support.blocks import write_blocks

    return write_blocks(tmp_path_factory.mktemp("mixed"), 40, 12, sizes=(28, 56, 112))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with random weights."""
    import torch

    from train.tiny_model import TinyShape, write_tiny_model

    torch.set_num_threads(1)  # two threads are many times slower as soon as anything else runs
    folder = tmp_path_factory.mktemp("models") / "tiny"
    write_tiny_model(folder, TinyShape(vocabulary=400))
    return folder


@pytest.fixture(scope="session")
def warm_model(tiny_model: Path, blocks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model after a warm start: it knows the format, and the letter of one colour of four."""
    from train import sft

    run = tmp_path_factory.mktemp("warm")
    sft.main(
        [
            *[
                "--model_name_or_path",
                str(tiny_model),
                "--dataset",
                str(blocks),
                "--output_dir",
                str(run),
                *CPU,
                *BARE,
            ],
            *["--per_device_train_batch_size", "24", "--max_steps", "120", "--learning_rate", "1e-3"],
            *["--lr_scheduler_type", "constant_with_warmup", "--warmup_steps", "20", "--logging_steps", "40"],
            *["--save_strategy", "no"],
        ]
    )
    return run / "last"


@dataclass(frozen=True)
class ShortRun:
    """Three updates of GRPO with two weighted rewards, greedy evaluations, samples, and a checkpoint after two."""

    folder: Path
    arguments: tuple[str, ...]
    """All but the output folder."""
    printed: str


@pytest.fixture(scope="session")
def short_run(tiny_model: Path, mixed_blocks: Path, tmp_path_factory: pytest.TempPathFactory) -> ShortRun:
    """Made once; tests that change it copy it first. There are blanks in the name of its folder."""
    from train import grpo

    folder = tmp_path_factory.mktemp("short") / "my first run"
    arguments = (
        *["--model_name_or_path", str(tiny_model), "--dataset", str(mixed_blocks), *CPU, "--disable_tqdm", "true"],
        *["--rewards", "tests.support.rewards.vowel_reward", "tests.support.rewards.place_reward"],
        *["--reward_weights", "1", "0.5", "--num_generations", "4", "--per_device_train_batch_size", "16"],
        *["--max_completion_length", "8", "--max_steps", "3", "--save_steps", "2", "--logging_steps", "1"],
        *["--learning_rate", "1e-3", "--heldout_questions", "7", "--heldout_batch_size", "3", "--heldout_every", "2"],
        *["--sample_every", "2", "--samples", "8"],
    )
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        grpo.main([*arguments, "--output_dir", str(folder)])
    return ShortRun(folder, arguments, printed.getvalue())
