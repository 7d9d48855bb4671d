import re

import pytest

from eval.scorers.answered import Answered
from eval.scorers.measures import (
    confusion,
    distances,
    letter_shares,
    mean_length,
    mean_tokens,
    mean_value,
    orders,
    refusals,
)
from eval.scorers.report import sheets
from eval.sheets import markdown
from robot_r1.question import LETTERS, Letter


def answered(
    number: int, right: Letter, letter: Letter | None, content: str = "x", distance: float | None = None
) -> Answered:
    return Answered(
        question_id=f"q{number}",
        group="waypoint",
        task="pick_up_cup",
        demo=f"d{number % 3}",
        value=float(right == letter),
        right=right,
        letter=letter,
        content=content if letter else None,
        reason=None if letter else "no_answer",
        distance=distance,
        length=10 * (number + 1),
    )


def test_counts_by_letter_and_reason() -> None:
    some = [answered(0, "A", "A"), answered(1, "A", "B"), answered(2, "C", None), answered(3, "C", "B")]
    table = confusion(some)
    assert (table["A"]["A"], table["A"]["B"], table["C"][None], table["C"]["B"], table["D"]["D"]) == (1, 1, 1, 1, 0)
    assert sum(count for row in table.values() for count in row.values()) == 4
    assert refusals(some) == {"no_answer": 1}
    assert letter_shares(some) == {"A": pytest.approx(1 / 3), "B": pytest.approx(2 / 3), "C": 0, "D": 0}
    assert letter_shares([some[2]]) == {}
    assert mean_length(some) == 25
    assert mean_tokens(some) is None
    assert mean_value(some).mean == 0.25


def test_distances_are_over_what_could_be_read() -> None:
    some = [answered(0, "A", "A", distance=0.0), answered(1, "A", "B", distance=0.4), answered(2, "A", None)]
    found = distances(some)
    assert found is not None and (found.mean, found.median, found.n) == (0.2, 0.2, 2)
    assert distances(some[2:]) is None


def in_four_orders(number: int, always: Letter | None, content: str | None) -> list[Answered]:
    """A question whose right option is `r`: a model that sticks to a letter, or to an option."""
    found = []
    for turn in range(4):
        texts = ["rstu"[(place + turn) % 4] for place in range(4)]
        letter = always if content is None else LETTERS[texts.index(content)]
        said = texts[LETTERS.index(letter)] if letter else "x"
        found.append(answered(number, LETTERS[texts.index("r")], letter, said))
    return found


def test_orders_tell_letters_from_content() -> None:
    letter = orders([each for number in range(6) for each in in_four_orders(number, "A", None)])
    right = orders([each for number in range(6) for each in in_four_orders(number, None, "r")])
    wrong = orders([each for number in range(6) for each in in_four_orders(number, None, "s")])
    silent = orders([each for number in range(6) for each in in_four_orders(number, None, None)])
    assert letter and right and wrong and silent
    assert (letter.all_right.mean, letter.consistent.mean) == (0, 0)
    assert (right.all_right.mean, right.consistent.mean) == (1, 1)
    assert (wrong.all_right.mean, wrong.consistent.mean) == (0, 1)
    assert (silent.all_right.mean, silent.consistent.mean) == (0, 0)
    assert orders([answered(0, "A", "A"), answered(1, "A", "B")]) is None


def test_the_tables_name_what_was_measured() -> None:
    tables = markdown(sheets("x/m|_1_", [answered(0, "A", "A", distance=0.0), answered(1, "B", None)]))
    text = re.sub(" +", " ", tables)
    assert r"**x/m\|\_1\_**" in text
    assert "| all | 2 | .500 [" in text
    assert "| right is B | 0 | 0 | 0 | 0 | 1 |" in text
    assert "| no_answer | 1 |" in text
    assert "four orders" not in text
