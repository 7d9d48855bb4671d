"""Agreement of judges with each other, or with people, on the same answers of Robot-R1 Bench.

    python -m eval.agreement LOG LOG_OR_CSV ...
    python -m eval.agreement --csv-template LOG --out scores.csv

The first prints Pearson's and Spearman's correlation, kappa with quadratic weights and the share of equal scores for
each pair. The second writes the answers of a log for people to score without knowing whose they are. Give a copy to
each, and put their rows into one file: the median of the raters counts. Files that are given apart are compared.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from eval.agreement.blind import blind_csv
from eval.agreement.ratings import read_ratings
from eval.agreement.table import table
from eval.judge.logs import read_bench_log
from robot_r1.cli import CommandParser, console, python_line, run_command
from robot_r1.errors import UserError
from robot_r1.files import write_text


def main(arguments: Sequence[str]) -> None:
    """Run the command."""
    parser = CommandParser(
        "python -m eval.agreement", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "sources", nargs="*", type=Path, metavar="LOG_OR_CSV", help="logs (.eval), or CSV id,score[,rater]"
    )
    parser.add_argument(
        "--csv-template", type=Path, metavar="LOG", help="write the answers of a log for people to score"
    )
    parser.add_argument("--out", type=Path, metavar="CSV", help="where --csv-template writes")
    parser.add_argument(
        "--seed", type=int, default=0, help="of the bootstrap, and of the template's order (default 0)"
    )
    options = parser.parse_args(arguments)
    if options.csv_template is None:
        _print_table(options.sources, options.seed)
        return
    if options.sources or options.out is None:
        raise UserError("--csv-template takes one log and --out CSV, and no further logs")
    _write_template(options.csv_template, options.out, options.seed)


def _print_table(sources: Sequence[Path], seed: int) -> None:
    judges = [ratings for path in sources for ratings in read_ratings(path)]
    if len(judges) < 2:
        raise UserError("agreement is between judges: give two logs or CSV files, or one log that two judges scored")
    print(table(judges, seed))


def _write_template(log: Path, out: Path, seed: int) -> None:
    if out.exists():
        raise UserError(f"{out} exists and may hold scores; give another --out")
    write_text(out, blind_csv(read_bench_log(log).samples or [], seed))
    console.print(f"wrote {out}: fill in score (0 to 3) and rater, then run:")
    console.print(python_line("-m", "eval.agreement", log, out))


if __name__ == "__main__":
    sys.exit(run_command(main, "give the same command again"))
