"""The rows of data sets for supervised fine-tuning: a prompt and the completion that a model shall learn."""

from pydantic import BaseModel, ConfigDict, Field

from robot_r1.demo import Camera
from robot_r1.question import Letter, Point, Question, QuestionType


def _same(name: str) -> str:
    """What `Question` says of the column of the same name."""
    return Question.model_fields[name].description or ""


class SftExample(BaseModel):
    """One prompt with its completion. The data set's columns are these fields, in this order."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description=_same("id"))
    question_type: QuestionType = Field(description=_same("question_type"))
    images: tuple[bytes, ...] = Field(description=_same("images"))
    question: str = Field(description=_same("question"))
    completion: str = Field(description="what the model shall write, without a token that ends it")
    task: str = Field(description=_same("task"))
    description: str = Field(description=_same("description"))
    variation: int = Field(description=_same("variation"))
    episode: int = Field(description=_same("episode"))
    demo: str = Field(description=_same("demo"))
    frame: int = Field(description=_same("frame"))
    keypoint_frame: int = Field(description=_same("keypoint_frame"))
    state: Point = Field(description=_same("state"))
    target: Point = Field(description=_same("target"))
    gripper_open: bool = Field(description=_same("gripper_open"))
    off_screen: bool = Field(description=_same("off_screen"))
    gripper_off_screen: bool = Field(description=_same("gripper_off_screen"))
    source: str = Field(description=_same("source"))
    renderer: str = Field(description=_same("renderer"))
    camera: Camera = Field(description=_same("camera"))


class ColdStartExample(SftExample):
    """A multiple-choice prompt whose completion thinks and answers; options and letter tell training its accuracy."""

    options: tuple[str, str, str, str] = Field(description=_same("options"))
    answer: Letter = Field(description=_same("answer"))
