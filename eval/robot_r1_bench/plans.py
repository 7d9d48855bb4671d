"""Planning and high-level references: what is left of the task's script."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.robot_r1_bench.asked import Asked, way
from eval.robot_r1_bench.names import Thing, called
from eval.robot_r1_bench.plan_lines import Line
from eval.robot_r1_bench.question import Plan, PlanStep, Subtask

_PLAN_WAYS = (
    "The robot has to {task}. Which steps are left in the situation shown? Number them.",
    "Task of the robot: {task}. Starting from this picture, list what still has to be done as a numbered plan.",
    "The robot is working on this task: {task}. Give the remaining steps in order, as a numbered list.",
    "Look how far the robot has come. It has to {task}. What is left to do? Answer with numbered steps.",
    "The robot's instruction is: {task}. Write down, step by step and numbered, how it should go on from here.",
)
_SUBTASK_WAYS = (
    "The robot has to {task}. What should it do next?",
    "Task of the robot: {task}. Which subtask comes next in the situation shown?",
    "The robot is working on this task: {task}. Name the one thing it should do now.",
    "The robot's instruction is: {task}. What is its immediate next action?",
    "Look how far the robot has come. It has to {task}. What is the very next subtask?",
)


_ALIKE = {"reach": "grasp", "place": "release"}
"""What one may call a step as well that leads straight on to the next: down to a thing to grasp it."""


@dataclass(frozen=True)
class Progress:
    """How far a robot has come with its task."""

    lines: tuple[Line, ...]
    """The whole script."""
    step: int
    """Index of the step that it is at."""
    known: Mapping[str, Thing]
    """By body what the things are called."""
    description: str
    """Of the task, in words that follow "to"."""

    @property
    def line(self) -> Line:
        """The step that it is at."""
        return self.left[0]

    @property
    def left(self) -> tuple[Line, ...]:
        """That step and those after it."""
        return self.lines[self.step :]


def ask_plan(progress: Progress, wording: int) -> Asked:
    """Which steps are left."""
    left = progress.left
    written = [line for index, line in enumerate(left) if index == 0 or not line.joins]
    texts = [filled(line.plan or line.subtask, progress.known) for line in written]
    return Asked(
        way(_PLAN_WAYS, wording).format(task=progress.description),
        " ".join(f"{number}. {text}." for number, text in enumerate(texts, start=1)),
        Plan(steps=_merged([_step(line, progress.known) for line in left])),
    )


def ask_subtask(progress: Progress, wording: int) -> Asked:
    """What comes next."""
    line = progress.line
    own = _step(line, progress.known).model_copy(update={"optional": False})
    following = progress.lines[progress.step + 1 :][:1]
    alike = {line.action} | {after.action for after in following if after.action == _ALIKE.get(line.action)}
    steps = [_step(other, progress.known) for other in progress.lines]
    others = [other for other in steps if not (other.thing == own.thing and other.action in alike)]
    return Asked(
        way(_SUBTASK_WAYS, wording).format(task=progress.description),
        f"{filled(line.subtask, progress.known)}.",
        Subtask(step=own, others=_merged(others)),
    )


def _merged(steps: Sequence[PlanStep]) -> tuple[PlanStep, ...]:
    """Without immediate repetitions, and with at least one step that has to be named."""
    distinct = [step for step, _ in itertools.groupby(steps)]
    if distinct and all(step.optional for step in distinct):
        distinct[0] = distinct[0].model_copy(update={"optional": False})
    return tuple(distinct)


def _step(line: Line, known: Mapping[str, Thing]) -> PlanStep:
    bodies = [line.thing, *([line.place] if line.place else [])]
    names = called(bodies, known)
    place = names[line.place] if line.place else ()
    return PlanStep(action=line.action, thing=names[line.thing], place=place, optional=line.optional)


def filled(words: str, known: Mapping[str, Thing]) -> str:
    """Words of a `Line` with what its bodies are called."""
    return words.format(**{body: thing.names[0] for body, thing in known.items()})
