"""Data sets of another hand: through audit, page, exports, training's check and evaluation's reader."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import disable_progress_bars
from datasets.utils import logging
from transformers import ProcessorMixin

from benchmarks.hostile import pictures
from benchmarks.hostile.measure import Case, Door
from benchmarks.hostile.values import RefusedError, command, one_of, places, put, spoilt, values, worker_folder
from benchmarks.hostile.watch import MARK
from data_gen import build
from data_gen.audit import __main__ as audit
from data_gen.export import __main__ as export
from data_gen.export.framework import TARGETS
from data_gen.report import __main__ as report
from eval import mcqa
from robot_r1.errors import UserError
from tests.support.damage import mutated
from tests.support.demos import write_archive
from train.arguments import DataArguments
from train.check_dataset import check_dataset
from train.data import QUESTION_COLUMNS, of_types, read_split, rendered
from train.tiny_corpus import corpus
from train.tiny_model import build_processor, build_tokenizer

Row = dict[str, Any]
_TASKS = ("push_button", "pick_up_cup")


@dataclass(frozen=True)
class _Good:
    folder: Path
    """Of the data sets."""
    rows: dict[str, tuple[Row, ...]]
    """By path of the parquet file in it."""
    pictures: Any


def _prepare(folder: Path) -> _Good:
    disable_progress_bars()
    logging.set_verbosity(logging.CRITICAL)  # of every file that cannot be read it writes a line
    write_archive(folder / "demos", _TASKS, episodes=3, size=32)
    flags = ["--root", folder / "demos", "--tasks", ",".join(_TASKS), "--variations", "0", "--demos-per-task", "3"]
    flags += ["--image-size", "32", "--workers", "1"]
    for data_format in ("mcqa", "sft-think"):
        command(build.main, *flags, "--format", data_format, "--out", folder / "sets" / data_format)
    files = sorted((folder / "sets").rglob("*.parquet"))
    rows = {str(path.relative_to(folder / "sets")): tuple(pq.read_table(path).to_pylist()) for path in files}
    good = _Good(folder / "sets", rows, pictures.prepare(folder))
    for name, read in _READERS.items():  # imports what they import late, and they have to take it
        (folder / name).mkdir()
        read(folder / "sets" / "mcqa", folder / name, 0)
    return good


def _made(good: _Good, data_format: str, rng: np.random.Generator, place: Path) -> str:
    """Makes a hostile data set, and says what is hostile in it."""
    folder = place / data_format
    shutil.copytree(good.folder / data_format, folder)
    match int(rng.integers(10)):
        case 0 | 1:
            path = one_of([file for file in sorted(folder.rglob("*")) if file.is_file()], rng)
            path.write_bytes(mutated(path.read_bytes(), rng))
            return f"flips and cuts in {path.name}"
        case 2:
            return _other_kind(folder, rng)
        case 3:
            path = folder / one_of(("manifest.json", "audit.json"), rng)
            content = json.loads(path.read_bytes())
            what = spoilt(content, rng, worker_folder(place))
            path.write_text(json.dumps(content), encoding="utf-8")
            return f"{path.name}: {what}"
        case 4:
            path = folder / one_of(("manifest.json", "audit.json", "config.yaml"), rng)
            name, data = one_of(
                [
                    ("nested", b"[" * 200_000),
                    ("nested and closed", b"[" * 50_000 + b"]" * 50_000),
                    ("nested mappings", b'{"config":' * 50_000),
                    ("number of a million digits", b'{"dead_zone": ' + b"9" * 1_000_000 + b"}"),
                    ("other", b"null"),
                    ("yaml of aliases", b"a: &a [1]\nb: &b [*a, *a]\ndead_zone: *b"),
                    ("dead zone", b"dead_zone: " + one_of((b"1e400", b"9" * 400, b".nan", b"-1", b"[1]", b"x"), rng)),
                ],
                rng,
            )
            path.write_bytes(data)
            return f"{path.name}: {name}"
        case _:
            return _spoilt_rows(good, rng, folder)


def _other_kind(folder: Path, rng: np.random.Generator) -> str:
    """A file that is missing, or of another kind."""
    path = one_of([file for file in sorted(folder.rglob("*")) if file.is_file()], rng)
    path.unlink()
    kind = one_of(("missing", "a folder", "empty", "a link to itself", "/dev/zero", "a pipe", "nowhere"), rng)
    match kind:
        case "a folder":
            path.mkdir()
        case "empty":
            path.write_bytes(b"")
        case "a link to itself":
            path.symlink_to(path)
        case "/dev/zero":
            path.symlink_to("/dev/zero")
        case "a pipe":
            os.mkfifo(path)
        case "nowhere":
            path.symlink_to("/nowhere/at/all")
    return f"{path.name} is {kind}"


def _spoilt_rows(good: _Good, rng: np.random.Generator, folder: Path) -> str:
    name = one_of([path for path in sorted(good.rows) if path.startswith(f"{folder.name}/")], rng)
    rows = [dict(row) for row in good.rows[name]]
    column = one_of(list(rows[0]), rng)
    match int(rng.integers(8)):
        case 0:
            what = f"{column} is missing"
            rows = [{key: value for key, value in row.items() if key != column} for row in rows]
        case 1:
            what = "rows are there twice"
            rows = rows * 2
        case 2:
            what = "no rows"
            rows = []
        case 3:
            what, data = pictures.hostile_picture(good.pictures, rng)
            rows = [row | {"images": [{"bytes": data, "path": "x.png"}]} for row in rows]
        case 4:
            what = f"{column} of one row is another's"
            rows[0][column] = one_of(rows, rng)[column]
        case 5 | 6:
            value = one_of(values(worker_folder(folder.parent)), rng)
            what = f"{column} = {repr(value)[:40]}"
            rows = [row | {column: value} for row in rows]
        case _:
            what = _spoil_inside(rows, column, rng, worker_folder(folder.parent))
    _write(folder.parent / name, rows, good.rows[name])
    return f"{name}: {what}"


def _spoil_inside(rows: list[Row], column: str, rng: np.random.Generator, folder: Path) -> str:
    """Something within the column's values, in all rows alike, or in one."""
    inside = [path for path in places(rows[0]) if path[0] == column]
    path, value = one_of(inside, rng), one_of(values(folder), rng)
    for row in rows if rng.random() < 0.5 else rows[:1]:
        copied = json.loads(json.dumps({column: row[column]}, default=repr)) if len(path) > 1 else row
        put(copied, path, value)
        row[column] = copied[column]
    return f"{'.'.join(map(str, path))} = {repr(value)[:40]}"


