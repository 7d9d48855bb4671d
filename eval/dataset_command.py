"""What the commands share that evaluate on a data set: their flags and how they end."""

import argparse
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from inspect_ai.log import EvalLog
from inspect_ai.model import Model
from rich.console import Console

from eval.options import add_run_options, open_models, positive
from eval.results import readable
from eval.samples import MAX_TOKENS
from eval.scorers.answered import from_samples
from eval.scorers.report import sheets
from eval.sheets import Sheet, markdown
from robot_r1.cli import CommandParser, console, python_line
from robot_r1.errors import UserError
from robot_r1.files import write_text
from robot_r1.question import SPLITS


def dataset_parser(program: str, description: str, benchmark: str, baselines: Sequence[str]) -> CommandParser:
    """The parser with the flags of all such commands."""
    parser = CommandParser(prog=program, description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", required=True, help="folder that data_gen wrote, or its name on the Hub")
    parser.add_argument("--split", default="test", choices=SPLITS, help="default test")
    parser.add_argument("--question-types", metavar="TYPES", help="only these, with commas between them")
    parser.add_argument("--tasks", metavar="TASKS", help="only these, with commas between them")
    names = "; ".join(baselines)
    parser.add_argument(
        "--baseline", metavar="NAME", help=f"answer without a model: all (a table of them); {names}".replace("%", "%%")
    )
    parser.add_argument("--seed", type=int, default=0, help="of baselines that draw; default 0")
    parser.add_argument(
        "--max-tokens", type=positive, default=MAX_TOKENS, metavar="N", help=f"of a completion; default {MAX_TOKENS}"
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there too")
    add_run_options(parser, benchmark)
    return parser


def chosen_models(options: argparse.Namespace) -> list[str | Model]:
    """The models of the flags, or Inspect's name for none where a baseline answers.

    Raises:
        UserError: neither is named, or both, or a model cannot be opened.
    """
    if options.baseline is None:
        return [*open_models(options)]
    if options.model:
        raise UserError("--baseline answers without a model; give either --baseline or --model")
    return ["none/none"]


def conclude(logs: Sequence[EvalLog], markdown_file: Path | None) -> int:
    """Print the tables of the logs, what is missing, where the logs are and what to do next.

    Returns: the exit code, 1 if questions are left without an answer.
    """
    tables: list[Sheet] = []
    for log in logs:
        answered = from_samples(log.samples or [])
        tables += sheets(_name(log), answered) if answered else []
    show(tables, markdown_file)
    for log in logs:
        console.print(f"log:  {log.location}", markup=False)
    view = shlex.join(["inspect", "view", "--log-dir", str(Path(logs[0].location).parent)])
    places = [log.location for log in logs]
    console.print(f"next: {view}\n      {python_line('-m', 'eval.summary', *places)}", markup=False)
    return max(_missing(log) for log in logs)


def show(tables: Iterable[Sheet], markdown_file: Path | None) -> None:
    """Print tables on standard output, and write them as Markdown where a file is named."""
    tables = list(tables)
    try:
        if markdown_file is not None:
            write_text(markdown_file, markdown(tables))
    except OSError as error:
        raise UserError(f"cannot write {markdown_file}: {error.strerror}; give another --markdown") from error
    output = Console(highlight=False, markup=False, emoji=False)
    for table in tables:
        output.print(table.rich())
        output.print()


def _name(log: EvalLog) -> str:
    baseline = (log.eval.metadata or {}).get("baseline")
    return f"baseline: {baseline}" if baseline else log.eval.model


def _missing(log: EvalLog) -> int:
    failed = [sample.error for sample in log.samples or [] if sample.error is not None]
    if log.status == "success" and not failed:
        return 0
    message = failed[0].message if failed else log.error.message if log.error else log.status
    count = f"{log.eval.model} left {len(failed)} without an answer" if failed else f"{log.eval.model} failed"
    reason = readable(" ".join(message.split()))[:300]
    console.print(f"error: {count}: {reason}; run the same command again to go on", markup=False)
    return 1
