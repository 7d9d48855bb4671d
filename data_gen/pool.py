"""Work spread over processes: results as they come, a progress bar, and a clean end on Ctrl-C or a dead worker."""

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from importlib.abc import MetaPathFinder
from typing import Any, TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Task as ProgressTask
from rich.text import Text

from robot_r1.cli import console
from robot_r1.errors import UserError

Work = TypeVar("Work")
Result = TypeVar("Result")

_LONGEST_TEMPORARY = 60
"""Bytes of the folder for temporary files; the fork server's socket lies in it, and its whole path may have 103."""


class _RateColumn(ProgressColumn):
    def render(self, task: ProgressTask) -> Text:
        return Text(f"{task.completed / task.elapsed:.1f}/s" if task.completed and task.elapsed else "-/s")


def progress_bar() -> Progress:
    """A bar with count, rate and time left, on standard error."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeRemainingColumn(),
        console=console,
    )


class Workers(AbstractContextManager["Workers"]):
    """Processes that start with their first work and stay until the block ends; with one, all runs in this process."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool: ProcessPoolExecutor | None = None

    def __exit__(self, *error: Any) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def run_all(self, function: Callable[[Work], Result], work: Sequence[Work], title: str) -> Iterator[Result]:
        """Apply a function to every piece of work and yield the results in order of completion.

        An exception of the function ends the run: pieces not yet begun are dropped, pieces under way are waited for.

        Raises:
            UserError: a worker process died.
        """
        with progress_bar() as progress:
            bar = progress.add_task(title, total=len(work))
            if self._count == 1 or (len(work) < 2 and self._pool is None):
                for piece in work:
                    yield function(piece)
                    progress.advance(bar)
                return
            futures: set[Future[Result]] = set()
            try:
                futures = {self._started().submit(function, piece) for piece in work}
                for future in as_completed(futures):
                    futures.discard(future)
                    yield future.result()
                    progress.advance(bar)
            except BrokenProcessPool as error:
                raise UserError(
                    "a worker process died, perhaps for lack of memory; what was finished is kept: "
                    "run again with --resume and fewer --workers"
                ) from error
            finally:
                for future in futures:
                    future.cancel()

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # never plain fork: children would inherit the locks of threads that pyarrow and GL have started
            short = len(os.fsencode(tempfile.gettempdir())) <= _LONGEST_TEMPORARY
            method = "forkserver" if short and "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
            context = multiprocessing.get_context(method)
            try:
                self._pool = ProcessPoolExecutor(self._count, mp_context=context, initializer=_start_worker)
            except OSError as error:  # semaphores lie in /dev/shm
                raise UserError(f"no workers can be started: {error.strerror} (/dev/shm); give --workers 1") from error
        return self._pool


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    sys.meta_path.insert(0, _WithoutPandas())
    threading.Thread(target=_exit_with_parent, daemon=True).start()


class _WithoutPandas(MetaPathFinder):
    """Hides pandas: pyarrow would import it, 50 MB in each worker, only to ask whether a list is a pandas series."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name=fullname)


def _exit_with_parent() -> None:
    """A killed parent would leave its workers waiting for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
