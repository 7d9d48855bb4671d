"""Record demonstrations of the embedded simulator.

    python -m data_gen.record --tasks push_button,pick_up_cup --demos-per-task 10 --root data/demos

Recording is the slow stage; `data_gen.build` reads what it left, and records by itself what is missing.
It takes the files and flags of `data_gen.build`; those that only concern building have no effect here.
"""

import sys
from collections.abc import Sequence

from data_gen.config import BuildConfig
from data_gen.read_config import read_config
from data_gen.sources import ArchivedDemo, demo_root, find
from data_gen.sources.simulated import record_missing
from robot_r1.cli import console, python_line, run_command
from robot_r1.errors import UserError


def main(arguments: Sequence[str]) -> None:
    """Record every demo of the configuration that the archive lacks."""
    config = read_config(BuildConfig, "python -m data_gen.record", arguments)
    if config.source == "rlbench-disk":
        raise UserError("--source rlbench-disk is recorded already; give it to data_gen.build")
    demos = [demo for demo in find(config).demos if isinstance(demo, ArchivedDemo)]
    recorded = record_missing(config, demos)
    root = demo_root(config)
    console.print(f"{len(demos)} demos in {root}, {recorded} of them recorded now", markup=False)
    console.print(f"next: {python_line('-m', 'data_gen.build', *arguments)}", markup=False)


if __name__ == "__main__":
    sys.exit(run_command(main, "demos already recorded are kept; run the same command again to go on"))
