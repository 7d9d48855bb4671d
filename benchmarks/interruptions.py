"""What is left of a build that is killed, that finds its disk full, or that is not alone; then `--resume`.

    python benchmarks/interruptions.py                     # all of them, in some ten minutes
    python benchmarks/interruptions.py --trials 5 --only kills

Every trial has to end with the bytes of a build that nothing disturbed, and without a traceback. Kills come at random
moments (`--seed`) of a process that has imported everything before it is forked, so that they fall into the work.
"""

import argparse
import hashlib
import io
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np

from data_gen import build
from robot_r1.cli import run_command
from robot_r1.seeding import generator
from robot_r1.sim import recorder  # noqa: F401 - what a build imports late, so that kills fall into its work
from tests.support.demos import write_archive

_RECORDED = ("--tasks", "push_button,pick_up_cup", "--demos-per-task", "2", "--image-size", "32")
"""Demos that the build has to record first."""
_MADE = ("--tasks", "push_button,pick_up_cup,phone_on_base", "--demos-per-task", "20", "--image-size", "64")
"""Demos that are there: kills then fall into the build itself."""
_SIZES = ("40k", "300k", "700k", "1200k", "3m")
_YEARS = (0, 631152000, 4070908800)
"""1970, 1990 and 2099, in seconds."""


@dataclass(frozen=True)
class Ended:
    """How a build ended."""

    code: int
    said: str
    """What it printed on standard error."""

    @property
    def traceback(self) -> bool:
        return "Traceback" in self.said


@dataclass
class Row:
    """A row of the table."""

    what: str
    trials: int = 0
    disturbed: int = 0
    tracebacks: int = 0
    same: int = 0

    def text(self) -> str:
        """As Markdown."""
        return f"| {self.what} | {self.trials} | {self.disturbed} | {self.tracebacks} | {self.same} of {self.trials} |"


class Build:
    """`data_gen.build` in a forked process with one worker."""

    def __init__(self, root: Path, out: Path, *flags: str) -> None:
        arguments = ["--root", str(root), "--out", str(out), "--variations", "0", "--workers", "1", *flags]
        self._said = root.parent / f"{time.monotonic_ns()}.txt"
        self._process = multiprocessing.get_context("fork").Process(target=_run, args=(arguments, self._said))
        self._process.start()

    def kill(self, number: int) -> None:
        """Send a signal."""
        if self._process.pid is not None and self._process.is_alive():
            os.kill(self._process.pid, number)

    def ended(self) -> Ended:
        """Wait for its end."""
        self._process.join()
        return Ended(self._process.exitcode or 0, self._said.read_text() if self._said.exists() else "")


