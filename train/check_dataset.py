"""Which rows training can use, and why it leaves out the others: nothing is ever cut.

A prompt that is cut loses image tokens and no longer matches its image, so prompts over the limit are left out, whole
(trl#3847). Their length is counted with the processor that will be used.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from datasets import Dataset
from rich.progress import track
from transformers import ProcessorMixin

from robot_r1.control_text import IMAGE_MARK, SPELLED, control_tokens, plain_prompt, spells_control
from robot_r1.errors import UserError
from robot_r1.pictures import PIXEL_FACTOR, BadPictureError, decode, fitted_size, stored_pictures
from robot_r1.question import LETTERS
from train.arguments import DataArguments
from train.data import encoded, letter_counts, messages

_END_OF_TURN = 2
"""Tokens that Qwen's chat template puts after a completion: <|im_end|> and the end of the line."""
_USUAL_COMPLETION = 256
_LONGEST_TOKEN = 256
"""Characters; Qwen's longest token has 128. A text far over the limit takes long to count exactly."""
_NO_TEXT = "the question or the completion is empty or no text"


@dataclass(frozen=True)
class DatasetCheck:
    """What a data set holds for training."""

    rows: int
    kept: tuple[int, ...]
    """Indices of the rows that can be used."""
    dropped: dict[str, int]
    """Rows left out, by reason."""
    examples: dict[str, str]
    """For each reason the id of a row."""
    tokens: tuple[int, ...]
    """Prompt tokens of the kept rows, image tokens included."""
    image_tokens: int
    """Tokens of the largest image."""
    longest_completion: int
    """Tokens of the longest completion of the kept rows, the end of its turn included; 0 where rows have none."""
    questions: dict[str, int]
    """Kept rows by question type."""
    letters: dict[str, int]
    """Kept rows by right letter."""

    @property
    def longest(self) -> int:
        """Tokens of the longest prompt."""
        return max(self.tokens, default=0)

    def text(self) -> str:
        """A few lines for a person."""
        low, middle, high = np.percentile(self.tokens or [0], [0, 50, 100]).astype(int)
        lines = [
            f"{len(self.kept)} of {self.rows} questions can be used",
            "by type: " + ", ".join(f"{name} {count}" for name, count in self.questions.items()),
            "right letters: " + ", ".join(f"{letter} {count}" for letter, count in self.letters.items()),
            f"prompt tokens: {low} to {high}, median {middle}",
        ]
        lines += [f"left out: {n}, {reason} (such as {self.examples[reason]})" for reason, n in self.dropped.items()]
        return "\n".join(lines)


def check_dataset(dataset: Dataset, processor: ProcessorMixin, settings: DataArguments, show: bool) -> DatasetCheck:
    """Look at every row with the real processor.

    Args:
        show: whether to show a progress bar.

    Raises:
        UserError: no row can be used, or the pixel limits contradict the processor's.
    """
    _check_limits(processor, settings)
    kept: list[int] = []
    tokens: list[int] = []
    largest = longest_completion = 0
    dropped: Counter[str] = Counter()
    examples: dict[str, str] = {}
    rows = track(_rows(dataset), "checking data", len(dataset), transient=True, disable=not show)
    for index, row in enumerate(rows):
        reason, length, of_image = _judge(row, processor, settings)
        if reason is None:
            kept.append(index)
            tokens.append(length)
            largest = max(largest, of_image)
            longest_completion = max(longest_completion, _completion_tokens(row, processor))
        else:
            dropped[reason] += 1
            examples.setdefault(reason, row["id"])
    if not kept:
        reasons = "; ".join(f"{count} {reason}" for reason, count in dropped.items()) or "it has no rows"
        raise UserError(f"no question of the data set can be used: {reasons}")
    usable = dataset.select(kept)
    return DatasetCheck(
        rows=len(dataset),
        kept=tuple(kept),
        dropped=dict(sorted(dropped.items())),
        examples=examples,
        tokens=tuple(tokens),
        image_tokens=largest,
        longest_completion=longest_completion,
        questions=dict(sorted(Counter(usable["question_type"]).items())),
        letters=letter_counts(usable),
    )


