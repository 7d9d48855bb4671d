"""`python -m data_gen.report PATH [--out FILE] [--questions N]`: write one offline HTML page about a data set."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from data_gen.report.page import QUESTIONS, write_report
from robot_r1.cli import CommandParser, run_command


def main(arguments: Sequence[str]) -> None:
    """Write the page and print where it is and what to do with it."""
    parser = CommandParser(
        prog="python -m data_gen.report",
        description="Write one HTML page about a data set: questions on their frames, the audit, a sheet per demo."
        " It needs no network.",
        allow_abbrev=False,
    )
    parser.add_argument("data", type=Path, metavar="PATH", help="the folder of a data set")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the page to write (default: PATH/report.html)")
    parser.add_argument(
        "--questions",
        type=_count,
        default=QUESTIONS,
        metavar="N",
        help="how many questions to show, spread evenly over types, tasks, splits and demos (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    path = options.out or options.data / "report.html"
    size = write_report(options.data, path, options.questions)
    print(f"report:  {path} ({size / 1e6:.1f} MB)")
    print("next:    open it, flag what is wrong, download exclude.txt, and build again with --exclude exclude.txt")


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no whole number; give 1 or more") from error
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} questions make no page; give 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(run_command(main, "give the same command again"))
