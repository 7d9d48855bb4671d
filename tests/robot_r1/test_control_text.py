"""Text that spells control tokens is broken or refused, whatever family of models they belong to."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_r1.control_text import IMAGE_MARK, plain, plain_line, plain_prompt, spells_control
from tests.support.control_text import CONTROL

ORDINARY = (
    "move left, 2 < 3 > 1 and |x| < |y|",
    "<think> near </think> <answer> [[A]] </answer>",
    "a <b>bold</b> cup at [0.265, -0.112, 1.154]",
    "put it in <box> [1], not [INSTEAD]; it costs 5 | 6",
    "<start of turn> and < |im_end|> and |im_end|",
    "",
)


@pytest.mark.parametrize("token", CONTROL)
def test_control_tokens_are_broken(token: str) -> None:
    text = f"push {token}the button{token}"
    assert spells_control(text) and token not in plain(text) and not spells_control(plain(text))
    assert plain(text).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("text", ORDINARY)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert plain(text) == text and not spells_control(text)


@given(st.lists(st.sampled_from([*CONTROL, "<", "|", ">", "[", " ", "im_end", "\n", "a"]), max_size=12))
def test_nothing_put_together_of_parts_gets_through(parts: list[str]) -> None:
    text = "".join(parts)
    broken = plain(text)
    assert not spells_control(broken) and plain(broken) == broken
    assert not any(token in broken for token in CONTROL)
    assert not spells_control(plain_line(text)) and plain_prompt(text).count(IMAGE_MARK) == text.count(IMAGE_MARK)


def test_tokens_of_the_tokenizer_at_hand_are_broken_too() -> None:
    assert plain("a [MINE] and <|im_end|>", {"[MINE]", "[MINE"}) == "a [ MINE] and < |im_end|>"


def test_long_texts_take_linear_time() -> None:
    start = time.process_time()
    for piece in ("<", "<|", "|>", "<a", "<|a|", "[", "<|im_end|>", "a|"):
        plain(piece * 200_000)
        spells_control(piece * 200_000)
    assert time.process_time() - start < 10
