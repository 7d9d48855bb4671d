"""Replies that are no answer are asked for again.

Inspect and the providers' clients retry rate limits, server errors, lost connections and timeouts. A reply with status
200 that is cut off or lacks its choices ends a question with an error there, and an empty one is taken for the model's
answer; overloaded servers send both.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import anyio
from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelAPI, ModelOutput
from inspect_ai.model._model import RetryDecision
from inspect_ai.tool import ToolChoice, ToolInfo
from tenacity import RetryError

from eval.as_sent import as_sent, keep_as_sent

EMPTY_TRIES = 3
"""How often a model has to say nothing before that is its answer."""
_EMPTY_WAIT = 1.0
_LOCAL = ("robot-r1", "mockllm", "none")
"""Providers whose empty answers are certainly the model's own."""
_MALFORMED = (json.JSONDecodeError, TypeError, AttributeError, KeyError, IndexError)
"""What providers raise when a reply is not what its protocol says."""


_insisting: WeakSet[ModelAPI] = WeakSet()


class UnreadableReplyError(Exception):
    """A server replied with something that is no answer."""


def that_insists(model: Model) -> Model:
    """The model, changed: after a reply that is no answer it asks again, as patiently as after an error.

    Its outputs are read with `eval.as_sent.as_sent`. A model that was changed before stays as it is.
    """
    api = model.api
    if str(model).split("/")[0] in _LOCAL or api in _insisting:
        return model
    _insisting.add(api)
    generate, should_retry = api.generate, api.should_retry

    async def insisting(
        input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> Any:
        for _ in range(EMPTY_TRIES - 1):
            reply = await readable(input, tools, tool_choice, config)
            if not _empty(reply):
                return reply
            await anyio.sleep(_EMPTY_WAIT)
        return await readable(input, tools, tool_choice, config)

    async def readable(*asked: Any) -> Any:
        try:
            reply = await generate(*asked)
        except _MALFORMED as error:
            raise UnreadableReplyError(f"{model} sent an unreadable reply: {error}") from error
        if isinstance(_output(reply), ModelOutput) and not _output(reply).choices:
            raise UnreadableReplyError(f"{model} sent a reply without choices")
        if isinstance(reply, tuple):
            output, call = reply
            if isinstance(output, ModelOutput):
                keep_as_sent(output, call)
        return reply

    def retried(ex: Exception) -> bool | RetryDecision:
        return RetryDecision.transient() if isinstance(ex, UnreadableReplyError) else should_retry(ex)

    api.generate = insisting  # type: ignore[method-assign]
    api.should_retry = retried  # type: ignore[method-assign]
    return model


@contextmanager
def telling_causes() -> Iterator[None]:
    """Inside, retries that ran out raise what the last of them ended with, where Inspect's error names no cause."""
    try:
        yield
    except RetryError as error:
        last = error.last_attempt.exception() or error
    else:
        return
    raise last  # not `from error`, which names it as its own cause: Inspect would follow that circle forever


def _output(reply: Any) -> Any:
    """Providers return the output, or it (or an error) beside the call that made it."""
    return reply[0] if isinstance(reply, tuple) else reply


def _empty(reply: Any) -> bool:
    output = _output(reply)
    return isinstance(output, ModelOutput) and output.stop_reason in ("stop", "unknown") and not as_sent(output)
