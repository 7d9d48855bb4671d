"""Logs of the bench, read with a user's mistakes in mind."""

from pathlib import Path

from inspect_ai.log import EvalLog

from eval.logs import read_log
from eval.robot_r1_bench.task import NAME
from robot_r1.errors import UserError


def read_bench_log(path: Path) -> EvalLog:
    """A log of the bench with its samples.

    Raises:
        UserError: it cannot be read, is of another benchmark, or has no samples.
    """
    log = read_log(path, leave_out=set())
    if log.eval.task != NAME:
        raise UserError(f"{path} is a log of {log.eval.task}; give one of {NAME}")
    if not log.samples:
        raise UserError(f"{path} has no answers; run its command again to go on with it")
    return log
