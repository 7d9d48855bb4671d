"""Text that tokenizers take for control tokens: the ends of turns, roles, places of pictures.

Descriptions, questions, options and answers come from anywhere. One that spells `<|im_end|>` or `<|image_pad|>` would
end the prompt's turn or call for a second picture. In prompts such spellings are broken by a space, alike in data,
training, evaluation and judging; templates and completions to learn from, which must stay as they are, are refused; so
are completions of a model, whose reward must not depend on what a decoder passes over.
"""

import re
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

IMAGE_MARK = "<image>"
"""Stands in a prompt where the picture goes."""
SPELLED = "the text spells a control token of models, such as <|im_end|>; take it out"

_NAMES = "s|bos|eos|pad|unk|mask|image|img|video|audio|IMG_CONTEXT|image_soft_token|im_(?:start|end|patch)"
_CONTROL = re.compile(
    r"<[|\uff5c][^<>\s]*>"  # Qwen, Llama 3, Phi, GLM; with full-width bars DeepSeek
    r"|<[^<>\s]*[|\uff5c]>"
    rf"|</?(?:{_NAMES}|(?:start|end)_of_[a-z]+)>"  # Llama 2, Gemma, LLaVA, InternVL
    r"|\[/?(?:INST|IMG|IMG_BREAK|IMG_END|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]"  # Mistral
    r"|<</?SYS>>"
)


def spells_control(text: str) -> bool:
    """Whether a text spells a control token of a known family of models, or `<image>`; takes linear time."""
    return _CONTROL.search(text) is not None


def plain(text: str, tokens: Collection[str] = ()) -> str:
    """The text with a space after the first character of whatever would be read as a control token.

    Args:
        tokens: those of the tokenizer at hand, where it is known; those of known families are always broken.
    """
    broken = _CONTROL.sub(_break, text)
    return _any_of(frozenset(tokens)).sub(_break, broken) if tokens else broken


def plain_line(text: str) -> str:
    """The text on one line, so that it cannot forge a section of a prompt, and `plain`."""
    return plain(" ".join(text.split()))


def plain_prompt(text: str) -> str:
    """A prompt whose `<image>` marks stay and whose text is `plain`."""
    return IMAGE_MARK.join(plain(part) for part in text.split(IMAGE_MARK))


def control_tokens(tokenizer: Any) -> dict[str, int]:
    """Ids of a tokenizer's own control tokens by their text: its special ones, and those spelled as such."""
    added = {str(token): (number, token.special) for number, token in tokenizer.added_tokens_decoder.items()}
    return {text: number for text, (number, special) in added.items() if special or _CONTROL.fullmatch(text)}


def written(tokenizer: Any, ids: Iterable[int], ends: Collection[int]) -> str:
    """What a model wrote, up to the first token that ends its turn; control tokens within it stay visible.

    A decoder that passes over them would show a completion in the right format that never was.
    """
    kept = []
    for number in ids:
        if number in ends:
            break
        kept.append(number)
    return str(tokenizer.decode(kept, skip_special_tokens=False))


def _break(match: re.Match[str]) -> str:
    return f"{match[0][0]} {match[0][1:]}"


@cache
def _any_of(tokens: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(token) for token in sorted(tokens, key=len, reverse=True)))
