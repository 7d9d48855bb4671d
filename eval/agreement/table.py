"""The agreement of each pair of judges, by reasoning type and overall, as a Markdown table."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from eval import markdown
from eval.agreement.ratings import Ratings
from eval.agreement.statistics import Agreement, Estimate, agreement
from eval.robot_r1_bench.question import REASONING_TYPES
from robot_r1.errors import UserError

_HEAD = ("judges", "questions", "n", "Pearson", "Spearman", "weighted kappa", "same score")


def table(judges: Sequence[Ratings], seed: int = 0) -> str:
    """The table, with a line on what was left out.

    Raises:
        UserError: two judges have no answer in common, or judged different answers to a question.
    """
    judges = _told_apart(judges)
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    for first, second in combinations(judges, 2):
        shared = _shared(first, second)
        rows += _rows(first, second, shared, seed)
        left = len(first.rated.keys() | second.rated.keys()) - len(shared)
        if left:
            notes.append(f"{first.name} and {second.name}: {left} answers that only one of them scored are left out.")
    notes += [
        f"{one.name}: {one.unscored} answers without a score of this judge are left out."
        for one in judges
        if one.unscored
    ]
    return "\n".join(
        [
            markdown.table(_HEAD, rows, numbers_from=2),
            "",
            *notes,
            f"95 % intervals: bootstrap over demos, seed {seed}.",
        ]
    )


def _told_apart(judges: Sequence[Ratings]) -> list[Ratings]:
    """The judges with a number behind names that others before them have, such as a judge's second log."""
    named: list[Ratings] = []
    for judge in judges:
        before = sum(other.name == judge.name for other in judges[: len(named)])
        named.append(replace(judge, name=f"{judge.name} ({before + 1})") if before else judge)
    return named


def _shared(first: Ratings, second: Ratings) -> list[str]:
    shared = [name for name in first.rated if name in second.rated]
    if not shared:
        raise UserError(f"{first.name} and {second.name} have no question in common; give scores of the same answers")
    differ = [name for name in shared if _differ(first.rated[name].answer, second.rated[name].answer)]
    if differ:
        raise UserError(
            f"{first.name} and {second.name} judged different answers to {len(differ)} questions, such as "
            f"{differ[0]}; judge one log twice with python -m eval.robot_r1_bench --rescore LOG"
        )
    return shared


def _differ(first: str | None, second: str | None) -> bool:
    """Whether two texts are not the same but for white space, which spreadsheets change."""
    return first is not None and second is not None and first.split() != second.split()


def _rows(first: Ratings, second: Ratings, shared: Sequence[str], seed: int) -> Iterator[tuple[str, ...]]:
    group_of = {name: first.rated[name].group or second.rated[name].group for name in shared}
    for group in ("", *REASONING_TYPES):
        members = [name for name in shared if not group or group_of[name] == group]
        if members:
            found = agreement(
                [first.rated[name].score for name in members],
                [second.rated[name].score for name in members],
                [first.rated[name].demo or second.rated[name].demo or name for name in members],
                seed,
            )
            yield (markdown.plain(f"{first.name}, {second.name}"), markdown.plain(group or "all"), *_cells(found))


def _cells(found: Agreement) -> tuple[str, ...]:
    exact = "undefined" if found.exact is None else f"{100 * found.exact:.0f} %"
    estimates = (found.pearson, found.spearman, found.kappa)
    return (str(found.n), *(_estimate(estimate) for estimate in estimates), exact)


def _estimate(estimate: Estimate) -> str:
    if estimate.value is None:
        return "undefined"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"
