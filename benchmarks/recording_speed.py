"""How fast the embedded simulator records, and what a second worker brings.

    python benchmarks/recording_speed.py --renderer rays

Whole processes from start to end, imports included, one worker and two in turn.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from robot_r1.archive import stored_frames


def seconds(workers: int, renderer: str, demos: int) -> tuple[float, int]:
    """Seconds to record `demos` demos of each task, and the number of frames drawn."""
    with tempfile.TemporaryDirectory() as root:
        command = [sys.executable, "-m", "data_gen.record", "--root", root, "--renderer", renderer]
        start = time.perf_counter()
        subprocess.run(
            [*command, "--demos-per-task", str(demos), "--workers", str(workers)],
            cwd=Path(__file__).parents[1],
            stderr=subprocess.DEVNULL,
            check=True,
        )
        elapsed = time.perf_counter() - start
        frames = sum(len(stored_frames(path)) for path in Path(root).rglob("*.zip"))
        return elapsed, frames


def main() -> None:
    """Print the figures as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renderer", choices=("gl", "rays"), default="rays")
    parser.add_argument("--demos", type=int, default=4, help="demos of each of the five tasks")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, renderer {arguments.renderer}, 256 pixels\n")
    print("| workers | demos | frames | seconds | demos/s | frames/s |\n|---|---|---|---|---|---|")
    times = []
    for workers in (1, 2):
        elapsed, frames = seconds(workers, arguments.renderer, arguments.demos)
        demos = 5 * arguments.demos
        rates = f"{demos / elapsed:.2f} | {frames / elapsed:.1f}"
        print(f"| {workers} | {demos} | {frames} | {elapsed:.1f} | {rates} |")
        times.append(elapsed)
    print(f"\ntwo workers are {times[0] / times[1]:.2f} times as fast as one")


if __name__ == "__main__":
    main()
