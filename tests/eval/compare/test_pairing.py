"""Which questions two runs share, and which runs are not to be compared."""

from dataclasses import replace
from pathlib import Path

import pytest

from eval.compare.pairing import Comparison, compare, one_run
from robot_r1.errors import UserError
from tests.eval.compare.conftest import answers
from tests.support.eval_logs import Said, write_log


def test_groups_count_what_was_gained_and_lost(compared: Comparison) -> None:
    assert [group.name for group in compared.groups] == ["all", "waypoint", "current_state", "movement"]
    overall = compared.groups[0]
    assert (overall.gained, overall.lost) == (6, 1)
    assert overall.test is not None
    assert (overall.test.gained, overall.test.lost) == (6, 1)
    assert overall.second - overall.first == pytest.approx(overall.difference.mean) == pytest.approx(5 / 30)
    assert [sum(getattr(group, name) for group in compared.groups[1:]) for name in ("gained", "lost")] == [6, 1]
    assert len(compared.flips) == 7


def test_questions_without_a_value_in_both_are_unpaired(tmp_path: Path) -> None:
    first = write_log(tmp_path / "a.eval", [Said("x", 1.0), Said("y", 1.0), Said("z", None)])
    second = write_log(tmp_path / "b.eval", [Said("y", 0.0), Said("x", None), Said("w", 1.0), Said("z", 1.0)])
    result = compare(one_run(first), one_run(second))
    assert [pair.first.id for pair in result.pairs] == ["y"]
    assert result.unpaired == (1, 2)


def test_other_orders_of_the_options_are_pairs_of_their_own_in_one_cluster(tmp_path: Path) -> None:
    said = [Said(f"q{i}~{turn}", 1.0, demo=f"d{i}") for i in range(3) for turn in range(4)]
    first = write_log(tmp_path / "a.eval", said, "mcqa-permuted")
    second = write_log(tmp_path / "b.eval", [replace(each, value=0.0) for each in said], "mcqa-permuted")
    result = compare(one_run(first), one_run(second))
    assert len(result.pairs) == 12
    assert result.groups[0].difference.clusters == 3
    assert result.groups[0].test is None  # McNemar's test would take them for 12 questions


def test_graded_values_have_no_mcnemar(tmp_path: Path) -> None:
    said = [Said(f"q{i}", float(i % 4), demo=f"d{i}") for i in range(8)]
    first = write_log(tmp_path / "a.eval", said, "robot_r1_bench")
    second = write_log(tmp_path / "b.eval", [replace(each, value=2.0) for each in said], "robot_r1_bench")
    result = compare(one_run(first), one_run(second))
    assert result.groups[0].test is None
    assert (result.groups[0].gained, result.groups[0].lost) == (4, 2)
    assert [abs(pair.change) for pair in result.flips] == [2, 2, 1, 1, 1, 1]


def test_what_else_differs_is_a_warning(compared: Comparison) -> None:
    (warning,) = compared.warnings
    assert warning.startswith("prompt: ")


def test_other_benchmarks_or_data_are_refused(tmp_path: Path) -> None:
    first = one_run(write_log(tmp_path / "a.eval", answers("10")))
    bench = one_run(write_log(tmp_path / "b.eval", answers("10"), "robot_r1_bench"))
    data = one_run(write_log(tmp_path / "c.eval", answers("10"), dataset_version="v2"))
    others = one_run(write_log(tmp_path / "d.eval", [Said("z", 1.0)]))
    with pytest.raises(UserError, match=r"is a run of mcqa, .* one of robot_r1_bench"):
        compare(first, bench)
    with pytest.raises(UserError, match=r"different data: dataset_version: v1 .* v2"):
        compare(first, data)
    with pytest.raises(UserError, match="no question was answered in both"):
        compare(first, others)


def test_a_folder_has_to_have_one_log(tmp_path: Path) -> None:
    write_log(tmp_path / "a.eval", answers("10"))
    assert one_run(tmp_path).path.name == "a.eval"
    write_log(tmp_path / "b.eval", answers("10"))
    with pytest.raises(UserError, match=r"holds 2 logs; give one of them: .*a\.eval, .*b\.eval"):
        one_run(tmp_path)
