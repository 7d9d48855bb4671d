"""The system prompt of a bench question: rules for every answer, the guideline of its reasoning type, the format.

The facts follow the paper (Robot-R1, figure 9); the words are this project's. The paper asks for the robot's
perspective in movement questions and for the camera's everywhere else; here all directions are those of the image.
"""

import string
from pathlib import Path

from eval.facts import digest
from eval.robot_r1_bench.question import REASONING_TYPES, BenchQuestion
from robot_r1.control_text import plain_line

_FOLDER = Path(__file__).parent
_NAMES = ("system", *(f"guideline_{name}" for name in REASONING_TYPES), "output_format")


def system_prompt(question: BenchQuestion, answer_tags: bool) -> str:
    """The system prompt that goes before the picture and the question.

    Args:
        answer_tags: whether to ask for reasoning and answer in their tags, as the training questions do.
    """
    description = plain_line(question.description)
    guideline = _template(f"guideline_{question.reasoning_type}").substitute(description=description)
    output_format = _template("output_format").substitute() if answer_tags else ""
    return _template("system").substitute(guideline=guideline, output_format=output_format).strip()


def prompt_digest() -> str:
    """A digest of all prompt templates."""
    return digest(*(_template(name).template for name in _NAMES))


def _template(name: str) -> string.Template:
    return string.Template((_FOLDER / f"{name}.txt").read_text(encoding="utf-8"))
