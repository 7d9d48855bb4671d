"""What was asked, read from a log and from the data set that it names, for the few questions that the page shows."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from inspect_ai.log import EvalSample, read_eval_log_samples_by_id
from inspect_ai.model import ContentImage, ContentText

from eval.logs import CALLS
from eval.questions import Row, read_questions
from eval.results import BENCH, Answer, Run, readable
from robot_r1.control_text import IMAGE_MARK
from robot_r1.errors import UserError
from robot_r1.prompts import point_text


@dataclass(frozen=True, slots=True)
class Question:
    """One question as the model saw it.

    Attributes:
        system: the system prompt, where there is one.
        text: what the user says, options and all.
        options: texts of the options A, B ..; empty for an open question.
        target: letter of the right option, or the reference of an open question.
        picture: an encoded picture, or None if neither the log has it nor what the log names.
    """

    system: str
    text: str
    options: tuple[str, ...]
    target: str
    picture: bytes | None


def shown_questions(run: Run, answers: Sequence[Answer]) -> list[Question]:
    """The questions behind some answers of a run, in their order.

    Logs hold no pictures unless they were told to. Those of the bench are then in the files that the log names, others
    in the data set, if it is still there and asks the same.
    """
    if not answers:
        return []
    wanted = [(answer.key, answer.epoch) for answer in answers]
    samples = read_eval_log_samples_by_id(
        run.path, wanted, resolve_attachments="core", exclude_fields=CALLS - {"events_data"}
    )
    questions = [_question(sample) for sample in samples]
    if all(question.picture for question in questions):
        return questions
    rows = _rows(run)
    return [
        question
        if question.picture
        else replace(question, picture=_picture_of(rows.get(answer.question_id), question))
        for question, answer in zip(questions, answers, strict=True)
    ]


def _rows(run: Run) -> dict[str, Row]:
    """The rows of the run's data set by id; none if it is no folder that can be read."""
    dataset, split = run.facts.get("dataset"), run.facts.get("split")
    if run.benchmark == BENCH or not dataset or not split or not Path(dataset).expanduser().is_dir():
        return {}
    try:
        return {readable(row.id): row for row in read_questions(dataset, split).rows}
    except UserError:
        return {}


def _picture_of(row: Row | None, question: Question) -> bytes | None:
    """The picture of a row that asks the same."""
    return row.images[0] if row and row.images and _asks_the_same(row, question) else None


def _asks_the_same(row: Row, question: Question) -> bool:
    """By the prompt, in whatever order the options are; the prompt of an open question is not the row's, but the
    position is that it asks for."""
    if question.options:
        return _words(row.question) == _words(question.text)
    return question.target in [point_text(point) for point in (row.state, row.target) if point]


def _words(prompt: str) -> list[str]:
    return sorted(readable(prompt).replace(IMAGE_MARK, " ").split())


def _question(sample: EvalSample) -> Question:
    target = sample.target if isinstance(sample.target, str) else "; ".join(sample.target)
    options = sample.choices or sample.metadata.get("options") or ()
    return Question(
        _said(sample, "system"),
        _said(sample, "user"),
        tuple(readable(str(option)) for option in options),
        readable(target),
        _picture(sample),
    )


def _said(sample: EvalSample, role: str) -> str:
    if isinstance(sample.input, str):
        return readable(sample.input) if role == "user" else ""
    return readable("\n\n".join(message.text for message in sample.input if message.role == role))


def _picture(sample: EvalSample) -> bytes | None:
    """The first picture of the input, or of the file that the sample names."""
    parts = [] if isinstance(sample.input, str) else [part for each in sample.input for part in _parts(each.content)]
    named = [part.image for part in parts if isinstance(part, ContentImage)]
    for image in (*named, sample.metadata.get("image")):
        if isinstance(image, str) and (picture := _bytes(image)):
            return picture
    return None


def _parts(content: str | Sequence[object]) -> Sequence[object]:
    return [ContentText(text=content)] if isinstance(content, str) else content


def _bytes(image: str) -> bytes | None:
    """The bytes of a `data:` address or of a file; None for what is neither, such as a picture taken out of a log."""
    if image.startswith("data:"):
        try:
            return base64.b64decode(image.partition(",")[2], validate=True)
        except binascii.Error:
            return None
    try:
        return Path(image).read_bytes()
    except (OSError, ValueError):  # no such file, or no path at all
        return None
