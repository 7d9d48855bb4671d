"""The one reading of a completion, for rewards and for evaluation: `<think> .. </think> <answer> [[A]] </answer>`.

It refuses rather than guesses. A reward for a reading that a person would dispute is what a policy learns to exploit,
and an accuracy that depends on how forgiving a parser is cannot be compared with another. Every refusal has a name, so
that a training curve shows *why* completions fail. docs/answers.md lists what is accepted and refused.

All functions take any string, never raise and run in time linear in its length.
"""

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal, get_args

from robot_r1.control_text import spells_control
from robot_r1.question import LETTERS, Letter, Point

Reason = Literal[
    "control_token",
    "inexact_tag",
    "several_think",
    "several_answer",
    "unclosed",
    "unopened",
    "no_think",
    "no_answer",
    "nested",
    "wrong_order",
    "text_outside",
    "empty_think",
    "empty_answer",
    "not_a_letter",
    "not_a_point",
]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""Why a completion is refused. Where several apply, the first in this order is told."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A completion that is not read, and why."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Blocks:
    """The two blocks of a completion in the right format, without the white space around them."""

    think: str
    content: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A completion in the right format that names one option."""

    think: str
    letter: Letter


_OPEN_THINK, _CLOSE_THINK, _OPEN_ANSWER, _CLOSE_ANSWER = _FORMAT = ("<think>", "</think>", "<answer>", "</answer>")

# Also finds what a forgiving reader would take for a tag (capitals, spaces, attributes): were such text ordinary text,
# a completion could carry two answers. One class for slash and space, so that no two repetitions compete for a space.
_TAG = re.compile(r"<[\s/]*(?:think|answer)(?![\w-])[^<>]*>", re.ASCII | re.IGNORECASE)

_LETTER_OF: dict[str, Letter] = {text: letter for letter in LETTERS for text in (letter, f"[[{letter}]]")}

_NUMBER = r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
_POINT = re.compile(r"\[\s*" + r"\s*,\s*".join([_NUMBER] * 3) + r"\s*\]", re.ASCII)


def parse_blocks(text: str) -> Blocks | Refusal:
    """The two blocks of a completion, whatever the answer says: one of each, in order, with only white space outside.

    White space is what `str.strip` takes away. A block is empty if nothing in it is visible, so zero-width characters
    alone are no reasoning.
    """
    if spells_control(text):
        return Refusal("control_token")
    tags = list(_TAG.finditer(text))
    reason = _wrong_tags([tag[0] for tag in tags])
    if reason is not None:
        return Refusal(reason)
    open_think, close_think, open_answer, close_answer = tags
    between = text[close_think.end() : open_answer.start()]
    if (text[: open_think.start()] + between + text[close_answer.end() :]).strip():
        return Refusal("text_outside")
    think = text[open_think.end() : close_think.start()].strip()
    content = text[open_answer.end() : close_answer.start()].strip()
    if _invisible(think):
        return Refusal("empty_think")
    return Refusal("empty_answer") if _invisible(content) else Blocks(think, content)


def parse_answer(text: str) -> Answer | Refusal:
    """The option that a completion names: its blocks are right and the answer is `[[A]]` or the letter alone."""
    blocks = parse_blocks(text)
    if isinstance(blocks, Refusal):
        return blocks
    letter = _LETTER_OF.get(blocks.content)
    return Answer(blocks.think, letter) if letter else Refusal("not_a_letter")


def parse_point(content: str) -> Point | Refusal:
    """The point in the answer of an open-ended question: three finite decimal numbers, `[0.265, -0.112, 1.154]`.

    Args:
        content: what `parse_blocks` found in the answer block.
    """
    match = _POINT.fullmatch(content)
    if match is None:
        return Refusal("not_a_point")
    x, y, z = (float(number) for number in match.groups())
    return (x, y, z) if all(math.isfinite(value) for value in (x, y, z)) else Refusal("not_a_point")


def _wrong_tags(tags: list[str]) -> Reason | None:
    """What is wrong with the sequence of tags; None if it is that of the format."""
    count = Counter(tags)
    if count.keys() - set(_FORMAT):
        return "inexact_tag"
    if count[_OPEN_THINK] > 1 or count[_CLOSE_THINK] > 1:
        return "several_think"
    if count[_OPEN_ANSWER] > 1 or count[_CLOSE_ANSWER] > 1:
        return "several_answer"
    if count[_OPEN_THINK] > count[_CLOSE_THINK] or count[_OPEN_ANSWER] > count[_CLOSE_ANSWER]:
        return "unclosed"
    if count[_OPEN_THINK] < count[_CLOSE_THINK] or count[_OPEN_ANSWER] < count[_CLOSE_ANSWER]:
        return "unopened"
    if not count[_OPEN_THINK]:
        return "no_think"
    if not count[_OPEN_ANSWER]:
        return "no_answer"
    if tuple(tags) == _FORMAT:
        return None
    return "nested" if {*tags[:2]} == {_OPEN_THINK, _OPEN_ANSWER} else "wrong_order"


def _invisible(text: str) -> bool:
    return not any(character.isprintable() for character in text if character != " ")
