"""`python -m eval.robot_r1_bench.build`: make Robot-R1 Bench from simulated demos, the same bytes each time."""

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import track

from eval.robot_r1_bench.loading import COMMITTED, FILE
from eval.robot_r1_bench.question import BenchQuestion
from eval.robot_r1_bench.sheet import write_sheet
from robot_r1.cli import CommandParser, console, run_command
from robot_r1.files import free_place
from robot_r1.lock import beside, only_one

if TYPE_CHECKING:
    from eval.robot_r1_bench.make import Page

CARD = "README.md"


def main(arguments: Sequence[str]) -> None:
    """Build the bench, or write the page to look at one that is built."""
    parser = CommandParser(prog="python -m eval.robot_r1_bench.build", description=main.__doc__)
    parser.add_argument(
        "--out", type=Path, default=COMMITTED, help="folder of the bench; one that is there is replaced"
    )
    parser.add_argument("--sheet", type=Path, help="build nothing; write an HTML page with the bench in --out")
    given = parser.parse_args(arguments)
    if given.sheet is not None:
        write_sheet(given.out, given.sheet)
        return
    out = Path(os.path.realpath(given.out))
    check_replaceable(out)
    import robot_r1.sim  # noqa: F401  # says which package is missing, before another module stumbles over it
    from eval.robot_r1_bench.frames import FRAMES
    from eval.robot_r1_bench.make import make_pages

    with only_one(beside(out), f"another process is writing {out}"):
        pages = track(make_pages(), "drawing", total=len(FRAMES), console=console, transient=True)
        write_bench(out, pages)
    console.print(f"wrote {out}", markup=False)


def check_replaceable(folder: Path) -> None:
    """Raises `UserError` if a bench would take the place of something else."""
    if not (folder / FILE).is_file():
        free_place(folder)


def write_bench(folder: Path, pages: "Iterable[Page]") -> None:
    """Write pictures, questions and card into a folder that appears, or is replaced, when all is there."""
    from eval.robot_r1_bench.card import card

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
        made = Path(temporary) / "new"
        (made / "images").mkdir(parents=True)
        questions: list[BenchQuestion] = []
        for page in pages:
            (made / page.questions[0].image).write_bytes(page.picture)
            questions += page.questions
        questions.sort(key=lambda question: question.id)
        lines = "".join(question.model_dump_json() + "\n" for question in questions)
        (made / FILE).write_text(lines, encoding="utf-8")
        (made / CARD).write_text(card(questions), encoding="utf-8")
        if folder.exists():
            folder.rename(Path(temporary) / "old")
        made.rename(folder)


if __name__ == "__main__":
    raise SystemExit(run_command(main, "run it again"))
