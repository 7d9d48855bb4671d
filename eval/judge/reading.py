"""What of a completion is judged: the text inside its answer tags, or all of it where it has none."""

from dataclasses import dataclass

from robot_r1.answer import Blocks, Refusal, parse_blocks
from robot_r1.control_text import plain


@dataclass(frozen=True)
class Reading:
    """The text that a judge gets to see."""

    answer: str
    untagged: bool
    """Whether the completion has no answer tags, so that all of it, but for a block of reasoning, is the answer."""


def read_completion(text: str) -> Reading | Refusal:
    """The answer in a completion, by the tags that `robot_r1.answer` knows.

    One `<answer> .. </answer>` is enough: open answers, unlike multiple choice, are not refused for missing reasoning
    or for text outside the tags. Broken, repeated, nested or empty tags are refused, as nobody can say which part was
    meant. Many servers take the reasoning out of the completion, so that one with and one without it read alike. Some
    leave control tokens around the answer, which are broken.
    """
    text = plain(text)
    blocks = parse_blocks(text)
    if isinstance(blocks, Blocks):
        return Reading(blocks.content, untagged=False)
    match blocks.reason:
        case "no_answer":
            untagged, answer = True, text.partition("</think>")[2]
        case "no_think" if "<answer>" not in text:
            untagged, answer = True, text
        case "no_think" | "text_outside" | "empty_think":
            untagged, answer = False, text.partition("<answer>")[2].partition("</answer>")[0]
        case _:
            return blocks
    return Reading(answer.strip(), untagged) if answer.strip() else Refusal("empty_answer")
