"""What a run of multiple-choice or open-ended questions shows at its end."""

from collections.abc import Sequence

from eval.scorers.answered import Answered
from eval.scorers.measures import (
    by_group,
    by_task,
    confusion,
    distances,
    letter_shares,
    mean_length,
    mean_tokens,
    mean_value,
    orders,
    refusals,
)
from eval.sheets import Sheet, interval_text
from robot_r1.question import LETTERS


def sheets(name: str, answered: Sequence[Answered]) -> list[Sheet]:
    """The tables of one run.

    Args:
        name: of the model or baseline.
        answered: at least one.
    """
    choices = any(each.right is not None for each in answered)
    found = [_means(name, "accuracy" if choices else "1 - L1", answered)]
    if choices:
        found += [_orders(answered), _confusion(answered)]
    return [sheet for sheet in (*found, _refusals(answered)) if sheet.rows]


def _means(name: str, measure: str, answered: Sequence[Answered]) -> Sheet:
    parts: dict[str, Sequence[Answered]] = {"all": answered}
    for more in (by_group(answered), by_task(answered)):
        parts |= more if len(more) > 1 else {}
    head = ("", "n", f"{measure}\n95 % interval", "no\nanswer", "metres apart\nmean, median", "char-\nacters")
    tokens = mean_tokens(answered) is not None
    rows = [_means_row(part, members, tokens) for part, members in parts.items()]
    return Sheet(name, (*head, "tokens") if tokens else head, tuple(rows))


def _means_row(name: str, answered: Sequence[Answered], tokens: bool) -> tuple[str, ...]:
    apart = distances(answered)
    counted = mean_tokens(answered)
    cells = (
        name,
        f"{len(answered):,}",
        interval_text(mean_value(answered)),
        f"{sum(refusals(answered).values()) / len(answered):.1%}",
        f"{apart.mean:.3f}, {apart.median:.3f}" if apart else "",
        f"{mean_length(answered):.0f}",
    )
    return (*cells, "" if counted is None else f"{counted:.0f}") if tokens else cells


def _orders(answered: Sequence[Answered]) -> Sheet:
    found = orders(answered)
    rows: list[tuple[str, ...]] = []
    if found is not None:
        shares = letter_shares(answered).items()
        rows = [
            ("right in every order", interval_text(found.all_right)),
            ("same option in every order", interval_text(found.consistent)),
            ("letters answered", ", ".join(f"{letter} {share:.0%}" for letter, share in shares) or "none"),
        ]
    return Sheet("options in four orders", ("", "share, 95 % interval"), tuple(rows))


def _confusion(answered: Sequence[Answered]) -> Sheet:
    rows = [
        (f"right is {right}", *(str(count) for count in counts.values()))
        for right, counts in confusion(answered).items()
    ]
    return Sheet("letters answered", ("", *LETTERS, "none"), tuple(rows))


def _refusals(answered: Sequence[Answered]) -> Sheet:
    rows = [(reason, str(count)) for reason, count in refusals(answered).items()]
    return Sheet("completions that could not be read", ("reason", "n"), tuple(rows))
