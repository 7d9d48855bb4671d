"""Runs hostile inputs one by one in a forked process, and measures what each of them does to it.

A process that has imported everything is forked, so that an input costs no more than itself. What an input may take is
bounded: a bomb ends the forked process, never the machine, and the next input gets a new one.
"""

import gc
import multiprocessing
import os
import resource
import shutil
import signal
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from benchmarks.hostile.watch import Watch, private_file
from robot_r1.seeding import generator

MOST_SECONDS = 5.0
"""CPU seconds that an input may take."""
MOST_MEGABYTES = 1000.0
"""Memory that an input may take beyond what the process had before it."""
_GUARD_SECONDS = 30
_GUARD_BYTES = 4 * 2**30
_GUARD_FILE = 2**30
_PATIENCE = 90
"""Seconds of the clock after which an input that waits for something is given up."""

Outcome = Literal["accepted", "refused", "traceback", "killed"]


@dataclass(frozen=True)
class Case:
    """One hostile input, written where the project looks for it."""

    what: str
    """In a few words."""
    run: Callable[[], object]
    """Gives it to the project, as a user would."""


@dataclass(frozen=True)
class Door:
    """A way into the project."""

    name: str
    what: str
    items: int
    """Inputs of a full run."""
    refusals: tuple[type[Exception], ...]
    """What refuses an input, with a sentence for the user; any other error is a fault."""
    prepare: Callable[[Path], Any]
    """Makes good inputs in a folder, of which the hostile ones are made."""
    hostile: Callable[[Any, np.random.Generator, Path], Case]
    """Makes one in an empty folder."""


@dataclass(frozen=True)
class Result:
    """What became of one hostile input."""

    door: str
    item: int
    what: str
    outcome: Outcome
    said: str
    """The refusal, or the traceback."""
    seconds: float
    """CPU time."""
    megabytes: float
    """The largest memory during the input, less what was used before."""
    executions: tuple[str, ...]
    """What the input made the project do that no input may: see `watch`."""

    @property
    def faults(self) -> list[str]:
        """Names of the limits that were broken."""
        broken = {
            "traceback": self.outcome in ("traceback", "killed"),
            "execution": bool(self.executions),
            "time": self.seconds > MOST_SECONDS,
            "memory": self.megabytes > MOST_MEGABYTES,
        }
        return [name for name, fault in broken.items() if fault]


def results(door: Door, seed: int, items: range) -> Iterator[Result]:
    """The results of some of the inputs of a door, in their order; an input depends on its number and the seed alone.

    Raises:
        RuntimeError: the process ended outside of an input, so that the door itself is broken.
    """
    todo = list(items)
    while todo:
        with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
            for result in _in_a_fork(door, seed, todo, Path(folder)):
                yield result
                todo.remove(result.item)


def _in_a_fork(door: Door, seed: int, items: list[int], folder: Path) -> Iterator[Result]:
    """Results until all items are done or one of them has ended the process."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_work, args=(door, seed, items, folder, theirs))
    process.start()
    theirs.close()
    begun: tuple[int, str] | None = None
    while True:
        waiting = not ours.poll(_PATIENCE)
        if waiting:
            process.kill()
        try:
            message = None if waiting else ours.recv()
        except EOFError:
            message = None
        if message is None:
            process.join()
            if begun is not None:
                yield _killed(door, *begun, process.exitcode or 0, waiting)
            elif process.exitcode != 0:
                raise RuntimeError(f"door {door.name} ended with {process.exitcode} outside of an input")
            return
        if isinstance(message, Result):
            begun = None
            yield message
        else:
            begun = message


def _killed(door: Door, item: int, what: str, code: int, waited: bool) -> Result:
    if waited:
        said = f"still waiting after {_PATIENCE} s"
    else:
        said = f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended the process with code {code}"
    seconds = float(_GUARD_SECONDS) if code == -signal.SIGXCPU else 0.0
    return Result(door.name, item, what, "killed", said, seconds, 0.0, ())


def _work(door: Door, seed: int, items: list[int], folder: Path, pipe: Connection) -> None:
    _settle(folder)
    Image.new("RGB", (64, 64), "teal").save(private_file(folder))
    good = door.prepare(_fresh(folder / "good"))
    watch = Watch(folder)
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + _GUARD_BYTES, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_GUARD_FILE, resource.RLIM_INFINITY))
    gc.collect()
    gc.freeze()
    for item in items:
        place = _fresh(folder / "item")
        case = door.hostile(good, generator(seed, "hostile", door.name, item), place)
        pipe.send((item, case.what))
        pipe.send(_measured(door, item, case, watch))


def _settle(folder: Path) -> None:
    """Whatever is written goes below the folder."""
    warnings.simplefilter("ignore")  # of names that are there twice, and of large pictures
    temporary = _fresh(folder / "tmp")
    os.environ["TMPDIR"] = str(temporary)
    tempfile.tempdir = str(temporary)
    os.chdir(_fresh(folder / "cwd"))


def _measured(door: Door, item: int, case: Case, watch: Watch) -> Result:
    gc.collect()
    before, start = _forget_peak(), _cpu()
    resource.setrlimit(resource.RLIMIT_CPU, (int(start) + _GUARD_SECONDS, resource.RLIM_INFINITY))
    outcome: Outcome = "accepted"
    said = ""
    with watch:
        try:
            case.run()
        except door.refusals as error:
            outcome, said = "refused", str(error)
        except BaseException:
            outcome, said = "traceback", traceback.format_exc()
    seconds, megabytes = _cpu() - start, (_peak() - before) / 1000
    return Result(door.name, item, case.what, outcome, said[-3000:], seconds, megabytes, tuple(watch.seen()))


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _forget_peak() -> float:
    """Let the peak of memory begin anew; the memory of now, kB."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _peak() -> float:
    return _status("VmHWM")


def _address_space() -> int:
    return int(_status("VmSize")) * 1024


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith(name)).split()[1])
