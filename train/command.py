"""What all commands of this package share: ending a user's mistake in one line with exit code 2."""

import sys
from collections.abc import Callable, Sequence

from robot_r1.errors import UserError


def run_command(main: Callable[[Sequence[str]], None]) -> int:
    """Run a command on `sys.argv` and return its exit code.

    0: done. 2: something the user can mend, said in one line. 130: interrupted.
    """
    try:
        main(sys.argv[1:])
    except UserError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0
