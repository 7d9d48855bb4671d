"""The flags that all commands share that run a benchmark: which models, how they are reached, where the logs go."""

import argparse
from pathlib import Path
from typing import Any

from inspect_ai.model import Model

from eval.run import MAX_RETRIES, open_model
from robot_r1.cli import CommandParser
from robot_r1.errors import BadFileError, UserError
from robot_r1.yaml_file import parse_yaml


def add_run_options(parser: CommandParser, benchmark: str) -> None:
    """Add `--model`, `--model-base-url`, `-M`, `--max-connections`, `--max-retries`, `--log-dir`, `--limit` and
    `--log-images`."""
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        help="PROVIDER/NAME, such as openai/gpt-4o or robot-r1/PATH; repeatable",
    )
    parser.add_argument("--model-base-url", metavar="URL", help="address of an OpenAI-compatible server")
    parser.add_argument(
        "-M", dest="model_args", action="append", default=[], metavar="NAME=VALUE", help="an argument of the provider"
    )
    parser.add_argument(
        "--max-connections", type=positive, metavar="N", help="requests at a time (default: Inspect's)"
    )
    parser.add_argument(
        "--max-retries", type=int, default=MAX_RETRIES, metavar="N", help=f"tries after errors (default {MAX_RETRIES})"
    )
    parser.add_argument("--log-dir", type=Path, default=Path("logs") / benchmark, help=f"default logs/{benchmark}")
    parser.add_argument("--limit", type=positive, metavar="N", help="only N questions, of all kinds")
    parser.add_argument("--log-images", action="store_true", help="keep the pictures in the log too")


def open_models(options: argparse.Namespace) -> list[Model]:
    """The models of the flags.

    Raises:
        UserError: none is named, or one cannot be opened.
    """
    if not options.model:
        raise UserError("no model is named; give --model PROVIDER/NAME, such as openai/gpt-4o or robot-r1/PATH")
    return [
        open_model(
            name,
            base_url=options.model_base_url,
            model_args=_model_args(options.model_args),
            max_retries=options.max_retries,
            max_connections=options.max_connections,
        )
        for name in options.model
    ]


def positive(text: str) -> int:
    """A whole number of at least one, for `argparse`."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of at least 1")
    return number


def _model_args(pairs: list[str]) -> dict[str, Any]:
    """`NAME=VALUE` as names and YAML values, as Inspect reads its own -M."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise UserError(f"-M {pair} is not NAME=VALUE, such as -M batch_size=8")
        try:
            found[name] = parse_yaml(value)
        except BadFileError as error:
            raise UserError(f"-M {pair}: the value {error}") from error
    return found
