"""`python -m eval.compare A B [--out compare.html]`: two runs question by question, in the terminal and as a page."""

import sys
from collections.abc import Sequence
from pathlib import Path

from eval.compare.page import write_comparison
from eval.compare.pairing import compare, one_run
from eval.compare.text import report
from eval.options import positive
from robot_r1.cli import CommandParser, run_command

LISTED = 5
"""Flips of each direction that the terminal shows; the page has all."""


def main(arguments: Sequence[str]) -> None:
    """Print the comparison and write its page."""
    parser = CommandParser(
        prog="python -m eval.compare",
        description="Compare two runs of a benchmark on the questions that both answered: difference, 95 % interval"
        " and p-value by a bootstrap over demos, McNemar's exact test, and every answer that changed, as one HTML"
        " page that needs no network.",
    )
    parser.add_argument("first", type=Path, metavar="A", help="log of the first run (.eval), or a folder with one log")
    parser.add_argument("second", type=Path, metavar="B", help="log of the second run; differences are B minus A")
    parser.add_argument("--out", type=Path, default=Path("compare.html"), metavar="FILE", help="default: %(default)s")
    parser.add_argument(
        "--flips", type=positive, metavar="N", help="at most N changed answers in the page (default: all)"
    )
    options = parser.parse_args(arguments)
    comparison = compare(one_run(options.first), one_run(options.second))
    print(report(comparison, LISTED))
    size = write_comparison(comparison, options.out, options.flips)
    print(f"\n{options.out} ({size / 1e6:.1f} MB)")


if __name__ == "__main__":
    sys.exit(run_command(main, "start it again"))
