"""Questions put together so that nothing betrays the answer: all four options come from the same draw."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from data_gen.formats import Row
from data_gen.writer import row_writer
from robot_r1.files import write_text
from robot_r1.movement import movement_between, movement_text
from robot_r1.prompts import point_text
from robot_r1.question import LETTERS, QUESTION_TYPES, SPLITS, Question, QuestionType, Split
from tests.support.demos import front_camera

DEAD_ZONE = 0.01
LOW, HIGH = (0.0, -0.3, 0.8), (0.5, 0.3, 1.3)
TASKS = ("pick_up_cup", "push_button")


def exchangeable(demos: int, frames: int = 4) -> list[Question]:
    """`frames` questions of each type for each demo."""
    rng = np.random.default_rng(0)
    questions = []
    for number in range(demos):
        letters = rng.permutation(4)
        for frame in range(frames):
            state, target = _pair(rng)
            for question_type in QUESTION_TYPES:
                texts = _options(question_type, state, target, rng)
                questions.append(
                    _question(number, frame, question_type, state, target, texts, int(letters[frame % 4]))
                )
    return questions


def is_test(demo: str) -> bool:
    return split_of(demo) == "test"


def split_of(demo: str) -> Split:
    """A tenth, whole, is for testing, another for validation."""
    if demo.endswith("0"):
        return "test"
    return "validation" if demo.endswith("5") else "train"


def poisoned(questions: Sequence[Question], change: Callable[[Question], Question]) -> list[Question]:
    return [change(question) for question in questions]


def with_answer(question: Question, letter: str) -> Question:
    """The same options with the right one at this letter."""
    options = list(question.options)
    right, place = LETTERS.index(question.answer), LETTERS.index(letter)
    options[right], options[place] = options[place], options[right]
    return question.model_copy(update={"options": tuple(options), "answer": letter})


def write(folder: Path, questions: Sequence[Row], dead_zone: float | None = DEAD_ZONE) -> Path:
    """A data set as `data_gen.build` lays it out; a row's split is in its demo's id."""
    for question_type in QUESTION_TYPES:
        for split in SPLITS:
            rows = [q for q in questions if q.question_type == question_type and split_of(q.demo) == split]
            write_file(folder / question_type / f"{split}-00000.parquet", rows)
    if dead_zone is not None:
        write_text(folder / "config.yaml", f"dead_zone: {dead_zone}\n")
    return folder


def write_file(path: Path, rows: Sequence[Row]) -> None:
    if rows:
        with row_writer(path, type(rows[0])) as writer:
            writer.write(rows)


def _pair(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    state = rng.uniform(LOW, HIGH)
    return state, _partner(state, rng)


def _partner(point: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A place that differs by 3 cm at least along each axis, so that no label of the way there is arguable."""
    while True:
        other = rng.uniform(LOW, HIGH)
        if np.abs(other - point).min() > 0.03:
            return other


def _apart(points: np.ndarray) -> bool:
    return all(np.linalg.norm(a - b) > 0.02 for a, b in itertools.combinations(points, 2))


def _options(
    question_type: QuestionType, state: np.ndarray, target: np.ndarray, rng: np.random.Generator
) -> list[str]:
    """Four different texts, the right one first."""
    while True:
        if question_type == "movement":
            pairs = [(state, target), *(_pair(rng) for _ in range(3))]
            texts = [movement_text(movement_between(*pair, DEAD_ZONE) or ()) for pair in pairs]
        else:
            given, right = (state, target) if question_type == "waypoint" else (target, state)
            points = np.array([right, *(_partner(given, rng) for _ in range(3))])
            texts = [point_text(point) for point in points] if _apart(points) else []
        if len(set(texts)) == 4:
            return texts


def _question(
    number: int,
    frame: int,
    question_type: QuestionType,
    state: np.ndarray,
    target: np.ndarray,
    texts: list[str],
    place: int,
) -> Question:
    options = [*texts[1 : 1 + place], texts[0], *texts[1 + place :]]
    task = TASKS[number % 2]
    demo = f"{task}/variation0/episode{number}"
    return Question(
        id=f"{demo}/frame{frame}/{question_type}",
        question_type=question_type,
        images=(f"picture {number} {frame}".encode(),),
        question="<image>",
        options=tuple(options),
        answer=LETTERS[place],
        answer_text=texts[0],
        task=task,
        description="press the button",
        variation=0,
        episode=number,
        demo=demo,
        frame=frame,
        keypoint_frame=frame + 10,
        state=tuple(state.tolist()),
        target=tuple(target.tolist()),
        gripper_open=True,
        off_screen=False,
        gripper_off_screen=number == 0,
        distractors=tuple("answer" if i == place else "uniform" for i in range(4)),
        source="simulated",
        renderer="rays",
        camera=front_camera(),
    )
