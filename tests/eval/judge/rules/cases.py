"""Answers as people and models phrase them, and the scores that a person would give."""

import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """An answer in a situation of `truths.TRUTHS`, and the lowest and highest score that is right for it."""

    situation: str
    answer: str
    low: int
    high: int


def _cases(situation: str, full: tuple[str, ...], partly: tuple[str, ...], wrong: tuple[str, ...]) -> list[Case]:
    return [
        Case(situation, answer, low, high)
        for answers, low, high in ((full, 3, 3), (partly, 1, 2), (wrong, 0, 1))
        for answer in answers
    ]


SPATIAL = [
    *_cases(
        "gripper above right of cup",
        full=(
            "The gripper is above the cup, offset to the right.",
            "The red cup is below and to the left of the gripper.",
            "It hovers over the mug and is on its right side.",
            "Upper right of the cup.",
            "Relative to the cup, the gripper is higher and further to the right.",
        ),
        partly=("The gripper is above the red cup.", "The gripper is to the right of the cup."),
        wrong=(
            "The gripper is below the cup, to its left.",
            "The gripper is above and to the right of the blue cup.",
            "The gripper is not above the cup but to the left of it.",
            "The gripper is above, below, left and right of the cup.",
            "The gripper is either to the left or to the right of the cup.",
            "",
        ),
    ),
    *_cases(
        "gripper above, slightly left of button",
        full=("The gripper is positioned above the button, slightly offset to the left.",),
        partly=(
            "The gripper is directly above the button.",
            "It is above the button and slightly behind and left of it.",
        ),
        wrong=("The button is above the gripper.",),
    ),
    *_cases(
        "paper left and in front of bin",
        full=(
            "The crumpled paper lies in front of the bin and to its left.",
            "The trash is to the left of the trash can, closer to the camera.",
            "The bin is behind the paper, on the right.",
        ),
        partly=(),
        wrong=("The paper is behind the bin on the right.",),
    ),
    *_cases(
        "closest cup",
        full=("Red", "The red one is nearest.", "The red cup is closer to the camera than the gray cup."),
        partly=(),
        wrong=(
            "The gray cup.",
            "Either the red cup or the blue cup.",
            "All of them: red, blue and gray.",
            "Not the red cup.",
        ),
    ),
    *_cases(
        "holds nothing",
        full=("The gripper is empty.", "It isn't holding anything."),
        partly=(),
        wrong=("It holds the handset.",),
    ),
    *_cases(
        "fingers open", full=("The gripper is open.", "Its fingers are spread apart."), partly=(), wrong=("Closed.",)
    ),
]
MOVEMENT = [
    *_cases(
        "move down",
        full=(
            "Move down.",
            "The gripper should descend vertically towards the handset.",
            "Lower the arm straight down; no left or right movement is needed.",
        ),
        partly=("Move down and slightly to the left.", "Move down, then close the gripper and lift the cup."),
        wrong=(
            "Move up.",
            "Do not move down.",
            "Move up, down, left, right, forward and backward.",
            "Grasp the cup.",
            "Move up and then down.",
            "...",
        ),
    ),
    *_cases(
        "move left, down",
        full=("Move left and down.", "Shift to the left while lowering the gripper.", "Go left, then descend."),
        partly=("Move left.", "Downward."),
        wrong=("Move right and up.", "Move right and down.", "Move the gripper to the right."),
    ),
    *_cases(
        "move down, slightly right",
        full=(
            "Move down and slightly right.",
            "It needs to go down and a bit to the right to grasp the cup and lift it.",
        ),
        partly=("Move straight down.", "Slightly down and right."),
        wrong=("Move up and slightly right.",),
    ),
    *_cases(
        "move forward",
        full=("Move towards the camera.", "The arm moves forward, towards the viewer."),
        partly=(),
        wrong=("Move away from the camera.", "Backward."),
    ),
]
PLANNING = [
    *_cases(
        "plan cup",
        full=(
            "1. Move the gripper above the wall of the red cup and down to it. 2. Close the fingers on the "
            "cup. 3. Lift it.",
            "First approach the mug, then grip it, and finally raise it off the table.",
            "- Open the gripper\n- Align the gripper with the red cup\n- Grasp the cup\n- Lift the cup up",
        ),
        partly=("Grasp the red cup and lift it.", "1. Pick up the red cup.", "1. Reach for the cup. 2. Grasp it."),
        wrong=(
            "1. Move to the blue cup. 2. Grasp the blue cup. 3. Lift the blue cup.",
            "1. Lift the cup. 2. Grasp the cup. 3. Move to the cup.",
            "I cannot tell from the image.",
            "Reach, grasp, lift, carry, place, release, press, pull, push and drop the cup, the bin, the "
            "lid and the phone.",
        ),
    ),
    *_cases(
        "plan paper",
        full=(
            "1. Move to the paper. 2. Grasp the paper. 3. Lift it. 4. Move it over the bin. 5. Open the "
            "gripper to drop it.",
            "The robot should reach for the crumpled paper, close the gripper around it, carry it to the trash can, "
            "and release it.",
        ),
        partly=("1. Pick up the rubbish. 2. Drop it into the bin.",),
        wrong=("1. Move to the bin. 2. Grasp the bin. 3. Lift the bin.", "Throw the tomato away."),
    ),
    *_cases(
        "plan drawer",
        full=("1. Move to the handle of the middle drawer. 2. Grasp the handle. 3. Pull the drawer open.",),
        partly=("1. Grasp the handle. 2. Pull the drawer out.",),
        wrong=("1. Move to the drawer. 2. Push the drawer closed.", "Push the drawer."),
    ),
    *_cases(
        "plan lamp",
        full=("1. Move above the button of the lamp. 2. Close the gripper. 3. Press the button.",),
        partly=(),
        wrong=("1. Grasp the lamp. 2. Lift the lamp.",),
    ),
]
HIGH_LEVEL = [
    *_cases(
        "next reach cup",
        full=(
            "Move the gripper closer to the red cup.",
            "Bring the gripper over the cup.",
            "The robot arm should approach the mug to grasp it.",
        ),
        partly=("Move to the cup and grasp it.", "Grasp the cup."),
        wrong=(
            "Move to the blue cup.",
            "Release the cup.",
            "Move the gripper.  Do not go to the cup. Press the button.",
        ),
    ),
    *_cases(
        "next grasp cup",
        full=("Grasp the cup.", "Close the gripper on the red cup's rim."),
        partly=("Pick up the cup.",),
        wrong=("Open the gripper.", "Place the cup."),
    ),
    *_cases(
        "next carry paper",
        full=("Carry the paper to the bin.", "Move the crumpled paper over the trash can."),
        partly=("Carry the paper.",),
        wrong=("Carry the paper to the tomato.", "Grasp the paper."),
    ),
    *_cases(
        "next pull drawer",
        full=("Pull the drawer open.", "Slide the middle drawer out.", "Open the drawer"),
        partly=(),
        wrong=("Push the drawer closed.", "Close the drawer.", "Move away from the drawer."),
    ),
]
CASES = [*SPATIAL, *MOVEMENT, *PLANNING, *HIGH_LEVEL]


def held_out() -> list[Case]:
    """Answers that were written when the judge was done with those above, in three rounds.

    Before the judge was mended it gave 64 of 68, 61 of 66 and 73 of 74 of them a score in their range.
    """
    with Path(__file__).with_name("held_out.csv").open(encoding="utf-8", newline="") as file:
        return [
            Case(row["situation"], row["answer"].replace("\\n", "\n"), int(row["low"]), int(row["high"]))
            for row in csv.DictReader(file)
        ]