def _write(path: Path, rows: list[Row], good: tuple[Row, ...]) -> None:
    """As parquet; what it cannot hold beside its neighbours becomes text."""
    if not rows:
        pq.write_table(pa.Table.from_pylist(list(good)).slice(0, 0), path)
        return
    try:
        pq.write_table(pa.Table.from_pylist(rows), path)
    except (pa.ArrowException, OverflowError, UnicodeError, TypeError):
        plain = [{key: _storable(value) for key, value in row.items()} for row in rows]
        pq.write_table(pa.Table.from_pylist(plain), path)


def _storable(value: Any) -> Any:
    return value if isinstance(value, bytes) else repr(value).encode("utf-8", "replace").decode()


def _hostile(good: _Good, rng: np.random.Generator, place: Path) -> Case:
    reader, which = one_of(list(_READERS), rng), int(rng.integers(6))
    data_format = "mcqa" if reader == "eval" or which % 2 else "sft-think"
    what = _made(good, data_format, rng, place)
    return Case(f"{reader}: {what}", lambda: _READERS[reader](place / data_format, place, which))


def _audit(folder: Path, place: Path, which: int) -> None:
    command(audit.main, folder, "--out", place / "audit.json", "--workers", "1")


def _report(folder: Path, place: Path, which: int) -> None:
    command(report.main, folder, "--out", place / "page.html")
    page = (place / "page.html").read_text(encoding="utf-8")
    for markup in (f"<script>{MARK}", f"<img src=x onerror={MARK}", f"<svg onload={MARK}"):
        assert markup not in page, f"{markup} stands in the page as it is"


def _export(folder: Path, place: Path, which: int) -> None:
    target = TARGETS[which % 2 if folder.name == "mcqa" else 1 + which % 2]
    command(export.main, folder, "--to", target, "--out", place / "exported")
    for path in (place / "exported").rglob("*"):
        assert not path.is_symlink() and path.resolve().is_relative_to(place.resolve()), f"{path} leads elsewhere"


def _evaluated(folder: Path, place: Path, which: int) -> None:
    split = ("train", "test")[which % 2]
    mcqa.turned(mcqa.read_choices(str(folder), split, None, None, pictures=True).rows, 4)
    command(mcqa.main, "--dataset", folder, "--split", split, "--baseline", "all")


@cache
def _processor() -> ProcessorMixin:
    return build_processor(build_tokenizer(400, corpus()), 112 * 112)


def _trained(folder: Path, place: Path, which: int) -> None:
    settings = DataArguments(dataset=str(folder))
    split = ("train", "validation")[which // 2 % 2]
    with patch("datasets.config.HF_DATASETS_CACHE", place / "cache"):
        rows = of_types(read_split(str(folder), split, QUESTION_COLUMNS), [])
        usable = check_dataset(rows, _processor(), settings, show=False).kept
        rendered(rows, settings.min_pixels, settings.max_pixels)[list(usable[:2])]


_READERS: dict[str, Callable[[Path, Path, int], None]] = {
    "audit": _audit,
    "report": _report,
    "export": _export,
    "train": _trained,
    "eval": _evaluated,
}
DATA_SETS = Door(
    "data-sets",
    "data sets of others: audit, report, export, training's check, evaluation",
    1500,
    (RefusedError, UserError),
    _prepare,
    _hostile,
)
