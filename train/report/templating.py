"""Templates whose every value is escaped, and the style and script that go into the page as they are."""

from importlib.resources import files
from typing import TYPE_CHECKING

from robot_r1.errors import MissingPackageError
from train.report.text import FILTERS

if TYPE_CHECKING:
    from jinja2 import Environment


def environment() -> "Environment":
    """The templates of this package.

    Raises:
        MissingPackageError: jinja2 is not installed.
    """
    try:
        import jinja2
    except ModuleNotFoundError as error:
        raise MissingPackageError("jinja2", "train") from error
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("train.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= FILTERS
    return made


def asset(name: str) -> str:
    """The text of a file beside the templates."""
    return (files("train.report") / "templates" / name).read_text(encoding="utf-8")
