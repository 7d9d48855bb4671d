"""Reading `run.json` and `metrics.jsonl` of a run folder."""

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError

from robot_r1.errors import UserError


class DataSummary(BaseModel):
    """What the run trained on."""

    model_config = ConfigDict(frozen=True)

    path: str = ""
    rows: int = 0
    letters: dict[str, int] = {}
    questions: dict[str, int] = {}
    dropped: dict[str, int] = {}


class RunInfo(BaseModel):
    """`run.json`: what was asked for, written when the run began."""

    model_config = ConfigDict(frozen=True)

    algorithm: str
    started: str = ""
    command: str = ""
    settings: dict[str, Any] = {}
    data: DataSummary = DataSummary()
    versions: dict[str, str] = {}


@dataclass(frozen=True, eq=False)
class Series:
    """One metric: finite values, (n,), at rising steps, (n,). n may be 0."""

    steps: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True, eq=False)
class Metrics:
    """All of `metrics.jsonl`.

    Attributes:
        series: metric name to its values. Of a step logged twice, before and after a resume, the later value counts.
        seconds: time spent training, over all parts of a resumed run.
        unreadable: lines that are not JSON objects with a step, such as one cut off when the run was killed.
        not_finite: metric name to how many of its values were NaN, null or infinite.
    """

    series: Mapping[str, Series]
    seconds: float
    unreadable: int
    not_finite: Mapping[str, int]

    def __getitem__(self, name: str) -> Series:
        """The metric, empty if the run did not log it."""
        return self.series.get(name, Series(np.empty(0, np.int64), np.empty(0)))

    def named(self, prefix: str, suffix: str = "") -> dict[str, Series]:
        """The metrics `prefix<name>suffix`, by name, in order of first appearance."""
        return {
            key[len(prefix) : len(key) - len(suffix)]: series
            for key, series in self.series.items()
            if key.startswith(prefix) and key.endswith(suffix) and len(key) > len(prefix) + len(suffix)
        }

    @property
    def last_step(self) -> int:
        return max((int(series.steps[-1]) for series in self.series.values()), default=0)


def read_info(run: Path) -> RunInfo:
    """Read `run.json`.

    Raises:
        UserError: the folder is not a run.
    """
    path = run / "run.json"
    hint = "give the output folder of a training run"
    if not run.is_dir():
        raise UserError(f"{run} is not a folder; {hint}")
    try:
        return RunInfo.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{run} is not a training run, it has no run.json; {hint}") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; {hint}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UserError(f"{path} does not describe a training run ({where}: {first['msg']}); {hint}") from error


def read_metrics(run: Path) -> Metrics:
    """Read `metrics.jsonl`; without one every series is empty."""
    path = run / "metrics.jsonl"
    lines = path.read_bytes().splitlines() if path.is_file() else []
    records = [_record(line) for line in lines if line.strip()]
    by_name: dict[str, dict[int, float]] = {}
    not_finite: Counter[str] = Counter()
    earlier = last = 0.0
    for record in records:
        if record is None:
            continue
        seconds = _number(record.get("seconds"))
        if math.isfinite(seconds):
            earlier += last if seconds < last else 0.0
            last = seconds
        for name, value in record.items():
            number = _number(value)
            if math.isfinite(number):
                by_name.setdefault(name, {})[record["step"]] = number
            elif value is None or isinstance(value, float):
                not_finite[name] += 1
    return Metrics(
        {name: _series(values) for name, values in by_name.items() if name not in ("step", "seconds")},
        earlier + last,
        records.count(None),
        not_finite,
    )


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and type(record.get("step")) is int else None


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def _series(values: Mapping[int, float]) -> Series:
    steps = sorted(values)
    return Series(np.array(steps, np.int64), np.array([values[step] for step in steps]))
