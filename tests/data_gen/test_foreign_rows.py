"""Data sets of another hand: whatever a column holds, every command reads it or refuses it in one line."""

import contextlib
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_gen.audit.__main__ import main as audit
from data_gen.audit.truth import read_dead_zone
from data_gen.export.__main__ import main as export
from data_gen.report.__main__ import main as report
from robot_r1.errors import UserError
from tests.data_gen.audit.synthetic import exchangeable, write

VALUES: tuple[object, ...] = (
    *(None, 0, -1, 2**63 - 1, 1e308, float("nan"), True, "", "<script>", "../../etc", "\x1b[2J", b"\xff"),
    *([1.0], [1e300] * 3, [float("inf")] * 3, ["a"], [["a"]], {"a": 1}),
    {"name": "f", "width": 0, "height": 0, "intrinsics": [[1.0]], "extrinsics": [[1.0]]},
    [{"bytes": b"x", "path": None}],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("foreign") / "set", exchangeable(2))


@pytest.mark.parametrize("command", [audit, report, export], ids=["audit", "report", "export"])
def test_hostile_columns(folder: Path, tmp_path: Path, command: Callable[[Sequence[str]], object]) -> None:
    chance = random.Random(0)
    path = next(folder.rglob("train-*.parquet"))
    whole = path.read_bytes()
    rows = pq.read_table(path).to_pylist()
    more = {report: ["--out", str(tmp_path / "r.html")], export: ["--to", "ms-swift", "--out", str(tmp_path / "x")]}
    try:
        for _ in range(20):
            column, value = chance.choice(sorted(rows[0])), chance.choice(VALUES)
            pq.write_table(pa.Table.from_pylist([row | {column: value} for row in rows]), path)
            with contextlib.suppress(UserError):
                command([str(folder), *more.get(command, [])])
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("column", ["demo", "id"])
def test_an_id_that_is_a_list_is_named(folder: Path, tmp_path: Path, column: str) -> None:
    path = next(folder.rglob("train-*.parquet"))
    whole = path.read_bytes()
    pq.write_table(pa.Table.from_pylist([row | {column: ["a"]} for row in pq.read_table(path).to_pylist()]), path)
    try:
        with pytest.raises(UserError, match=f"row 1: {column}: is no text"):
            report([str(folder), "--out", str(tmp_path / "r.html")])
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("zone", ["1" + "0" * 90, ".nan", "-1", ".inf"])
def test_a_dead_zone_that_is_no_distance(tmp_path: Path, zone: str) -> None:
    (tmp_path / "config.yaml").write_text(f"dead_zone: {zone}\n")
    with pytest.raises(UserError, match="no number of metres"):
        read_dead_zone(tmp_path)
