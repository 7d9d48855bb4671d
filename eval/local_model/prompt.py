"""Inspect's messages as the chat template of Qwen2.5-VL takes them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from inspect_ai.model import ChatMessage, ContentImage, ContentText
from PIL import Image

from eval.local_model.pictures import PixelLimits, read_picture
from robot_r1.control_text import plain
from robot_r1.errors import UserError


@dataclass(frozen=True)
class Prompt:
    """A conversation to be answered."""

    messages: list[dict[str, Any]]
    """By message `role` and `content`, a list of `{"type": "text", "text": ...}` and `{"type": "image"}`."""
    pictures: list[Image.Image]
    """In the order of the image parts."""


def read_prompt(messages: Sequence[ChatMessage], limits: PixelLimits, control: Collection[str]) -> Prompt:
    """The conversation with its pictures, each in its place among the text.

    Args:
        control: the tokenizer's control tokens, of which no message may spell one.

    Raises:
        UserError: a message holds something that is neither text nor a picture.
    """
    rendered: list[dict[str, Any]] = []
    pictures: list[Image.Image] = []
    for message in messages:
        if message.role not in ("system", "user", "assistant"):
            raise UserError(f"a local model takes no {message.role} messages; use system, user and assistant")
        parts: list[dict[str, str]] = []
        content = [ContentText(text=message.content)] if isinstance(message.content, str) else message.content
        for part in content:
            if isinstance(part, ContentText):
                parts.append({"type": "text", "text": plain(part.text, control)})
            elif isinstance(part, ContentImage):
                parts.append({"type": "image"})
                pictures.append(limits.fit(read_picture(part.image)))
            else:
                raise UserError(f"a local model takes text and pictures, no {part.type}")
        rendered.append({"role": message.role, "content": [part for part in parts if part.get("text") != ""]})
    return Prompt(rendered, pictures)
