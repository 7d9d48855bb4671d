"""Answers of models on disk the moment they arrive, so that a run that is killed never asks again.

Inspect's log keeps questions once they are answered *and* scored. Between the two lies, for a judged benchmark, most
of the time: what models and judges said is therefore kept by Inspect's own cache, in the folder of the run and for
that run alone.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from inspect_ai.model import CachePolicy

FOLDER = ".answers"
_CACHE = "INSPECT_CACHE_DIR"
_keeping: ContextVar[bool] = ContextVar("keeping", default=False)


@contextmanager
def keeping_answers(folder: Path) -> Iterator[None]:
    """Inside, `kept` keeps answers under the folder of a run."""
    before = os.environ.get(_CACHE)
    os.environ[_CACHE] = str(folder.absolute() / FOLDER)
    token = _keeping.set(True)
    try:
        yield
    finally:
        _keeping.reset(token)
        if before is None:
            del os.environ[_CACHE]
        else:
            os.environ[_CACHE] = before


def forget_answers(folder: Path) -> None:
    """Remove what was kept, once the log has it all."""
    shutil.rmtree(folder / FOLDER, ignore_errors=True)


def kept(**scope: object) -> CachePolicy | bool:
    """What to give to `generate(cache=..)`: keep the answer in runs that can be continued, and nowhere else.

    Args:
        scope: what tells apart calls with the same messages that are to be answered separately, such as the id of the
            question and the number of a judge's repeat.
    """
    if not _keeping.get():
        return False
    return CachePolicy(expiry=None, scopes={name: str(value) for name, value in scope.items()})
