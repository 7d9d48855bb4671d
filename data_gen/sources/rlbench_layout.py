"""Finding recorded RLBench demos in a folder, in the layouts of RLBench's generator and of PerAct.

    TASK/variation<V>/variation_descriptions.pkl                        RLBench
    TASK/variation<V>/episodes/episode<N>/
    TASK/all_variations/episodes/episode<N>/variation_number.pkl        PerAct (or variation<V>, as above)
    TASK/all_variations/episodes/episode<N>/variation_descriptions.pkl

Every episode folder holds `low_dim_obs.pkl` and the pictures `<camera>_rgb/<frame>.png`, in the bimanual fork
`<camera>_rgb/rgb_<frame of four digits>.png`.
"""

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from data_gen.sources.inert import InertArray
from data_gen.sources.safe_pickle import load
from robot_r1.demo import DemoKey
from robot_r1.errors import BadDemoError, UserError
from robot_r1.files import despite_faults

_VARIATION = re.compile(r"variation([0-9]{1,6})")
_EPISODE = re.compile(r"episode([0-9]{1,9})")
_ALL_VARIATIONS = "all_variations"
_EXPECTED = "TASK/variation<V>/episodes/episode<N> or TASK/all_variations/episodes/episode<N>"


@dataclass(frozen=True)
class DiskDemo:
    """A recorded demo in its folder, not read yet."""

    key: DemoKey
    episode_dir: Path
    descriptions_file: Path
    """`variation_descriptions.pkl` of the episode or of its variation; it may be missing."""


@dataclass(frozen=True)
class DamagedDemo:
    """A demo, or a folder of demos, that could not be listed."""

    where: str
    reason: str


@dataclass(frozen=True)
class Discovery:
    """What a folder holds, sorted by collection, task, variation and episode."""

    found: tuple[DiskDemo, ...]
    damaged: tuple[DamagedDemo, ...]


def find_demos(root: Path, tasks: Collection[str] | None, variations: Collection[int] | None) -> Discovery:
    """The demos of some tasks and variations under a folder; None means all there are.

    Args:
        root: the generator's save_path, a PerAct split, one task's folder, or any folder above them.

    Raises:
        UserError: there is no such folder, no demo in it, or no such task or variation; or the disk fails, or a
            folder may not be read.
    """
    task_dirs, damaged = _task_dirs(root)
    names = {_task_name(folder) for folder in task_dirs}
    if tasks is not None and names and (unknown := sorted(set(tasks) - names)):
        raise UserError(f"{root} has no task {', '.join(unknown)}; it has: {', '.join(sorted(names))}")
    found: dict[DemoKey, DiskDemo] = {}
    for task_dir in task_dirs:
        if tasks is None or _task_name(task_dir) in tasks:
            _list_task(root, task_dir, found, damaged)
    if not found and not damaged:
        raise UserError(f"no RLBench demos under {root}; expected {_EXPECTED} in it")
    numbers = {key.variation for key in found}
    if variations is not None and (missing := sorted(set(variations) - numbers)):
        there = ", ".join(map(str, sorted(numbers))) or "none"
        raise UserError(f"{root} has no variation {', '.join(map(str, missing))}; it has: {there}")
    chosen = [demo for key, demo in found.items() if variations is None or key.variation in variations]
    chosen.sort(key=lambda demo: (demo.key.collection, demo.key.task, demo.key.variation, demo.key.episode))
    return Discovery(tuple(chosen), tuple(sorted(damaged, key=lambda one: one.where)))


def _task_dirs(root: Path) -> tuple[list[Path], list[DamagedDemo]]:
    """The folders of tasks at or under the root, and the folders that cannot be listed."""
    task_dirs = []
    damaged = []
    pending = [root]
    seen = {os.path.realpath(root)}
    while pending:
        folder = pending.pop()
        try:
            children = _folders(folder)
            is_task = any(_is_folder(child / "episodes") for child in children if _is_variation(child.name))
        except OSError as error:
            if folder == root:
                raise UserError(f"cannot list {root} ({error.strerror}); expected a folder of {_EXPECTED}") from error
            damaged.append(DamagedDemo(str(folder), f"cannot be listed: {error.strerror}"))
            continue
        if is_task:
            task_dirs.append(folder)
            continue
        for child in children:
            real = os.path.realpath(child)
            if real not in seen and not child.name.startswith(".") and child.name != "episodes":
                seen.add(real)
                pending.append(child)
    return sorted(task_dirs), damaged


