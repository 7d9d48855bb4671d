"""Look for what a data set gives away, and for what is wrong in it.

    python -m data_gen.audit data/robot-r1                  # exit code 1 if something is red
    python -m data_gen.audit PATH --fail-on amber           # stricter, for CI
    python -m data_gen.audit PATH --out /tmp/audit.json     # a data set that must not be written to

Works on any folder of parquet files with the documented columns. Writes `audit.json` with every finding.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from data_gen.audit.report import AUDIT, Audit, Light
from data_gen.audit.run import audit_dataset, save_audit
from data_gen.audit.table import summary_lines, terminal_tables
from robot_r1.cli import CommandParser, console, python_line, run_command
from robot_r1.errors import UserError

_FAILING: dict[str, frozenset[Light]] = {
    "red": frozenset({"red"}),
    "amber": frozenset({"red", "amber"}),
    "never": frozenset(),
}


def main(arguments: Sequence[str]) -> int:
    """Audit a data set; see the module's text. Returns 1 if the audit fails, else 0."""
    parser = CommandParser(
        prog="python -m data_gen.audit", description="Look for what a data set gives away.", allow_abbrev=False
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="folder of the data set")
    parser.add_argument(
        "--fail-on", choices=tuple(_FAILING), default="red", help="worst light that fails (default: red)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"file of the findings (default: PATH/{AUDIT})")
    parser.add_argument(
        "--workers", type=int, default=2, metavar="N", help="threads; does not change the result (default: 2)"
    )
    options = parser.parse_args(arguments)
    if options.workers < 1:
        raise UserError(f"--workers is {options.workers}; give at least 1")
    audit = audit_dataset(options.path, options.workers)
    out: Path = options.out or options.path / AUDIT
    _save(out, audit)
    failed = audit.light in _FAILING[options.fail_on]
    for table in terminal_tables(audit):
        console.print(table, "")
    console.print("\n".join(summary_lines(audit)), markup=False)
    console.print(f"findings: {out}, with every rule", markup=False)
    console.print(f"next:     {python_line('-m', 'data_gen.report', options.path)}", markup=False)
    return int(failed)


def _save(path: Path, audit: Audit) -> None:
    try:
        save_audit(path, audit)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; give --out a file you may write") from error


if __name__ == "__main__":
    sys.exit(run_command(main, "run the same command again"))
