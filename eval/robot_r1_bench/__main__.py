"""Robot-R1 Bench: ask models, and score their answers from 0 to 3.

python -m eval.robot_r1_bench --model PROVIDER/MODEL [--grader PROVIDER/JUDGE] [--repeats 3]
python -m eval.robot_r1_bench --baseline reference
python -m eval.robot_r1_bench --rescore LOG --grader PROVIDER/JUDGE
"""

import argparse
import hashlib
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from inspect_ai.log import EvalLog
from inspect_ai.model import Model

from eval.dataset_command import show
from eval.judge.prices import set_prices
from eval.judge.report import remarks, score_sheet, unjudged
from eval.judge.rescoring import read_answers, rejudged, rescored, write_log
from eval.judge.rules import RULES_JUDGE
from eval.judge.scorers import GRADER
from eval.options import add_run_options, open_models, positive
from eval.results import readable
from eval.robot_r1_bench.task import MAX_TOKENS, NAME, RULES, robot_r1_bench
from eval.run import open_model, run
from robot_r1.cli import CommandParser, console, python_line, run_command
from robot_r1.errors import UserError

PROGRAM = "python -m eval.robot_r1_bench"
NOT_THE_PAPERS = (
    "judge: rules, which compare answers with the simulator's truth. This is not the paper's judge (GPT-4o with a "
    "rubric), and its scores are not comparable with published ones; --grader PROVIDER/MODEL asks a model"
)

_ASKING = {
    "model": "--model",
    "model_base_url": "--model-base-url",
    "model_args": "-M",
    "max_connections": "--max-connections",
    "limit": "--limit",
    "log_images": "--log-images",
    "bench": "--bench",
    "reasoning_types": "--reasoning-types",
    "tasks": "--tasks",
    "no_answer_tags": "--no-answer-tags",
    "max_tokens": "--max-tokens",
    "baseline": "--baseline",
}
"""Options that say what is asked, which is settled where answers are there: by name, the flag."""


def main(arguments: Sequence[str]) -> int:
    """Run the command; 1 if an answer is missing or has no score, else 0."""
    options = _parser().parse_args(arguments)
    if (options.grader or RULES) == RULES and not options.unjudged:
        console.print(NOT_THE_PAPERS, markup=False)
    if options.model_cost_config is not None:
        set_prices(options.model_cost_config)
    logs = [_rescore(options)] if options.rescore else _run(options)
    show([score_sheet(log) for log in logs], options.markdown)
    return max(_conclude(log, options) for log in logs)


