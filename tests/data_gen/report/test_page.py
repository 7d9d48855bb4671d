"""The page as text: what it holds, what it asks for, how large it is."""

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data_gen.audit.report import AUDIT
from data_gen.formats import Row
from data_gen.report.page import render
from robot_r1.errors import UserError
from robot_r1.page.text import DASH
from robot_r1.sft_example import ColdStartExample, SftExample
from tests.data_gen.report.made import make_rows_of, write_dataset

OPTIONAL = ["off_screen", "gripper_off_screen", "distractors", "renderer", "camera", "source", "gripper_open"]


def test_the_same_data_give_the_same_page(data: Path, page: str) -> None:
    assert render(data) == page


def test_everything_the_page_needs_is_inside_it(page: str) -> None:
    assert all(a.startswith(("data:", "#")) for a in re.findall(r'\s(?:src|href)="([^"]*)"', page))
    assert "url(" not in page[page.index("<style>") : page.index("</style>")]
    assert "default-src 'none'" in page


def test_the_head_counts_all_rows(data: Path, rows: list[Row]) -> None:
    page = render(data, questions=6)
    assert page.count('<article class="card question"') == 6
    assert f"<strong>{len(rows)}</strong>" in page
    assert f"6 of {len(rows)} questions" in page
    test = sum(row.demo == rows[-1].demo and row.question_type == "movement" for row in rows)
    train = sum(row.demo != rows[-1].demo and row.question_type == "movement" for row in rows)
    assert f'<tr><th>movement</th><td class="n">{train}</td><td class="n">{test}</td></tr>' in page


def test_audit(page: str) -> None:
    assert page.count('<figure class="chart rules">') == 3
    assert '<span class="light red"><i aria-hidden="true">✗</i>fails</span>' in page
    assert "8 more" in page and "7 more" in page and "6 more" in page
    assert "p = 0.4" in page and "p &lt; 0.000001" in page
    assert "8 others" in page


def test_probes_stand_first_with_their_own_thresholds(page: str) -> None:
    names = re.findall(r'<div class="rule (\w+)"><span class="name" title="[^"]*">([^<]*)(<small>[^<]*)?', page)
    waypoint = names[: next(i for i, name in enumerate(names) if name[1].startswith("learned from nothing"))]
    assert [name[:2] for name in waypoint[:2]] == [
        ("green", "learned from the options"),
        ("grey", "learned by trees "),
    ]
    assert waypoint[1][2] == "<small>(no threshold)"
    lights = [light for light, *_ in waypoint[2:22]]
    assert lights == sorted(lights, key=["red", "amber", "grey", "green"].index)
    unknown = page[page.index("learned from nothing") :].partition("</div>")[0]
    assert "(fewer than 5 demos to learn from)" in unknown and "<circle" not in unknown and f"<b>{DASH}</b>" in unknown
    linear, trees = (page[page.index(name) :].partition("</div>")[0] for name in ("from the options", "by trees"))
    assert 'class="allowed" x="0.00%" width="58.33%"' in linear and 'class="allowed"' not in trees


def test_an_audit_of_another_state_is_not_shown(data: Path, rows: list[Row], tmp_path: Path) -> None:
    write_dataset(tmp_path / "a set", rows[:6])
    (tmp_path / "a set" / AUDIT).write_bytes((data / AUDIT).read_bytes())
    page = render(tmp_path / "a set")
    assert f"The audit is of {len(rows)} questions, and the data set has 6 by now" in page
    assert f"python -m data_gen.audit &#39;{tmp_path / 'a set'}&#39;" in page


@pytest.mark.parametrize(
    ("text", "why"), [(None, "The audit has not been made"), ("{", "The audit is damaged or of another version")]
)
def test_no_audit_is_one_line(tmp_path: Path, text: str | None, why: str) -> None:
    write_dataset(tmp_path, make_rows_of(demos=1))
    if text is not None:
        (tmp_path / AUDIT).write_text(text)
    page = render(tmp_path)
    assert why in page
    assert f"python -m data_gen.audit {tmp_path}" in page


def test_sheets_tell_how_far_the_frame_is_from_the_keypoint(page: str) -> None:
    demos = page[page.index('id="page-demos"') :]
    assert demos.count('<article class="chart sheet">') == 4
    assert "<b>1</b> keypoint 21<br><span>frame 20, 0.05&nbsp;s&nbsp;before</span>" in demos
    assert "<b>2</b> keypoint 46<br><span>frame 40, 0.30&nbsp;s&nbsp;before</span>" in demos


def test_flags_are_labelled(page: str) -> None:
    assert "gripper off screen</em>" in page
    assert '<path class="out"' in page


def test_data_of_another_hand(tmp_path: Path) -> None:
    write_dataset(tmp_path, make_rows_of(demos=1))
    for path in tmp_path.rglob("*.parquet"):
        pq.write_table(pq.read_table(path).drop_columns(OPTIONAL), path)
    page = render(tmp_path)
    assert '<svg class="marks"' not in page
    assert "off screen</em>" not in page
    assert "With a distractor made by" not in page
    assert page.count("<img") > 9


@pytest.mark.parametrize("model", [SftExample, ColdStartExample])
def test_formats_with_completions(tmp_path: Path, model: type[Row]) -> None:
    rows = make_rows_of(model, demos=1)
    page = render(write_dataset(tmp_path, rows))
    assert "&lt;think&gt; Move down" in page
    assert page.count('<article class="card question"') == len(rows)
    assert ('<ol class="options">' in page) == (model is ColdStartExample)


def test_a_picture_that_cannot_be_read(tmp_path: Path) -> None:
    rows = [row.model_copy(update={"images": (b"\x89PNG garbage",)}) for row in make_rows_of(demos=1)]
    page = render(write_dataset(tmp_path, rows))
    assert page.count("image cannot be read") == len(rows)


def test_a_missing_column_and_a_wrong_value(tmp_path: Path) -> None:
    write_dataset(tmp_path, make_rows_of(demos=1))
    path = tmp_path / "movement" / "train-00000.parquet"
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.schema.get_field_index("frame"), "frame", [["x"] * len(table)]), path)
    with pytest.raises(UserError, match=r"train-00000.parquet, row 1: frame: .*; docs/data.md says"):
        render(tmp_path)
    nowhere = [[float("nan")] * 3] * len(table)
    pq.write_table(table.set_column(table.schema.get_field_index("state"), "state", [nowhere]), path)
    with pytest.raises(UserError, match=r"row 1: state\.0: Input should be a finite number"):
        render(tmp_path)
    pq.write_table(table.drop_columns(["state"]), path)
    with pytest.raises(UserError, match="lacks the column state"):
        render(tmp_path)


def test_no_rows(tmp_path: Path) -> None:
    write_dataset(tmp_path, make_rows_of(demos=1))
    for path in tmp_path.rglob("*.parquet"):
        pq.write_table(pq.read_table(path).slice(0, 0), path)
    with pytest.raises(UserError, match="holds no rows"):
        render(tmp_path)


def test_two_hundred_questions_stay_below_five_megabytes(tmp_path: Path) -> None:
    rows = make_rows_of(demos=14, size=256)  # noise, the worst that a picture can be
    page = render(write_dataset(tmp_path, rows))
    assert page.count('<article class="card question"') == 200
    assert len(page.encode()) < 5_000_000
