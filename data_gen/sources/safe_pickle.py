"""Reading pickles of unknown origin."""

import struct
from pathlib import Path

from data_gen.sources.pickle_machine import MalformedError, PickleMachine, RefusedError
from robot_r1.errors import BadDemoError, BadFileError
from robot_r1.files import read_bounded

MAX_BYTES = 2**26
"""Size of the largest file that is read. A demo takes 3.5 kB per frame; a file with five pictures in it 3.5 MB."""


class HostilePickleError(BadDemoError):
    """A pickle asks for something that no recording of RLBench needs, such as to run a function. Nothing was run."""


def load(path: Path) -> object:
    """The object in a pickle file, with `inert` stand-ins for everything that is not plain data.

    Raises:
        HostilePickleError: the pickle names or calls something that no recording needs; nothing was run.
        BadDemoError: the file is missing, empty, too large, truncated or damaged.
        UserError: the disk fails, or the user may not read the file.
    """
    try:
        machine = PickleMachine(read_bounded(path, MAX_BYTES))
    except BadFileError as error:
        raise BadDemoError(path, str(error)) from error
    try:
        return machine.run()
    except RefusedError as error:
        raise HostilePickleError(path, f"hostile or damaged pickle: {error}; nothing was run") from None
    except MalformedError as error:
        raise BadDemoError(path, f"damaged pickle: {error} (at byte {machine.position})") from None
    except (IndexError, KeyError, ValueError, struct.error) as error:  # stack, memo, text and numbers, in this order
        raise BadDemoError(path, f"truncated or damaged pickle (at byte {machine.position})") from error
