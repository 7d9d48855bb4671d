"""Requests that arrive one by one, answered in batches by one worker thread."""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from eval.local_model.prompt import Prompt

_GATHER_SECONDS = 0.05


@dataclass(frozen=True)
class Decoding:
    """How an answer's tokens are chosen. Only requests that agree in it share a batch."""

    max_tokens: int
    temperature: float
    """0 takes the most probable token each time."""
    top_p: float
    top_k: int
    """0 is all tokens."""
    stop: tuple[str, ...]


@dataclass(frozen=True)
class Completion:
    """An answer, and what it cost in tokens."""

    text: str
    ended: bool
    """Whether the model ended it by itself or with a stop string, and not at the limit."""
    input_tokens: int
    image_tokens: int
    output_tokens: int


@dataclass(eq=False)
class Request:
    """One prompt, and the future of its answer."""

    prompt: Prompt
    decoding: Decoding
    seed: tuple[int, ...]
    """Where its random numbers come from."""
    future: Future[Completion] = field(default_factory=Future)
    abandoned: bool = False
    """Nobody waits any more."""


Answer = Callable[[Sequence[Request]], list[Completion]]


class Batches:
    """A queue before a model.

    While a batch is answered the next one gathers; a batch starts when it is full, or as soon as no request has come
    for a moment. Waiting longer would only help callers slower than the model.
    """

    def __init__(self, answer: Answer, size: int) -> None:
        self._answer, self._size = answer, size
        self._queue: queue.Queue[Request | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="robot-r1 batches", daemon=True)
        self._thread.start()

    def put(self, request: Request) -> None:
        """Have a request answered; the result or the error arrives in its future."""
        self._queue.put(request)

    def close(self) -> None:
        """Let the thread end after what it has begun."""
        self._queue.put(None)

    def _work(self) -> None:
        waiting: list[Request] = []
        while True:
            closed = self._gather(waiting)
            waiting = [request for request in waiting if not request.abandoned]
            if waiting:
                batch = [item for item in waiting if item.decoding == waiting[0].decoding][: self._size]
                waiting = [item for item in waiting if item not in batch]
                self._run(batch)
            elif closed:
                return

    def _gather(self, waiting: list[Request]) -> bool:
        """Add to `waiting` what comes; True if the queue was closed."""
        while len(waiting) < self._size:
            try:
                item = self._queue.get(timeout=_GATHER_SECONDS if waiting else None)
            except queue.Empty:
                return False
            if item is None:
                self._queue.put(None)  # for the next call, which may be the one without requests left
                return True
            waiting.append(item)
        return False

    def _run(self, batch: Sequence[Request]) -> None:
        batch = [request for request in batch if request.future.set_running_or_notify_cancel()]
        if not batch:
            return
        try:
            outcomes: Sequence[Any] = self._answer(batch)
        except Exception as error:  # whatever it is belongs to those who wait, and must not end the thread
            for request in batch:
                request.future.set_exception(error)
            return
        for request, completion in zip(batch, outcomes, strict=True):
            request.future.set_result(completion)
