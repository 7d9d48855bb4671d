"""The embedded simulator as a source: which demos there are, and recording those that are missing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from data_gen.config import RecordConfig
from data_gen.pool import Workers
from data_gen.sources import ArchivedDemo, demo_root
from robot_r1.archive import save_demo
from robot_r1.demo import MAX_FRAMES, DemoKey
from robot_r1.errors import BadFileError, UserError
from robot_r1.files import despite_faults, read_bounded, write_text
from robot_r1.lock import only_one

DEFAULT_SIZE = 256
SETTINGS = "recording.json"
_MAX_SETTINGS = 2**16
"""Bytes of that file; it takes a hundred."""


class RecordingSettings(BaseModel):
    """What all demos of an archive share; kept beside them, so that no archive mixes two recordings."""

    seed: Annotated[int, Field(ge=0)]
    frame_interval: Annotated[int, Field(ge=1, le=MAX_FRAMES)]
    image_size: Annotated[int, Field(ge=1, le=2048)]
    renderer: Literal["gl", "rays"]


@dataclass(frozen=True)
class Recording:
    """One demo to record."""

    demo: ArchivedDemo
    settings: RecordingSettings


def planned_keys(config: RecordConfig) -> list[DemoKey]:
    """The demos of each task, by default the training tasks, episode by episode; variations take turns.

    Raises:
        UserError: a task or variation does not exist.
    """
    from robot_r1.sim.tasks import TASKS, TRAINING_TASKS

    keys = []
    for task in config.tasks or TRAINING_TASKS:
        if task not in TASKS:
            raise UserError(f"unknown task {task}; the embedded simulator has {', '.join(TASKS)}")
        count = TASKS[task].variations
        wanted = range(count) if config.variations is None else [v for v in config.variations if 0 <= v < count]
        if not wanted:
            raise UserError(
                f"{task} has variations 0 to {count - 1}, not {', '.join(map(str, config.variations or ()))}"
            )
        keys += [
            DemoKey(task=task, variation=wanted[episode % len(wanted)], episode=episode)
            for episode in range(config.demos_per_task)
        ]
    return keys


def record_missing(config: RecordConfig, demos: list[ArchivedDemo]) -> int:
    """Record what the archive lacks; returns how many demos were recorded.

    Raises:
        UserError: the archive holds demos of another recording, or the renderer does not start.
        OSError: the archive cannot be written; demos already recorded stay.
    """
    if not demos:
        return 0
    root = demo_root(config)
    if not _missing(root, config, demos):
        return 0
    with only_one(root / ".lock", f"another process is recording into {root}"):
        missing = _missing(root, config, demos)  # another process may have recorded some meanwhile
        if not missing:
            return 0
        settings = missing[0].settings
        write_text(root / SETTINGS, settings.model_dump_json(indent=1) + "\n")
        with Workers(config.workers) as workers:  # which end with it: the simulator takes memory
            for _ in workers.run_all(record, missing, f"recording ({settings.renderer})"):
                pass
    return len(missing)


def _missing(root: Path, config: RecordConfig, demos: list[ArchivedDemo]) -> list[Recording]:
    settings = _settle(root, config)
    return [Recording(demo, settings) for demo in demos if not despite_faults(demo.path, demo.path.is_file)]


def record(recording: Recording) -> None:
    """Record one demo into the archive."""
    from robot_r1.sim.recorder import record_demo

    settings = recording.settings
    demo = record_demo(
        recording.demo.key, settings.seed, settings.frame_interval, settings.image_size, settings.renderer
    )
    save_demo(demo, range(0, len(demo), settings.frame_interval), recording.demo.path)


def _settle(root: Path, config: RecordConfig) -> RecordingSettings:
    """The settings of the archive: those it was begun with, which must fit what the configuration asks for."""
    stored = _stored(root / SETTINGS)
    if stored is None:
        from robot_r1.sim.render import resolve_renderer

        return RecordingSettings(
            seed=config.seed,
            frame_interval=config.frame_interval,
            image_size=config.image_size or DEFAULT_SIZE,
            renderer=resolve_renderer(config.renderer),
        )
    for name, have, want, fits in (
        ("seed", stored.seed, config.seed, stored.seed == config.seed),
        ("image_size", stored.image_size, config.image_size, config.image_size in (None, stored.image_size)),
        ("renderer", stored.renderer, config.renderer, config.renderer in ("auto", stored.renderer)),
        (
            "frame_interval",
            stored.frame_interval,
            config.frame_interval,
            config.frame_interval % stored.frame_interval == 0,
        ),
    ):
        if not fits:
            raise UserError(
                f"the demos in {root} were recorded with {name} {have}, not {want}; "
                "give another --root, or delete that folder to record anew"
            )
    return stored


def _stored(path: Path) -> RecordingSettings | None:
    if not despite_faults(path, path.exists):
        return None
    try:
        return RecordingSettings.model_validate_json(read_bounded(path, _MAX_SETTINGS))
    except (ValidationError, BadFileError) as error:
        raise UserError(f"{path} is damaged; delete {path.parent} to record anew") from error
