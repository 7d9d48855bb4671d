"""Running a task so that a killed run goes on where it was, and a user's mistake ends in one line."""

import contextlib
import contextvars
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from inspect_ai import Task, eval_set, task_with
from inspect_ai._util.error import PrerequisiteError
from inspect_ai.log import EvalLog, read_eval_log
from inspect_ai.model import GenerateConfig, Model, get_model
from rich.text import Text

import eval.registry  # noqa: F401 - found without the entry point too, as in a checkout that was installed before it
from eval.facts import digest, with_engine
from eval.kept import forget_answers, keeping_answers
from eval.progress import showing_progress
from eval.replies import that_insists
from robot_r1.cli import console
from robot_r1.errors import UserError

_TRANSPORT = ("batch_size", "client_timeout")
"""Arguments of providers that shape no answer: with others of them a run goes on, as after too large a batch."""
MAX_RETRIES = 8
"""Tries of one request after errors and rate limits; with Inspect's waits, doubling from 3 s, about ten minutes."""


def open_model(
    name: str,
    *,
    base_url: str | None = None,
    model_args: Mapping[str, Any] | None = None,
    max_retries: int = MAX_RETRIES,
    max_connections: int | None = None,
) -> Model:
    """A model by its name in Inspect's form, `openai/gpt-4o` or `robot-r1/PATH`.

    Raises:
        UserError: the name is unknown, or a key or package is missing.
    """
    config = GenerateConfig(max_retries=max_retries, max_connections=max_connections)
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # Inspect greets
            model = get_model(name, config=config, base_url=base_url, memoize=False, **(model_args or {}))
    except PrerequisiteError as error:
        raise UserError(f"model {name}: {_plain(error)}") from error
    except ValueError as error:
        why = str(error).removesuffix(".")
        raise UserError(f"model {name}: {why}; give PROVIDER/NAME, such as openai/gpt-4o or robot-r1/PATH") from error
    model.model_args = {name: value for name, value in model.model_args.items() if name not in _TRANSPORT}
    return that_insists(model)


def run(
    task: Task,
    models: Sequence[str | Model],
    log_dir: Path,
    *,
    judges: Mapping[str, str | Model] | None = None,
    limit: int | None = None,
    log_images: bool = False,
    keeps_answers: bool = True,
) -> list[EvalLog]:
    """Run a task for each model, one after the other, and return the logs with their samples.

    The logs of a run lie in a folder of `log_dir` whose name follows from the model and all that shapes its answers.
    Where that folder holds a finished log, it is returned; where it holds a part, only the rest is asked. A question
    that could not be answered (after retries) leaves the log with status `error`; the same call then asks it again.

    Args:
        task: with `metadata` from `eval.facts.Facts.metadata`.
        models: names, or models from `open_model`.
        judges: models by role, such as `{"grader": ..}`.
        limit: the first so many questions.
        log_images: whether the log holds the pictures too.
        keeps_answers: false for tasks that ask no model, which are then faster and start anew when killed.

    Raises:
        UserError: see `open_model`, or Inspect needs something else to be done first.
        KeyboardInterrupt: the run was interrupted.
    """
    opened = [open_model(model) if isinstance(model, str) else model for model in models]
    roles = {role: open_model(judge) if isinstance(judge, str) else judge for role, judge in (judges or {}).items()}
    facts = dict(task.metadata or {})
    logs = []
    for model in opened:
        task_with(task, metadata=with_engine(facts, model))
        folder = run_folder(log_dir, task, model, roles, limit)
        logs.append(_run_one(task, model, folder, roles, limit, log_images, keeps_answers))
    task_with(task, metadata=facts)
    return logs


def run_folder(log_dir: Path, task: Task, model: Model, roles: Mapping[str, Model], limit: int | None) -> Path:
    """The folder of a run: another one as soon as anything differs that shapes answers or scores.

    Where a model is served is no such thing: a server that is started again has another port, or another machine.
    """
    facts = {name: value for name, value in (task.metadata or {}).items() if name != "base_url"}
    judges = {role: [str(judge), judge.model_args] for role, judge in roles.items()}
    ids = [sample.id for sample in task.dataset[:limit]]
    asked = [task.name, facts, ids, task.epochs, str(model), model.model_args, judges]
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", str(model)).strip("-.")[-60:]
    return log_dir / f"{name}-{digest(json.dumps(asked, sort_keys=True, default=str))}"


def _run_one(
    task: Task,
    model: Model,
    folder: Path,
    roles: Mapping[str, Model],
    limit: int | None,
    log_images: bool,
    keeps_answers: bool,
) -> EvalLog:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror}; give another --log-dir") from error
    if any(folder.glob("*.eval")):
        hint = "; for another model of this name give another --log-dir" if keeps_answers else ""
        console.print(f"{model}: what was answered before is taken from {folder}{hint}", markup=False)
    try:
        with keeping_answers(folder), showing_progress(str(model)), contextlib.redirect_stdout(io.StringIO()):
            # in a context of its own, as Inspect leaves the model active for whoever makes a task next
            _, headers = contextvars.copy_context().run(
                eval_set,
                task,
                log_dir=str(folder),
                model=model,
                model_roles=dict(roles) or None,
                limit=limit,
                retry_attempts=0,
                retry_immediate=False,
                fail_on_error=True,
                continue_on_fail=True,
                retry_on_error=1,
                display="none",
                log_images=log_images,
                log_realtime=keeps_answers,
                log_buffer=10 if keeps_answers else 200,
                score_display=False,
                ctl_server=False,
            )
    except PrerequisiteError as error:
        raise UserError(_plain(error)) from error
    if not headers or headers[0].status == "cancelled":  # Inspect takes Ctrl-C for itself
        raise KeyboardInterrupt
    log = read_eval_log(str(folder / Path(headers[0].location).name))  # the location may be a URL
    if log.status == "success":
        forget_answers(folder)
    return log


def _plain(error: PrerequisiteError) -> str:
    """Inspect's message as plain text in one line, without its marks of emphasis."""
    text = Text.from_markup(str(error.message)).plain
    return " ".join(text.removeprefix("ERROR:").split())
