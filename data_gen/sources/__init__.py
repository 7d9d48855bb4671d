"""Where demos come from: each source finds the demos of a configuration and loads one of them.

Nothing after this package knows which simulator made a demo.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from data_gen.config import BuildConfig, RecordConfig
from data_gen.manifest import SkippedDemo
from data_gen.sources.rlbench_disk import NUMBERS, DiskDemo, find_demos, load_demo
from robot_r1.archive import demo_path
from robot_r1.archive import load_demo as load_archived
from robot_r1.demo import Demo, DemoKey
from robot_r1.errors import UserError
from robot_r1.files import despite_faults

DEFAULT_ARCHIVE = Path("data/demos")


@dataclass(frozen=True)
class ArchivedDemo:
    """A simulated demo, recorded or to be recorded."""

    key: DemoKey
    path: Path


DemoFile = ArchivedDemo | DiskDemo


@dataclass(frozen=True)
class Found:
    """The demos of a configuration, and those that could not even be listed."""

    demos: tuple[DemoFile, ...]
    damaged: tuple[SkippedDemo, ...]


def demo_root(config: RecordConfig) -> Path:
    """Folder of the demos, by default that of simulated ones."""
    return config.root or DEFAULT_ARCHIVE


def input_digest(demos: Iterable[DemoFile]) -> str | None:
    """Digest of the ids and file sizes of recorded demos, which tells two inputs apart, wherever they lie.

    None where there are simulated ones, which follow from the configuration.
    """
    listed = []
    for demo in demos:
        if isinstance(demo, ArchivedDemo):
            return None
        stored = demo.episode_dir / NUMBERS
        size = stored.stat().st_size if despite_faults(stored, stored.is_file) else None
        listed.append((demo.key.id, size))
    return f"sha256:{hashlib.sha256(json.dumps(listed).encode()).hexdigest()}"


def find(config: RecordConfig) -> Found:
    """The demos that a configuration asks for, in their natural order.

    Raises:
        UserError: the source, the root, a task or a variation does not exist.
    """
    if config.source == "simulated":
        from data_gen.sources.simulated import planned_keys

        root = demo_root(config)
        demos: list[DemoFile] = [ArchivedDemo(key, demo_path(root, key)) for key in planned_keys(config)]
        return Found(tuple(_limited(demos, config.limit)), ())
    if config.source == "rlbench":
        raise UserError(
            "--source rlbench (live) is not supported yet; record with RLBench's own dataset generator "
            "and give its save_path: --source rlbench-disk --root SAVE_PATH"
        )
    if config.root is None:
        raise UserError("--source rlbench-disk needs --root, the folder that RLBench's generator saved to")
    discovery = find_demos(config.root, config.tasks, config.variations)
    per_task: dict[tuple[str, str], list[DemoFile]] = defaultdict(list)
    for disk_demo in discovery.found:
        demos_of_task = per_task[disk_demo.key.collection, disk_demo.key.task]
        if len(demos_of_task) < config.demos_per_task:
            demos_of_task.append(disk_demo)
    chosen = [demo for demos_of_task in per_task.values() for demo in demos_of_task]
    damaged = tuple(SkippedDemo.under(config.root, error.where, error.reason) for error in discovery.damaged)
    return Found(tuple(_limited(chosen, config.limit)), damaged)


def load(file: DemoFile, config: BuildConfig) -> Demo:
    """Load a demo; its frames come later, one by one.

    Raises:
        BadDemoError: the demo is damaged.
    """
    if isinstance(file, ArchivedDemo):
        return load_archived(file.path)
    return load_demo(file, config.camera)


def _limited(demos: list[DemoFile], limit: int | None) -> list[DemoFile]:
    """The first `limit` demos, taken in turn from the tasks, in their old order."""
    if limit is None or limit >= len(demos):
        return demos
    per_task: dict[str, list[DemoFile]] = defaultdict(list)
    for demo in demos:
        per_task[demo.key.task].append(demo)
    in_turn = [demo for row in zip_longest(*per_task.values()) for demo in row if demo is not None]
    kept = set(in_turn[:limit])
    return [demo for demo in demos if demo in kept]
