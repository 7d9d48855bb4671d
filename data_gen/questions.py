"""From a demo to its questions: one of each type per start frame (Robot-R1, section 3; ARM's demo augmentation).

Start frames are every `frame_interval`-th; the target is the next keypoint only, and frames after the last keypoint
ask nothing. Letters are dealt in shuffled rounds of four per demo and type, so that answers are balanced over letters
however the work is divided.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from data_gen.config import BuildConfig
from data_gen.distractors.draw import Options
from robot_r1.demo import Demo
from robot_r1.geometry import Array
from robot_r1.prompts import PromptTemplates
from robot_r1.question import LETTERS, Point, Question, QuestionType
from robot_r1.seeding import generator

NO_MOVEMENT = "next keypoint within the dead zone"
EXCLUDED = "excluded by hand"


@dataclass(frozen=True)
class Moment:
    """A start frame with its next keypoint (frame indices) and the options of the questions that it asks."""

    frame: int
    keypoint: int
    options: Mapping[QuestionType, Options | None]
    """None where there is nothing to ask."""


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
    letters: dict[QuestionType, Iterator[int]] = {}
    descriptions = demo.descriptions
    description = descriptions[generator(config.seed, demo.key.id, "description").integers(len(descriptions))]
    excluded = frozenset(config.exclude)
    questions: list[Question] = []
    dropped: Counter[str] = Counter()
    for moment in outline.moments:
        image = demo.load_frame(moment.frame)
        for question_type, options in moment.options.items():
            if question_type not in letters:
                letters[question_type] = _letters(generator(config.seed, demo.key.id, question_type, "letters"))
            if options is None:
                dropped[f"{question_type}: {NO_MOVEMENT}"] += 1
                continue
            place = next(letters[question_type])
            rng = generator(config.seed, demo.key.id, moment.frame, question_type)
            question = _question(demo, moment, question_type, options, description, place, image, rng, templates)
            if question.id in excluded:
                dropped[f"{question_type}: {EXCLUDED}"] += 1
                continue
            questions.append(question)
    return DemoQuestions(tuple(questions), dropped)


def _letters(rng: np.random.Generator) -> Iterator[int]:
    while True:
        yield from (int(i) for i in rng.permutation(len(LETTERS)))


def _question(
    demo: Demo,
    moment: Moment,
    question_type: QuestionType,
    options: Options,
    description: str,
    place: int,
    image: bytes,
    rng: np.random.Generator,
    templates: PromptTemplates,
) -> Question:
    order = [1 + int(i) for i in rng.permutation(3)]
    order.insert(place, 0)
    a, b, c, d = (options[i] for i in order)
    state, target = demo.tip_position[moment.frame], demo.tip_position[moment.keypoint]
    prompt = templates.render(question_type, description, _point(state), (a.text, b.text, c.text, d.text))
    keypoint_visible, gripper_visible = demo.camera.sees([target, state]).tolist()
    return Question(
        id=f"{demo.key.id}/frame{moment.frame}/{question_type}",
        question_type=question_type,
        images=(image,),
        question=prompt,
        options=(a.text, b.text, c.text, d.text),
        answer=LETTERS[place],
        answer_text=options[0].text,
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
        off_screen=not keypoint_visible,
        gripper_off_screen=not gripper_visible,
        distractors=(a.strategy, b.strategy, c.strategy, d.strategy),
        source=demo.provenance.source,
        renderer=demo.provenance.renderer,
        camera=demo.camera,
    )


def _point(position: Array) -> Point:
    x, y, z = (float(value) for value in position)
    return x, y, z
