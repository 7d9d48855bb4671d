"""YAML of unknown origin, read without trusting its size or its shape."""

from pathlib import Path
from typing import Any

import yaml

from robot_r1.errors import BadFileError
from robot_r1.files import read_bounded

LARGEST = 2**21
"""Bytes of a file."""
DEEPEST = 20
"""Levels of lists and mappings in each other."""
LONGEST = 10_000
"""Characters of one value."""
LONGEST_NUMBER = 100
"""Characters of a number."""
_BASE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C, where PyYAML was built with it: 20 times as fast


class _Loader(_BASE):  # type: ignore[misc, valid-type]
    """The safe loader, but for numbers too long to be printed, such as `1:1:1:...`, each place 60 times the next."""

    def short_int(self, node: yaml.ScalarNode) -> Any:
        return self.construct_yaml_int(_short(node))

    def short_float(self, node: yaml.ScalarNode) -> Any:
        return self.construct_yaml_float(_short(node))


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.short_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.short_float)


def read_yaml(path: Path) -> dict[str, Any]:
    """The keys and values of a YAML file in UTF-8 or UTF-16; none where it holds only comments.

    Raises:
        BadFileError: the file is missing, empty or too large, or holds something else, or what `parse_yaml` refuses.
        UserError: the disk fails, or the user may not read the file.
    """
    values = parse_yaml(read_bounded(path, LARGEST))
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise BadFileError("must hold keys and values, such as `seed: 0`")
    return values


def parse_yaml(text: str | bytes) -> Any:
    """The value of a YAML document of plain lists, mappings, texts, numbers, dates and nulls.

    Raises:
        BadFileError: it is no YAML, is nested too deep, has too long a value, or uses aliases or tags.
    """
    try:
        _check(text)
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise BadFileError(f"is not readable YAML: {' '.join(str(error).split())}{_hint(error)}") from error
    except (UnicodeDecodeError, ValueError) as error:  # the latter of numbers and dates that there are not
        raise BadFileError(f"is not readable YAML: {error}") from error


def _hint(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        return "; it has to be text in UTF-8"
    return "; indent by spaces, never by tabs" if "cannot start any token" in str(error) else ""


def _check(text: str | bytes) -> None:
    """Look at the parts one by one, before a loader makes values of them: it recurs, and copies what aliases name."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise BadFileError("uses aliases (*name), which are not read; write their values out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise BadFileError(f"is nested more than {DEEPEST} levels deep")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > LONGEST:
            raise BadFileError(f"holds a value of more than {LONGEST:,} characters")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            raise BadFileError(f"uses a tag ({event.tag[:40]}), which is not read; write plain values")


def _short(node: yaml.ScalarNode) -> yaml.ScalarNode:
    if len(node.value) > LONGEST_NUMBER:
        raise BadFileError(f"holds a number of more than {LONGEST_NUMBER} characters")
    return node
