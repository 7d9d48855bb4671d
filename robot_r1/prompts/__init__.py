"""Prompts: one template file per question, with the paper's sections in the paper's order.

A template is plain text with `$name` placeholders (`string.Template`). `<question type>.txt` is the multiple-choice
question, `<question type>_open.txt` the same without options; `scene.txt`, `output_format.txt` and
`output_format_open.txt` are sections that several of them share, as `$scene` and so on. Users replace templates by
giving a folder that holds files of the same names.
"""

import hashlib
import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from robot_r1.control_text import IMAGE_MARK, SPELLED, plain_line, spells_control
from robot_r1.errors import UserError
from robot_r1.geometry import PROMPT_ORIGIN
from robot_r1.question import LETTERS, OPEN_QUESTION_TYPES, QUESTION_TYPES, Point, QuestionType

TEMPLATES = Path(__file__).parent
_SECTIONS = ("scene", "output_format", "output_format_open")
_REQUIRED: dict[str, set[str]] = {
    "scene": {"description"},
    "output_format": set(),
    "output_format_open": set(),
    "waypoint": {"description", "state", "options"},
    "current_state": {"description", "options"},
    "movement": {"description", "options"},
    "waypoint_open": {"description", "state"},
    "current_state_open": {"description"},
}
"""By template the placeholders that it has to hold, itself or in a section that it shares."""
_VALUES = {"description", "state", "origin", "gripper_size"}
_ALLOWED: dict[str, set[str]] = {
    **{name: _VALUES | {"options", *_SECTIONS} for name in QUESTION_TYPES},
    **{f"{name}_open": _VALUES | set(_SECTIONS) for name in OPEN_QUESTION_TYPES},
    **dict.fromkeys(_SECTIONS, _VALUES),
}
GRIPPER_SIZE = "0.06 m wide (x), 0.2 m long (y) and 0.09 m high (z), with fingers 0.04 m long"
"""The gripper as the paper's prompt describes it (Robot-R1, figure 4)."""


def point_text(point: Sequence[float]) -> str:
    """Coordinates in metres with three decimals, for example `[0.265, -0.112, 1.154]`; never a negative zero."""
    return "[" + ", ".join(f"{round(value, 3) + 0.0:.3f}" for value in point) + "]"


def options_text(options: Sequence[str]) -> str:
    """The four options as a prompt lists them, a line for each letter."""
    return "\n".join(f"- [[{letter}]] {text}" for letter, text in zip(LETTERS, options, strict=True))


@dataclass(frozen=True)
class PromptTemplates:
    """The templates of a build, checked."""

    texts: Mapping[str, string.Template]
    """By file name without `.txt`."""

    @classmethod
    def load(cls, folder: Path | None = None) -> "PromptTemplates":
        """Read every template from the folder, or this project's own where the folder has no such file.

        Raises:
            UserError: the folder is missing, or a template lacks a placeholder, has an unknown one, spells a control
                token, or does not show the image once.
        """
        if folder is not None and not folder.is_dir():
            names = ", ".join(f"{name}.txt" for name in _REQUIRED)
            raise UserError(f"prompt folder {folder} does not exist; give a folder with any of {names}")
        paths = {}
        for name in _REQUIRED:
            own = folder / f"{name}.txt" if folder else None
            paths[name] = own if own is not None and own.is_file() else TEMPLATES / f"{name}.txt"
        texts = {name: _read(path) for name, path in paths.items()}
        for name, path in paths.items():
            _check(path, name, texts)
        return cls(texts)

    def digest(self) -> str:
        """`sha256:` and the digest of all texts, which tells two sets of templates apart."""
        texts = json.dumps({name: text.template for name, text in self.texts.items()}, sort_keys=True)
        return f"sha256:{hashlib.sha256(texts.encode()).hexdigest()}"

    def render(self, question_type: QuestionType, description: str, state: Point, options: Sequence[str]) -> str:
        """The whole prompt of one question. `state` is in metres, world frame; unused by types that must not see it.

        The line breaks of a description are folded and control tokens that it spells are broken: none can forge a
        section of the prompt, end its turn or call for a second image.
        """
        values = {**_values(description, state), "options": options_text(options)}
        return self._substitute(question_type, values)

    def render_open(self, question_type: QuestionType, description: str, state: Point, think: bool) -> str:
        """The prompt of one of `OPEN_QUESTION_TYPES` without options; otherwise as `render`.

        Args:
            think: whether to ask for reasoning and answer in their tags, as the questions with options do.
        """
        prompt = self._substitute(f"{question_type}_open", _values(description, state))
        return f"{prompt}\n{self.texts['output_format_open'].template}" if think else prompt

    def _substitute(self, name: str, values: Mapping[str, str]) -> str:
        sections = {section: self.texts[section].substitute(values).removesuffix("\n") for section in _SECTIONS}
        return self.texts[name].substitute({**values, **sections})


@cache
def default_templates() -> PromptTemplates:
    """This project's own templates."""
    return PromptTemplates.load()


def _values(description: str, state: Point) -> dict[str, str]:
    return {
        "description": plain_line(description),
        "state": point_text(state),
        "origin": f"[{', '.join(f'{value:g}' for value in PROMPT_ORIGIN)}]",
        "gripper_size": GRIPPER_SIZE,
    }


def _read(path: Path) -> string.Template:
    try:
        template = string.Template(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    if spells_control(template.template.replace(IMAGE_MARK, "")):
        raise UserError(f"{path}: {SPELLED}")
    if not template.is_valid():
        raise UserError(f"{path} has a stray $; write $$ for a dollar sign")
    return template


def _check(path: Path, name: str, texts: Mapping[str, string.Template]) -> None:
    written = set(texts[name].get_identifiers())
    if unknown := written - _ALLOWED[name]:
        raise UserError(f"{path} has the unknown placeholder ${min(unknown)}; allowed are {_listed(_ALLOWED[name])}")
    sections = [texts[section] for section in _SECTIONS if section in written]
    shared = {value for section in sections for value in section.get_identifiers()}
    if missing := _REQUIRED[name] - written - shared:
        raise UserError(f"{path} lacks the placeholder ${min(missing)}; it needs {_listed(_REQUIRED[name])}")
    marks = sum(text.template.count(IMAGE_MARK) for text in (texts[name], *sections))
    if name not in _SECTIONS and marks != 1:
        raise UserError(f"{path} and its sections hold {IMAGE_MARK} {marks} times; one picture goes there, so once")


def _listed(names: set[str]) -> str:
    return ", ".join(f"${name}" for name in sorted(names))
