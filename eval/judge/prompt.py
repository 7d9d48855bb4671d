"""What a judge is told: the rubric of the reasoning type, and the question with its reference and the answer.

The protocol follows the judge prompt of the paper (Robot-R1): text only, scores 0 to 3, notes on semantic
equivalence, a fixed form of reply. The words are this project's, with one rubric per reasoning type, as the paper says
it has but does not print.
"""

import re
import string
from pathlib import Path

from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser

from eval.facts import digest
from eval.robot_r1_bench.question import REASONING_TYPES, BenchQuestion
from robot_r1.control_text import plain

_FOLDER = Path(__file__).parent
_NAMES = ("system", *(f"rubric_{name}" for name in REASONING_TYPES), "question", "again")


def judge_messages(question: BenchQuestion, answer: str) -> list[ChatMessage]:
    """The conversation that asks a judge for one score; no text in it can end a turn or close its fence."""
    rubric = _template(f"rubric_{question.reasoning_type}").substitute().strip()
    asked = _template("question").substitute(
        question=plain(question.question),
        reference=plain(question.reference),
        answer=plain(answer),
        fence=_fence(answer),
    )
    return [ChatMessageSystem(content=_template("system").substitute(rubric=rubric)), ChatMessageUser(content=asked)]


def ask_again(problem: str) -> ChatMessage:
    """What a judge is told whose reply could not be read."""
    return ChatMessageUser(content=_template("again").substitute(problem=problem))


def judge_digest() -> str:
    """A digest of all texts that a judge is given."""
    return digest(*(_template(name).template for name in _NAMES))


def _fence(answer: str) -> str:
    """Backticks that the answer cannot close: more than any run of them in it, as in CommonMark."""
    longest = max((len(run) for run in re.findall("`+", answer)), default=0)
    return "`" * max(3, longest + 1)


def _template(name: str) -> string.Template:
    return string.Template((_FOLDER / f"{name}.txt").read_text(encoding="utf-8"))
