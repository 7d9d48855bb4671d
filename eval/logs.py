"""Finding and reading the logs of evaluations."""

import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import ijson
import zstandard
from inspect_ai.log import EvalLog, EvalSample, read_eval_log
from inspect_ai.scorer import Score

from eval.log_file import check_log
from eval.results import BENCH, BENCHMARKS, Answer, Run, readable
from robot_r1.errors import UserError

GO_ON = "run the same command again to go on"

CALLS = {"messages", "events", "events_data", "store", "timelines"}
"""What a sample holds of every call and message, which is most of a log and is not read."""
PICTURES = {"attachments"}
_DAMAGE = (
    *(ValueError, LookupError, TypeError, AttributeError, EOFError, NotImplementedError, OverflowError),
    *(RecursionError, MemoryError, zipfile.BadZipFile, zlib.error, zstandard.ZstdError, ijson.JSONError),
)
"""What Inspect raises for bytes that are no log: it reads archives, compressed JSON and pydantic models."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search for logs gave.

    Attributes:
        left_out: one line for each log in a folder that is unfinished.
    """

    runs: tuple[Run, ...]
    left_out: tuple[str, ...]


def find_runs(places: Sequence[Path]) -> Found:
    """All runs in logs and in folders of logs, each run once: of a log and its copy that was scored anew by the same
    judge, the newer.

    A folder's unfinished logs are left out, without a word where the same run was finished in another log.

    Raises:
        UserError: a place does not exist, holds no finished log, or a log is damaged, foreign or, if it was named
            itself, unfinished.
    """
    named = {place for place in places if place.is_file()}
    logs = [(path, _read(path)) for path in dict.fromkeys(path for place in places for path in _logs(place))]
    done = {log.eval.task_id for _, log in logs if log.status == "success"}
    runs: dict[tuple[str, str], Run] = {}
    left_out: list[str] = []
    for path, log in logs:
        if log.status == "success":
            for run in _runs(path, log):
                same = (log.eval.eval_id, run.facts.get("judge", ""))
                if same not in runs or path.stat().st_mtime > runs[same].path.stat().st_mtime:
                    runs[same] = run
        elif path in named:
            raise UserError(_unfinished(path, log))
        elif log.eval.task_id not in done:
            left_out.append(_unfinished(path, log))
    if not runs:
        raise UserError(left_out[0] if left_out else "no logs given")
    return Found(tuple(runs.values()), tuple(left_out))


def _logs(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    if not place.exists():
        raise UserError(f"{place} does not exist; give a log (.eval) or a folder of logs")
    found = sorted(place.rglob("*.eval"))
    if not found:
        raise UserError(f"{place} has no log (.eval); run an evaluation first, such as python -m eval.mcqa")
    return found


def read_log(path: Path, leave_out: set[str]) -> EvalLog:
    """A log as Inspect reads it, without some fields of its samples.

    Raises:
        UserError: it cannot be read.
    """
    check_log(path)
    with readable_log(path):
        return read_eval_log(path, resolve_attachments=not leave_out, exclude_fields=leave_out)


@contextmanager
def readable_log(path: Path) -> Iterator[None]:
    """What Inspect says of a log that it cannot read, in one line.

    Raises:
        UserError: it could not.
    """
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot read log {path}: {error.strerror or error}; give a log (.eval)") from error
    except _DAMAGE as error:
        raise UserError(f"{path} is no readable Inspect log: damaged, or another kind of file") from error


def _read(path: Path) -> EvalLog:
    log = read_log(path, CALLS | PICTURES)
    written, read = log.version, EvalLog.model_fields["version"].default
    if written != read:
        raise UserError(f"{path} is in version {written} of Inspect's log format, where version {read} is read here")
    benchmark = (log.eval.metadata or {}).get("benchmark")
    if benchmark not in BENCHMARKS:
        raise UserError(f"{path} is a log of {log.eval.task}, not of one of {', '.join(BENCHMARKS)}")
    return log


def _unfinished(path: Path, log: EvalLog) -> str:
    answered = sum(bool(sample.scores) for sample in log.samples or ())
    of = len(log.eval.dataset.sample_ids or ()) or log.eval.dataset.samples
    return f"{path} is unfinished ({log.status}, {answered} of {of} questions answered); {GO_ON}"


def _runs(path: Path, log: EvalLog) -> Iterator[Run]:
    metadata = dict(log.eval.metadata or {})
    benchmark, seed = str(metadata.pop("benchmark")), metadata.pop("seed", None)
    baseline = metadata.pop("baseline", None)
    decoding = dict(metadata.get("decoding") or {})
    seed = decoding.pop("seed", seed)
    facts = dict(_flat({**metadata, "decoding": decoding}))
    samples = log.samples or []
    scorers = list(dict.fromkeys(name for sample in samples for name in sample.scores or {}))
    if not scorers:
        raise UserError(f"{path} has no scores; score it with: inspect score {path}")
    epochs = log.eval.config.epochs or 1
    asked = max(len(samples), epochs * len(log.eval.dataset.sample_ids or ()))
    for scorer in scorers if benchmark == BENCH else scorers[:1]:
        judge = {"judge": _judge(samples, scorer)} if benchmark == BENCH else {}
        yield Run(
            path,
            benchmark,
            readable(f"{baseline} (baseline)" if baseline else log.eval.model),
            scorer,
            seed if isinstance(seed, int) else None,
            MappingProxyType(facts | judge),
            tuple(_answer(path, sample, scorer) for sample in samples),
            asked,
        )


def _judge(samples: Sequence[EvalSample], scorer: str) -> str:
    """The judge's name as its scores give it: a log that was scored anew says it nowhere else."""
    scores = (score for sample in samples if (score := (sample.scores or {}).get(scorer)))
    names = ((score.metadata or {}).get("judge") for score in scores)
    return readable(str(next(filter(None, names), scorer)))


def _answer(path: Path, sample: EvalSample, scorer: str) -> Answer:
    metadata = sample.metadata
    missing = [name for name in ("demo", "task", "group") if name not in metadata]
    if missing:
        raise UserError(f"{path}: question {sample.id} has no {missing[0]}; evaluate again with this project's tasks")
    score = (sample.scores or {}).get(scorer)
    value = _value(score)
    return Answer(
        key=sample.id,
        id=readable(str(sample.id)),
        epoch=sample.epoch,
        question_id=readable(str(metadata.get("question_id", sample.id))),
        demo=str(metadata["demo"]),
        task=readable(str(metadata["task"])),
        group=readable(str(metadata["group"])),
        in_training=metadata.get("in_training"),
        value=value,
        answer=readable(score.answer) if score and score.answer else None,
        completion=readable(sample.output.completion),
        reason=_reason(sample, score),
        explanation=readable((score.explanation if score else None) or ""),
    )


def _value(score: Score | None) -> float | None:
    if score is None or not isinstance(score.value, int | float) or not math.isfinite(score.value):
        return None
    return float(score.value)


def _reason(sample: EvalSample, score: Score | None) -> str | None:
    if sample.error is not None:
        return readable(sample.error.message)
    reason = ((score.metadata or {}).get("reason") or score.reason) if score else "not scored"
    return readable(str(reason)) if reason else None


def _flat(facts: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            yield prefix + str(name), readable(", ".join(map(str, value)))
        elif value is not None:
            yield prefix + str(name), readable(str(value))
