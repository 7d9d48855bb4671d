"""Where a data set grows: a folder beside its final place, which takes that place in one step when all is done."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_gen.manifest import MANIFEST, read_manifest
from robot_r1.errors import UserError
from robot_r1.files import free_place, write_text
from robot_r1.lock import only_one

PLAN = "plan.json"
LOCK = ".lock"


@dataclass(frozen=True)
class Staging:
    """The folder `OUT.partial`: the plan, the reports of finished shards, and the data set as far as it is built."""

    out: Path

    @property
    def place(self) -> Path:
        """Where the data set will be: `out`, or what it is a link to."""
        return Path(os.path.realpath(self.out))

    @property
    def folder(self) -> Path:
        return self.place.with_name(f"{self.place.name}.partial")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    @property
    def survey(self) -> Path:
        """Where the survey of the demos is kept while shards are built."""
        return self.folder / "survey.npz"

    def finished(self, config: dict[str, Any]) -> bool:
        """Whether the data set is there already, built with this configuration.

        Raises:
            UserError: the place is taken by something else.
        """
        if not (self.out / MANIFEST).is_file():
            free_place(self.out)
            return False
        if read_manifest(self.out).config != config:
            raise UserError(
                f"--out {self.out} holds a data set of another configuration; "
                "give another --out, or delete that folder"
            )
        if self.folder.is_dir() and not self.data.is_dir():  # killed just after it was published
            shutil.rmtree(self.folder, ignore_errors=True)
        return True

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder while the block runs; it goes afterwards if it is empty.

        Raises:
            UserError: another build holds it, or it cannot be made.
        """
        try:
            with only_one(self.folder / LOCK, f"another build is at work in {self.folder}"):
                yield
        finally:
            with contextlib.suppress(OSError):
                self.folder.rmdir()

    def begin(self, plan: dict[str, Any], resume: bool) -> None:
        """Begin in the folder, or take up an interrupted build of the same plan.

        Raises:
            UserError: there is an interrupted build and `resume` is off, or its plan was another.
            OSError: it cannot be written.
        """
        stored = self.folder / PLAN
        text = json.dumps(plan, indent=1, sort_keys=True)
        if stored.is_file() and any(self.reports.glob("*.json")):  # else nothing is lost by beginning anew
            if stored.read_text(encoding="utf-8") != text:
                raise UserError(
                    f"{self.folder} holds an interrupted build of another configuration or input; "
                    "give another --out, or delete that folder"
                )
            if not resume:
                raise UserError(
                    f"{self.folder} holds an interrupted build; go on with --resume, or delete that folder"
                )
            return
        if stored.is_file():  # what else lies there, a survey or half a shard, may be of another plan
            self.discard()
        write_text(stored, text)

    def discard(self) -> None:
        """Remove what was built: there is nothing in it to go on with."""
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK:
                path.unlink()

    def publish(self) -> None:
        """Take the data set's place."""
        for leftover in self.data.rglob(".*.tmp"):  # of a process that was killed while it wrote
            leftover.unlink()
        if self.place.is_dir():
            self.place.rmdir()  # empty: `finished` has checked
        self.data.rename(self.place)
        self.discard()
