"""Multiple-choice questions as columns, without their pictures: what rules and probes that never look work on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_r1.answer import parse_point
from robot_r1.geometry import Array
from robot_r1.movement import all_movements, movement_text
from robot_r1.question import Point, QuestionType

Codes = NDArray[np.int64]

_UNREADABLE = (np.nan, np.nan, np.nan)
_MOVEMENTS: dict[str, Point] = {
    movement_text(movement): tuple(  # type: ignore[misc]  # three axes
        sum((1 if move.positive else -1) * (0.5 if move.slight else 1.0) for move in movement if move.axis == axis)
        for axis in range(3)
    )
    for movement in all_movements()
}


@dataclass(frozen=True)
class BlindQuestions:
    """N questions of one type as columns, without their pictures. Make it with `blind_questions`."""

    question_type: QuestionType
    task: Codes
    """(N,), a number for each task."""
    demo: Codes
    """(N,), a number for each demo."""
    state: Array
    """(N, 3), metres, world frame; only the prompt of a waypoint gives it."""
    texts: NDArray[np.str_]
    """(N, 4), the options as they print."""
    points: Array
    """(N, 4, 3), the options' positions in metres; for movements +-1 along an axis, +-0.5 where "slightly", 0 where
    not named. NaN where an option cannot be read."""
    words: Codes
    """(N, 4, W), a number for each different word of an option, -1 where there are fewer than W."""
    answer: Codes
    """(N,), index of the right option."""

    def __len__(self) -> int:
        return len(self.answer)

    def subset(self, rows: NDArray[np.bool_] | Codes) -> "BlindQuestions":
        """The questions of these rows (a mask or indices)."""
        return BlindQuestions(
            self.question_type,
            *(getattr(self, name)[rows] for name in ("task", "demo", "state", "texts", "points", "words", "answer")),
        )


def blind_questions(
    question_type: QuestionType,
    task: Sequence[str],
    demo: Sequence[str],
    state: Sequence[Point] | Array,
    options: Sequence[Sequence[str]],
    answer: Sequence[int] | Codes,
) -> BlindQuestions:
    """Questions of one type from the columns of a data set; `answer` is the index of the right option."""
    texts = np.array(options, dtype=np.str_).reshape(-1, 4)
    different, place = np.unique(texts, return_inverse=True)
    return BlindQuestions(
        question_type=question_type,
        task=_codes(task),
        demo=_codes(demo),
        state=np.asarray(state, dtype=np.float64).reshape(-1, 3),
        texts=texts,
        points=read_options(question_type, texts),
        words=_word_codes(different.tolist())[place.reshape(texts.shape)],
        answer=np.asarray(answer, dtype=np.int64),
    )


def read_options(question_type: QuestionType, texts: NDArray[np.str_]) -> Array:
    """(..., 3): the points of options, as in `BlindQuestions.points`; NaN where a text cannot be read."""
    different, place = np.unique(texts, return_inverse=True)
    read = _MOVEMENTS.get if question_type == "movement" else _point
    points = np.array([read(text) or _UNREADABLE for text in different.tolist()], dtype=np.float64).reshape(-1, 3)
    return points[place.reshape(texts.shape)]


def _codes(names: Sequence[str]) -> Codes:
    return np.unique(np.asarray(names, dtype=np.str_), return_inverse=True)[1].astype(np.int64)


def _point(text: str) -> Point | None:
    point = parse_point(text.strip())
    return point if isinstance(point, tuple) else None


def _word_codes(texts: Sequence[str]) -> Codes:
    """(len(texts), W): the different words of each text as numbers; numbers in brackets count as words."""
    numbers: dict[str, int] = {}
    rows = [
        [numbers.setdefault(word, len(numbers)) for word in dict.fromkeys(text.strip("[]").replace(",", " ").split())]
        for text in texts
    ]
    width = max((len(row) for row in rows), default=1)
    return np.array([row + [-1] * (width - len(row)) for row in rows], dtype=np.int64).reshape(len(texts), width)
