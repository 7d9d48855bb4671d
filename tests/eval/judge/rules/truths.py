"""Situations on the bench's tasks, with the truths that answers are judged by."""

from typing import Literal

from eval.robot_r1_bench.question import (
    Action,
    Along,
    BenchQuestion,
    Choice,
    Moves,
    Names,
    Plan,
    PlanStep,
    ReasoningType,
    Relation,
    Subtask,
    Truth,
)

GRIPPER: Names = ("gripper", "robot gripper", "fingers", "robot hand", "hand", "end effector", "claw")
CUP: Names = ("red cup", "red mug", "red one", "cup", "mug")
BUTTON: Names = ("button", "button on the blue base", "blue button", "push button")
PAPER: Names = ("crumpled paper", "paper", "ball of paper", "paper ball", "rubbish", "trash")
BIN: Names = ("bin", "rubbish bin", "trash can", "trash bin", "waste bin")
HANDSET: Names = ("handset", "receiver", "phone handset", "phone", "telephone")
BASE: Names = ("phone base", "base", "cradle", "dock")
LID: Names = ("lid", "saucepan lid", "pan lid", "cover", "knob")
PAN: Names = ("saucepan", "pan", "pot")
BALL: Names = ("green ball", "green sphere", "green target")
DRAWER: Names = ("middle drawer", "drawer")
RED, GREEN, PLATE = ("red block", "red cube"), ("green block", "green cube"), ("plate", "platform")
BLOCK: Names = ("sliding block", "block", "cube")
TARGET: Names = ("target", "target square", "green square")
LAMP: Names = ("button of the lamp", "lamp button", "button", "switch")

Way = Literal["forward", "backward", "right", "left", "up", "down"]
_WAYS: tuple[Way, ...] = ("forward", "backward", "right", "left", "up", "down")


def along(ways: str) -> tuple[Along, ...]:
    """From words: `~` before a direction makes it slight, `?` optional."""
    found = []
    for word in ways.split():
        axis, negative = divmod([*_WAYS].index(word.strip("~?")), 2)  # type: ignore[arg-type]
        found.append(Along(axis=(0, 1, 2)[axis], positive=not negative, slight="~" in word, optional="?" in word))
    return tuple(found)


def step(action: Action, thing: Names, place: Names = (), optional: bool = False) -> PlanStep:
    return PlanStep(action=action, thing=thing, place=place, optional=optional)


def grip(thing: Names) -> tuple[PlanStep, PlanStep]:
    return step("reach", thing), step("grasp", thing)


_PAPER_PLAN = (
    *grip(PAPER),
    step("lift", PAPER, optional=True),
    step("carry", PAPER, BIN),
    step("place", PAPER, BIN, optional=True),
    step("release", PAPER, BIN),
)
_PHONE_PLAN = (
    *grip(HANDSET),
    step("lift", HANDSET, optional=True),
    step("carry", HANDSET, BASE, optional=True),
    step("place", HANDSET, BASE),
    step("release", HANDSET, optional=True),
    step("retreat", HANDSET, optional=True),
)
_STACK_PLAN = (
    *grip(RED),
    step("lift", RED, optional=True),
    step("carry", RED, PLATE, optional=True),
    step("place", RED, PLATE),
    step("release", RED, optional=True),
    *grip(GREEN),
    step("lift", GREEN, optional=True),
    step("carry", GREEN, RED, optional=True),
    step("place", GREEN, RED),
    step("release", GREEN, optional=True),
)
_SLIDE_PLAN = (step("reach", BLOCK), step("grasp", GRIPPER, optional=True), step("push", BLOCK, TARGET))
_DRAWER_PLAN = (*grip(DRAWER), step("pull", DRAWER))
_CUP_PLAN = (*grip(CUP), step("lift", CUP))
_LAMP_PLAN = (step("reach", LAMP), step("grasp", GRIPPER, optional=True), step("press", LAMP))


def _subtask(plan: tuple[PlanStep, ...], index: int) -> Subtask:
    own = plan[index].model_copy(update={"optional": False})
    return Subtask(step=own, others=tuple(other for other in plan if other != plan[index]))


