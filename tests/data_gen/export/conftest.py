"""Small data sets of every format, and their exports, made when a test first asks for them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from data_gen import build
from data_gen.export.__main__ import main
from data_gen.export.framework import Target
from data_gen.formats import Format
from robot_r1.question import SPLITS
from tests.support.demos import write_archive

Built = Callable[[Format], Path]


@dataclass(frozen=True)
class Export:
    """An exported folder and the rows it was made of, by split and id."""

    folder: Path
    rows: dict[str, dict[str, dict[str, Any]]]


Exported = Callable[[Format, Target], Export]


def source_rows(folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    rows: dict[str, dict[str, dict[str, Any]]] = {split: {} for split in SPLITS}
    for path in folder.rglob("*.parquet"):
        for row in pq.read_table(path).to_pylist():
            rows[path.name.split("-")[0]][row["id"]] = row
    return rows


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    root = tmp_path_factory.mktemp("archive")
    write_archive(root, ("push_button", "phone_on_base"), episodes=30)

    @cache
    def make(data_format: Format) -> Path:
        out = tmp_path_factory.mktemp(data_format) / "set"
        places = ("--root", str(root), "--out", str(out), "--tasks", "push_button,phone_on_base", "--variations", "0")
        build.main([*places, "--demos-per-task", "30", "--format", data_format, "--workers", "1"])
        return out

    return make


@pytest.fixture(scope="session")
def exported(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    @cache
    def make(data_format: Format, target: Target) -> Export:
        out = tmp_path_factory.mktemp(target) / "export"
        main([str(built(data_format)), "--to", target, "--out", str(out)])
        return Export(out, source_rows(built(data_format)))

    return make
