"""Where a data set grows: a folder beside its final place, which takes that place in one step when all is done."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_gen.manifest import MANIFEST, read_manifest
from robot_r1.errors import UserError
from robot_r1.files import make_folder, write_text

PLAN = "plan.json"


@dataclass(frozen=True)
class Staging:
    """The folder `OUT.partial`: the plan, the reports of finished shards, and the data set as far as it is built."""

    out: Path

    @property
    def folder(self) -> Path:
        return self.out.with_name(f"{self.out.name}.partial")

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
        if not self.out.exists():
            return False
        if not self.out.is_dir():
            raise UserError(f"--out {self.out} is a file; give a folder that does not exist yet")
        if not any(self.out.iterdir()):
            return False
        if not (self.out / MANIFEST).is_file():
            raise UserError(f"--out {self.out} holds other files; give a folder that does not exist yet")
        if read_manifest(self.out).config != config:
            raise UserError(
                f"--out {self.out} holds a data set of another configuration; "
                "give another --out, or delete that folder"
            )
        if self.folder.is_dir() and not self.data.is_dir():  # killed just after it was published
            shutil.rmtree(self.folder)
        return True

    def begin(self, plan: dict[str, Any], resume: bool) -> None:
        """Make the folder, or take up an interrupted build of the same plan.

        Raises:
            UserError: there is an interrupted build and `resume` is off, or its plan was another.
            OSError: the folder cannot be made.
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
        make_folder(self.folder)
        write_text(stored, text)

    def discard(self) -> None:
        """Remove what was built: there is nothing in it to go on with."""
        shutil.rmtree(self.folder)

    def publish(self) -> None:
        """Take the data set's place."""
        for leftover in self.data.rglob(".*.tmp"):  # of a process that was killed while it wrote
            leftover.unlink()
        if self.out.is_dir():
            self.out.rmdir()  # empty: `finished` has checked
        self.data.rename(self.out)
        shutil.rmtree(self.folder)
