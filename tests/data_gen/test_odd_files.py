"""Files of a data set that are none: a pipe would be waited for, /dev/zero be read until memory ends."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from data_gen.audit import __main__ as audit
from data_gen.audit.run import read_audit
from data_gen.manifest import read_manifest
from data_gen.report.page import write_report
from eval.questions import read_questions
from robot_r1.errors import UserError


@pytest.fixture(params=["a pipe", "/dev/zero"])
def replace(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    def replaced(path: Path) -> None:
        path.unlink()
        os.mkfifo(path) if request.param == "a pipe" else path.symlink_to("/dev/zero")

    return replaced


def test_manifest_and_audit(data_set: Path, tmp_path: Path, replace: Callable[[Path], None]) -> None:
    copy = shutil.copytree(data_set, tmp_path / "set")
    replace(copy / "manifest.json")
    replace(copy / "audit.json")
    for read in (read_manifest, read_audit):
        with pytest.raises(UserError, match="missing or damaged"):
            read(copy)
    assert write_report(copy, tmp_path / "page.html", 3) > 0
    assert "cannot be read (audit.json)" in (tmp_path / "page.html").read_text()


def test_tables(data_set: Path, tmp_path: Path, replace: Callable[[Path], None]) -> None:
    copy = shutil.copytree(data_set, tmp_path / "set")
    replace(copy / "waypoint" / "test-00000.parquet")
    with pytest.raises(UserError, match=r"test-00000\.parquet is no file"):
        audit.main([str(copy)])
    with pytest.raises(UserError, match=r"test-00000\.parquet is no file"):
        read_questions(str(copy), "test")
