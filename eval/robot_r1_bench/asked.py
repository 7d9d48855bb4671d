"""A question with its answer, before it is known which line of the bench it becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.robot_r1_bench.question import Choice, Names, Truth
from eval.robot_r1_bench.wording import listed


@dataclass(frozen=True)
class Asked:
    """What is asked of one picture."""

    question: str
    reference: str
    truth: Truth


def way(ways: Sequence[str], wording: int) -> str:
    """One of several ways to ask, in turn."""
    return ways[wording % len(ways)]


def offered(names: Mapping[str, Names], last: str = "or") -> str:
    """What is to be chosen from, in the order of the alphabet, which says nothing of the answer."""
    return listed(sorted(f"the {these[0]}" for these in names.values()), last)


def choice_of(question: str, answer: str, right: str, names: Mapping[str, Names]) -> Asked:
    """A question that is answered by a name.

    Args:
        answer: a sentence with `{}` in the place of the name.
        right: the key in `names` of what is to be named.
    """
    wrong = tuple(these for body, these in names.items() if body != right)
    return Asked(question, answer.format(names[right][0]), Choice(right=names[right], wrong=wrong))
