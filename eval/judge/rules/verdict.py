"""What the rules judge hands back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """A score on the paper's scale, and why.

    Attributes:
        score: 0 = another meaning or a contradiction, 1 = partly right with significant differences, 2 = mostly right
            with minor differences, 3 = equivalent or more detailed.
        reason: one sentence.
    """

    score: int
    reason: str
