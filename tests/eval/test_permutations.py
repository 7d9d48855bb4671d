import pytest

from eval.permutations import rotated
from robot_r1.errors import UserError
from robot_r1.question import LETTERS
from tests.support.question_rows import question_rows


def test_every_option_has_every_letter_once_and_the_right_one_stays_right() -> None:
    for row in question_rows(30):
        turns = [rotated(row, turn) for turn in range(4)]
        assert turns[0] == row
        for place in range(4):
            assert {turn.options[place] for turn in turns if turn.options} == set(row.options or ())
        assert {turn.options[LETTERS.index(turn.answer)] for turn in turns if turn.options and turn.answer} == {
            (row.options or ())[LETTERS.index(row.answer or "A")]
        }


def test_only_the_lines_of_the_options_change() -> None:
    row = question_rows(1)[0]
    before, after = row.question.splitlines(), rotated(row, 1).question.splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [
        f"- [[{letter}]] {text}" for letter, text in zip("ABCD", rotated(row, 1).options or (), strict=True)
    ]


@pytest.mark.parametrize("change", ["[[A]] ", "[["])
def test_a_prompt_that_lists_its_options_otherwise_is_refused(change: str) -> None:
    row = question_rows(1)[0]
    other = row.model_copy(update={"question": row.question.replace(change, "")})
    with pytest.raises(UserError, match="leave permutations at 1"):
        rotated(other, 1)


def test_a_question_without_options_is_refused() -> None:
    with pytest.raises(UserError, match="has no options"):
        rotated(question_rows(1)[0].model_copy(update={"options": None}), 1)
