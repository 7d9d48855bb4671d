"""Logs of the bench, read with a user's mistakes in mind."""

from pathlib import Path

from inspect_ai.log import EvalLog
from pydantic import BaseModel, ConfigDict, ValidationError

from eval.logs import read_log
from eval.results import readable
from eval.robot_r1_bench.question import BenchQuestion, ReasoningType
from eval.robot_r1_bench.task import NAME
from robot_r1.errors import UserError

MAX_ID = 1000
"""Bytes; archives name a member by it."""


class _Metadata(BaseModel):
    """What judges and tables take from a sample."""

    model_config = ConfigDict(strict=True)

    demo: str
    task: str
    group: ReasoningType
    in_training: bool
    image: str
    bench_question: BenchQuestion


def read_bench_log(path: Path) -> EvalLog:
    """A log of the bench with its samples.

    Raises:
        UserError: it cannot be read, is of another benchmark, has no samples, or one is no question of a bench.
    """
    log = read_log(path, leave_out=set())
    if log.eval.task != NAME:
        raise UserError(f"{path} is a log of {log.eval.task}; give one of {NAME}")
    if not log.samples:
        raise UserError(f"{path} has no answers; run its command again to go on with it")
    for sample in log.samples:
        name = str(sample.id).encode("utf-8", "surrogatepass")
        if len(name) > MAX_ID or name != str(sample.id).encode("utf-8", "replace"):  # half characters
            raise UserError(f"{path}: {readable(str(sample.id))[:80]} can be no question's id; ask the bench again")
        try:
            _Metadata.model_validate(sample.metadata)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise UserError(
                f"{path}: question {readable(str(sample.id))}: metadata {readable(where)}: {first['msg']}; "
                "evaluate again with this project's task"
            ) from error
    return log
