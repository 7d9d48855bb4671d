import csv
from pathlib import Path

import pytest
from inspect_ai.log import read_eval_log, write_eval_log

from eval.agreement.__main__ import main
from eval.agreement.ratings import Rated, Ratings, read_ratings
from eval.agreement.table import table
from robot_r1.errors import UserError
from tests.support.bench import bench_questions
from tests.support.eval_logs import Said, write_log
from tests.support.tables import narrow

HEAD = "id,score,rater\n"


def _csv(folder: Path, text: str, name: str = "scores.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_the_median_of_raters_counts(tmp_path: Path) -> None:
    path = _csv(tmp_path, HEAD + "a,3,ann\na,2,bob\na,0,cid\nb,1,ann\nb,2,bob\nc,,ann\nd,,ann\nd,3,bob\n")
    (ratings,) = read_ratings(path)
    assert {name: rated.score for name, rated in ratings.rated.items()} == {"a": 2, "b": 1.5, "d": 3}
    assert (ratings.name, ratings.unscored) == ("scores", 1)


def test_a_file_that_a_spreadsheet_wrote(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_bytes(b'\xef\xbb\xbfid,score,answer\r\n"a",3,"Move, then\r\ngrasp"\r\n')
    assert read_ratings(path)[0].rated == {"a": Rated(3, "Move, then\r\ngrasp")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,points\na,3\n", "has no column score"),
        ("", "has no column id"),
        (HEAD + "a,4,ann\n", "line 2: the score is '4'"),
        (HEAD + "a,3,ann\nb,good,ann\n", "line 3: the score is 'good'"),
        (HEAD + "a,nan,ann\n", "line 2: the score is 'nan'"),
        (HEAD + "a,3,ann\na,2,ann\n", "line 3: a second score for 'a' by rater 'ann'"),
        (HEAD + ",3,ann\n", "line 2: the id is missing"),
        (HEAD + "a,3,ann,more\n", "line 2: not as many values as columns"),
        (HEAD + "a\n", "line 2: not as many values as columns"),
        (HEAD + "a,,ann\n", "has no scores"),
        (HEAD, "has no scores"),
        (HEAD + '"a,3\n', "no readable CSV"),
    ],
)
def test_mistakes_in_a_csv(tmp_path: Path, text: str, said: str) -> None:
    path = _csv(tmp_path, text)
    with pytest.raises(UserError) as caught:
        read_ratings(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_what_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no file"):
        read_ratings(tmp_path)
    (tmp_path / "a.eval").write_text("no log")
    with pytest.raises(UserError, match="no readable Inspect log"):
        read_ratings(tmp_path / "a.eval")
    with pytest.raises(UserError, match="not UTF-8"):
        (tmp_path / "a.csv").write_bytes(b"id,score\n\xff,3\n")
        read_ratings(tmp_path / "a.csv")
    with pytest.raises(UserError, match="agreement is between judges"):
        main([str(_csv(tmp_path, HEAD + "a,3,ann\n"))])


def test_two_files_of_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = _csv(tmp_path, "id,score\na,0\nb,1\nc,2\nd,3\nx,3\n", "ann.csv")
    second = _csv(tmp_path, "id,score\na,0\nb,1\nc,3\nd,2\n", "bob.csv")
    main([str(first), str(second)])
    printed = narrow(capsys.readouterr().out)
    assert "| ann, bob | all | 4 | 0.80 [" in printed
    assert "| 50 % |" in printed
    assert "1 answers that only one of them scored are left out" in printed


def _ratings(name: str, scores: dict[str, float], answer: str | None = None, group: str | None = None) -> Ratings:
    return Ratings(name, {item: Rated(score, answer, group) for item, score in scores.items()}, 0)


def test_different_answers_are_not_compared() -> None:
    scores = {"a": 1.0, "b": 2.0, "c": 3.0}
    with pytest.raises(UserError, match="judged different answers to 3 questions, such as a"):
        table([_ratings("x", scores, "left"), _ratings("y", scores, "right")])
    with pytest.raises(UserError, match="no question in common"):
        table([_ratings("x", scores), _ratings("y", {"d": 1.0})])
    assert "| x, y   |" in table([_ratings("x", scores, "move  left"), _ratings("y", scores, "move\nleft")])


def test_what_judges_are_called_does_not_break_the_table() -> None:
    line = table([_ratings("a|b", {"q": 1.0}), _ratings("c", {"q": 1.0})]).splitlines()[2]
    assert line.startswith("| a\\|b, c | all ")


def test_groups_and_names() -> None:
    scores = {"a": 1.0, "b": 2.0, "c": 3.0}
    judges = [_ratings("x", scores, group="spatial"), _ratings("x", scores), _ratings("x", {"a": 1.0})]
    printed = narrow(table(judges))
    assert "| x, x (2) | spatial | 3 | 1.00 | 1.00 | 1.00 | 100 % |" in printed
    assert "| x, x (3) | all | 1 | undefined | undefined | undefined | 100 % |" in printed


def test_a_template_holds_no_formula_and_no_half_character(tmp_path: Path) -> None:
    """Ids, names and texts are those of the log's writer, and a spreadsheet runs what looks like a formula."""
    path = tmp_path / "bench.eval"
    starts = ("=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", "\r=1", "\ud800")
    log = read_eval_log(str(write_log(path, [Said(f"{i}", 1.0) for i in range(len(starts))], "robot_r1_bench")))
    for sample, start in zip(log.samples or [], starts, strict=True):
        question = {
            **bench_questions()[0].model_dump(mode="json"),
            "question": start,
            "reference": start,
            "image": start,
        }
        sample.id = start if start.isascii() else "half"  # an archive names its members so
        about = {"demo": start, "image": start, "group": "movement", "in_training": True}
        sample.metadata |= {**about, "bench_question": question}
        sample.output.completion = f"<think>x</think><answer>{start}</answer>"
    write_eval_log(log, str(path))
    main(["--csv-template", str(path), "--out", str(tmp_path / "out.csv")])
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert len(rows) == len(starts)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    filled = [[row[0], "2"] for row in rows]
    with (tmp_path / "scores.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "score"], *filled])
    (people,), (judge,) = read_ratings(tmp_path / "scores.csv"), read_ratings(path)
    assert people.rated.keys() == judge.rated.keys()
