"""From rows to Inspect's samples: the prompt with the picture where its mark stands."""

import base64
from collections.abc import Sequence
from typing import Any

from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageUser, Content, ContentImage, ContentText, get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver

from eval.as_sent import as_sent
from eval.facts import digest
from eval.kept import kept
from eval.questions import QuestionSet, Row
from eval.replies import telling_causes, that_insists
from robot_r1.control_text import IMAGE_MARK
from robot_r1.errors import UserError
from robot_r1.prompts import default_templates, options_text, point_text

MAX_TOKENS = 2048
"""Room for the reasoning; what is cut off has no answer."""


@solver
def ask() -> Solver:
    """Ask the model once."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        that_insists(get_model())  # which `inspect eval` has opened, where our own commands do so with `open_model`
        with telling_causes():
            state = await generate(state, cache=kept(question=state.sample_id))
        state.output.completion = as_sent(state.output)
        return state

    return solve


def sample(row: Row, sample_id: str, target: str, **metadata: Any) -> Sample:
    """A question as Inspect takes it; without pictures, as baselines need none, the prompt alone.

    Raises:
        UserError: the prompt has not as many marks as there are pictures.
    """
    return Sample(
        id=sample_id,
        input=[_message(row)] if row.images else row.question,
        target=target,
        metadata={
            "question_id": row.id,
            "demo": row.cluster,
            "task": row.task,
            "group": row.question_type,
            **metadata,
        },
    )


def _message(row: Row) -> ChatMessageUser:
    texts = row.question.split(IMAGE_MARK)
    if len(texts) != len(row.images) + 1:
        raise UserError(
            f"the prompt of {row.id} has {len(texts) - 1} marks {IMAGE_MARK} for {len(row.images)} pictures; "
            "build the data set again"
        )
    content: list[Content] = [ContentText(text=texts[0])]
    for image, text in zip(row.images, texts[1:], strict=True):
        content += [ContentImage(image=f"data:image/png;base64,{base64.b64encode(image).decode()}")]
        content += [ContentText(text=text)]
    return ChatMessageUser(content=[part for part in content if part.type != "text" or part.text])


def resolutions(questions: QuestionSet) -> tuple[str, ...]:
    """The sizes of the pictures."""
    return tuple(sorted({row.resolution for row in questions.rows}))


def prompt_fact(rows: Sequence[Row]) -> str:
    """`robot_r1/prompts` or `own templates`, with a digest: of all of this project's, whatever types are asked."""
    first = {row.question_type: row for row in reversed(rows)}
    if all(_is_default(row) for row in first.values()):
        texts = default_templates().texts
        return f"robot_r1/prompts, {digest(*(f'{name}: {texts[name].template}' for name in sorted(texts)))}"
    return f"own templates, {digest(*(f'{name}: {_template(first[name])}' for name in sorted(first)))}"


def _is_default(row: Row) -> bool:
    if row.description is None or row.state is None:
        return False
    templates, given = default_templates(), (row.question_type, row.description, row.state)
    return row.question == (
        templates.render(*given, row.options) if row.options else templates.render_open(*given, think=True)
    )


def _template(row: Row) -> str:
    """The prompt without what differs between questions."""
    parts = [(options_text(row.options), "$options")] if row.options else []
    parts += [(row.description, "$description")] if row.description else []
    parts += [(point_text(row.state), "$state")] if row.state else []
    text = row.question
    for part, name in parts:
        text = text.replace(part, name)
    return text
