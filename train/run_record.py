"""`run.json`: what a run was asked to do, with which data and which packages."""

import json
import shlex
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from robot_r1.errors import UserError
from robot_r1.files import make_folder, write_text
from train.arguments import Settings
from train.check_dataset import DatasetCheck

RECORD = "run.json"
PACKAGES = ("robot-r1", "torch", "transformers", "trl", "accelerate", "peft", "datasets", "vllm", "deepspeed")


class DataRecord(BaseModel):
    """The data set of a run."""

    path: str
    rows: int
    letters: dict[str, int]
    questions: dict[str, int]
    dropped: dict[str, int]


class RunRecord(BaseModel):
    """The whole record."""

    algorithm: str
    started: str
    command: str
    settings: dict[str, Any]
    data: DataRecord
    versions: dict[str, str]


def begin_record(algorithm: str, settings: Settings[Any], check: DatasetCheck) -> None:
    """Write the record of a run that begins; one that goes on keeps the record of its beginning.

    Raises:
        UserError: the folder cannot be written to.
    """
    run = Path(settings.training.output_dir)
    if settings.training.process_index or (run / RECORD).exists():
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
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        command=shlex.join(sys.argv),
        settings=settings.flat(),
        data=data,
        versions=package_versions(),
    )
    write_text(run / RECORD, json.dumps(record.model_dump(mode="json"), indent=1) + "\n")


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
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
