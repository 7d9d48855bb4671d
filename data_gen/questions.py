"""From a demo to its questions: one of each type per start frame (Robot-R1, section 3; ARM's demo augmentation).

Start frames are every `frame_interval`-th; the target is the next keypoint only, and frames after the last keypoint
ask nothing. Letters are dealt in shuffled rounds of four per demo and type, so that answers are balanced over letters
however the work is divided.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from data_gen.config import BuildConfig
from data_gen.distractors import PointContext, draw_movements, draw_points
from data_gen.keypoints import find_keypoints
from robot_r1.demo import Demo
from robot_r1.geometry import Array
from robot_r1.movement import movement_between, movement_text
from robot_r1.prompts import PromptTemplates, point_text
from robot_r1.question import LETTERS, QUESTION_TYPES, TRUE_OPTION, Point, Question, QuestionType
from robot_r1.seeding import generator

NO_MOVEMENT = "next keypoint within the dead zone"


@dataclass(frozen=True)
class DemoQuestions:
    """The questions of one demo, its keypoints (frame indices), and how many questions were dropped and why."""

    questions: tuple[Question, ...]
    keypoints: tuple[int, ...]
    dropped: Counter[str]


@dataclass(frozen=True)
class _Moment:
    """A start frame with its next keypoint."""

    demo: Demo
    description: str
    frame: int
    keypoint: int

    @property
    def state(self) -> Array:
        state: Array = self.demo.tip_position[self.frame]
        return state

    @property
    def target(self) -> Array:
        target: Array = self.demo.tip_position[self.keypoint]
        return target


def make_questions(
    demo: Demo,
    config: BuildConfig,
    templates: PromptTemplates,
    question_types: Sequence[QuestionType] = QUESTION_TYPES,
) -> DemoQuestions:
    """All questions of a demo, in the order of their frames and of `question_types`.

    A type's questions do not depend on which other types are asked.

    Raises:
        BadDemoError: a frame that a question shows is missing or damaged.
    """
    settings = config.keypoints
    keypoints = find_keypoints(
        demo,
        settings.method,
        settings.stopping_delta,
        settings.merge_distance,
        generator(config.seed, demo.key.id, "keypoints"),
    )
    letters = {name: _letters(generator(config.seed, demo.key.id, name, "letters")) for name in question_types}
    descriptions = demo.descriptions
    description = descriptions[generator(config.seed, demo.key.id, "description").integers(len(descriptions))]
    questions: list[Question] = []
    dropped: Counter[str] = Counter()
    for frame in range(0, keypoints[-1] if keypoints else 0, config.frame_interval):
        moment = _Moment(demo, description, frame, next(k for k in keypoints if k > frame))
        image = demo.load_frame(frame)
        for question_type in question_types:
            rng = generator(config.seed, demo.key.id, frame, question_type)
            options = _options(moment, question_type, config, rng)
            if options is None:
                dropped[f"{question_type}: {NO_MOVEMENT}"] += 1
                continue
            place = next(letters[question_type])
            questions.append(_question(moment, question_type, options, place, image, rng, templates))
    return DemoQuestions(tuple(questions), tuple(keypoints), dropped)


def _letters(rng: np.random.Generator) -> Iterator[int]:
    while True:
        yield from (int(i) for i in rng.permutation(len(LETTERS)))


def _options(
    moment: _Moment, question_type: QuestionType, config: BuildConfig, rng: np.random.Generator
) -> list[tuple[str, str]] | None:
    """Text and strategy of the four options, the right one first; None if there is nothing to ask."""
    distractors = config.distractors
    movement = movement_between(moment.state, moment.target, config.dead_zone)
    if question_type == "movement":
        if movement is None:
            return None
        wrong = draw_movements(movement, distractors.movement, config.dead_zone, rng)
        return [(movement_text(movement), TRUE_OPTION), *((movement_text(m), name) for m, name in wrong)]
    if question_type == "waypoint":
        if movement is None:
            return None
        context = PointContext(moment.target, moment.state, moment.demo.tip_position)
        points = draw_points(context, distractors.waypoint, distractors.min_separation, rng)
    else:
        context = PointContext(moment.state, moment.target, moment.demo.tip_position)
        points = draw_points(context, distractors.current_state, distractors.min_separation, rng)
    return [(point_text(context.truth.tolist()), TRUE_OPTION), *((point_text(p.tolist()), name) for p, name in points)]


def _question(
    moment: _Moment,
    question_type: QuestionType,
    options: Sequence[tuple[str, str]],
    place: int,
    image: bytes,
    rng: np.random.Generator,
    templates: PromptTemplates,
) -> Question:
    demo = moment.demo
    order = [1 + int(i) for i in rng.permutation(3)]
    order.insert(place, 0)
    a, b, c, d = (options[i][0] for i in order)
    strategy_a, strategy_b, strategy_c, strategy_d = (options[i][1] for i in order)
    state = _point(moment.state)
    return Question(
        id=f"{demo.key.id}/frame{moment.frame}/{question_type}",
        question_type=question_type,
        images=(image,),
        question=templates.render(question_type, moment.description, state, (a, b, c, d)),
        options=(a, b, c, d),
        answer=LETTERS[place],
        answer_text=options[0][0],
        task=demo.key.task,
        description=moment.description,
        variation=demo.key.variation,
        episode=demo.key.episode,
        demo=demo.key.id,
        frame=moment.frame,
        keypoint_frame=moment.keypoint,
        state=state,
        target=_point(moment.target),
        gripper_open=bool(demo.gripper_open[moment.frame]),
        off_screen=not demo.camera.sees(moment.target),
        gripper_off_screen=not demo.camera.sees(moment.state),
        distractors=(strategy_a, strategy_b, strategy_c, strategy_d),
        source=demo.provenance.source,
        renderer=demo.provenance.renderer,
        camera=demo.camera,
    )


def _point(position: Array) -> Point:
    x, y, z = (float(value) for value in position)
    return x, y, z
