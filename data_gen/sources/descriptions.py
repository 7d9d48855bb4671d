"""What the robot of a recorded demo is asked to do, however damaged the file that says so."""

from pathlib import Path

from data_gen.sources.safe_pickle import HostilePickleError, load
from robot_r1.demo import MAX_DESCRIPTION
from robot_r1.errors import BadDemoError
from robot_r1.instructions import instructions

MAX_TEXTS = 100
"""RLBench's tasks have up to ten phrasings; the rest of a longer list is left out."""


def read_descriptions(path: Path, task: str, variation: int) -> tuple[tuple[str, ...], bool]:
    """The phrasings in `variation_descriptions.pkl`, and whether this project's own stand in for them.

    They do where the file is missing, damaged, holds only empty texts, or holds an observation: RLBench's generator
    mixed the two up from January 2020 to June 2023.

    Raises:
        HostilePickleError: the file asks for something that no recording needs.
    """
    try:
        stored = load(path)
    except HostilePickleError:
        raise
    except BadDemoError:
        stored = None
    texts = stored[:MAX_TEXTS] if isinstance(stored, list) else []
    usable = tuple(
        text.strip() for text in texts if isinstance(text, str) and len(text) <= MAX_DESCRIPTION and text.strip()
    )
    return (usable, False) if usable else (instructions(task, variation), True)
