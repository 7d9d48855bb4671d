"""Evaluation of vision-language models on this project's questions, built on Inspect."""

from importlib.util import find_spec

from robot_r1.errors import MissingPackageError

if find_spec("inspect_ai") is None:
    raise MissingPackageError("inspect-ai", "eval")
