"""Which releases of which packages are at work."""

import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

OURS = "robot-r1"


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Version by package, of those that are installed; of this one in a checkout that is not installed too."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            if package == OURS:
                found[package] = _in_checkout()
    return found


def _in_checkout() -> str:
    try:
        project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    except OSError:
        return "unknown"  # the packages alone were copied
    return str(project["project"]["version"])
