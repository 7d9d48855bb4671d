"""What an audit says: one finding per check, each with its interval, its threshold and a traffic light."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from robot_r1.question import QuestionType

AUDIT = "audit.json"
LARGEST = 2**28
"""Bytes of that file that are read."""
Light = Literal["green", "amber", "red", "grey"]
"""Within the threshold; beyond it, but perhaps by chance; beyond it; too few questions to tell, or no threshold."""

Section = Literal["truth", "letters", "labels", "blind rules", "blind probe", "duplicates", "movements", "splits"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Finding(_Record):
    """One line of the audit."""

    section: Section
    check: str = Field(description="what was looked at, such as `nearest to the current state`")
    question_type: QuestionType | None = Field(None, description="None where all types count together")
    value: float = Field(description="a share, a count or a p-value, as `unit` says")
    unit: Literal["share", "count", "p"]
    low: float | None = Field(None, description="lower end of the 95 % interval")
    high: float | None = Field(None, description="upper end of the 95 % interval")
    n: int = Field(description="questions (or demos, frames) looked at")
    allowed: str = Field("", description="the threshold in words, such as `0.20 to 0.30`; empty where there is none")
    light: Light
    note: str = Field("", description="an example, a count or a reason, in a few words")


class Tally(_Record):
    """How often each label, letter or strategy occurs."""

    name: Literal["letter", "movement label", "strategy"]
    question_type: QuestionType | None
    counts: dict[str, int]


class Audit(_Record):
    """The audit of a data set: the content of `audit.json`."""

    format: int = 1
    questions: int
    demos: int
    light: Light = Field(description="the worst of the findings' lights, grey set aside")
    findings: tuple[Finding, ...]
    tallies: tuple[Tally, ...]
