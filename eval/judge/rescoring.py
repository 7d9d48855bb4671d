"""Another judge, or the same once more, for the answers in a log; no model is asked again for an answer."""

import contextlib
import io
import shutil
from pathlib import Path

from inspect_ai import score
from inspect_ai.log import EvalLog, EvalRetryError, EvalSample, recompute_metrics, write_eval_log
from inspect_ai.model import Model, ModelConfig

from eval.judge.asking import JudgeFailedError
from eval.judge.logs import read_bench_log
from eval.judge.scorers import GRADER, judge_facts, model_judge, rules_judge, unscored
from eval.kept import keeping_answers
from robot_r1.errors import UserError
from robot_r1.files import atomic_path


def read_answers(path: Path) -> EvalLog:
    """A log of the bench in which every question has an answer, judged or not.

    Raises:
        UserError: the file is no such log, or questions have no answer.
    """
    log = read_bench_log(path)
    answered = sum(bool(sample.output.choices) for sample in log.samples or ())
    expected = max(len(log.eval.dataset.sample_ids or ()) * (log.eval.config.epochs or 1), len(log.samples or ()))
    if not answered or answered < expected:
        raise UserError(
            f"{path} has answers to {answered} of {expected} questions; go on with it by giving its command once more"
        )
    return log


def rescored(log: EvalLog, judge: Model | None, repeats: int, replies: Path) -> EvalLog:
    """The log with the scores of this judge in the place of those it has.

    Args:
        judge: None for the rules judge.
        replies: a folder for a model's replies until all are there, so that the next call need not ask again.

    Raises:
        UserError: the judge could not be asked.
    """
    log = log.model_copy(deep=True)
    for sample in log.samples or ():
        _forgive(sample)
    log.status, log.error = "success", None
    log.eval.model_roles = None  # or Inspect would open the judge of before
    scorer = rules_judge() if judge is None else model_judge(repeats=repeats)
    try:
        with keeping_answers(replies), contextlib.redirect_stdout(io.StringIO()):  # Inspect greets
            log = score(
                log,
                scorer,
                model="none/none",
                model_roles={GRADER: judge} if judge else None,
                action="overwrite",
                display="none",
                copy=False,
            )
    except JudgeFailedError as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(f"{reason}; what the judge said is kept: run the same command again to go on") from error
    shutil.rmtree(replies, ignore_errors=True)
    others = {name: fact for name, fact in (log.eval.metadata or {}).items() if not name.startswith("judge")}
    log.eval.metadata = {**others, **judge_facts(str(judge) if judge else None, repeats)}
    if judge is not None:
        log.eval.model_roles = {GRADER: ModelConfig(model=str(judge), config=judge.config, args=judge.model_args)}
    return log


def rejudged(log: EvalLog, judge: Model | None, repeats: int, replies: Path) -> EvalLog:
    """The log with scores for the answers that have none; the others keep theirs. Otherwise as `rescored`."""
    samples = log.samples or []
    left = [sample for sample in samples if unscored(sample)]
    if not left:
        raise UserError("every answer in the log has a score; leave out --unjudged to judge all anew")
    part = rescored(log.model_copy(update={"samples": left}), judge, repeats, replies)
    new = {(sample.id, sample.epoch): sample for sample in part.samples or ()}
    part.samples = [new.get((sample.id, sample.epoch), sample) for sample in samples]
    recompute_metrics(part)
    return part


def write_log(log: EvalLog, path: Path) -> None:
    """Write a log so that it appears complete or not at all."""
    with atomic_path(path) as temporary:
        write_eval_log(log, str(temporary), format="eval")


def _forgive(sample: EvalSample) -> None:
    """The answer is there, so that an error in the log came from the judge: keep it as one that was tried again."""
    if sample.error is not None:
        retried = EvalRetryError(**sample.error.model_dump(include={"message", "traceback", "traceback_ansi"}))
        sample.error_retries = [*(sample.error_retries or []), retried]
        sample.error = None
