"""The settings that this project adds to TRL's: where the data is, what is rewarded, what is watched."""

import difflib
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

import torch
from transformers import TrainingArguments
from trl import ModelConfig, TrlParser

from robot_r1.cli import config_and_flags
from robot_r1.errors import UserError
from robot_r1.files import at_home
from robot_r1.question import Split

VALIDATION: Split = "validation"
REWARDS = ("robot_r1.rewards.format_reward", "robot_r1.rewards.exact_match_reward")

Training = TypeVar("Training", bound=TrainingArguments)


def _listed(value: list[str] | str) -> list[str]:
    return [value] if isinstance(value, str) else value  # YAML's `rewards: my.reward` is no list


def _at_home(path: str | None) -> str | None:
    return str(at_home(Path(path))) if isinstance(path, str) and path.startswith("~") else path


def _option(help_text: str, default: Any = None) -> Any:
    return field(default=default, metadata={"help": help_text})


@dataclass
class DataArguments:
    """> Parameters that say which questions are learned from."""

    dataset: str | None = _option("folder that data_gen wrote, or Hub id of such a data set (required)")
    question_types: list[str] = field(
        default_factory=list, metadata={"help": "waypoint, current_state, movement (default: all that there are)"}
    )
    train_split: str = _option("split to learn from", "train")
    heldout_split: str = _option("split of the greedy evaluation, by which the best model is chosen", VALIDATION)
    heldout_dataset: str | None = _option("other folder or Hub id for the evaluation, such as the multiple-choice set")
    max_prompt_tokens: int = _option("longer prompts, image tokens included, are left out, never cut", 2048)
    min_pixels: int | None = _option("smaller pictures are enlarged to this many pixels")
    max_pixels: int | None = _option("larger pictures are made smaller, to this many pixels")
    train_limit: int | None = _option("learn from this many questions only, drawn with the seed")
    check_dataset: bool = _option("say what the data set holds and what would be left out, and stop", False)

    def __post_init__(self) -> None:
        self.question_types = _listed(self.question_types)
        self.dataset, self.heldout_dataset = _at_home(self.dataset), _at_home(self.heldout_dataset)


@dataclass
class WatchArguments:
    """> Parameters that say what is watched, and how the command runs."""

    heldout_questions: int = _option("questions of the greedy evaluation, in equal parts of each type; 0: none", 200)
    heldout_every: int = _option("updates between two greedy evaluations; 0: only before and after", 20)
    heldout_batch_size: int = _option("questions that transformers answers at a time on each device", 16)
    sample_every: int = _option("updates between two files of sampled completions; 0: none", 10)
    samples: int = _option("completions in such a file", 16)
    max_zero_variance: float = _option(
        "stop if this share of groups has equal rewards, so that nothing is learned", 0.98
    )
    zero_variance_patience: int = _option("for this many logged steps in a row; 0: never stop", 20)
    resume: bool = _option("go on from the newest complete checkpoint in output_dir", False)
    dry_run: bool = _option("print the resolved settings, the schedule and the memory estimate, and stop", False)
    gpu_memory: float | None = _option("GiB of one device, for --dry_run (default: as found)")
    processes: int | None = _option("processes, for --dry_run (default: those that were launched)")
    sharding: str | None = _option("none, zero2, zero3 or fsdp2, for --dry_run (default: as launched)")


@dataclass
class RewardArguments:
    """> Parameters that say what is rewarded; `reward_weights` is TRL's."""

    rewards: list[str] = field(
        default_factory=lambda: list(REWARDS), metadata={"help": "import paths of reward functions in TRL's form"}
    )

    def __post_init__(self) -> None:
        self.rewards = _listed(self.rewards)


@dataclass
class ModelArguments(ModelConfig):  # type: ignore[misc]
    """> Parameters that say what is trained; TRL's, and what a vision tower adds to them."""

    freeze_vision_tower: bool = _option("full fine-tuning leaves the vision tower as it is", False)
    lora_vision: bool = _option("LoRA adapts the vision tower too, not the language model alone", False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.model_name_or_path: Any = _at_home(self.model_name_or_path)


@dataclass
class SpeedArguments:
    """> Parameters that say what is computed once instead of often."""

    shared_prefix: bool = _option("compute each prompt once for all its completions, where that is possible", True)


@dataclass(frozen=True)
class Settings(Generic[Training]):
    """Everything that a training command was told."""

    data: DataArguments
    watch: WatchArguments
    rewards: RewardArguments
    speed: SpeedArguments
    training: Training
    model: ModelArguments

    def flat(self) -> dict[str, Any]:
        """All settings by name, as plain values, for `run.json` and `--dry_run`."""
        values: dict[str, Any] = {}
        for part in (self.data, self.rewards, self.model, self.speed, self.watch, self.training):
            values.update({item.name: getattr(part, item.name) for item in fields(part) if item.init})
        return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return str(value) if not is_dataclass(value) else type(value).__name__


class _Parser(TrlParser):  # type: ignore[misc]
    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; --help lists the flags")


def _parsed(kinds: Sequence[type], values: dict[str, Any], flags: Sequence[str]) -> tuple[list[Any], list[str]]:
    """One object of each kind, and what none of them knows."""
    parser = _Parser(kinds)
    unknown = parser.set_defaults_with_config(**values)
    *parts, more = parser.parse_args_into_dataclasses(list(flags), return_remaining_strings=True)
    return parts, [*unknown, *more]


def read_settings(training: type[Training], arguments: Sequence[str]) -> Settings[Training]:
    """The settings from `--config FILE.yaml` and the flags, which win.

    Raises:
        UserError: the file cannot be read, or a name or value is not allowed.
    """
    # TRL 1.16 sets the old name by default, so every run would be told that it is old.
    warnings.filterwarnings("ignore", r".*gradient_checkpointing` is deprecated", FutureWarning)
    _, values, flags = config_and_flags(arguments, "configs/train/tiny_grpo.yaml")
    environment = values.pop("env", None) or {}
    if not isinstance(environment, dict):
        raise UserError("env of the configuration must hold names and values of environment variables")
    os.environ.update({str(name): str(value) for name, value in environment.items()})
    try:
        # A machine without a GPU will do where nothing is computed, but transformers would refuse bfloat16 on it.
        (data, watch), _ = _parsed([DataArguments, WatchArguments], values, flags)
        if (data.check_dataset or watch.dry_run) and not torch.cuda.is_available():
            flags = [*flags, "--use_cpu", "true"]
        kinds = [DataArguments, WatchArguments, RewardArguments, SpeedArguments, training, ModelArguments]
        (data, watch, rewards, speed, training_arguments, model), unknown = _parsed(kinds, values, flags)
    except (ValueError, TypeError, ImportError) as error:  # what TRL and transformers say of contradictory values
        raise UserError(str(error)) from error
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        OSError,
    ) as error:  # and what a list in a word's place leads to
        raise UserError(f"a setting is not of its kind ({error}); --help says what each takes") from error
    if unknown:
        known = [
            item.name for part in (data, watch, rewards, speed, training_arguments, model) for item in fields(part)
        ]
        name = str(unknown[0]).removeprefix("--").replace("-", "_")
        close = difflib.get_close_matches(name, known, n=1)
        raise UserError(
            f"unknown setting {unknown[0]}; {f'did you mean {close[0]}?' if close else '--help lists them'}"
        )
    return Settings(data, watch, rewards, speed, training_arguments, model)
