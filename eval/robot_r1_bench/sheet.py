"""An HTML page to look a bench through: every picture with its questions and references."""

from itertools import groupby
from pathlib import Path

from eval.robot_r1_bench.loading import load_bench
from robot_r1.page.pictures import data_uri
from robot_r1.page.templating import render_page, write_page

_SIDE = 384
"""Pixels of a picture in the page."""


def write_sheet(folder: Path, path: Path) -> None:
    """Write the page of the bench in `folder`.

    Raises:
        UserError: there is no readable bench, or `path` cannot be written.
    """
    bench = load_bench(folder)
    questions = sorted(bench.questions, key=lambda question: question.image)
    pictures = [
        {"image": image, "data": data_uri((folder / image).read_bytes(), _SIDE), "questions": list(group)}
        for image, group in groupby(questions, lambda question: question.image)
    ]
    write_page(path, render_page("eval.robot_r1_bench", {"name": folder.name, "pictures": pictures}))
