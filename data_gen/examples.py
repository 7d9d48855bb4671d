"""From a demo's questions to the rows of the chosen format: the questions themselves, or what a model shall write.

The questions of a seed are the same in every format, so that a cold start and the RL after it agree on splits.
"""

from collections import Counter
from dataclasses import dataclass

from data_gen.config import BuildConfig
from data_gen.formats import Row
from data_gen.questions import DemoQuestions, Outline, make_questions
from data_gen.reasoning import current_state_reasoning, move_words, movement_reasoning, waypoint_reasoning
from robot_r1.demo import Demo
from robot_r1.movement import Movement, movement_between
from robot_r1.prompts import PromptTemplates
from robot_r1.question import Question
from robot_r1.scripts import align, script
from robot_r1.seeding import generator
from robot_r1.sft_example import ColdStartExample, SftExample

NO_SCRIPT = "no script of steps for this task"
NOT_ALIGNED = "keypoints do not match the script of steps"


@dataclass(frozen=True)
class DemoRows:
    """The rows of one demo, and how many questions were dropped and why."""

    rows: tuple[Row, ...]
    dropped: Counter[str]


@dataclass(frozen=True)
class _Plan:
    """The script of a demo."""

    steps: tuple[str, ...]
    of_keypoint: dict[int, str]
    """The step that ends at a keypoint, by the keypoint's frame index."""


def make_rows(demo: Demo, outline: Outline, config: BuildConfig, templates: PromptTemplates) -> DemoRows:
    """All rows of a demo in the format of the configuration, in the order of its questions.

    Raises:
        BadDemoError: a frame that a row shows is missing or damaged.
    """
    made = make_questions(demo, outline, config, templates)
    if config.format == "mcqa":
        return DemoRows(made.questions, made.dropped)
    if config.format in ("open-ended", "sft-direct"):
        think = config.format == "open-ended"
        direct = tuple(_open_example(question, question.answer_text, templates, think) for question in made.questions)
        return DemoRows(direct, made.dropped)
    plan = _plan(demo, outline.keypoints)
    if isinstance(plan, str):
        return DemoRows((), made.dropped + _all_dropped(made, plan))
    if config.format == "sft-cot":
        rows = tuple(_cot_example(question, plan, config, templates) for question in made.questions)
        return DemoRows(rows, made.dropped)
    rows = tuple(_cold_start_example(question, plan, config) for question in made.questions)
    return DemoRows(rows, made.dropped)


def _plan(demo: Demo, keypoints: tuple[int, ...]) -> _Plan | str:
    """The demo's script, or why it has none."""
    steps = script(demo.key.task, demo.key.variation)
    if not steps:
        return NO_SCRIPT
    indices = list(keypoints)
    places = align(steps, demo.gripper_open[indices].tolist(), demo.tip_position[indices])
    if places is None:
        return NOT_ALIGNED
    words = tuple(step.words for step in steps)
    return _Plan(words, {frame: words[place] for frame, place in zip(keypoints, places, strict=True)})


def _all_dropped(made: DemoQuestions, reason: str) -> Counter[str]:
    return Counter(f"{question.question_type}: {reason}" for question in made.questions)


def _cot_example(question: Question, plan: _Plan, config: BuildConfig, templates: PromptTemplates) -> SftExample:
    if question.question_type == "current_state":
        return _open_example(question, question.answer_text, templates)
    numbered = " ".join(f"{number}. {_sentence(words)}." for number, words in enumerate(plan.steps, start=1))
    completion = (
        f"Plan: {numbered}\n"
        f"Subtask: {_sentence(plan.of_keypoint[question.keypoint_frame])}\n"
        f"Move: {move_words(_movement(question, config))}\n"
        f"Answer: {question.answer_text}"
    )
    return _open_example(question, completion, templates)


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


def _open_example(question: Question, completion: str, templates: PromptTemplates, think: bool = False) -> SftExample:
    prompt = templates.render_open(question.question_type, question.description, question.state, think)
    return SftExample.model_validate({**dict(question), "question": prompt, "completion": completion})


def _cold_start_example(question: Question, plan: _Plan, config: BuildConfig) -> ColdStartExample:
    text = _reasoning(question, plan, config)
    completion = f"<think> {text} </think> <answer> [[{question.answer}]] </answer>"
    return ColdStartExample.model_validate({**dict(question), "completion": completion})


def _reasoning(question: Question, plan: _Plan, config: BuildConfig) -> str:
    rng = generator(config.seed, question.id, "reasoning")
    if question.question_type == "current_state":
        return current_state_reasoning(question, rng)
    write = waypoint_reasoning if question.question_type == "waypoint" else movement_reasoning
    return write(question, plan.of_keypoint[question.keypoint_frame], _movement(question, config), rng)


def _movement(question: Question, config: BuildConfig) -> Movement:
    movement = movement_between(question.state, question.target, config.dead_zone)
    if movement is None:
        raise ValueError(f"{question.id} has no movement and should not have been asked")
    return movement
