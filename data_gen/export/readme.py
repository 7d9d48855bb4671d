"""The README of an export."""

from collections.abc import Mapping

from data_gen.export.frames import IMAGES
from data_gen.export.framework import Framework
from data_gen.export.rows import training_of
from data_gen.formats import Format
from robot_r1.question import Split

_REWARDS = """
## Rewards

Install the package robot_r1 where the trainer runs, without its dependencies, which may disagree with the trainer's
(the rewards need Python 3.11, numpy and pydantic alone):

```
pip install --no-deps FOLDER-OF-ROBOT-R1
```

Format: the completion is one `<think>` block and one `<answer>` block. {answer}
"""
_ANSWER = {
    "mcqa": "Answer: 1 for the right letter in that format, otherwise 0.",
    "open-ended": "Answer: 1 - L1 distance in metres to the right point, at least 0.",
}


def readme(framework: Framework, data_format: Format, rows: Mapping[Split, int], pictures: int) -> str:
    """What is in the folder, the command line, the columns, and for RL the rewards.

    Args:
        rows: number of rows by split.
        pictures: number of PNG files.
    """
    training = training_of(data_format)
    table = "\n".join(f"| `{split}{framework.suffix}` | {count} rows |" for split, count in rows.items())
    command = framework.command(training, tuple(rows), '"$DATA"')
    return f"""\
# Robot-R1 questions for {framework.name}

A data set of format `{data_format}`, for {training}.

| file | holds |
|---|---|
{table}
| `{IMAGES}/` | {pictures} PNG files, one per frame |

## Use

```
DATA=/path/to/this/folder
{command}
```

{framework.notes}{_REWARDS.format(answer=_ANSWER[data_format]) if data_format in _ANSWER else ""}"""