def _parser() -> CommandParser:
    parser = CommandParser(PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_run_options(parser, NAME)
    parser.add_argument("--model-cost-config", type=Path, metavar="FILE", help="prices of models, in Inspect's form")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there too")
    judge = parser.add_argument_group("judge")
    judge.add_argument("--grader", help=f"{RULES} (default), or a judge as PROVIDER/MODEL")
    judge.add_argument("--grader-base-url", metavar="URL", help="address of the judge, if it speaks like OpenAI")
    judge.add_argument("--repeats", type=positive, help="scores that a model gives to each answer (default 1)")
    judge.add_argument("--rescore", type=Path, metavar="LOG", help="judge the answers of a log; no model is asked")
    judge.add_argument("--unjudged", action="store_true", help="with --rescore: only answers that have no score yet")
    asked = parser.add_argument_group("questions")
    asked.add_argument("--bench", help="folder or JSONL; default: the bench of this project")
    asked.add_argument("--reasoning-types", metavar="A,B", help="spatial, planning, high_level or movement")
    asked.add_argument("--tasks", metavar="A,B", help="only questions about these tasks")
    asked.add_argument("--no-answer-tags", action="store_true", help="do not ask for reasoning and answer in tags")
    asked.add_argument("--max-tokens", type=positive, default=MAX_TOKENS, metavar="N", help="of a completion")
    asked.add_argument("--baseline", metavar="TEXT", help="ask no model: answer with `reference`, or with this text")
    return parser


def _run(options: argparse.Namespace) -> list[EvalLog]:
    if options.unjudged:
        raise UserError("--unjudged goes with --rescore LOG")
    task = robot_r1_bench(
        bench=options.bench,
        grader=options.grader or RULES,
        repeats=options.repeats or 1,
        reasoning_types=options.reasoning_types,
        tasks=options.tasks,
        answer_tags=not options.no_answer_tags,
        baseline=options.baseline,
        max_tokens=options.max_tokens,
    )
    if options.baseline is not None and options.model:
        raise UserError("--baseline asks no model; leave out --model or --baseline")
    models = open_models(options) if options.baseline is None else ["none/none"]
    judge = _judge(options, options.grader or RULES)
    return run(
        task,
        models,
        options.log_dir,
        judges={GRADER: judge} if judge else None,
        limit=options.limit,
        log_images=options.log_images,
        keeps_answers=options.baseline is None or judge is not None,
    )


def _judge(options: argparse.Namespace, grader: str) -> Model | None:
    if grader == RULES:
        return None
    return open_model(grader, base_url=options.grader_base_url, max_retries=options.max_retries)


def _rescore(options: argparse.Namespace) -> EvalLog:
    parser = _parser()
    if given := [flag for name, flag in _ASKING.items() if getattr(options, name) != parser.get_default(name)]:
        raise UserError(f"--rescore judges all answers in a log and asks no model; leave out {', '.join(given)}")
    log = read_answers(options.rescore)
    before = log.eval.metadata or {}
    if options.unjudged:
        name, asked = before.get("judge"), before.get("judge_repeats", 1)
        if not isinstance(name, str) or not isinstance(asked, int) or asked < 1:
            raise UserError(f"{options.rescore} does not say who judged it; leave out --unjudged to judge all anew")
        if options.grader not in (None, name):
            raise UserError(f"{options.rescore} was judged by {name}; judge the rest by it, or all anew")
        judge = _judge(options, RULES if name == RULES_JUDGE else name)
        repeats = options.repeats or asked
        path = options.rescore
    else:
        judge, repeats = _judge(options, options.grader or RULES), options.repeats or 1
        path = options.log_dir / f"{options.rescore.stem}_{_slug(str(judge or RULES), repeats)}.eval"
        if path.exists():
            raise UserError(f"{path} has these scores already; remove it, or give another --log-dir")
    replies = options.log_dir / f".rescoring-{hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:12]}"
    new = (rejudged if options.unjudged else rescored)(log, judge, repeats, replies)
    write_log(new, path)
    new.location = str(path)
    return new


def _slug(judge: str, repeats: int) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", judge) + (f"-x{repeats}" if repeats > 1 else "")


def _conclude(log: EvalLog, options: argparse.Namespace) -> int:
    """Tell what was read, judged and spent, where the log is, and how to go on; the exit code."""
    view = shlex.join(["inspect", "view", "--log-dir", str(Path(log.location).parent)])
    summary = python_line("-m", "eval.summary", log.location)
    for line in [*remarks(log), f"log:  {log.location}", f"next: {view}", f"      {summary}"]:
        console.print(line, markup=False)
    failed = [sample.error for sample in log.samples or () if sample.error is not None]
    left = unjudged(log)
    if log.status != "success":
        message = failed[0].message if failed else log.error.message if log.error else log.status
        reason = readable(" ".join(message.split()))[:300]
        said = f"{len(failed)} questions failed: {reason}; run the same command again to go on"
        console.print(f"error: {said}", markup=False)
    elif left:
        url = ["--grader-base-url", options.grader_base_url] if options.grader_base_url else []
        go_on = python_line("-m", "eval.robot_r1_bench", "--rescore", log.location, "--unjudged", *url)
        console.print(f"error: {left} answers have no score; ask the judge again with: {go_on}", markup=False)
    return int(log.status != "success" or left > 0)


if __name__ == "__main__":
    sys.exit(run_command(main, "give the same command again to go on"))
