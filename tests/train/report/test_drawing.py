"""Statistics, curves and the choice of what fits."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_r1.intervals import clustered_interval
from train.report.answers import Answers, Attempt, HeldOutQuestion
from train.report.curves import Chart, Line, sections
from train.report.fitting import spread
from train.report.outcomes import changes, outcomes
from train.report.run import Metrics, Series
from train.report.statistics import running_mean
from train.report.svg import DRAWN_POINTS, draw


def _series(*values: float) -> Series:
    return Series(np.arange(len(values)), np.array(values))


def _attempt(correct: bool, refusal: str | None = None, name: str = "q") -> Attempt:
    return Attempt(id=name, completion="", letter=None, refusal=refusal, correct=correct, tokens=1)


def _question(name: str, kind: str, demo: str = "") -> HeldOutQuestion:
    return HeldOutQuestion(id=name, question_type=kind, task="", demo=demo, question="", options=(), answer="A")


NOTHING = Answers((), {}, (), 0, ())


def test_running_mean_at_the_ends_takes_what_is_there() -> None:
    assert running_mean(np.array([0.0, 3.0, 6.0, 9.0]), 3).tolist() == [1.5, 3.0, 6.0, 7.5]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=40), st.integers(0, 50))
def test_questions_are_spread_over_types(kinds: list[tuple[str, str]], count: int) -> None:
    questions = [
        HeldOutQuestion(id=str(i), question_type=kind, task=task, demo="", question="", options=(), answer="A")
        for i, (kind, task) in enumerate(kinds)
    ]
    chosen = spread(questions, count)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(count, len(questions))
    if all(len([1 for kind, _ in kinds if kind == each]) >= count for each in "abc"):
        tasks = {task for _, task in kinds}
        per_type = [sum(kinds[i][0] == each for i in chosen) for each in "abc"]
        assert max(per_type) - min(per_type) <= len(tasks)


def test_outcomes() -> None:
    assert outcomes([_attempt(False), _attempt(True)]) == ("gained",)
    assert outcomes([_attempt(True), _attempt(False, "no_answer")]) == ("lost", "refused")
    assert outcomes([_attempt(False), _attempt(False)]) == ("never",)
    assert outcomes([_attempt(True)]) == ()


def test_a_long_run_draws_few_points_and_smooths_over_all() -> None:
    noise = np.random.default_rng(0).normal(size=5000)
    drawing = draw(Chart("Loss", (Line("loss", Series(np.arange(5000), noise)),), noisy=True), 5000)
    assert drawing.marks[0].line.count("L") == DRAWN_POINTS - 1
    assert drawing.smoothed == 251
    told = json.loads(drawing.data)["lines"][0]
    assert told["x"][-1] == 4999
    assert told["y"][-1] == pytest.approx(noise[-1], rel=1e-5)


def test_a_single_point_and_a_constant_can_be_drawn() -> None:
    for values in ((0.0,), (0.3,), (-2.0, -2.0)):
        drawing = draw(Chart("x", (Line("x", _series(*values)),)), len(values) - 1)
        assert "nan" not in drawing.marks[0].line + drawing.marks[0].dots


def test_stacked_areas_with_the_data_beside_them() -> None:
    lines = (Line("A", _series(0.25, 0.5)), Line("B", _series(0.75, 0.5)))
    drawing = draw(Chart("Letters", lines, "share", stacked=True, beside=("data", (0.5, 0.5))), 1)
    assert drawing.marks[0].area == "M44.0 149.5L348.0 103.0L348.0 196.0L44.0 196.0Z"
    assert [block.height for block in drawing.blocks] == [93.0, 93.0]


def test_interval_bands_are_those_of_the_answers_clustered_by_demo() -> None:
    series = {"heldout/accuracy": _series(0.6, 1.0), "heldout/accuracy/movement": _series(0.5, 1.0)}
    questions = [_question(f"{n}", "movement" if n < 2 else "waypoint", f"demo{n % 3}") for n in range(5)]
    given = {step: {f"{n}": _attempt(step == 1 or n in (0, 2, 3), name=f"{n}") for n in range(5)} for step in (0, 1)}
    answers = Answers(tuple(questions), given, (), 0, ())
    held_out = sections(Metrics(series, 0.0, 0, {}), answers, {})[0]
    whole, by_type = (chart.lines[0].band for chart in held_out.charts)
    assert whole is not None and by_type is not None
    found = clustered_interval([1, 0, 1, 1, 0], [f"demo{n % 3}" for n in range(5)])
    assert tuple(whole[0]) == (found.low, found.high)
    assert whole[1, 0] < 0.5 and whole[1, 1] == 1.0  # all right in three demos: much else is possible
    of_movements = clustered_interval([1, 0], ["demo0", "demo1"])
    assert tuple(by_type[0]) == (of_movements.low, of_movements.high)


def test_no_band_where_the_answers_of_an_evaluation_are_gone() -> None:
    series = {"heldout/accuracy": _series(0.5, 1.0)}
    answers = Answers((_question("a", "movement"),), {0: {"a": _attempt(True, name="a")}}, (), 0, ())
    held_out = sections(Metrics(series, 0.0, 0, {}), answers, {})[0]
    assert held_out.charts[0].lines[0].band is None


def test_the_share_right_at_the_last_evaluation_has_a_clustered_interval() -> None:
    questions = tuple(_question(f"{n}", "movement", f"demo{n % 5}") for n in range(20))
    attempts = {step: {q.id: _attempt(step > 0, name=q.id) for q in questions} for step in (0, 10)}
    (change,) = changes(Answers(questions, attempts, (), 0, ()))
    assert (change.before, change.after.mean, change.after.high, change.gained) == (0.0, 1.0, 1.0, 20)
    assert 0.3 < change.after.low < 0.5


def test_rare_reasons_are_summed_and_absent_ones_left_out() -> None:
    series = {f"refusals/r{i}": _series(0.01 * i, 0.01 * i) for i in range(10)}
    charts = sections(Metrics(series, 0.0, 0, {}), NOTHING, {})[-1].charts
    assert [line.name for line in charts[0].lines] == ["r9", "r8", "r7", "r6", "r5", "other reasons"]
    assert charts[0].lines[-1].series.values.tolist() == pytest.approx([0.1, 0.1])
