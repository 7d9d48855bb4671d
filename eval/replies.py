"""Replies that are no answer are asked for again.

Inspect and the providers' clients retry rate limits, server errors, lost connections and timeouts. A reply with status
200 that is cut off or lacks its choices ends a question with an error there, and an empty one is taken for the model's
answer; overloaded servers send both. Some servers send the text as a list of parts, which Inspect cannot read, and
nothing bounds what a server sends.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import anyio
from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelAPI, ModelOutput
from inspect_ai.model._model import RetryDecision
from inspect_ai.model._providers.openai_compatible import OpenAICompatibleAPI
from inspect_ai.tool import ToolChoice, ToolInfo
from openai import APIConnectionError
from tenacity import RetryError

from eval.as_sent import as_sent, keep_as_sent

EMPTY_TRIES = 3
"""How often a model has to say nothing before that is its answer."""
UNREADABLE_TRIES = 5
"""How often a server has to send what is no answer before the question is left without one."""
MAX_REPLY = 2**24
"""Bytes of a reply; a completion of 2,048 tokens takes some ten thousand."""
MAX_SECONDS = 1800.0
"""From a reply's header to its end: some servers send blanks while the model thinks."""
_WAIT = 1.0
"""Seconds; before an unreadable reply is asked for again, they double each time."""
_LOCAL = ("robot-r1", "mockllm", "none")
"""Providers whose empty answers are certainly the model's own."""
_MALFORMED = (json.JSONDecodeError, TypeError, AttributeError, KeyError, IndexError)
"""What providers raise when a reply is not what its protocol says."""


_insisting: WeakSet[ModelAPI] = WeakSet()


class UnreadableReplyError(Exception):
    """A server replied with something that is no answer."""


def that_insists(model: Model) -> Model:
    """The model, changed: after a reply that is no answer it asks again, up to `UNREADABLE_TRIES` times.

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
            await anyio.sleep(_WAIT)
        return await readable(input, tools, tool_choice, config)

    async def readable(*asked: Any) -> Any:
        for again in range(UNREADABLE_TRIES - 1):
            try:
                return await once(*asked)
            except UnreadableReplyError:
                await anyio.sleep(_WAIT * 2**again)
        return await once(*asked)

    async def once(*asked: Any) -> Any:
        try:
            reply = await generate(*asked)
        except APIConnectionError as error:
            if isinstance(error.__cause__, UnreadableReplyError):
                raise error.__cause__ from error
            raise
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
        return False if isinstance(ex, UnreadableReplyError) else should_retry(ex)

    if isinstance(api, OpenAICompatibleAPI):
        _mend_protocol(api)
    api.generate = insisting  # type: ignore[method-assign]
    api.should_retry = retried  # type: ignore[method-assign]
    return model


def _mend_protocol(api: OpenAICompatibleAPI) -> None:
    """Read texts that are sent in parts, and no more of a reply than any answer takes."""
    complete = api._generate_completion

    async def in_one_piece(request: dict[str, Any], config: GenerateConfig) -> Any:
        completion = await complete(request, config)
        for choice in completion.choices:
            parts: object = choice.message.content
            if isinstance(parts, list):
                choice.message.content = "".join(part["text"] for part in parts if part["type"] == "text")
        return completion

    async def bounded(response: Any) -> None:
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            return  # asked for as a stream, and read as one
        body = bytearray()
        try:
            with anyio.fail_after(MAX_SECONDS):
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_REPLY:
                        raise UnreadableReplyError(f"a reply of more than {MAX_REPLY // 2**20} MiB")
        except TimeoutError as error:
            raise UnreadableReplyError(f"a reply that did not end within {MAX_SECONDS:g} s") from error
        response._content = bytes(body)  # as `aread` would leave it

    api._generate_completion = in_one_piece  # type: ignore[method-assign]
    api.http_client.event_hooks["response"].append(bounded)


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
