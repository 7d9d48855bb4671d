"""Launched in every way that is shipped, training learns the same and saves what others can read.

Two processes on a CPU with the tiny model; `tests/support/on_cpu.py` says what differs from GPUs. One launch takes
10 to 20 seconds, so each is made once, most of them nightly.
"""

import signal
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from tests.support.launches import ADAM, KINDS, SGD, command, launch, run
from tests.train.test_resume import equal, weights
from tests.train.test_two_processes import metrics
from train.best import best_score
from train.trainers.checkpoints import checkpoints

Launched = Callable[[str, str], Path]
SHARDED = ["zero2", "zero3", "fsdp2"]
DEFAULT = {("zero3", "full"), ("fsdp2", "full"), ("fsdp2", "lora")}
"""Mode and kind that every test run launches; the rest are nightly."""


def nightly_but(default: set[tuple[str, str]]) -> list[object]:
    return [
        pytest.param(mode, kind, marks=() if (mode, kind) in default else pytest.mark.nightly)
        for mode in SHARDED
        for kind in KINDS
    ]


@pytest.fixture(scope="module")
def launched(tiny_model: Path, mixed_blocks: Path, tmp_path_factory: pytest.TempPathFactory) -> Launched:
    """The run of a mode and kind by plain gradient descent, made when first asked for."""
    folder, made = tmp_path_factory.mktemp("launches"), dict[tuple[str, str], Path]()

    def ask(mode: str, kind: str) -> Path:
        if (mode, kind) not in made:
            script, flags = ("sft", ()) if kind == "sft" else ("grpo", KINDS[kind])
            made[mode, kind] = launch(
                mode, tiny_model, mixed_blocks, folder / f"{mode}-{kind}", *SGD, *flags, script=script
            )
        return made[mode, kind]

    return ask


def furthest(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> tuple[float, str]:
    """The tensor in which two models differ most, and by how much."""
    assert one.keys() == other.keys()
    return max((float((one[name] - other[name]).norm()), name) for name in one)


def gradient_norms(folder: Path) -> list[float]:
    return [line["grad_norm"] for line in metrics(folder) if "grad_norm" in line]


@pytest.mark.parametrize(("mode", "kind"), nightly_but(DEFAULT))
def test_gradients_and_names_are_those_of_one_whole_model(
    mode: str, kind: str, launched: Launched, tiny_model: Path
) -> None:
    """With one update of rate 1 the change of the weights is the gradient."""
    plain, sharded = launched("ddp", kind), launched(mode, kind)
    assert furthest(weights(plain / "checkpoint-1"), weights(sharded / "checkpoint-1")) < (1e-5, "")
    assert gradient_norms(sharded) == pytest.approx(gradient_norms(plain), rel=1e-3)
    names = {frozenset(weights(sharded / folder)) for folder in ("checkpoint-1", "checkpoint-2", "best", "last")}
    if kind.startswith("full"):
        start = weights(tiny_model)
        assert names == {frozenset(start)}
        assert min(float((start[name] - tensor).norm()) for name, tensor in weights(sharded / "last").items()) > 0
    else:
        assert names == {frozenset(weights(plain / "last"))}


@pytest.mark.parametrize(("mode", "kind"), nightly_but(DEFAULT))
def test_evaluates_and_keeps_the_best(mode: str, kind: str, launched: Launched) -> None:
    folder = launched(mode, kind)
    assert sorted(path.name for path in (folder / "evaluations").glob("step-*")) == [
        f"step-{step:06}.parquet" for step in range(3)
    ]
    accuracy, step = best_score(folder)
    assert accuracy >= 0 and equal(folder / "best", folder / f"checkpoint-{step}")
    assert equal(folder / "last", folder / "checkpoint-2")


@pytest.mark.nightly
@pytest.mark.parametrize("mode", SHARDED)
def test_supervised_gradients(mode: str, launched: Launched, tiny_model: Path) -> None:
    plain, sharded = weights(launched("ddp", "sft") / "checkpoint-1"), weights(launched(mode, "sft") / "checkpoint-1")
    assert furthest(plain, sharded) < (1e-5, "") and sharded.keys() == weights(tiny_model).keys()
    assert min(float((tensor - weights(tiny_model)[name]).norm()) for name, tensor in sharded.items()) > 0


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        pytest.param(mode, kind, marks=() if (mode, kind) == ("zero3", "full") else pytest.mark.nightly)
        for mode in ("ddp", *SHARDED)
        for kind in ("full", "lora")
    ],
)
def test_killed_and_resumed_equals_uninterrupted(
    mode: str, kind: str, tiny_model: Path, mixed_blocks: Path, tmp_path: Path
) -> None:
    whole = launch(mode, tiny_model, mixed_blocks, tmp_path / "whole", *ADAM, *KINDS[kind])
    killed = command(mode, tiny_model, mixed_blocks, tmp_path / "killed", *ADAM, *KINDS[kind])
    done = run([*killed, "--rewards", "tests.support.rewards.killing_reward"])
    assert done.returncode != 0 and "SIGKILL" in done.stderr
    assert [path.name for path in checkpoints(tmp_path / "killed")] == ["checkpoint-1"]
    done = run([*killed, "--resume", "true"])
    assert done.returncode == 0, done.stderr[-6000:]
    assert equal(whole / "last", tmp_path / "killed" / "last") and equal(whole / "best", tmp_path / "killed" / "best")
    assert not equal(whole / "last", whole / "checkpoint-1")


@pytest.mark.nightly
@pytest.mark.parametrize("mode", ["ddp", *SHARDED])
def test_told_to_end_it_saves_and_resumes_exactly(
    mode: str, tiny_model: Path, mixed_blocks: Path, tmp_path: Path
) -> None:
    more = [*ADAM, "--max_steps", "4", "--save_steps", "4", "--heldout_questions", "0"]
    whole = launch(mode, tiny_model, mixed_blocks, tmp_path / "whole", *more)
    told = command(mode, tiny_model, mixed_blocks, tmp_path / "told", *more)
    done = run([*told, "--rewards", "tests.support.rewards.terminating_reward"])
    assert f"exitcode  : {128 + signal.SIGTERM}" in done.stderr
    assert [path.name for path in checkpoints(tmp_path / "told")] == ["checkpoint-3"]
    done = run([*told, "--resume", "true"])
    assert done.returncode == 0, done.stderr[-6000:]
    assert equal(whole / "last", tmp_path / "told" / "last")


@pytest.mark.nightly
def test_two_machines_learn_what_one_does(
    launched: Launched, tiny_model: Path, mixed_blocks: Path, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])

    def machine(rank: int) -> subprocess.CompletedProcess[str]:
        where = ["--machine_rank", str(rank), "--main_process_ip", "127.0.0.1", "--main_process_port", port]
        return run(command("machines", tiny_model, mixed_blocks, tmp_path / "run", *SGD, launcher=where))

    with ThreadPoolExecutor(2) as machines:
        for done in machines.map(machine, range(2)):
            assert done.returncode == 0, done.stderr[-6000:]
    assert equal(launched("zero3", "full") / "last", tmp_path / "run" / "last")


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["full", "lora"])
def test_one_process_saves_the_same_names(
    kind: str, launched: Launched, tiny_model: Path, mixed_blocks: Path, tmp_path: Path
) -> None:
    alone = launch("alone", tiny_model, mixed_blocks, tmp_path / "run", *ADAM, *KINDS[kind])
    assert weights(alone / "last").keys() == weights(launched("zero3", kind) / "last").keys()
