"""The page of a comparison: the numbers, and every answer that changed beside its picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.compare.forest import forest
from eval.compare.pairing import Comparison, Pair
from eval.compare.questions import Question, shown_questions
from eval.compare.text import brief, chance
from robot_r1.page.fitting import clip, fair_limit, size
from robot_r1.page.pictures import SIDE, data_uri
from robot_r1.page.templating import render_page, write_page

TEXT_BUDGET = 6_000_000
"""Bytes of prompts, answers, completions and reasons in a page; long ones are shortened first."""
LONGEST = 50_000
"""Most bytes of one text: far more than an answer has, and little enough for a browser to lay out at once."""
MANY, SMALL_SIDE = 400, 160
"""From so many cards on, pictures have at most so many pixels a side."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Option:
    """One option of a multiple-choice question."""

    letter: str
    text: str
    right: bool


@dataclass(frozen=True)
class Card:
    """A question whose value changed.

    Attributes:
        picture: as a `data:` address.
        damaged: whether there is a picture that cannot be read.
        asked: the question where it is short, as in the bench.
        prompt: the long text, to be folded.
        texts, reasons: completions of both runs, and the scorer's or judge's words.
    """

    pair: Pair
    picture: str | None
    damaged: bool
    options: tuple[Option, ...]
    asked: str
    reference: str
    prompt: str
    texts: tuple[str, str]
    reasons: tuple[str, str]


def write_comparison(comparison: Comparison, path: Path, most: int | None = None) -> int:
    """Write the page, with the `most` largest changes or all of them, and return its size in bytes.

    Raises:
        UserError: `path` cannot be written.
    """
    return write_page(path, render(comparison, most))


def render(comparison: Comparison, most: int | None = None) -> str:
    """The page as HTML text."""
    first, second = comparison.first, comparison.second
    flips = comparison.flips
    shown = flips[:most]
    questions = shown_questions(first, [pair.first for pair in shown])
    limit = _limit(shown, questions)
    cards = list(_cards(shown, questions, limit))
    names = sorted(first.facts.keys() | second.facts.keys())
    longest = max((size(text) for text in _texts(shown, questions)), default=0)
    return render_page(
        "eval.compare",
        {
            "title": f"{second.model} against {first.model}" if first.model != second.model else first.model,
            "comparison": comparison,
            "runs": (first, second),
            "judges": list(dict.fromkeys(run.facts["judge"] for run in (first, second) if "judge" in run.facts)),
            "forest": forest(comparison.groups),
            "binary": all(value in (0.0, 1.0) for pair in shown for value in (pair.first.value, pair.second.value)),
            "cards": cards,
            "flips": len(flips),
            "pictures": any(card.picture or card.damaged for card in cards),
            "clipped": limit if longest > limit else None,
            "settings": {name: (first.facts.get(name), second.facts.get(name)) for name in names},
            "score": lambda value: f"{value:.3f}",
            "chance": chance,
            "brief": brief,
        },
    )


def _cards(shown: Sequence[Pair], questions: Sequence[Question], limit: int) -> Iterator[Card]:
    side = SIDE if len(shown) < MANY else SMALL_SIDE
    for pair, question in zip(shown, questions, strict=True):
        picture = data_uri(question.picture, side) if question.picture else None
        yield Card(
            pair,
            picture,
            question.picture is not None and picture is None,
            tuple(
                Option(letter, text, letter == question.target)
                for letter, text in zip(LETTERS, question.options, strict=False)
            ),
            clip(question.text, limit) if question.system else "",
            clip(question.target, limit),
            clip(question.system or question.text, limit),
            (clip(pair.first.completion, limit), clip(pair.second.completion, limit)),
            (clip(pair.first.explanation, limit), clip(pair.second.explanation, limit)),
        )


def _limit(shown: Sequence[Pair], questions: Sequence[Question]) -> int:
    return min(LONGEST, fair_limit([size(text) for text in _texts(shown, questions)], TEXT_BUDGET))


def _texts(shown: Sequence[Pair], questions: Sequence[Question]) -> Iterator[str]:
    for question in questions:
        yield from (question.system, question.text, question.target)
    for pair in shown:
        for answer in (pair.first, pair.second):
            yield from (answer.completion, answer.explanation)
