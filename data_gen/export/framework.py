"""What an exporter is: the file type it writes, the data sets it takes, and how its framework is called."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from data_gen.export.rows import Example, Training
from robot_r1.question import Split

Target = Literal["easyr1", "ms-swift", "llava-json"]
TARGETS: tuple[Target, ...] = get_args(Target)


@dataclass(frozen=True)
class Framework:
    """One exporter."""

    name: str
    trainings: tuple[Training, ...]
    """How its readers train: data sets for another way are refused."""
    refusal: str
    """Why others are refused, and what to build instead."""
    suffix: str
    write: Callable[[Path, Iterable[Example]], None]
    """Write the examples of one split to a file that does not exist yet."""
    files: Callable[[Training, Sequence[Split]], Mapping[str, str]]
    """What else goes into the folder, by name: reward functions, registrations."""
    command: Callable[[Training, Sequence[Split], str], str]
    """The command line that trains on the folder, given as a word of the shell."""
    notes: str
    """Which columns there are, by whose rules, and what the framework would do unasked. Markdown."""
