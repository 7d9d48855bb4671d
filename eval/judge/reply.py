"""The strict reading of a judge's reply: `Score: N Reason: ...`, one score from 0 to 3 and a reason."""

import re
from dataclasses import dataclass

FORM = "Score: N Reason: your explanation"
"""The form that judges are asked for; N is 0, 1, 2 or 3."""

_REPLY = re.compile(r"\s*Score:\s*(\S+)\s+Reason:(.*)", re.DOTALL)
_AGAIN = re.compile(r"\bscore(?:\W{0,4}[:=]|\s+(?:is|of)\W{1,4}([0-9](?:[0-9./]*[0-9])?))", re.IGNORECASE)
"""A further score: in the form of the verdict, or in words, where the same number as in the verdict is no harm."""


@dataclass(frozen=True)
class Judgement:
    """What a judge's reply says."""

    score: int
    """0 (contradicts the reference) to 3 (says the same or more)."""
    reason: str


@dataclass(frozen=True)
class Unreadable:
    """A reply that is not counted, and what is wrong with it, in words that the judge is told."""

    problem: str


def parse_reply(text: str) -> Judgement | Unreadable:
    """The one score and the reason in a judge's reply.

    Nothing is guessed: text before the score, fractions, ranges, `3/3`, a second score anywhere, or a missing reason
    make the reply unreadable, and the judge is asked again.
    """
    match = _REPLY.fullmatch(text)
    if match is None:
        return Unreadable(f"the reply has to begin with the score and follow the form '{FORM}'")
    score, reason = match[1], match[2].strip()
    if score not in ("0", "1", "2", "3"):
        return Unreadable("the score has to be one of the whole numbers 0, 1, 2 and 3, and nothing else")
    if not any(character.isalnum() for character in reason):
        return Unreadable("the reason is missing")
    if any(again[1] != score for again in _AGAIN.finditer(reason)):
        return Unreadable("the reply has to give exactly one score; do not write of scores in the reason")
    return Judgement(int(score), reason)
