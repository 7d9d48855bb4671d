"""The scripts of `robot_r1.scripts` as plans: for each of their steps its action, and its words in references."""

from dataclasses import dataclass

from eval.robot_r1_bench.names import GRIPPER
from eval.robot_r1_bench.question import Action
from robot_r1.instructions import DRAWERS


@dataclass(frozen=True)
class Line:
    """One step of a script. `{body}` in its words stands for what that body is called."""

    action: Action
    thing: str
    """Body, or the gripper, that is acted on."""
    subtask: str
    """What is to be done next, where this step is."""
    plan: str = ""
    """The line of a plan that begins here, or comes here if the step does not join; `subtask` where this is empty."""
    place: str = ""
    """Body to which the thing is brought."""
    joins: bool = False
    """Whether the line of the step before speaks of this step as well."""
    optional: bool = False
    """Whether an answer may leave the step out."""


def plan_lines(task: str, variation: int) -> tuple[Line, ...]:
    """One line for each step of `robot_r1.scripts.script`."""
    return _DRAWER_LINES[variation] if task == "open_drawer" else _LINES[task]


def _grip(body: str, at: str = "", which: str = "") -> tuple[Line, ...]:
    """Over a thing, down to it, and the fingers closed on the part `at`; `which` tells it from one that is alike."""
    thing = f"the {which}{{{body}}}"
    at = at or thing
    return (
        Line("reach", body, f"Bring the gripper over {thing}", f"Move the gripper above {at} and down to it"),
        Line("reach", body, f"Lower the gripper to {at}", joins=True),
        Line("grasp", body, f"Grasp {thing}", f"Close the fingers on {at}"),
    )


def _press(body: str) -> tuple[Line, ...]:
    """Over a button, fingers closed, and down on it."""
    return (
        Line("reach", body, f"Bring the gripper over the {{{body}}}", f"Move the gripper above the {{{body}}}"),
        Line("grasp", GRIPPER, "Close the gripper", optional=True),
        Line("press", body, f"Press the {{{body}}} down", f"Push the {{{body}}} down with the closed fingers"),
    )


def _set_down(body: str, place: str, which: str = "", onto: str = "", away: str = "") -> tuple[Line, ...]:
    """A held thing brought over a place, down onto it and let go, and the gripper away from it."""
    thing, there = f"the {which}{{{body}}}", f"the {onto}{{{place}}}"
    return (
        Line("lift", body, f"Lift {thing}", f"Lift {thing} and carry it over {there}", optional=True),
        Line("carry", body, f"Carry {thing} over {there}", place=place, joins=True, optional=True),
        Line("place", body, f"Set {thing} down on {there}", f"Set {thing} down on {there} and let go", place=place),
        Line("release", body, f"Let go of {thing}", joins=True, optional=True),
        Line("retreat", body, f"Move the gripper away from {away or thing}", optional=True),
    )


def _pull(drawer: str) -> tuple[Line, ...]:
    handle = f"the handle of the {{{drawer}}}"
    return (
        Line("reach", drawer, f"Bring the gripper in front of {handle}", f"Move the gripper to {handle}"),
        Line("reach", drawer, f"Put the open fingers around {handle}", joins=True),
        Line("grasp", drawer, f"Grasp {handle}", f"Close the fingers on {handle}"),
        Line("pull", drawer, f"Pull the {{{drawer}}} open"),
    )


_DRAWER_LINES = [_pull(f"drawer_{which}") for which in DRAWERS]
_LINES: dict[str, tuple[Line, ...]] = {
    "pick_up_cup": (
        *_grip("cup", "the wall of the {cup}"),
        Line("lift", "cup", "Lift the {cup} off the table"),
    ),
    "push_button": _press("button"),
    "put_rubbish_in_bin": (
        *_grip("rubbish"),
        Line("lift", "rubbish", "Lift the {rubbish}", "Lift the {rubbish} and carry it over the {bin}", optional=True),
        Line("carry", "rubbish", "Carry the {rubbish} over the {bin}", place="bin", joins=True),
        Line(
            *("place", "rubbish", "Lower the {rubbish} towards the {bin}"),
            plan="Lower the {rubbish} towards the {bin}",
            place="bin",
            optional=True,
        ),
        Line(
            *("release", "rubbish", "Let the {rubbish} go"),
            plan="Open the gripper so that the {rubbish} falls into the {bin}",
            place="bin",
        ),
    ),
    "phone_on_base": (*_grip("handset"), *_set_down("handset", "base", away="the phone")),
    "take_lid_off_saucepan": (
        *_grip("lid", "the knob of the {lid}"),
        Line("lift", "lid", "Lift the {lid} off the {saucepan}"),
    ),
    "reach_target": (Line("reach", "target", "Move the gripper to the {target}"),),
    "lamp_on": _press("lamp_button"),
    "stack_blocks": (
        *_grip("block1", which="first "),
        *_set_down("block1", "plate", which="first ")[:-1],
        Line("retreat", "block1", "Move the gripper away from the first {block1}", joins=True, optional=True),
        *_grip("block2", which="second "),
        *_set_down("block2", "block1", which="second ", onto="first ", away="the stack"),
    ),
    "slide_block_to_target": (
        Line(
            *("reach", "sliding_block", "Bring the gripper to the side of the {sliding_block} away from the {target}"),
            plan="Move the gripper above the table on the side of the {sliding_block} that is away from the {target}",
        ),
        Line("grasp", GRIPPER, "Close the gripper", optional=True),
        Line(
            "reach", "sliding_block", "Lower the closed fingers to the table beside the {sliding_block}", optional=True
        ),
        Line(
            *("push", "sliding_block", "Push the {sliding_block} onto the {target}"),
            plan="Push the {sliding_block} along the table onto the {target}",
            place="target",
        ),
    ),
}
