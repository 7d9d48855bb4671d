"""A command's configuration from its YAML file and flags."""

import difflib
import reprlib
from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, CliApp, SettingsError

from robot_r1.cli import config_and_flags
from robot_r1.errors import UserError

_TOLD = 5
"""Mistakes of a configuration that are told at once."""

Config = TypeVar("Config", bound=BaseSettings)


def read_config(config_class: type[Config], program: str, arguments: Sequence[str]) -> Config:
    """The configuration from `--config FILE` and the flags, which win.

    Raises:
        UserError: the file cannot be read, or a key or value is not allowed.
    """
    file, values, flags = config_and_flags(arguments, "configs/data/default.yaml")
    if {"-h", "--help"} & set(flags):
        print(f"usage: {program} [--config FILE.yaml] [FLAGS]\n\nflags win over the file:")
    try:
        return CliApp.run(config_class, cli_args=flags, **values)
    except SettingsError as error:
        raise UserError(f"{error}; see {program} --help") from error
    except ValidationError as error:
        where = f"{file} and flags" if file else "flags"
        raise UserError(f"{where}: {_explained(config_class, error.errors())}") from error


def _explained(config_class: type[BaseModel], errors: Sequence[ErrorDetails]) -> str:
    told = [_explain(config_class, error) for error in errors[:_TOLD]]
    return "; ".join(told) + (f"; and {len(errors) - _TOLD} more" if len(errors) > _TOLD else "")


def _explain(config_class: type[BaseModel], error: ErrorDetails) -> str:
    location = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        allowed = _keys_beside(config_class, error["loc"])
        close = difflib.get_close_matches(str(error["loc"][-1]), allowed, n=1)
        hint = f"did you mean {close[0]}?" if close else f"allowed are {', '.join(allowed)}"
        return f"unknown key {location}; {hint}"
    message = error["msg"].removeprefix("Value error, ")
    return message if not location else f"{location} is {reprlib.repr(error['input'])}: {message}"


def _keys_beside(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    for part in location[:-1]:
        annotation = model.model_fields[str(part)].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)
