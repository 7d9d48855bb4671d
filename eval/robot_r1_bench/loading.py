"""Read a bench: the committed one, one that a user built, or a user's own JSONL of the same form."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from eval.facts import digest
from eval.robot_r1_bench.question import BenchQuestion
from robot_r1.errors import BadFileError, UserError
from robot_r1.files import read_bounded
from robot_r1.pictures import MAX_BYTES, BadPictureError, as_png, decode

COMMITTED = Path(__file__).parent / "v1"
FILE = "bench.jsonl"
MAX_FILE = 2**26
"""Bytes of a JSONL."""


@dataclass(frozen=True)
class Bench:
    """The questions of a bench, checked, in the order of its file."""

    path: Path
    """The JSONL; the pictures are relative to its folder."""
    questions: tuple[BenchQuestion, ...]
    digest: str
    """Follows from the JSONL and the pictures: equal for benches that ask and show the same."""
    sizes: tuple[str, ...]
    """Sizes of the pictures in pixels, as `256x256`, without repeats."""

    def picture(self, question: BenchQuestion) -> Path:
        """The path of a question's picture."""
        return self.path.parent / question.image

    def shown(self, question: BenchQuestion) -> str:
        """What a model is sent: the path, or a `data:` address where programs would show the file differently."""
        path = self.picture(question).absolute()
        stored = path.read_bytes()
        png = as_png(stored)
        return str(path) if png == stored else f"data:image/png;base64,{base64.b64encode(png).decode()}"


def load_bench(path: Path | None = None) -> Bench:
    """Read a bench and check that every line is a question and every picture an image.

    Args:
        path: a JSONL of `BenchQuestion` lines, or a folder that holds it as `bench.jsonl`; None for the committed one.

    Raises:
        UserError: the file is missing or empty, a line is no question, an id is there twice, or a picture is missing
            or no image; it names file and line.
    """
    path = path or COMMITTED
    file = path / FILE if path.is_dir() else path
    try:
        text = read_bounded(file, MAX_FILE).decode("utf-8")
    except BadFileError as error:
        raise UserError(f"bench {file} {error}; give a folder with {FILE}, or a JSONL") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not UTF-8 text; give a JSONL with one question a line") from error
    sizes: dict[str, str] = {}
    questions = tuple(_questions(file, text, sizes))
    if not questions:
        raise UserError(f"{file} has no questions; give a JSONL with one question a line")
    pictures = [hashlib.sha256((file.parent / name).read_bytes()).hexdigest() for name in sorted(sizes)]
    return Bench(file, questions, digest(text, *pictures), tuple(sorted(set(sizes.values()))))


def _questions(file: Path, text: str, sizes: dict[str, str]) -> Iterator[BenchQuestion]:
    """The questions of a file; `sizes` gets the size of each picture by its path."""
    line_of: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):  # JSON strings may hold other line separators
        if not line.strip():
            continue
        where = f"{file}, line {number}"
        question = _question(where, line)
        if question.id in line_of:
            raise UserError(f"{where}: the id {question.id!r} is also in line {line_of[question.id]}; make ids unique")
        line_of[question.id] = number
        if question.image not in sizes:
            sizes[question.image] = _size(where, file.parent / question.image)
        yield question


def _question(where: str, line: str) -> BenchQuestion:
    try:
        return BenchQuestion.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise UserError(f"{where} is not JSON: {error.msg} at character {error.pos + 1}") from error
    except RecursionError:
        raise UserError(f"{where} is no question: it is nested too deep") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the line"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        allowed = ", ".join(BenchQuestion.model_fields)
        raise UserError(f"{where}: {field}: {first['msg']}{more}; a question's fields are {allowed}") from error


def _size(where: str, picture: Path) -> str:
    try:
        image = decode(read_bounded(picture, MAX_BYTES))
    except BadFileError as error:
        raise UserError(f"{where}: the picture {picture} {error}; paths are relative to the JSONL's folder") from error
    except BadPictureError as error:
        raise UserError(f"{where}: {error} ({picture}); give a PNG or JPEG") from error
    return f"{image.width}x{image.height}"
