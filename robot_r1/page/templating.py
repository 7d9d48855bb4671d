"""Pages as one file that asks for nothing else: templates whose every value is escaped, style and script inside."""

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from robot_r1.errors import UserError
from robot_r1.files import write_text
from robot_r1.page.text import FILTERS

SHARED = "robot_r1.page"


def render_page(package: str, values: Mapping[str, object]) -> str:
    """The page of a package as HTML text.

    Args:
        package: has `templates/page.html.j2`, which extends `base.html.j2` of this package, with `page.css` and
            `page.js` beside it. The page's policy lets no other script run.
        values: what the template needs; none of it is markup.
    """
    script = _asset(package, "page.js")
    page = _environment(package).get_template("page.html.j2")
    return page.render(
        values,
        style=_asset(SHARED, "common.css") + _asset(package, "page.css"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
    )


def write_page(path: Path, page: str) -> int:
    """Write the page so that it appears complete or not at all, and return its size in bytes.

    Raises:
        UserError: `path` cannot be written.
    """
    try:
        write_text(path, page)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; give --out a file you may write") from error
    return path.stat().st_size


def _environment(package: str) -> Environment:
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(SHARED)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= FILTERS
    return made


def _asset(package: str, name: str) -> str:
    return (files(package) / "templates" / name).read_text(encoding="utf-8")
