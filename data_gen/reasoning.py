"""Reasoning for the cold start, written from the truth: short texts that end in the letter of the right option.

The paper has a language model write them from human labels (table 13); here templates do, a few phrasings per part.
"""

import numpy as np

from robot_r1.geometry import TABLE_HEIGHT, project
from robot_r1.movement import Movement, movement_text
from robot_r1.question import LETTERS, Point, Question

_STEP = (
    "The next step is to {step}.",
    "What comes next is to {step}.",
    "At this point of the task the robot has to {step}.",
)
_WAY = (
    "From {state} that means to move {move}.",
    "For that the gripper has to move {move}.",
    "The way there from the current position leads {move}.",
)
_AIM = (
    "It ends near {aim}.",
    "The position to reach is about {aim}.",
    "So the tip should come to about {aim}.",
)
_CHOICE = (
    "The closest option is {letter}.",
    "Closest to that is option {letter}.",
    "Of the four options, {letter} is the closest.",
)
_SEEN = (
    "The gripper is seen {place} of the image, about {height} cm above the table.",
    "In the front view the gripper is {place} of the image; its tip is some {height} cm above the table.",
    "Looking for the gripper, I find it {place} of the image, roughly {height} cm above the table.",
)
_TIP = (
    "Its position is about {aim}.",
    "In the world frame that is near {aim}.",
    "That puts the point between the finger tips at about {aim}.",
)
_LIES = (
    "Seen from the gripper, the place for that lies {where}.",
    "The place for that is {where} than the gripper is now.",
    "The gripper has to get to a place that is {where}.",
)
_FITS = (
    "So it has to move {move}, which is option {letter}.",
    "That asks to move {move}: option {letter}.",
    "The movement is {move}, as option {letter} says.",
)
_WHERE = (
    ("nearer to the camera", "farther from the camera"),
    ("farther to the right", "farther to the left"),
    ("higher", "lower"),
)
"""Per axis x, y, z the words for a positive and for a negative displacement, as the front view shows it."""


def waypoint_reasoning(question: Question, step: str, movement: Movement, rng: np.random.Generator) -> str:
    """The step, the movement it takes, the position aimed at, the closest option."""
    return _compose(
        (_STEP, _WAY, _AIM, _CHOICE),
        rng,
        step=step,
        state=_rounded(question.state, 2),
        move=move_words(movement),
        aim=_aim(question, question.target),
        letter=question.answer,
    )


def current_state_reasoning(question: Question, rng: np.random.Generator) -> str:
    """Where the gripper is seen, its position, the closest option."""
    return _compose(
        (_SEEN, _TIP, _CHOICE),
        rng,
        place=_place(question),
        height=str(max(0, round(100 * (question.state[2] - TABLE_HEIGHT)))),
        aim=_aim(question, question.state),
        letter=question.answer,
    )


def movement_reasoning(question: Question, step: str, movement: Movement, rng: np.random.Generator) -> str:
    """The step, where the gripper has to go, the option that says so."""
    where = [("slightly " if move.slight else "") + _WHERE[move.axis][0 if move.positive else 1] for move in movement]
    return _compose(
        (_STEP, _LIES, _FITS),
        rng,
        step=step,
        where=_joined(where),
        move=move_words(movement),
        letter=question.answer,
    )


def move_words(movement: Movement) -> str:
    """A movement's label without its verb, for example `forward, slightly right and down`."""
    return movement_text(movement).removeprefix("Move ")


def _compose(parts: tuple[tuple[str, ...], ...], rng: np.random.Generator, **words: str) -> str:
    return " ".join(phrasings[rng.integers(len(phrasings))].format(**words) for phrasings in parts)


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def _rounded(point: Point, digits: int) -> str:
    return "[" + ", ".join(f"{round(value, digits) + 0.0:.{digits}f}" for value in point) + "]"


def _aim(question: Question, truth: Point) -> str:
    """The true position to a centimetre, or to a millimetre where the coarse one is nearer to a wrong option."""
    options = np.array([[float(value) for value in text.strip("[]").split(",")] for text in question.options])
    coarse = np.round(truth, 2)
    nearest = LETTERS[int(np.linalg.norm(options - coarse, axis=1).argmin())]
    return _rounded(truth, 2 if nearest == question.answer else 3)


def _place(question: Question) -> str:
    """The part of the image, of three by three, that shows the gripper's tip."""
    camera = question.camera
    u, v, _ = project(question.state, np.array(camera.intrinsics), np.array(camera.extrinsics))
    x, y = float(u) / camera.width, float(v) / camera.height
    row = ("upper", "", "lower")[min(max(int(3 * y), 0), 2)]
    column = ("left", "middle", "right")[min(max(int(3 * x), 0), 2)]
    inside = 0 <= x < 1 and 0 <= y < 1
    return f"{'in' if inside else 'just outside'} the {f'{row} {column}'.strip()} part"
