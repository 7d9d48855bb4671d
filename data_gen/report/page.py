"""The page: everything put together and written as one file that asks for nothing else."""

import shlex
from pathlib import Path

from data_gen.dataset import dataset_files
from data_gen.report.cards import Card, cards
from data_gen.report.choice import spread
from data_gen.report.demos import PLOT_HEIGHT, PLOT_WIDTH, DemoMoments, gather, sheets
from data_gen.report.panels import CHANCE, band, read_audit
from data_gen.report.projection import WIDTH
from data_gen.report.rows import Entry, ShownRow, read_entries, read_moments, read_rows
from data_gen.report.summary import summarise, type_order
from robot_r1.page.templating import render_page, write_page
from robot_r1.question import LETTERS, SPLITS

QUESTIONS = 200
"""Questions shown unless told otherwise."""
DEMOS = 24
"""Most demos with a sheet."""


def write_report(folder: Path, path: Path, questions: int) -> int:
    """Write the page about a data set and return its size in bytes.

    Raises:
        UserError: `folder` is no readable data set, or `path` cannot be written.
    """
    return write_page(path, render(folder, questions))


def render(folder: Path, questions: int = QUESTIONS) -> str:
    """The page as HTML text, with at most `questions` questions.

    Raises:
        UserError: `folder` is no readable data set.
    """
    files = dataset_files(folder)
    entries = read_entries(files)
    chosen = [entries[index] for index in spread([_kind(entry) for entry in entries], questions)]
    demos = sorted(gather(read_moments(files, _demos(chosen))), key=_name)
    stills = {demo.entries[demo.nearest(keypoint)] for demo in demos for keypoint in demo.keypoints}
    rows = read_rows(files, {*chosen, *stills})
    shown = cards(sorted(((entry, rows[entry]) for entry in chosen), key=_place))
    return render_page(
        "data_gen.report",
        {
            "summary": summarise(folder, entries, [card.row for card in shown]),
            "folder": shlex.quote(str(folder)),
            "audit": read_audit(folder, len(entries)),
            "chance": CHANCE,
            "band": band,
            "cards": shown,
            "choices": _choices(shown),
            "sheets": sheets(demos, rows),
            "demos_shown": len({card.row.demo for card in shown}),
            "width": WIDTH,
            "plot": {"width": PLOT_WIDTH, "height": PLOT_HEIGHT},
        },
    )


def _kind(entry: Entry) -> tuple[str, ...]:
    return entry.question_type, entry.task, entry.split, entry.demo


def _place(pair: tuple[Entry, ShownRow]) -> tuple[str, str, int, tuple[int, str]]:
    """Questions of one frame stand together."""
    row = pair[1]
    return row.task, row.demo, row.frame, type_order(row.question_type)


def _name(demo: DemoMoments) -> str:
    return demo.id


def _demos(chosen: list[Entry]) -> set[str]:
    """Some of the demos of the chosen questions, spread over tasks and splits."""
    found = {entry.demo: (entry.task, entry.split) for entry in chosen}
    names = list(found)
    return {names[index] for index in spread([found[name] for name in names], DEMOS)}


def _choices(shown: tuple[Card, ...]) -> dict[str, list[str]]:
    """The filters, and what can be chosen in each."""
    return {
        "type": sorted({card.row.question_type for card in shown}, key=type_order),
        "split": [split for split in SPLITS if any(card.split == split for card in shown)],
        "letter": [letter for letter in LETTERS if any(card.row.answer == letter for card in shown)],
        "strategy": sorted({strategy for card in shown for strategy in card.strategies}),
        "task": sorted({card.row.task for card in shown}),
    }
