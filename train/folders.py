"""Folders that appear complete or not at all, as `robot_r1.files` does it for files.

What stood in their place is kept beside them, hidden, until they have it: a process that is killed never loses both.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from transformers import Trainer

from robot_r1.files import write_text
from robot_r1.lock import beside, only_one


def save_model(trainer: Trainer, folder: Path, files: Mapping[str, str] | None = None) -> None:
    """Save a trainer's model, with some text files by name; every process has to call this."""
    partial, main = _partial(folder), trainer.is_world_process_zero()
    if main:
        shutil.rmtree(partial, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    trainer.save_model(str(partial))
    trainer.accelerator.wait_for_everyone()
    if main:
        for name, text in (files or {}).items():
            write_text(partial / name, text)
        _put(partial, folder)


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder` that takes its place when the block ends without an error.

    Raises:
        UserError: another process writes the same.
    """
    partial = _partial(folder)
    with only_one(beside(folder), f"another process is writing {folder}"):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            yield partial
            _put(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def standing(folder: Path) -> Path:
    """Where the folder is: set aside, if a process was killed just before its successor had its place."""
    aside = _aside(folder)
    return aside if aside.is_dir() and not folder.exists() else folder


def restore(folder: Path) -> None:
    """Bring back a folder that was set aside by a process that was killed then."""
    if standing(folder) != folder:
        _aside(folder).rename(folder)


def remove(folder: Path) -> None:
    """Delete a folder, and what was set aside for it."""
    shutil.rmtree(_aside(folder), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _put(partial: Path, folder: Path) -> None:
    aside = _aside(folder)
    if folder.exists():
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
    partial.rename(folder)
    shutil.rmtree(aside, ignore_errors=True)


def _partial(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.partial")


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")
