"""Prompts: one template file per question type, with the paper's sections in the paper's order.

A template is plain text with `$name` placeholders (`string.Template`). Users replace templates by giving a folder
that holds files of the same names.
"""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from robot_r1.errors import UserError
from robot_r1.geometry import PROMPT_ORIGIN
from robot_r1.question import LETTERS, QUESTION_TYPES, Point, QuestionType

TEMPLATES = Path(__file__).parent
_REQUIRED = {
    "waypoint": {"description", "state", "options"},
    "current_state": {"description", "options"},
    "movement": {"description", "options"},
}
_ALLOWED = {"description", "state", "options", "origin", "gripper_size"}
GRIPPER_SIZE = "0.06 m wide (x), 0.2 m long (y) and 0.09 m high (z), with fingers 0.04 m long"
"""The gripper as the paper's prompt describes it (Robot-R1, figure 4)."""


def point_text(point: Sequence[float]) -> str:
    """Coordinates in metres with three decimals, for example `[0.265, -0.112, 1.154]`; never a negative zero."""
    return "[" + ", ".join(f"{round(value, 3) + 0.0:.3f}" for value in point) + "]"


@dataclass(frozen=True)
class PromptTemplates:
    """The templates of a build, checked."""

    texts: Mapping[QuestionType, string.Template]

    @classmethod
    def load(cls, folder: Path | None = None) -> "PromptTemplates":
        """Read `<question type>.txt` from the folder, or this project's own where the folder has no such file.

        Raises:
            UserError: the folder is missing, or a template lacks a placeholder or has an unknown one.
        """
        if folder is not None and not folder.is_dir():
            raise UserError(f"prompt folder {folder} does not exist; give a folder with {_names()}")
        texts: dict[QuestionType, string.Template] = {}
        for question_type in QUESTION_TYPES:
            own = folder / f"{question_type}.txt" if folder else None
            path = own if own is not None and own.is_file() else TEMPLATES / f"{question_type}.txt"
            texts[question_type] = _read(path, question_type)
        return cls(texts)

    def render(self, question_type: QuestionType, description: str, state: Point, options: Sequence[str]) -> str:
        """The whole prompt of one question. `state` is in metres, world frame; unused by types that must not see it.

        The line breaks of a description are folded and its image marks removed, so that no description can forge a
        section of the prompt or call for a second image.
        """
        return self.texts[question_type].substitute(
            description=" ".join(description.replace("<image>", "").split()),
            state=point_text(state),
            options="\n".join(f"- [[{letter}]] {text}" for letter, text in zip(LETTERS, options, strict=True)),
            origin=f"[{', '.join(f'{value:g}' for value in PROMPT_ORIGIN)}]",
            gripper_size=GRIPPER_SIZE,
        )


@cache
def default_templates() -> PromptTemplates:
    """This project's own templates."""
    return PromptTemplates.load()


def _names() -> str:
    return ", ".join(f"{question_type}.txt" for question_type in QUESTION_TYPES)


def _read(path: Path, question_type: QuestionType) -> string.Template:
    try:
        template = string.Template(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    if not template.is_valid():
        raise UserError(f"{path} has a stray $; write $$ for a dollar sign")
    found = set(template.get_identifiers())
    if missing := _REQUIRED[question_type] - found:
        raise UserError(f"{path} lacks the placeholder ${min(missing)}; it needs {_listed(_REQUIRED[question_type])}")
    if unknown := found - _ALLOWED:
        raise UserError(f"{path} has the unknown placeholder ${min(unknown)}; allowed are {_listed(_ALLOWED)}")
    return template


def _listed(names: set[str]) -> str:
    return ", ".join(f"${name}" for name in sorted(names))
