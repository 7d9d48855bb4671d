"""Configurations of the commands: one YAML file plus flags, checked before any work starts."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from data_gen.distractors import NEAR_MISS_RADIUS, Difficulty, MovementStrategy, PointStrategy
from data_gen.formats import Format
from data_gen.keypoints import KeypointMethod
from robot_r1.demo import Source
from robot_r1.files import at_home
from robot_r1.prompts import PromptTemplates
from robot_r1.question import QUESTION_TYPES, QuestionType

Positive = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
UserPath = Annotated[Path, AfterValidator(at_home)]
SplitBy = Literal["demo", "variation", "task"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KeypointConfig(_Section):
    """How the keypoints of a demo are found."""

    method: KeypointMethod = Field("heuristic", description="ARM's rule, or PerAct's fixed_interval or random")
    stopping_delta: float = Field(0.1, gt=0, description="rad/s below which a joint counts as standing still")
    merge_distance: float = Field(
        0.008, ge=0, description="metres; closer keypoints of equal gripper state become one; 0 switches it off"
    )


class DistractorConfig(_Section):
    """Where wrong options come from: weights of the strategies of each question type."""

    waypoint: dict[PointStrategy, Weight] = Field(
        {"similar_move": 2, "other_move": 1, "other_demos_keypoints": 1, "same_column": 1},
        description="weights by strategy",
    )
    current_state: dict[PointStrategy, Weight] = Field(
        {"same_demo": 1, "other_demos": 2}, description="weights by strategy"
    )
    movement: dict[MovementStrategy, Weight] = Field({"same_task": 1}, description="weights by strategy")
    min_separation: float = Field(
        0.05, ge=0, le=0.3, description="metres between any two positions offered as options; 0.01 at least"
    )
    near_miss_radius: Difficulty | Annotated[float, Field(ge=0.01, le=0.5)] = Field(
        "medium", description="of the strategy near_miss: easy (0.2), medium (0.1), hard (0.05), or metres"
    )
    max_label_share: float = Field(
        0.25, gt=0, le=1, description="share of a task's movement questions in which one movement may be right"
    )
    balanced: tuple[QuestionType, ...] = Field(
        ("waypoint", "current_state"),
        description="question types whose options are chosen so that no rule without the picture gains by them",
    )

    @property
    def near_miss_metres(self) -> float:
        """The radius of near misses."""
        radius = self.near_miss_radius
        return radius if isinstance(radius, float) else NEAR_MISS_RADIUS[radius]

    @model_validator(mode="after")
    def _some_weight(self) -> Self:
        for name in ("waypoint", "current_state", "movement"):
            if sum(getattr(self, name).values()) <= 0:
                raise ValueError(f"distractors.{name} needs at least one strategy with a weight above 0")
        near_misses = self.waypoint.get("near_miss", 0) + self.current_state.get("near_miss", 0)
        if near_misses > 0 and 2 * self.near_miss_metres < self.min_separation:
            raise ValueError(
                f"distractors.near_miss_radius {self.near_miss_metres} leaves no room for a min_separation of "
                f"{self.min_separation}; give at least half of it"
            )
        return self


class SplitConfig(_Section):
    """How demos are divided into train, validation and test."""

    by: SplitBy = Field("demo", description="what stays whole: demo, variation or task")
    validation_fraction: float = Field(
        0.1, ge=0, lt=1, description="share of demos, variations or tasks by which training chooses its best model"
    )
    test_fraction: float = Field(0.1, ge=0, lt=1, description="share of them for evaluation alone")

    @model_validator(mode="after")
    def _something_to_train_on(self) -> Self:
        if self.validation_fraction + self.test_fraction >= 1:
            raise ValueError(
                f"split.validation_fraction {self.validation_fraction} and split.test_fraction {self.test_fraction} "
                "leave nothing to train on; their sum has to be below 1"
            )
        return self


class RecordConfig(BaseSettings):
    """Which demonstrations are used, and how the embedded simulator records them."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_exit_on_error=False,
        cli_avoid_json=True,
        cli_hide_none_type=True,
    )

    source: Source = Field("simulated", description="simulated, rlbench-disk, or rlbench (live)")
    root: UserPath | None = Field(
        None, description="folder of the demos; simulated ones are recorded there (default: data/demos)"
    )
    tasks: tuple[str, ...] | None = Field(
        None, description="task names, comma-separated (default: the five training tasks, or all on disk)"
    )
    variations: tuple[int, ...] | None = Field(None, description="variation numbers (default: all there are)")
    demos_per_task: Positive = Field(50, le=100_000, description="at most this many demos of each task")
    limit: Positive | None = Field(None, description="at most this many demos in all, taken in turn from the tasks")
    frame_interval: Positive = Field(10, description="every how many frames a question starts; 20 frames a second")
    image_size: int | None = Field(
        None, ge=32, le=2048, description="side of the frames in pixels (default: 256 simulated, else as recorded)"
    )
    renderer: Literal["auto", "gl", "rays"] = Field("auto", description="what draws simulated frames")
    seed: int = Field(0, ge=0, description="seed of recording and of questions")
    workers: Positive = Field(2, le=1024, description="processes; does not change the result")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only the YAML file and the flags count, never the environment."""
        return (init_settings,)


class BuildConfig(RecordConfig):
    """Everything that shapes a data set, and how the command runs."""

    out: UserPath = Field(Path("data/robot-r1"), description="folder of the data set")
    format: Format = Field(
        "mcqa", description="questions for RL (mcqa, open-ended), or rows for SFT (sft-direct, sft-cot, sft-think)"
    )
    camera: str = Field("front", description="camera of recorded RLBench demos; the prompts describe the front view")
    keypoints: KeypointConfig = Field(default_factory=KeypointConfig)
    distractors: DistractorConfig = Field(default_factory=DistractorConfig)
    dead_zone: float = Field(
        0.01, ge=0, le=0.2, description="metres; a shorter move along an axis is no movement; 0 as in the paper"
    )
    split: SplitConfig = Field(default_factory=SplitConfig)
    prompts: UserPath | None = Field(None, description="folder with replacements of the prompt templates")
    exclude: tuple[str, ...] = Field((), description="file with ids of questions to leave out, one a line; or ids")
    dry_run: bool = Field(False, description="print the plan and stop")
    resume: bool = Field(False, description="go on with an interrupted build")
    strict: bool = Field(False, description="a damaged demo ends the build instead of being skipped")
    push_to_hub: str | None = Field(
        None, pattern=r"^[\w.-]+/[\w.-]+$", description="ORG/NAME to upload to; needs HF_TOKEN"
    )

    @field_validator("exclude", mode="before")
    @classmethod
    def _read_excluded(cls, value: Any) -> Any:
        """Ids as they are; anything else names a file of ids."""
        given = [value] if isinstance(value, str | Path) else value
        if not isinstance(given, list | tuple):
            return value
        ids: list[str] = []
        for entry in map(str, given):
            ids += [entry] if _QUESTION_ID.search(entry) else _ids_in(at_home(Path(entry)))
        return tuple(sorted(set(ids)))

    def shaping(self) -> dict[str, Any]:
        """The settings that decide what the data set holds, as JSON values: those that only say how to run are out.

        So are places on this machine: the same demos in another folder give the same bytes, and no folder's name
        travels with the data set. Of own prompts their digest stands in for the folder.
        """
        running = {"root", "out", "workers", "dry_run", "resume", "strict", "push_to_hub"}
        # what is as it always was goes without saying: older data sets stay what a build of today would give
        settings = self.model_dump(mode="json", exclude=running)
        if self.prompts is not None:
            settings["prompts"] = PromptTemplates.load(self.prompts).digest()
        return {name: value for name, value in settings.items() if (name, value) not in _LEFT_OUT}


_LEFT_OUT: tuple[tuple[str, Any], ...] = (("format", "mcqa"), ("exclude", []))
_QUESTION_ID = re.compile(rf"/frame\d+/({'|'.join(QUESTION_TYPES)})$")


def _ids_in(path: Path) -> list[str]:
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read the list of ids {path}; give a file with one question id a line") from error
    for line in lines:
        if not _QUESTION_ID.search(line):
            raise ValueError(
                f"{path}: {line!r} is no question id; ids look like TASK/variation0/episode0/frame0/waypoint"
            )
    return lines