def _list_task(root: Path, task_dir: Path, found: dict[DemoKey, DiskDemo], damaged: list[DamagedDemo]) -> None:
    """Add the demos of one task, and those that cannot be told apart from others."""
    above = task_dir.relative_to(root).parent.as_posix()
    collection = "" if above == "." else above
    try:
        DemoKey(task=_task_name(task_dir), variation=0, episode=0, collection=collection)
    except ValidationError as error:
        fault = error.errors()[0]
        reason = "is not UTF-8" if fault["type"] == "string_unicode" else fault["msg"].removeprefix("Value error, ")
        damaged.append(DamagedDemo(str(task_dir), f"is not taken for its name: {reason}; rename the folder"))
        return
    for variation_dir, episode_dir, episode in _episodes(task_dir, damaged):
        try:
            variation = _variation(variation_dir, episode_dir)
            own = episode_dir / "variation_descriptions.pkl"
            descriptions = own if despite_faults(own, own.is_file) else variation_dir / own.name
        except BadDemoError as error:
            damaged.append(DamagedDemo(error.where, error.reason))
            continue
        except OSError as error:
            damaged.append(DamagedDemo(str(episode_dir), f"cannot be read: {error.strerror}"))
            continue
        key = DemoKey(task=_task_name(task_dir), variation=variation, episode=episode, collection=collection)
        if key in found:
            other = found[key].episode_dir.relative_to(root)
            reason = f"is variation {variation}, episode {episode} again, after {other}"
            damaged.append(DamagedDemo(str(episode_dir), reason))
        else:
            found[key] = DiskDemo(key, episode_dir, descriptions)


def _episodes(task_dir: Path, damaged: list[DamagedDemo]) -> Iterator[tuple[Path, Path, int]]:
    """Folder of the variation, folder of the episode and its number, leaving out stray files such as .DS_Store."""
    for variation_dir in _folders(task_dir):
        if not _is_variation(variation_dir.name):
            continue
        try:
            episode_dirs = _folders(variation_dir / "episodes")
        except OSError as error:
            damaged.append(DamagedDemo(str(variation_dir), f"episodes cannot be listed: {error.strerror}"))
            continue
        for episode_dir in episode_dirs:
            if match := _EPISODE.fullmatch(episode_dir.name):
                yield variation_dir, episode_dir, int(match[1])


def _variation(variation_dir: Path, episode_dir: Path) -> int:
    """The folder's number; under `all_variations` that of the episode's own file, as the demo's own says 0 always."""
    if match := _VARIATION.fullmatch(variation_dir.name):
        return int(match[1])
    path = episode_dir / "variation_number.pkl"
    stored = load(path)
    try:
        number = float(stored.numbers().item()) if isinstance(stored, InertArray) else stored
    except ValueError as error:
        raise BadDemoError(path, str(error)) from error
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < 10**6 or number % 1:
        raise BadDemoError(path, "holds no variation number")
    return int(number)


def _task_name(task_dir: Path) -> str:
    return task_dir.name or task_dir.resolve().name


def _is_variation(name: str) -> bool:
    return name == _ALL_VARIATIONS or _VARIATION.fullmatch(name) is not None


def _folders(folder: Path) -> list[Path]:
    def read() -> list[Path]:
        with os.scandir(folder) as entries:
            return sorted(
                folder / entry.name
                for entry in entries
                if (_is_folder(folder / entry.name) if entry.is_symlink() else entry.is_dir())
            )

    return despite_faults(folder, read)


def _is_folder(path: Path) -> bool:
    return despite_faults(path, path.is_dir)
