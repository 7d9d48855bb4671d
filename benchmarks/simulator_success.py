"""How often the scripted experts succeed at the first try, and whether their keypoints are the scripted ones.

python benchmarks/simulator_success.py --seeds 50
"""

import argparse
import time
from collections.abc import Sequence

import numpy as np

from data_gen.keypoints import find_keypoints
from robot_r1.demo import DemoKey
from robot_r1.sim.recorder import simulate_once, to_demo
from robot_r1.sim.tasks import TASKS, task_names

STOPPING_DELTA = 0.1
MERGE_DISTANCE = 0.008


def measure(task: str, seeds: int) -> str:
    """One line on a task: first tries that succeed, seconds and frames per demo, keypoints against the script."""
    failed, unlike, frames, offsets = [], [], [0], [0]
    start = time.perf_counter()
    for seed in range(seeds):
        key = DemoKey(task=task, variation=seed % TASKS[task].variations, episode=seed)
        run = simulate_once(key, seed, attempt=0)
        if run is None:
            failed.append(seed)
            continue
        frames.append(len(run.states))
        demo, rng = to_demo(run, {}, 64, "rays"), np.random.default_rng(0)
        found = find_keypoints(demo, "heuristic", STOPPING_DELTA, MERGE_DISTANCE, rng)
        scripted = [event.frame for event in run.events]
        if len(found) == len(scripted):
            offsets += [abs(a - b) for a, b in zip(found, scripted, strict=True)]
        else:
            unlike.append((seed, found, scripted))
    seconds = (time.perf_counter() - start) / seeds
    return (
        f"{task:22s} first tries {seeds - len(failed)}/{seeds}, failed {failed}; {seconds:.2f} s and "
        f"{np.mean(frames[1:]):.0f} frames per demo; keypoints other than scripted in {len(unlike)} {unlike[:3]}, "
        f"greatest offset {max(offsets)} frames, mean {np.mean(offsets):.2f}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", default=",".join(task_names()), help="comma-separated")
    parser.add_argument("--seeds", type=int, default=50)
    options = parser.parse_args(arguments)
    for task in options.tasks.split(","):
        print(measure(task, options.seeds), flush=True)


if __name__ == "__main__":
    main()
