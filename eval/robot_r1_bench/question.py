"""A question of Robot-R1 Bench and the truth behind its reference: the line of a bench's `bench.jsonl`.

Directions are those of `robot_r1.movement`: axis 0 is x, forward (towards the camera) and backward; axis 1 is y, right
and left in the image; axis 2 is z, up and down.
"""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

ReasoningType = Literal["spatial", "planning", "high_level", "movement"]
REASONING_TYPES: tuple[ReasoningType, ...] = get_args(ReasoningType)

Action = Literal["reach", "grasp", "lift", "carry", "place", "release", "press", "pull", "push", "retreat"]
ACTIONS: tuple[Action, ...] = get_args(Action)
"""What a step of a plan does: bring the gripper to a thing; close it on a thing; raise a held thing; move a held thing
to a place; put a held thing down; open the gripper; press down; draw towards the robot; push along; move away."""

Names = tuple[str, ...]
"""What one thing may be called, the name of the references first: `("red cup", "cup", "mug")`."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Along(_Frozen):
    """A direction along one axis."""

    axis: Literal[0, 1, 2]
    positive: bool
    slight: bool = Field(default=False, description="small beside the largest of its relation or movement")
    optional: bool = Field(default=False, description="true, but too small for an answer to be at fault without it")


class Relation(_Frozen):
    """Where one thing lies as seen from another. An axis that is not listed is level: to name it is an error."""

    kind: Literal["relation"] = "relation"
    subject: Names
    anchor: Names
    along: tuple[Along, ...] = Field(min_length=1)


class Choice(_Frozen):
    """Which of several things an answer has to name: the right one, and none of the wrong ones."""

    kind: Literal["choice"] = "choice"
    right: Names
    wrong: tuple[Names, ...] = Field(min_length=1)


class Moves(_Frozen):
    """The very next movement of the gripper. An axis that is not listed does not move."""

    kind: Literal["moves"] = "moves"
    along: tuple[Along, ...] = Field(min_length=1)


class PlanStep(_Frozen):
    """One step of a plan."""

    action: Action
    thing: Names = Field(description="what is acted on")
    place: Names = Field(default=(), description="where it is brought, for `carry`, `place` and `push`")
    optional: bool = Field(default=False, description="an answer may leave it out, or hold it in its neighbours")


class Plan(_Frozen):
    """The steps that are left, in their order."""

    kind: Literal["plan"] = "plan"
    steps: tuple[PlanStep, ...] = Field(min_length=1)


class Subtask(_Frozen):
    """The step that comes next, and the task's other steps, which are no answer."""

    kind: Literal["subtask"] = "subtask"
    step: PlanStep
    others: tuple[PlanStep, ...]


Truth = Annotated[Relation | Choice | Moves | Plan | Subtask, Field(discriminator="kind")]


class BenchQuestion(_Frozen):
    """One open question about one picture."""

    id: str = Field(min_length=1, description="unique in its bench")
    image: str = Field(min_length=1, description="path of the picture, relative to the folder of `bench.jsonl`")
    reasoning_type: ReasoningType
    question: str = Field(min_length=1)
    reference: str = Field(min_length=1, description="the answer that judges compare with")
    task: str = Field(min_length=1, description="task name, such as `pick_up_cup`")
    description: str = Field(min_length=1, description="what the robot is asked to do, in words")
    in_training: bool = Field(description="whether the task is one of those that training questions are built from")
    variation: int = 0
    episode: int = 0
    frame: int = Field(default=0, description="index of the frame shown, at 20 Hz")
    truth: Truth | None = Field(default=None, description="what the rules judge scores by; other judges need none")
