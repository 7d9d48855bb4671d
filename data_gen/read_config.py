"""A command's configuration from its YAML file and flags."""

import argparse
import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, CliApp, SettingsError

from robot_r1.errors import UserError

Config = TypeVar("Config", bound=BaseSettings)


def read_config(config_class: type[Config], program: str, arguments: Sequence[str]) -> Config:
    """The configuration from `--config FILE` and the flags, which win.

    Raises:
        UserError: the file cannot be read, or a key or value is not allowed.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config", type=Path)
    try:
        known, flags = parser.parse_known_args(arguments)
    except SystemExit:
        raise UserError("--config needs a file; give --config configs/data/default.yaml") from None
    values = _read_yaml(known.config) if known.config else {}
    if {"-h", "--help"} & set(flags):
        print(f"usage: {program} [--config FILE.yaml] [FLAGS]\n\nflags win over the file:")
    try:
        return CliApp.run(config_class, cli_args=flags, **values)
    except SettingsError as error:
        raise UserError(f"{error}; see {program} --help") from error
    except ValidationError as error:
        where = f"{known.config} and flags" if known.config else "flags"
        raise UserError(f"{where}: " + "; ".join(_explain(config_class, e) for e in error.errors())) from error


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read configuration {path}: {error.strerror}; see configs/data/") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not readable YAML: {' '.join(str(error).split())}") from error
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise UserError(f"{path} must hold keys and values, such as `seed: 0`; see configs/data/default.yaml")
    return values


def _explain(config_class: type[BaseModel], error: ErrorDetails) -> str:
    location = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        allowed = _keys_beside(config_class, error["loc"])
        close = difflib.get_close_matches(str(error["loc"][-1]), allowed, n=1)
        hint = f"did you mean {close[0]}?" if close else f"allowed are {', '.join(allowed)}"
        return f"unknown key {location}; {hint}"
    message = error["msg"].removeprefix("Value error, ")
    return message if not location else f"{location} is {error['input']!r}: {message}"


def _keys_beside(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    for part in location[:-1]:
        annotation = model.model_fields[str(part)].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)
