"""What was asked, read from a log and from the data set that it names, for the few questions that the page shows."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from inspect_ai.log import EvalSample, read_eval_log_samples_by_id
from inspect_ai.model import ContentImage, ContentText

from eval.logs import CALLS, readable_log
from eval.questions import Row, read_questions
from eval.results import BENCH, Answer, Run, readable
from eval.robot_r1_bench.loading import COMMITTED, load_bench
from robot_r1.control_text import IMAGE_MARK
from robot_r1.errors import UserError
from robot_r1.files import at_home, read_bounded
from robot_r1.pictures import MAX_BYTES
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

    Raises:
        UserError: the log holds what the summary of it did not read, and that is damaged.
    """
    if not answers:
        return []
    wanted = [(answer.key, answer.epoch) for answer in answers]
    with readable_log(run.path):
        samples = read_eval_log_samples_by_id(
            run.path, wanted, resolve_attachments="core", exclude_fields=CALLS - {"events_data"}
        )
    questions = [_question(sample) for sample in samples]
    if all(question.picture for question in questions):
        return questions
    if run.benchmark == BENCH:
        return _with_bench_pictures(run, answers, questions)
    rows = _rows(run)
    return [
        question
        if question.picture
        else replace(question, picture=_picture_of(rows.get(answer.question_id), question))
        for question, answer in zip(questions, answers, strict=True)
    ]


def _rows(run: Run) -> dict[str, Row]:
    """The rows of the run's data set by id; none if it is no folder that can be read."""
    place, split = _place(run), run.facts.get("split")
    if place is None or not place.is_dir() or not split:
        return {}
    try:
        return {readable(row.id): row for row in read_questions(str(place), split).rows}
    except UserError:
        return {}


def _place(run: Run) -> Path | None:
    """Where the log says that its questions came from, if there is such a place here."""
    try:
        place = at_home(Path(run.facts.get("dataset", "")))
        return place if place.exists() else None
    except (OSError, ValueError):  # no name that a file can have
        return None


def _with_bench_pictures(run: Run, answers: Sequence[Answer], questions: Sequence[Question]) -> list[Question]:
    """The questions with the pictures of a bench here that asks the same.

    A log may come from anyone, so no path in it is read but that of a bench, and no picture outside its folder.
    """
    place = _place(run)
    try:
        bench = load_bench(place if place and place.suffix == ".jsonl" and place.is_file() else COMMITTED)
    except UserError:
        return list(questions)
    folder = bench.path.parent.resolve()
    inside = {
        (readable(asked.id), readable(asked.question)): bench.picture(asked)
        for asked in bench.questions
        if bench.picture(asked).resolve().is_relative_to(folder)
    }
    found = []
    for question, answer in zip(questions, answers, strict=True):
        path = inside.get((answer.question_id, question.text))
        picture = read_bounded(path, MAX_BYTES) if path and not question.picture else question.picture
        found.append(replace(question, picture=picture))
    return found


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
    options = sample.choices or sample.metadata.get("options")
    return Question(
        _said(sample, "system"),
        _said(sample, "user"),
        tuple(readable(str(option)) for option in (options if isinstance(options, list) else ())),
        readable(target),
        _picture(sample),
    )


def _said(sample: EvalSample, role: str) -> str:
    if isinstance(sample.input, str):
        return readable(sample.input) if role == "user" else ""
    return readable("\n\n".join(message.text for message in sample.input if message.role == role))


def _picture(sample: EvalSample) -> bytes | None:
    """The first picture that is in the log itself."""
    parts = [] if isinstance(sample.input, str) else [part for each in sample.input for part in _parts(each.content)]
    named = [part.image for part in parts if isinstance(part, ContentImage)]
    return next((picture for image in named if (picture := _bytes(image))), None)


def _parts(content: str | Sequence[object]) -> Sequence[object]:
    return [ContentText(text=content)] if isinstance(content, str) else content


def _bytes(image: str) -> bytes | None:
    """The bytes of a `data:` address; None for what is none, such as a path."""
    try:
        return base64.b64decode(image.partition(",")[2], validate=True) if image.startswith("data:") else None
    except ValueError:
        return None