def unchecked(dataset: Dataset, settings: DataArguments) -> DatasetCheck:
    """What a dry run takes for granted where the processor cannot be read: every prompt is as long as is allowed.

    A completion to learn is taken to have 256 tokens.
    """
    width, height = _first_size(dataset, settings)
    return DatasetCheck(
        rows=len(dataset),
        kept=tuple(range(len(dataset))),
        dropped={},
        examples={},
        tokens=(settings.max_prompt_tokens,),
        image_tokens=-(-width // PIXEL_FACTOR) * -(-height // PIXEL_FACTOR),
        longest_completion=_USUAL_COMPLETION,
        questions=dict(sorted(Counter(dataset["question_type"]).items())),
        letters=letter_counts(dataset),
    )


def prompt_tokens(processor: ProcessorMixin, question: str, size: tuple[int, int]) -> tuple[int, int]:
    """Tokens of a rendered prompt with one image of this width and height in pixels: in all, and of the image."""
    text = processor.apply_chat_template(messages(question), add_generation_prompt=True, tokenize=False)
    width, height = size
    of_image = int(processor._get_num_multimodal_tokens(image_sizes=[(height, width)])["num_image_tokens"][0])
    return len(processor.tokenizer(text)["input_ids"]) - 1 + of_image, of_image


def _completion_tokens(row: dict[str, Any], processor: ProcessorMixin) -> int:
    completion = row.get("completion")
    return 0 if completion is None else len(processor.tokenizer(completion)["input_ids"]) + _END_OF_TURN


def _rows(dataset: Dataset) -> Iterator[dict[str, Any]]:
    columns = [name for name in ("id", "question", "answer", "completion", "images") if name in dataset.column_names]
    return iter(encoded(dataset.select_columns(columns)))


def _judge(row: dict[str, Any], processor: ProcessorMixin, settings: DataArguments) -> tuple[str | None, int, int]:
    """Why a row cannot be used, if so, and the tokens of its prompt and of its image."""
    texts = [row["question"] or "", *([row["completion"]] if "completion" in row else [])]
    if not all(isinstance(text, str) for text in texts) or not texts[-1].strip():
        return _NO_TEXT, 0, 0
    if len(texts[0]) > _LONGEST_TOKEN * settings.max_prompt_tokens:
        return _too_long(settings), 0, 0
    try:
        pictures = stored_pictures(row["images"])
        if (row["question"] or "").count(IMAGE_MARK) != 1 or len(pictures) != 1:
            return f"not exactly one image with its {IMAGE_MARK} mark in the prompt", 0, 0
        if row.get("answer", "A") not in LETTERS:
            return f"the answer is none of {', '.join(LETTERS)}", 0, 0
        if _spells_control(row, processor):
            return SPELLED, 0, 0
        size = fitted_size(decode(pictures[0]).size, settings.min_pixels, settings.max_pixels)
    except BadPictureError as error:
        return str(error), 0, 0
    length, of_image = prompt_tokens(processor, row["question"], size)
    if length > settings.max_prompt_tokens:
        return _too_long(settings), length, of_image
    return None, length, of_image


def _too_long(settings: DataArguments) -> str:
    return f"the prompt has more than {settings.max_prompt_tokens} tokens (--max_prompt_tokens)"


def _spells_control(row: dict[str, Any], processor: ProcessorMixin) -> bool:
    """Whether the tokenizer would read text as control tokens: in the prompt as it is shown, or in the completion."""
    completion = row.get("completion") or ""
    text = f"{plain_prompt(row['question'])}\n{completion}"
    return spells_control(completion) or any(token in text for token in control_tokens(processor.tokenizer))


def _first_size(dataset: Dataset, settings: DataArguments) -> tuple[int, int]:
    """Width and height in pixels of the first picture, within the limits."""
    row = next(_rows(dataset))
    try:
        return fitted_size(decode(stored_pictures(row["images"])[0]).size, settings.min_pixels, settings.max_pixels)
    except (BadPictureError, IndexError) as error:
        raise UserError(f"question {row['id']} has no picture to go by: {error}; give --check_dataset true") from error


def _check_limits(processor: ProcessorMixin, settings: DataArguments) -> None:
    least, most = settings.min_pixels, settings.max_pixels
    if least is not None and most is not None and least > most:
        raise UserError(f"min_pixels {least} is more than max_pixels {most}; make it smaller")
    size = processor.image_processor.size
    shortest, longest = size["shortest_edge"], size["longest_edge"]
    for name, value in (("min_pixels", least), ("max_pixels", most)):
        if value is not None and not shortest <= value <= longest:
            raise UserError(
                f"{name} {value} is outside of the model's own limits, {shortest} to {longest} pixels, which would "
                "change pictures a second time; choose a value between them or edit preprocessor_config.json"
            )
