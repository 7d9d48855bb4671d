"""`python -m data_gen.export PATH --to easyr1|ms-swift|llava-json [--out FOLDER]`: a data set for another trainer."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from data_gen.dataset import DatasetFile, dataset_files
from data_gen.export.easyr1 import EASYR1
from data_gen.export.frames import FrameStore
from data_gen.export.framework import TARGETS, Framework, Target
from data_gen.export.llava_json import LLAVA_JSON
from data_gen.export.ms_swift import MS_SWIFT
from data_gen.export.readme import readme
from data_gen.export.rows import Example, examples, format_of, training_of
from data_gen.export.staging import appearing_folder, check_out
from data_gen.formats import Format
from data_gen.pool import progress_bar
from robot_r1.cli import CommandParser, console, run_command
from robot_r1.errors import UserError
from robot_r1.question import SPLITS, Split

FRAMEWORKS: dict[Target, Framework] = {"easyr1": EASYR1, "ms-swift": MS_SWIFT, "llava-json": LLAVA_JSON}


def main(arguments: Sequence[str]) -> None:
    """Export a data set and say where it is and how to train on it."""
    parser = CommandParser(
        prog="python -m data_gen.export",
        description="Write a data set in the form that another trainer reads, with its pictures as PNG files, its "
        "reward functions in that trainer's form, and a README with the command line.",
        allow_abbrev=False,
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="folder of a data set, as data_gen.build writes it")
    parser.add_argument("--to", choices=TARGETS, required=True, help="what shall read it")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="folder to write (default: PATH-TO beside PATH)")
    options = parser.parse_args(arguments)
    source: Path = options.path
    out: Path = options.out or source.resolve().with_name(f"{source.resolve().name}-{options.to}")
    _export(source, FRAMEWORKS[options.to], out)


def _export(source: Path, framework: Framework, out: Path) -> None:
    files = dataset_files(source)
    data_format = format_of(source, files)
    training = training_of(data_format)
    if training not in framework.trainings:
        raise UserError(f"{source} is a data set of format {data_format}: {framework.refusal}")
    check_out(out, source)
    splits = tuple(split for split in SPLITS if any(file.split == split for file in files))
    with appearing_folder(out) as folder:
        rows, pictures = _write(framework, folder, files, data_format)
        for name, text in framework.files(training, splits).items():
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "README.md").write_text(readme(framework, data_format, rows, pictures), encoding="utf-8")
    counts = ", ".join(f"{split} {count}" for split, count in rows.items())
    console.print(f"{sum(rows.values())} rows ({counts}) and {pictures} pictures for {framework.name}", markup=False)
    console.print(f"export:   {out}\nread:     {out / 'README.md'}", markup=False)
    console.print(f"next:     {framework.command(training, splits, shlex.quote(str(out.resolve())))}", markup=False)


def _write(
    framework: Framework, folder: Path, files: Sequence[DatasetFile], data_format: Format
) -> tuple[dict[Split, int], int]:
    """Write every split that there is; rows by split, and the number of pictures.

    Raises:
        UserError: there is no row, or one is not as documented.
    """
    store, seen = FrameStore(folder), set[str]()
    rows: dict[Split, int] = {}
    total = sum(pq.read_metadata(file.path).num_rows for file in files)
    if not total:
        raise UserError(f"{files[0].path.parent} holds no rows; build the data set again")
    with progress_bar() as progress:
        bar = progress.add_task("exporting rows", total=total)

        def counted(stream: Iterator[Example]) -> Iterator[Example]:
            for example in stream:
                yield example
                progress.advance(bar)

        for split in SPLITS:
            of_split = [file for file in files if file.split == split]
            if of_split:
                before = len(seen)
                stream = examples(of_split, data_format, store, seen)
                framework.write(folder / f"{split}{framework.suffix}", counted(stream))
                rows[split] = len(seen) - before
    return rows, store.count


if __name__ == "__main__":
    sys.exit(run_command(main, "nothing was written; run the same command again"))
