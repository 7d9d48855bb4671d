"""From a demo to its questions: one of each type per start frame (Robot-R1, section 3; ARM's demo augmentation).

Start frames are every `frame_interval`-th; the target is the next keypoint only, and frames after the last keypoint
ask nothing. Letters are dealt in shuffled rounds of four per demo and type, so that answers are balanced over letters
however the work is divided.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_gen.config import BuildConfig
from data_gen.distractors.draw import Option, Options
from data_gen.formats import question_types
from robot_r1.control_text import plain_line
from robot_r1.demo import Demo
from robot_r1.geometry import Array
from robot_r1.prompts import PromptTemplates
from robot_r1.question import LETTERS, TRUE_OPTION, Point, Question, QuestionType
from robot_r1.seeding import generator

EXCLUDED = "excluded by hand"
NO_PICTURE = "the demo has no picture of these frames"


@dataclass(frozen=True)
class Moment:
    """A start frame with its next keypoint (frame indices) and the options of the questions that it asks."""

    frame: int
    keypoint: int
    options: Mapping[QuestionType, Options | str]
    """Or why nothing is asked."""


@dataclass(frozen=True)
class Outline:
    """What there is to ask about a demo."""

    keypoints: tuple[int, ...]
    """Frame indices."""
    moments: tuple[Moment, ...]


@dataclass(frozen=True)
class DemoQuestions:
    """The questions of one demo, and how many were dropped and why."""

    questions: tuple[Question, ...]
    dropped: Counter[str]


def make_questions(demo: Demo, outline: Outline, config: BuildConfig, templates: PromptTemplates) -> DemoQuestions:
    """All questions of a demo, in the order of their frames and of each moment's options.

    A type's questions do not depend on which other types are asked, nor on what is excluded.

    Raises:
        BadDemoError: a frame that a question shows is missing or damaged.
    """
    descriptions = demo.descriptions
    chosen = generator(config.seed, demo.key.id, "description").integers(len(descriptions))
    description = plain_line(descriptions[chosen])
    types = list(dict.fromkeys(name for moment in outline.moments for name in moment.options))
    orders = {name: _orders(generator(config.seed, demo.key.id, name, "letters")) for name in types}
    visible = demo.camera.sees(demo.tip_position)
    excluded = frozenset(config.exclude)
    questions: list[Question] = []
    dropped = _without_picture(demo, outline, config)
    for moment in outline.moments:
        image = demo.load_frame(moment.frame)
        for question_type, options in moment.options.items():
            if isinstance(options, str):
                dropped[f"{question_type}: {options}"] += 1
                continue
            ordered = [options[i] for i in next(orders[question_type])]
            question = _question(demo, moment, question_type, ordered, description, visible, image, templates)
            if question.id in excluded:
                dropped[f"{question_type}: {EXCLUDED}"] += 1
                continue
            questions.append(question)
    return DemoQuestions(tuple(questions), dropped)


def _without_picture(demo: Demo, outline: Outline, config: BuildConfig) -> Counter[str]:
    """Questions that are not asked since a recording has pictures of some frames only."""
    if demo.pictured is None or not outline.keypoints:
        return Counter()
    missing = len(range(0, outline.keypoints[-1], config.frame_interval)) - len(outline.moments)
    return Counter({f"{name}: {NO_PICTURE}": missing for name in question_types(config.format) if missing})


def _orders(rng: np.random.Generator) -> Iterator[list[int]]:
    """Orders of four options, of which the first is right: rounds in which it takes each place once."""
    while True:
        for place in rng.permutation(len(LETTERS)).tolist():
            order = (1 + rng.permutation(3)).tolist()
            order.insert(place, 0)
            yield order


def _question(
    demo: Demo,
    moment: Moment,
    question_type: QuestionType,
    options: Sequence[Option],
    description: str,
    visible: NDArray[np.bool_],
    image: bytes,
    templates: PromptTemplates,
) -> Question:
    a, b, c, d = options
    right = next(i for i, option in enumerate(options) if option.strategy == TRUE_OPTION)
    state, target = demo.tip_position[moment.frame], demo.tip_position[moment.keypoint]
    prompt = templates.render(question_type, description, _point(state), (a.text, b.text, c.text, d.text))
    return Question(
        id=f"{demo.key.id}/frame{moment.frame}/{question_type}",
        question_type=question_type,
        images=(image,),
        question=prompt,
        options=(a.text, b.text, c.text, d.text),
        answer=LETTERS[right],
        answer_text=options[right].text,
        task=demo.key.task,
        description=description,
        variation=demo.key.variation,
        episode=demo.key.episode,
        demo=demo.key.id,
        frame=moment.frame,
        keypoint_frame=moment.keypoint,
        state=_point(state),
        target=_point(target),
        gripper_open=bool(demo.gripper_open[moment.frame]),
        off_screen=not visible[moment.keypoint],
        gripper_off_screen=not visible[moment.frame],
        distractors=(a.strategy, b.strategy, c.strategy, d.strategy),
        source=demo.provenance.source,
        renderer=demo.provenance.renderer,
        camera=demo.camera,
    )


def _point(position: Array) -> Point:
    x, y, z = (float(value) for value in position)
    return x, y, z
