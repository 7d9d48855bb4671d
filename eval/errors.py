"""Mistakes of the user inside an Inspect task, which Inspect's own commands print as one line too."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from inspect_ai._util.error import PrerequisiteError

from robot_r1.errors import UserError

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class TaskError(UserError, PrerequisiteError):
    """A `UserError` that `inspect eval` takes for its own `PrerequisiteError`."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = f"[bold]ERROR[/bold]: {message.replace('[', chr(92) + '[')}"


def told_by_inspect(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Raise a task function's `UserError` as `TaskError`."""

    @functools.wraps(function)
    def told(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        try:
            return function(*args, **kwargs)
        except UserError as error:
            raise TaskError(str(error)) from error

    return told