def _run(arguments: list[str], said: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    argv = patch("sys.argv", ["build", *arguments])
    with said.open("w", buffering=1) as file, redirect_stderr(file), redirect_stdout(io.StringIO()), argv:
        code = run_command(build.main, "go on with --resume")
    os._exit(code)


def digest(*folders: Path) -> dict[str, str]:
    """By file."""
    return {
        str(path.relative_to(folder.parent)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


@dataclass(frozen=True)
class Case:
    """What is built, and what comes of it when nothing disturbs it."""

    name: str
    flags: tuple[str, ...]
    demos: Callable[[Path], Path]
    """Makes the folder of demos in a folder."""
    seconds: float
    right: dict[str, str]


def undisturbed(name: str, flags: tuple[str, ...], demos: Callable[[Path], Path], folder: Path) -> Case:
    """The case, built once."""
    root, out = demos(folder), folder / "set"
    start = time.monotonic()
    ended = Build(root, out, *flags).ended()
    assert ended.code == 0, ended.said
    return Case(name, flags, demos, time.monotonic() - start, digest(out, root))


def kill(case: Case, number: int, folder: Path, rng: np.random.Generator, row: Row) -> None:
    """Kill a build once or twice, resume it, and compare."""
    root, out = case.demos(folder), folder / "set"
    row.trials += 1
    hit = False
    for resume in ((), ("--resume",)) if rng.random() < 0.5 else ((),):
        run = Build(root, out, *case.flags, *resume)
        time.sleep(float(rng.uniform(0, case.seconds)))
        run.kill(number)
        ended = run.ended()
        hit |= ended.code != 0
        row.tracebacks += ended.traceback
    row.disturbed += hit
    last(case, root, out, row)


def last(case: Case, root: Path, out: Path, row: Row, *flags: str) -> None:
    """Go on, and compare."""
    ended = Build(root, out, *case.flags, "--resume").ended()
    row.tracebacks += ended.traceback
    clean = not list(out.parent.rglob("*.tmp")) and not out.with_name(f"{out.name}.partial").exists()
    row.same += ended.code == 0 and clean and digest(out, root) == case.right


def kills(cases: Sequence[Case], trials: int, seed: int, folder: Path) -> Iterator[Row]:
    """SIGKILL, SIGTERM and SIGINT."""
    for case in cases:
        for number, share in ((signal.SIGKILL, 1.0), (signal.SIGTERM, 0.5), (signal.SIGINT, 0.5)):
            row = Row(f"{number.name}, {case.name}")
            for trial in range(max(1, round(trials * share))):
                rng = generator(seed, "kills", case.name, number.name, trial)
                with fresh(folder) as place:
                    kill(case, number, place, rng, row)
            yield row


def times(case: Case, folder: Path) -> Iterator[Row]:
    """Other times of all files between a kill and `--resume`."""
    row = Row("file times changed between SIGKILL and --resume")
    for number, when in enumerate(_YEARS):
        with fresh(folder) as place:
            root, out = case.demos(place), place / "set"
            run = Build(root, out, *case.flags)
            time.sleep(case.seconds * (0.3 + 0.2 * number))
            run.kill(signal.SIGKILL)
            row.disturbed += run.ended().code != 0
            for path in place.rglob("*"):
                os.utime(path, (when, when))
            row.trials += 1
            last(case, root, out, row)
    yield row


def full_disks(case: Case, folder: Path) -> Iterator[Row]:
    """A disk that is full, then enlarged."""
    row = Row(f"full disk ({', '.join(_SIZES)}), then enlarged and --resume")
    for size in _SIZES:
        if not on_disk(case, folder, row, f"size={size}", "size=200m", "No space left on device"):
            yield Row("full disk: skipped, as a small tmpfs cannot be mounted here; that needs root")
            return
    yield row


def read_only(case: Case, folder: Path) -> Iterator[Row]:
    """A target that may not be written, which becomes one that may."""
    row = Row("read-only target, then writable")
    if on_disk(case, folder, row, "ro", "rw", "Read-only file system"):
        yield row
    else:
        yield Row("read-only target: skipped, as no tmpfs can be mounted here; that needs root")


def on_disk(case: Case, folder: Path, row: Row, first: str, then: str, message: str) -> bool:
    """One trial on a disk of its own, in memory, that is mended before `--resume`; False where none can be mounted.

    Args:
        first: options of the mount that the build fails on.
        then: those that it ends with.
        message: what the build says of the first.
    """
    with fresh(folder) as place:
        disk = place / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", first, "tmpfs", str(disk)]
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            return False
        try:
            root = case.demos(place)
            ended = Build(root, disk / "set", *case.flags).ended()
            row.trials += 1
            row.disturbed += ended.code == 2 and message in ended.said
            row.tracebacks += ended.traceback
            subprocess.run(["mount", "-o", f"remount,{then}", str(disk)], check=True)
            last(case, root, disk / "set", row)
        finally:
            subprocess.run(["umount", str(disk)], check=True)
    return True


def together(case: Case, trials: int, seed: int, folder: Path) -> Iterator[Row]:
    """Two builds at once, into one folder and into two, from the same demos."""
    for what, names in (("into one --out", ("a", "a")), ("into two --out", ("a", "b"))):
        row = Row(f"two builds at once {what}, {case.name}")
        for trial in range(trials):
            rng = generator(seed, "together", what, case.name, trial)
            with fresh(folder) as place:
                root = case.demos(place)
                runs = []
                for name in names:
                    runs.append(Build(root, place / name / "set", *case.flags))
                    time.sleep(float(rng.uniform(0, case.seconds / 2)))
                ends = [run.ended() for run in runs]
                row.trials += 1
                row.disturbed += any(ended.code == 2 for ended in ends)
                row.tracebacks += sum(ended.traceback or ended.code not in (0, 2) for ended in ends)
                for name in names:
                    Build(root, place / name / "set", *case.flags, "--resume").ended()
                row.same += all(digest(place / name / "set", root) == case.right for name in names)
        yield row


@contextmanager
def fresh(folder: Path) -> Iterator[Path]:
    """An empty folder for a trial, always the same one: a data set may say where its demos lay."""
    place = folder / "trial"
    place.mkdir()
    yield place
    shutil.rmtree(place)


def _to_record(folder: Path) -> Path:
    (folder / "demos").mkdir()
    return folder / "demos"


def _there(folder: Path) -> Path:
    write_archive(folder / "demos", _MADE[1].split(","), episodes=20)
    return folder / "demos"


def main() -> int:
    """Print a table; returns 1 if a trial ended in a traceback or with other bytes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=10, help="of SIGKILL of each case (default 10)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=("kills", "times", "disks", "together"))
    options = parser.parse_args()
    print("| what | trials | disturbed | tracebacks | same bytes in the end |\n|---|---|---|---|---|", flush=True)
    good = True
    with tempfile.TemporaryDirectory(prefix="interruptions-") as temporary:
        folder = Path(temporary)
        with fresh(folder) as place:
            recording = undisturbed("4 demos to record", _RECORDED, _to_record, place)
        with fresh(folder) as place:
            building = undisturbed("60 recorded demos", _MADE, _there, place)
        cases, few = (recording, building), max(1, options.trials // 3)
        parts: dict[str, Callable[[], list[Iterator[Row]]]] = {
            "kills": lambda: [kills(cases, options.trials, options.seed, folder)],
            "times": lambda: [times(building, folder)],
            "disks": lambda: [full_disks(building, folder), read_only(building, folder)],
            "together": lambda: [together(case, few, options.seed, folder) for case in cases],
        }
        for name, part in parts.items():
            if options.only in (None, name):
                for row in (row for rows in part() for row in rows):
                    print(row.text(), flush=True)
                    good &= row.tracebacks == 0 and row.same == row.trials
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