TRUTHS: dict[str, tuple[str, Truth]] = {
    "gripper above right of cup": (
        "Where is the gripper relative to the red cup?",
        Relation(subject=GRIPPER, anchor=CUP, along=along("up right")),
    ),
    "gripper above, slightly left of button": (
        "How is the gripper placed with respect to the button?",
        Relation(subject=GRIPPER, anchor=BUTTON, along=along("up ~left")),
    ),
    "paper left and in front of bin": (
        "Where is the crumpled paper relative to the bin?",
        Relation(subject=PAPER, anchor=BIN, along=along("left forward")),
    ),
    "handset left of base": (
        "Seen from the phone base, in which direction does the handset lie?",
        Relation(subject=HANDSET, anchor=BASE, along=along("~?forward left")),
    ),
    "gripper behind block": (
        "Where is the gripper relative to the sliding block?",
        Relation(subject=GRIPPER, anchor=BLOCK, along=along("backward ~?up")),
    ),
    "lid above pan": (
        "Describe the position of the lid compared with that of the saucepan.",
        Relation(subject=LID, anchor=PAN, along=along("up")),
    ),
    "closest cup": (
        "Which of these is closest to the camera: the blue cup, the gray cup or the red cup?",
        Choice(right=("red cup", "red mug", "red one"), wrong=(("blue cup", "blue one"), ("gray cup", "gray one"))),
    ),
    "rightmost block": (
        "Which of these is furthest to the right: the green block, the red block or the plate?",
        Choice(right=GREEN, wrong=(RED, PLATE)),
    ),
    "holds nothing": (
        "What is the gripper holding: the handset or the yellow block, or nothing?",
        Choice(right=("nothing", "no object", "not holding anything", "empty"), wrong=(HANDSET, ("yellow block",))),
    ),
    "fingers open": (
        "Is the gripper open or closed in this picture?",
        Choice(right=("open", "apart", "spread"), wrong=(("closed", "shut", "together"),)),
    ),
    "move down": ("Which way does the gripper have to move next?", Moves(along=along("down"))),
    "move left, down": (
        "Describe the very next movement of the gripper.",
        Moves(along=along("left down ~?forward")),
    ),
    "move down, slightly right": (
        "In which direction, or directions, should the gripper go now?",
        Moves(along=along("down ~right")),
    ),
    "move forward": ("How must the gripper move from where it is now?", Moves(along=along("forward ?up"))),
    "move up": ("Tell the direction of its next movement.", Moves(along=along("up"))),
    "move right, backward": ("Which way does the gripper have to move next?", Moves(along=along("backward right"))),
    "plan cup": ("Which steps are left?", Plan(steps=_CUP_PLAN)),
    "plan paper": ("Which steps are left?", Plan(steps=_PAPER_PLAN)),
    "plan paper, held": ("Which steps are left?", Plan(steps=_PAPER_PLAN[3:])),
    "plan phone": ("Which steps are left?", Plan(steps=_PHONE_PLAN)),
    "plan drawer": ("Which steps are left?", Plan(steps=_DRAWER_PLAN)),
    "plan stack": ("Which steps are left?", Plan(steps=_STACK_PLAN)),
    "plan slide": ("Which steps are left?", Plan(steps=_SLIDE_PLAN)),
    "plan lamp": ("Which steps are left?", Plan(steps=_LAMP_PLAN)),
    "plan lid": ("Which steps are left?", Plan(steps=(*grip(LID), step("lift", LID)))),
    "next reach cup": ("What should it do next?", _subtask(_CUP_PLAN, 0)),
    "next grasp cup": ("What should it do next?", _subtask(_CUP_PLAN, 1)),
    "next lift cup": ("What should it do next?", _subtask(_CUP_PLAN, 2)),
    "next carry paper": ("What should it do next?", _subtask(_PAPER_PLAN, 3)),
    "next release paper": ("What should it do next?", _subtask(_PAPER_PLAN, 5)),
    "next place handset": ("What should it do next?", _subtask(_PHONE_PLAN, 4)),
    "next pull drawer": ("What should it do next?", _subtask(_DRAWER_PLAN, 2)),
    "next press lamp": ("What should it do next?", _subtask(_LAMP_PLAN, 2)),
    "next push block": ("What should it do next?", _subtask(_SLIDE_PLAN, 2)),
    "next reach ball": ("What should it do next?", Subtask(step=step("reach", BALL), others=())),
    "next place green": ("What should it do next?", _subtask(_STACK_PLAN, 10)),
}
"""By situation the question and its truth."""


def reasoning_type(truth: Truth) -> ReasoningType:
    if isinstance(truth, Relation | Choice):
        return "spatial"
    if isinstance(truth, Moves):
        return "movement"
    return "planning" if isinstance(truth, Plan) else "high_level"


def bench_question(situation: str) -> BenchQuestion:
    question, truth = TRUTHS[situation]
    return BenchQuestion(
        id=situation,
        image="images/none.png",
        reasoning_type=reasoning_type(truth),
        question=question,
        reference="not looked at",
        task="made_by_hand",
        description="made by hand",
        in_training=True,
        truth=truth,
    )
