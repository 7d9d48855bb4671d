"""The row of the data set: the contract between the generation of data, training and evaluation."""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from robot_r1.demo import Camera

QuestionType = Literal["waypoint", "current_state", "movement"]
QUESTION_TYPES: tuple[QuestionType, ...] = get_args(QuestionType)

OPEN_QUESTION_TYPES: tuple[QuestionType, ...] = ("waypoint", "current_state")
"""The questions that are also asked without options, for supervised training: their answers are positions."""

Letter = Literal["A", "B", "C", "D"]
LETTERS: tuple[Letter, ...] = get_args(Letter)

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)

Point = tuple[float, float, float]

TRUE_OPTION = "answer"
"""What `distractors` says in the place of the right option."""


class Question(BaseModel):
    """One multiple-choice question. The data set's columns are these fields, in this order."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="unique: demo id, frame and question type")
    question_type: QuestionType = Field(description="`waypoint`, `current_state` or `movement`")
    images: tuple[bytes, ...] = Field(description="one PNG: the front view of the workspace at `frame`")
    question: str = Field(description="the whole prompt; `<image>` marks the place of the image")
    options: tuple[str, str, str, str] = Field(description="the four options, in the order A to D")
    answer: Letter = Field(description="letter of the right option")
    answer_text: str = Field(description="text of the right option")
    task: str = Field(description="task name, such as `pick_up_cup`")
    description: str = Field(description="what the robot is asked to do, as the prompt says it")
    variation: int = Field(description="variation number of the task")
    episode: int = Field(description="episode number")
    demo: str = Field(description="demo id; all questions of a demo are in the same split")
    frame: int = Field(description="index of the frame shown, at 20 Hz")
    keypoint_frame: int = Field(description="index of the next keypoint's frame")
    state: Point = Field(description="tip position at `frame`, metres, world frame")
    target: Point = Field(description="tip position at `keypoint_frame`, metres, world frame")
    gripper_open: bool = Field(description="whether the gripper is open at `frame`")
    off_screen: bool = Field(description="whether the next keypoint lies outside the image")
    gripper_off_screen: bool = Field(description="whether the gripper's tip lies outside the image")
    distractors: tuple[str, str, str, str] = Field(
        description="strategy that made each option, `answer` for the right one"
    )
    source: str = Field(description="`simulated`, `rlbench-disk` or `rlbench`")
    renderer: str = Field(description="what drew the frame: `gl`, `rays` or `rlbench`")
    camera: Camera = Field(description="name, size in pixels, intrinsics (3, 3), extrinsics (4, 4) camera to world")
