"""The paper's numbers: that they are typed as printed, and stand beside measured ones."""

from itertools import chain
from pathlib import Path
from statistics import fmean, stdev

import pytest

from eval.logs import find_runs
from eval.summary.published import CAVEAT, published_tables
from eval.summary.published_numbers import TABLES, PublishedTable
from eval.summary.rows import measurements
from tests.support.eval_logs import Said, write_log

BY_NUMBER = {table.number: table for table in TABLES}
HALF = 0.0051
"""A rounded number of two decimals is at most so far from what it was."""


def values(number: str) -> list[tuple[float, ...]]:
    return [row.values for row in BY_NUMBER[number].rows]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.number)
def test_rows_are_as_wide_as_their_table(table: PublishedTable) -> None:
    assert all(len(row.values) == len(table.columns) for row in table.rows)
    assert len({row.name for row in table.rows}) == len(table.rows)


def test_bench_scores_are_from_0_to_3() -> None:
    bench = [table for table in TABLES if any(column.measures for column in table.columns)]
    assert {table.number for table in bench} == {"2", "3", "7", "8", "9", "13"}
    assert all(0 <= value <= 3 for table in bench for row in table.rows for value in row.values)


def test_table_3_averages_by_number_of_questions() -> None:
    """25 and 25 questions of movement, 37 and 28 spatial ones."""
    for move_in, move_out, move, space_in, space_out, space in values("3"):
        assert (move_in + move_out) / 2 == pytest.approx(move, abs=HALF)
        assert (37 * space_in + 28 * space_out) / 65 == pytest.approx(space, abs=2 * HALF)
        for share, count in ((move_in, 25), (move_out, 25), (space_in, 37), (space_out, 28)):
            assert round(share * count) / count == pytest.approx(share, abs=HALF)


def test_table_4_averages_its_sets() -> None:
    for *sets, average in values("4"):
        assert fmean(sets) == pytest.approx(average, abs=0.06)
        assert [round(share * n / 100) * 100 / n for share, n in zip(sets, (48,) * 4 + (36,), strict=True)] == (
            pytest.approx(sets, abs=0.051)
        )


@pytest.mark.parametrize(
    ("number", "counts"), [("5a", (148, 122, 106, 133, 133, 107)), ("5b", (120, 105, 106, 112, 104, 110))]
)
def test_table_5_averages_over_questions(number: str, counts: tuple[int, ...]) -> None:
    for *shares, average in values(number):
        right = [round(share * count / 100) for share, count in zip(shares, counts, strict=True)]
        assert 100 * sum(right) / sum(counts) == pytest.approx(average, abs=HALF)
        for share, hits, count in zip(shares, right, counts, strict=True):
            assert 100 * hits / count == pytest.approx(share, abs=2 * HALF)


def test_table_8_means_and_deviations() -> None:
    _, *seeds, mean, deviation = values("8")
    for column in range(4):
        of = [seed[column] for seed in seeds]
        assert fmean(of) == pytest.approx(mean[column], abs=HALF)
        assert stdev(of) == pytest.approx(deviation[column], abs=HALF)


def test_table_9_averages_but_for_the_one_that_the_note_names() -> None:
    wrong = []
    for move, space, low, plan, high, high_average in values("9"):
        assert fmean((move, space)) == pytest.approx(low, abs=HALF)
        if fmean((plan, high)) != pytest.approx(high_average, abs=HALF):
            wrong.append(high_average)
    assert wrong == [1.17]
    assert "1.17" in BY_NUMBER["9"].note


@pytest.mark.parametrize("number", ["14", "15"])
def test_success_rates_average(number: str) -> None:
    for *suites, average in values(number):
        assert fmean(suites) == pytest.approx(average, abs=0.051)


def test_a_model_has_the_same_numbers_in_every_table() -> None:
    by_name = {
        number: {row.name: row.values for row in table.rows} for number, table in BY_NUMBER.items() if number in "239"
    }
    low, high = by_name["3"], by_name["2"]
    for name in ("Qwen2.5-VL-7B-Instruct", "+ Robot-R1"):
        four = (*high[name], low[name][2], low[name][5])
        assert four in [tuple(row) for row in chain(values("7"), values("8"), values("13"))]
    final = by_name["9"]["multiple-choice waypoint, current state, movement"]
    assert (final[3], final[4], final[0], final[1]) == values("7")[0]


def test_measured_rows_stand_below_published_ones(tmp_path: Path) -> None:
    said = [
        Said("a", 2.0, group="movement", in_training=True, demo="d1"),
        Said("b", 1.0, group="movement", in_training=False, demo="d2"),
        Said("c", 3.0, group="planning", in_training=False, demo="d2"),
    ]
    run = find_runs([write_log(tmp_path / "a.eval", said, "robot_r1_bench", model="openai/mine")]).runs
    text = published_tables(measurements(run))
    assert CAVEAT in text
    low = text[text.index("table 3") : text.index("table 4")]
    (ours,) = (line for line in low.splitlines() if "openai/mine, judge rules" in line)
    assert [cell.strip() for cell in ours.split("|")[2:-1]] == [
        "2.00 measured",
        "1.00 measured",
        "1.50 measured",
        "not run",
        "not run",
        "not run",
    ]
    assert "0.96 published" in low


def test_every_cell_says_where_it_is_from() -> None:
    lines = [line for line in published_tables([]).splitlines() if line.startswith("|") and "---" not in line]
    body = [line for line in lines if not any(line.startswith(f"| {table.of} ") for table in TABLES)]
    assert len(body) == sum(len(table.rows) + 1 for table in TABLES)
    for line in body:
        _, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        assert all(cell == "not run" or cell.endswith(" published") for cell in cells)


def test_nothing_measured_is_not_run() -> None:
    text = published_tables([])
    assert text.count("| this project") == len(TABLES)
    assert "measured |" not in text
