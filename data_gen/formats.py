"""The formats of a data set: which questions it holds and what a row is."""

from typing import Literal

from robot_r1.question import OPEN_QUESTION_TYPES, QUESTION_TYPES, Question, QuestionType
from robot_r1.sft_example import ColdStartExample, SftExample

Format = Literal["mcqa", "open-ended", "sft-direct", "sft-cot", "sft-think"]
Row = Question | SftExample

ROW_MODELS: dict[Format, type[Question] | type[SftExample]] = {
    "mcqa": Question,
    "open-ended": SftExample,
    "sft-direct": SftExample,
    "sft-cot": SftExample,
    "sft-think": ColdStartExample,
}


def question_types(data_format: Format) -> tuple[QuestionType, ...]:
    """The questions of a format; without options there is no movement question, as in the paper."""
    return OPEN_QUESTION_TYPES if data_format in ("open-ended", "sft-direct", "sft-cot") else QUESTION_TYPES
