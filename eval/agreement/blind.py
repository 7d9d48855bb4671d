"""A CSV for people who score answers without knowing whose they are or what a judge said."""

import csv
import io

from inspect_ai.log import EvalSample

from eval.agreement.ratings import item_id
from eval.judge.reading import Reading, read_completion
from eval.results import readable
from robot_r1.seeding import generator

COLUMNS = ("id", "reasoning_type", "demo", "image", "question", "reference", "answer", "score", "rater")


def blind_csv(samples: list[EvalSample], seed: int = 0) -> str:
    """The answers of a log in random order, with empty columns for score and rater.

    Answers that no judge sees, as their tags are broken, are left out.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for index in generator(seed, "blind csv").permutation(len(samples)):
        sample = samples[index]
        reading = read_completion(sample.output.completion)
        if isinstance(reading, Reading):
            metadata, question = sample.metadata, sample.metadata["bench_question"]
            about = (item_id(sample), metadata["group"], metadata["demo"], metadata["image"])
            texts = (question["question"], question["reference"], reading.answer)
            writer.writerow([*(_cell(str(text)) for text in (*about, *texts)), "", ""])
    return buffer.getvalue()


def _cell(text: str) -> str:
    """Text that any file can hold and no spreadsheet takes for a formula, such as `- move down`."""
    shown = readable(text)
    return f" {shown}" if shown.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else shown
