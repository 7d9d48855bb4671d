"""The harness of hostile inputs: in small over all doors, and whether it sees what it is there for."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.hostile.measure import Case, Door, Result, results
from benchmarks.hostile.watch import canary_file, private_file
from robot_r1.errors import UserError

REPOSITORY = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")


def harness(out: Path, *flags: str) -> list[dict[str, Any]]:
    """All results of a run in a process of its own; no input may have a fault."""
    command = [sys.executable, "-m", "benchmarks.hostile", "--out", str(out), *flags]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    read: list[dict[str, Any]] = json.loads(out.read_text())
    return read


def test_some_300_inputs_through_all_doors(tmp_path: Path) -> None:
    found = harness(tmp_path / "results.json", "--share", "0.025", "--seed", "0")
    doors = Counter(result["door"] for result in found)
    assert len(found) >= 300 and len(doors) == 12
    outcomes = Counter(result["outcome"] for result in found)
    assert outcomes.keys() == {"accepted", "refused"} and min(outcomes.values()) > 50


@pytest.mark.nightly
def test_10000_inputs_through_all_doors(tmp_path: Path) -> None:
    assert len(harness(tmp_path / "results.json", "--seed", "0")) > 10_000


def planted(run: Callable[[Path], object], items: int) -> list[Result]:
    """Inputs of a door that does with each of them what is given."""

    def hostile(good: Path, rng: np.random.Generator, place: Path) -> Case:
        return Case("planted", lambda: run(place))

    door = Door("planted", "a faulty one", items, (UserError,), lambda folder: folder, hostile)
    return list(results(door, 0, range(items)))


def refuse(place: Path) -> None:
    raise UserError("no")


def fail(place: Path) -> None:
    raise ValueError("not for users")


def execute(place: Path) -> None:
    os.system(f"touch {canary_file(place.parent)}")


def reveal(place: Path) -> None:
    private_file(place.parent).read_bytes()


def write_elsewhere(place: Path) -> None:
    (place.parents[1] / "elsewhere").touch()
    (place.parents[1] / "elsewhere").unlink()


def dawdle(place: Path) -> None:
    start = time.process_time()
    while time.process_time() - start < 5.2:
        pass


def hoard(place: Path) -> None:
    assert np.ones(150_000_000).sum() > 0


def hoard_without_end(place: Path) -> None:
    hoards = [np.ones(150_000_000)]
    while True:
        hoards.append(np.empty(50_000_000))


def die(place: Path) -> None:
    os.kill(os.getpid(), 9)


@pytest.mark.parametrize(
    ("run", "outcome", "faults"),
    [
        (lambda place: None, "accepted", []),
        (refuse, "refused", []),
        (fail, "traceback", ["traceback"]),
        (execute, "accepted", ["execution"]),
        (reveal, "accepted", ["execution"]),
        (write_elsewhere, "accepted", ["execution"]),
        (dawdle, "accepted", ["time"]),
        (hoard, "accepted", ["memory"]),
        (hoard_without_end, "traceback", ["traceback", "memory"]),
    ],
    ids=["nothing", "refusal", "traceback", "command", "private", "elsewhere", "time", "memory", "bomb"],
)
def test_a_faulty_door_is_seen(run: Callable[[Path], object], outcome: str, faults: list[str]) -> None:
    (found,) = planted(run, 1)
    assert (found.outcome, found.faults) == (outcome, faults)


def test_after_an_input_that_ends_the_process_the_next_ones_are_tried() -> None:
    found = planted(die, 3)
    assert [(result.item, result.outcome, result.faults) for result in found] == [
        (item, "killed", ["traceback"]) for item in range(3)
    ]
    assert all("SIGKILL" in result.said for result in found)
