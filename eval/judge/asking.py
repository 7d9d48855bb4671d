"""One score from a judge: a conversation that goes on until a reply can be read."""

from collections.abc import Sequence
from dataclasses import dataclass

from inspect_ai.model import CachePolicy, ChatMessage, Model, ModelOutput, ModelUsage
from inspect_ai.util import LimitExceededError

from eval.judge.prompt import ask_again
from eval.judge.reply import Judgement, Unreadable, parse_reply
from eval.replies import telling_causes

ATTEMPTS = 4
"""How often a judge is asked for one score."""


class JudgeFailedError(Exception):
    """A judge's server gave no reply, after the retries that Inspect makes."""


@dataclass(frozen=True)
class Round:
    """One repeat: what the judge said until it could be read."""

    last: Judgement | Unreadable
    replies: tuple[str, ...]
    model: str
    """What the judge's server calls it, which may be more exact than the name it was asked by."""
    usage: ModelUsage


async def ask_judge(judge: Model, messages: Sequence[ChatMessage], attempts: int, cache: CachePolicy | bool) -> Round:
    """Ask for a score until one can be read; after each reply that cannot, the judge is told what is wrong with it.

    Args:
        attempts: replies before it is given up.
        cache: whether replies are kept, as `Model.generate` takes it.

    Raises:
        JudgeFailedError: no reply came.
    """
    talk = list(messages)
    replies: list[str] = []
    usage = ModelUsage()
    while True:
        output = await _reply(judge, talk, cache)
        replies.append(output.completion)
        usage += output.usage or ModelUsage()
        last = parse_reply(output.completion)
        if isinstance(last, Judgement) or len(replies) == attempts:
            return Round(last, tuple(replies), output.model, usage)
        talk += [output.message, ask_again(last.problem)]


async def _reply(judge: Model, talk: list[ChatMessage], cache: CachePolicy | bool) -> ModelOutput:
    try:
        with telling_causes():
            return await judge.generate(talk, cache=cache)
    except LimitExceededError:
        raise
    except Exception as error:  # every provider's package raises errors of its own
        raise JudgeFailedError(f"{judge}: {type(error).__name__}: {error}") from error
