"""Scores of answers by one judge: from a log of the bench, or from a CSV that people filled in."""

import csv
import math
import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inspect_ai.log import EvalSample
from inspect_ai.scorer import Score

from eval.judge.logs import read_bench_log
from eval.results import readable
from robot_r1.errors import UserError

TOP = 3.0


@dataclass(frozen=True)
class Rated:
    """One answer with its score."""

    score: float
    answer: str | None = None
    """The text that was judged, to see that two judges judged the same; None where the source does not say."""
    group: str | None = None
    """Reasoning type."""
    demo: str | None = None


@dataclass(frozen=True)
class Ratings:
    """The scores of one judge by the id of the question."""

    name: str
    rated: dict[str, Rated]
    unscored: int
    """Answers without a score of this judge: refused for broken tags, unjudged, or an empty cell."""


def read_ratings(path: Path) -> list[Ratings]:
    """The judges in a file: one for each scorer of a log, one for a CSV, whose raters are joined by their median.

    Raises:
        UserError: the file is neither, has no scores, or a line is wrong; it names file and line.
    """
    if not path.is_file():
        raise UserError(f"{path} is no file; give a log (.eval) or a CSV with columns id,score[,rater]")
    found = list(_from_csv(path) if path.suffix.lower() == ".csv" else _from_log(path))
    for ratings in found:
        if not ratings.rated:
            raise UserError(f"{path} has no scores; fill in the column score, or judge the log first")
    return found


def item_id(sample: EvalSample) -> str:
    """What an answer of a log is called in CSV files: the question's id, from the second epoch on with `#EPOCH`."""
    name = readable(str(sample.id)).strip()
    return name if sample.epoch == 1 else f"{name}#{sample.epoch}"


def _from_log(path: Path) -> Iterator[Ratings]:
    samples = read_bench_log(path).samples or []
    names = dict.fromkeys(name for sample in samples for name in sample.scores or {})
    if not names:
        raise UserError(f"{path} has no scores; judge it with python -m eval.robot_r1_bench --rescore {path}")
    for name in names:
        scores = [(sample, sample.scores[name]) for sample in samples if sample.scores and name in sample.scores]
        judged = [(sample, score) for sample, score in scores if _judged(score)]
        judge = next(((score.metadata or {}).get("judge") for _, score in judged), None)
        yield Ratings(
            str(judge or name),
            {item_id(sample): _rated(sample, score) for sample, score in judged},
            len(samples) - len(judged),
        )


def _judged(score: Score) -> bool:
    """Whether a judge saw the answer and gave a score: answers with broken tags are 0 for every judge alike."""
    return score.answer is not None and not math.isnan(score.as_float())


def _rated(sample: EvalSample, score: Score) -> Rated:
    return Rated(
        score.as_float(), readable(score.answer or ""), str(sample.metadata["group"]), str(sample.metadata["demo"])
    )


def _from_csv(path: Path) -> Iterator[Ratings]:
    scores: dict[str, list[float]] = defaultdict(list)
    rows: dict[str, dict[str, str]] = {}
    raters: set[tuple[str, str]] = set()
    empty = set()
    for where, row in _rows(path):
        name, rater = row["id"].strip(), (row.get("rater") or "").strip()
        if (name, rater) in raters:
            raise UserError(f"{where}: a second score for {name!r} by rater {rater!r}; give each rater one")
        raters.add((name, rater))
        rows[name] = row
        if row["score"].strip():
            scores[name].append(_score(where, row["score"]))
        else:
            empty.add(name)
    rated = {
        name: Rated(
            statistics.median(given),
            rows[name].get("answer") or None,
            rows[name].get("reasoning_type") or None,
            rows[name].get("demo") or None,
        )
        for name, given in scores.items()
    }
    yield Ratings(path.stem, rated, len(empty - rated.keys()))


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets write a byte order mark
            reader = csv.DictReader(file, strict=True)
            for column in ("id", "score"):
                if column not in (reader.fieldnames or ()):
                    raise UserError(f"{path} has no column {column}; it needs id,score and may have rater")
            for row in reader:
                where = f"{path}, line {reader.line_num}"
                if row["id"] is None or row["score"] is None or None in row:
                    raise UserError(f"{where}: not as many values as columns")
                if not row["id"].strip():
                    raise UserError(f"{where}: the id is missing")
                yield where, row
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text; save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise UserError(f"{path} is no readable CSV: {error}") from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


def _score(where: str, text: str) -> float:
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    if not 0 <= score <= TOP:
        raise UserError(f"{where}: the score is {text!r}; give a number from 0 to 3, or leave it empty")
    return score
