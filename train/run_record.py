"""`run.json`: what a run was asked to do, with which data and which packages."""

import json
import shlex
import sys
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from robot_r1.errors import UserError
from robot_r1.files import make_folder, write_text
from robot_r1.versions import versions_of
from train.arguments import Settings, WatchArguments
from train.check_dataset import DatasetCheck

RECORD = "run.json"
PACKAGES = ("robot-r1", "torch", "transformers", "trl", "accelerate", "peft", "datasets", "vllm", "deepspeed")
_OUTPUT_ONLY = (
    *("output_dir", "logging_", "log_", "report_to", "run_name", "project", "trackio_", "disable_tqdm"),
    *("save_", "push_to_hub", "hub_", "check_dataset"),
)
"""Beginnings of the names of settings that change what is written, not what is learned."""


class DataRecord(BaseModel):
    """The data set of a run."""

    path: str
    rows: int
    letters: dict[str, int]
    questions: dict[str, int]
    dropped: dict[str, int]


class Resumption(BaseModel):
    """A run that went on, and the settings that were no longer those of before: their old and their new value."""

    started: str
    command: str
    changed: dict[str, tuple[Any, Any]]


class RunRecord(BaseModel):
    """The whole record. Settings are those of the beginning."""

    algorithm: str
    started: str
    command: str
    settings: dict[str, Any]
    data: DataRecord
    versions: dict[str, str]
    resumed: tuple[Resumption, ...] = ()


def begin_record(algorithm: str, settings: Settings[Any], check: DatasetCheck) -> None:
    """Write the record of a run that begins, or add to it that the run goes on, and print which settings changed.

    Raises:
        UserError: the folder cannot be written to, or holds a damaged record.
    """
    run = Path(settings.training.output_dir)
    if settings.training.process_index:
        return
    if (run / RECORD).exists():
        _resume(run, settings)
        return
    make_folder(run)
    data = DataRecord(
        path=str(settings.data.dataset),
        rows=len(check.kept),
        letters=check.letters,
        questions=check.questions,
        dropped=check.dropped,
    )
    record = RunRecord(
        algorithm=algorithm,
        started=_now(),
        command=shlex.join(sys.argv),
        settings=settings.flat(),
        data=data,
        versions=package_versions(),
    )
    _write(run, record)


def _resume(run: Path, settings: Settings[Any]) -> None:
    record = read_record(run)
    changed = _changed(_in_force(record), json.loads(json.dumps(settings.flat())))
    resumption = Resumption(started=_now(), command=shlex.join(sys.argv), changed=changed)
    for name, (old, new) in changed.items():
        print(f"resumed with another {name}: {new}, until now {old}")
    _write(run, record.model_copy(update={"resumed": (*record.resumed, resumption)}))


def _in_force(record: RunRecord) -> dict[str, Any]:
    """The settings that the run had last."""
    later = {name: new for resumption in record.resumed for name, (_, new) in resumption.changed.items()}
    return record.settings | later


def _changed(before: dict[str, Any], now: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    watched = {item.name for item in fields(WatchArguments)}
    compared = (before.keys() & now.keys()) - watched
    return {
        name: (before[name], now[name])
        for name in sorted(compared)
        if before[name] != now[name] and not name.startswith(_OUTPUT_ONLY)
    }


def _write(run: Path, record: RunRecord) -> None:
    write_text(run / RECORD, json.dumps(record.model_dump(mode="json"), indent=1) + "\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_record(run: Path) -> RunRecord:
    """The record of a run.

    Raises:
        UserError: the folder holds no run.
    """
    try:
        return RunRecord.model_validate_json((run / RECORD).read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{run} holds no run: {RECORD} is missing or damaged; give the output_dir of one") from error


def package_versions() -> dict[str, str]:
    """Versions of the packages that shape training, those that are installed."""
    return versions_of(PACKAGES)
