"""`python -m train.report RUN [--out FILE] [--questions N]`: write one offline HTML page about a training run."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from robot_r1.cli import CommandParser, run_command
from train.report.page import QUESTIONS, write_report


def main(arguments: Sequence[str]) -> None:
    """Write the page and print where it is."""
    parser = CommandParser(
        prog="python -m train.report",
        description="Write one HTML page about a training run: curves, answers followed over steps, samples, settings."
        " It needs no network. A run that is still going can be reported at any time.",
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="the trainer's output folder")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the page to write (default: RUN/report.html)")
    parser.add_argument(
        "--questions",
        type=_count,
        default=QUESTIONS,
        metavar="N",
        help="how many held-out questions to show with image and completions (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    path = options.out or options.run / "report.html"
    size = write_report(options.run, path, options.questions)
    print(f"{path} ({size / 1e6:.1f} MB)")


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{number} is negative")
    return number


if __name__ == "__main__":
    sys.exit(run_command(main, "run the same command again"))
