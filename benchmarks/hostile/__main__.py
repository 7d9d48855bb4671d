"""Thousands of hostile inputs through every door of the project, and what each of them did to it.

    python -m benchmarks.hostile                                  # all doors, some 10,000 inputs, in minutes
    python -m benchmarks.hostile --share 0.03 --seed 5            # a thirtieth of them
    python -m benchmarks.hostile --doors archives --items 17      # one input again, with its traceback

A door is where something from outside comes in: a recording, a picture, a configuration, a completion, a data set, a
log. Each input is made from the seed and its number, and given to the project as a user would give it. Allowed is that
it is accepted, or refused with one clear line. Faults are tracebacks, anything that runs, is written or is read that
the input had no right to, more than 5 s of CPU, and more than 1 GB of memory; the exit code is 1 if there is one.
Needs Linux, whose /proc tells the peak of memory for each input.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.hostile.archives import ARCHIVES
from benchmarks.hostile.configurations import CONFIGURATIONS, TRAINING_CONFIGURATIONS
from benchmarks.hostile.data_sets import DATA_SETS
from benchmarks.hostile.logs import LOGS
from benchmarks.hostile.measure import Door, Result, results
from benchmarks.hostile.pickles import PICKLES
from benchmarks.hostile.pictures import FRAMES, PICTURES
from benchmarks.hostile.texts import ANSWERS, DESCRIPTIONS, RULES, TEMPLATES

DOORS = (
    PICKLES,
    FRAMES,
    PICTURES,
    ARCHIVES,
    DESCRIPTIONS,
    TEMPLATES,
    ANSWERS,
    RULES,
    CONFIGURATIONS,
    TRAINING_CONFIGURATIONS,
    DATA_SETS,
    LOGS,
)
_TOLD = 3
"""Faults of a door that are printed; all are in `--out`."""


def run(doors: Sequence[Door], seed: int, share: float, items: range | None = None) -> Iterator[list[Result]]:
    """The results of each door: of these items, or of a share of a full run."""
    for door in doors:
        yield list(results(door, seed, items or range(max(1, round(door.items * share)))))


def line(door: Door, found: Sequence[Result], wall: float) -> str:
    """A row of the table."""
    outcomes = [result.outcome for result in found]
    broken = [result.faults for result in found]
    slowest = max(found, key=lambda result: result.seconds)
    largest = max(found, key=lambda result: result.megabytes)
    counts = [len(found), outcomes.count("refused"), outcomes.count("accepted")]
    counts += [sum(name in faults for faults in broken) for name in ("traceback", "execution")]
    worst = f"{slowest.seconds:.2f} | {largest.megabytes:.0f}"
    return f"| {door.name}: {door.what} | {' | '.join(map(str, counts))} | {worst} | {wall:.0f} |"


def main(arguments: Sequence[str]) -> int:
    """Run and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--doors", help=f"of {', '.join(door.name for door in DOORS)}, with commas between them")
    parser.add_argument("--items", type=_items, help="these alone, as 17 or 100-199 (default: all)")
    parser.add_argument("--share", type=float, default=1.0, help="of each door's inputs (default 1)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write every result as JSON")
    options = parser.parse_args(arguments)
    names = options.doors.split(",") if options.doors else [door.name for door in DOORS]
    if unknown := set(names) - {door.name for door in DOORS}:
        parser.error(f"no door is called {min(unknown)}")
    doors = [door for door in DOORS if door.name in names]
    head = "| door | inputs | refused | accepted | tracebacks | executions | worst s | worst MB | s of the clock |"
    print(f"{head}\n|{'---|' * (head.count('|') - 1)}", flush=True)
    found: list[Result] = []
    start = time.monotonic()
    for door, of_door in zip(doors, run(doors, options.seed, options.share, options.items), strict=True):
        print(line(door, of_door, time.monotonic() - start), flush=True)
        start = time.monotonic()
        found += of_door
    if options.out:
        options.out.write_text(json.dumps([asdict(result) for result in found], indent=1))
    faulty = [result for result in found if result.faults]
    for result in faulty if options.items else _few(faulty):
        print(f"\n{', '.join(result.faults)}: {result.what} ({result.seconds:.1f} s, {result.megabytes:.0f} MB)")
        print(f"  python -m benchmarks.hostile --doors {result.door} --items {result.item} --seed {options.seed}")
        print("\n".join([*result.executions, result.said if options.items else result.said.strip()[-300:]]))
    print(f"\n{len(found)} inputs, {len(faulty)} with a fault (seed {options.seed})")
    return int(bool(faulty))


def _few(faulty: Sequence[Result]) -> Iterator[Result]:
    for name in dict.fromkeys(result.door for result in faulty):
        yield from [result for result in faulty if result.door == name][:_TOLD]


def _items(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
