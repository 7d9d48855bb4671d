"""What the page says, without a browser."""

import re
from dataclasses import replace
from pathlib import Path

from eval.compare.page import render
from eval.compare.pairing import Comparison, compare, one_run
from tests.eval.compare.conftest import FIRST, SECOND, answers
from tests.support.eval_logs import Said, write_log


def cards(page: str) -> list[str]:
    return page.split('<article class="card"')[1:]


def test_every_flip_is_a_card_with_its_picture(page: str) -> None:
    assert len(cards(page)) == 7
    assert all("data:image/jpeg;base64," in card for card in cards(page))
    assert sum('data-direction="gained"' in card for card in cards(page)) == 6


def test_a_card_marks_the_right_option_and_both_choices(page: str) -> None:
    (lost,) = (card for card in cards(page) if 'data-direction="lost"' in card)
    right, wrong, *_ = re.findall(r"<li.*?</li>", lost)
    assert ">right<" in right
    assert 'pick first">' in right
    assert 'pick second">' in wrong


def test_long_completions_are_shortened_and_the_page_says_so(page: str) -> None:
    assert len(page) < 1_000_000
    assert "bytes left out" in page
    assert "shortened in their middle" in page
    assert "Completion, 1\u202f000\u202f000 characters" in page


def test_no_text_becomes_markup(page: str) -> None:
    assert "<script>document.title" not in page
    assert "onerror=alert(1)>" not in page
    assert "\u202eright" not in page
    assert "[U+202E]right to left[U+0000][U+001B][31m" in page


def test_fewer_cards_if_asked_for(compared: Comparison) -> None:
    page = render(compared, most=2)
    assert len(cards(page)) == 2
    assert "2 are shown" in page


def test_logs_without_pictures_say_so(tmp_path: Path) -> None:
    page = render(_compare(tmp_path, answers(FIRST, picture=False), answers(SECOND, picture=False)))
    assert "There are no pictures" in page
    assert cards(page)[0].count("no picture</p>") == 1


def test_runs_that_agree_have_no_cards(tmp_path: Path) -> None:
    page = render(_compare(tmp_path, answers(FIRST), answers(FIRST)))
    assert "Both runs gave every question the same value" in page
    assert cards(page) == []


def test_a_bench_shows_question_reference_and_the_judges_words(tmp_path: Path) -> None:
    said = Said(
        "cup-1", 1.0, "Move <up>", group="movement", in_training=False, options=(), text="Which move?", system="Rules."
    )
    first = replace(said, target="Move down.")
    page = render(_compare(tmp_path, [first], [replace(first, value=2.5)], "robot_r1_bench"))
    (card,) = cards(page)
    assert "Which move?" in card
    assert "Move down." in card
    assert "Move &lt;up&gt;" in card
    assert "gained +1.50" in card
    assert "held out" in card
    assert "Rules." in card
    assert "McNemar" not in page
    assert "judge: rules" in page


def _compare(folder: Path, first: list[Said], second: list[Said], benchmark: str = "mcqa") -> Comparison:
    paths = [write_log(folder / f"{i}.eval", said, benchmark) for i, said in enumerate((first, second))]
    return compare(*(one_run(path) for path in paths))
