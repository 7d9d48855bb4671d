"""How far a run is: a bar on a terminal, now and then a line in a file."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from inspect_ai.hooks import Hooks, SampleEnd, TaskStart, hooks
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from robot_r1.cli import console

_EVERY = 15.0
"""Seconds between the lines in a file."""


class _Meter:
    """Counts answered questions of one run."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.total = 0
        self.done = 0
        self.failed = 0
        self.started = self.printed = time.monotonic()
        self.bar: Progress | None = None
        self.row: TaskID | None = None

    def start(self, total: int) -> None:
        self.total = total
        self.started = self.printed = time.monotonic()
        if console.is_terminal:
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            self.bar = Progress(*columns, TextColumn("{task.fields[rate]}"), console=console, transient=True)
            self.row = self.bar.add_task(self.name, total=total, rate="")
            self.bar.start()

    def count(self, failed: bool) -> None:
        self.done += 1
        self.failed += failed
        if self.bar is not None and self.row is not None:
            self.bar.update(self.row, completed=self.done, rate=self._rate())
        elif time.monotonic() - self.printed >= _EVERY:
            self.printed = time.monotonic()
            console.print(self._line(), markup=False)

    def stop(self) -> None:
        if self.bar is not None:
            self.bar.stop()

    def _speed(self) -> float:
        return self.done / max(time.monotonic() - self.started, 1e-9)

    def _rate(self) -> str:
        failures = f", {self.failed} failed" if self.failed else ""
        return f"{self._speed():.3g} questions/s{failures}"

    def _line(self) -> str:
        left = max(self.total - self.done, 0) / max(self._speed(), 1e-9)
        return f"{self.name}: {self.done} of {self.total}, {self._rate()}, about {_duration(left)} left"


_meter: ContextVar[_Meter | None] = ContextVar("meter", default=None)


@contextmanager
def showing_progress(name: str) -> Iterator[None]:
    """Inside, the run that Inspect starts is shown under this name on standard error."""
    meter = _Meter(name)
    token = _meter.set(meter)
    try:
        yield
    finally:
        meter.stop()
        _meter.reset(token)


@hooks(name="robot_r1_progress", description="Counts answered questions for the commands of Robot-R1.")
class _Count(Hooks):
    def enabled(self) -> bool:
        return _meter.get() is not None

    async def on_task_start(self, data: TaskStart) -> None:
        meter = _meter.get()
        if meter is not None:
            selected = data.spec.dataset.sample_ids
            meter.start(len(selected or ()) * (data.spec.config.epochs or 1))

    async def on_sample_end(self, data: SampleEnd) -> None:
        meter = _meter.get()
        if meter is not None:
            meter.count(failed=data.sample.error is not None)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
