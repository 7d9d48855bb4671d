"""A completion as the server sent it, thinking included.

Inspect takes `<think>..</think>` out of a completion of the OpenAI protocol, and some servers do so themselves (vLLM
with a reasoning parser, say). The format of Robot-R1 has the thinking in it: without this a model would be said to
lack it through one server and not through another.
"""

from typing import Any

from inspect_ai.model import ContentReasoning, ModelOutput
from inspect_ai.model._model_call import ModelCall

_KEY = "as_sent"


def keep_as_sent(output: ModelOutput, call: ModelCall | None) -> None:
    """Put the text that was sent into the output's metadata, where Inspect has made another of it."""
    text = _sent(call.response if call is not None else None)
    if text is not None and text != output.completion:
        output.metadata = {**(output.metadata or {}), _KEY: text}


def as_sent(output: ModelOutput) -> str:
    """The completion with its thinking: as it was sent where that is known, else with the thinking before the text."""
    if output.metadata and _KEY in output.metadata:
        return str(output.metadata[_KEY])
    text = output.completion
    if not output.choices or isinstance(output.message.content, str) or "<think>" in text:
        return text
    thinking = [part for part in output.message.content if isinstance(part, ContentReasoning) and not part.redacted]
    return "".join(f"<think>{part.reasoning}</think>\n" for part in thinking) + text


def _sent(response: Any) -> str | None:
    """The text of a reply of the OpenAI protocol, if it has thinking in it."""
    try:
        text = response["choices"][0]["message"]["content"]
    except (TypeError, KeyError, IndexError):  # another protocol
        return None
    return text if isinstance(text, str) and "<think" in text else None
