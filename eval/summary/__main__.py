"""`python -m eval.summary LOGS... [--published] [--out FILE]`: what runs measured, as Markdown tables."""

import sys
from collections.abc import Sequence
from pathlib import Path

from eval.logs import find_runs
from eval.summary.tables import summary
from robot_r1.cli import CommandParser, console, run_command
from robot_r1.errors import UserError
from robot_r1.files import write_text


def main(arguments: Sequence[str]) -> None:
    """Print or write the tables."""
    parser = CommandParser(
        prog="python -m eval.summary",
        description="Tables of finished runs in Markdown: number of questions, mean, 95 % interval clustered by demo,"
        " seeds. Runs that differ in nothing but their seed are one row.",
    )
    parser.add_argument("logs", nargs="+", type=Path, metavar="LOGS", help="logs (.eval) or folders of them")
    parser.add_argument(
        "--by", choices=("group", "task"), default="group", help="rows by type of question, or by task"
    )
    parser.add_argument(
        "--seeds-of",
        action="append",
        default=[],
        metavar="PATTERN",
        help="take models whose names match as seeds of one, such as 'robot-r1/runs/grpo-seed*'; repeatable",
    )
    parser.add_argument("--published", action="store_true", help="the paper's numbers too, beside those of the bench")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write to a file instead")
    options = parser.parse_args(arguments)
    found = find_runs(options.logs)
    for line in found.left_out:
        console.print(f"left out: {line}", markup=False)
    text = summary(found.runs, options.by, options.seeds_of, options.published)
    if options.out is None:
        print(text)
        return
    try:
        write_text(options.out, text + "\n")
    except OSError as error:
        raise UserError(f"cannot write {options.out}: {error.strerror}; give --out a file you may write") from error
    print(options.out)


if __name__ == "__main__":
    sys.exit(run_command(main, "start it again"))
