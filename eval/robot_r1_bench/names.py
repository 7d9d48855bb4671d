"""What the things in a scene are called: names that tell each from the others, and what else is understood."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import mujoco
import numpy as np

from eval.robot_r1_bench.question import Names
from robot_r1.instructions import COLORS
from robot_r1.sim.tasks.colors import surface_color

GRIPPER = "gripper"
"""Stands for the gripper where bodies of a scene are named."""


@dataclass(frozen=True)
class Thing:
    """Something that questions speak of; `{color}` and `{side}` in a name stand for its paint and place."""

    names: Names
    """What it alone is called in its scene, the name of the references first."""
    loose: Names = ()
    """What it is called where nothing else that is spoken of could be meant."""
    paint: str = ""
    """The material whose colour is meant; its body's name where this is empty."""


_GRIPPER = Thing((GRIPPER, "robot gripper", "fingers", "robot hand", "hand", "end effector", "end-effector", "claw"))
_TOYS = {
    "block": Thing(("{color} block", "{color} cube"), ("block", "cube")),
    "bottle": Thing(("{color} bottle",), ("bottle",)),
    "ball": Thing(("{color} ball", "{color} sphere"), ("ball", "sphere")),
}
_BALL = Thing(("{color} ball", "{color} sphere", "{color} target", "{color} one"), ("ball", "sphere", "target"))
_DRAWER = ("drawer", "handle", "handle of the drawer")
_BLOCK = ("{color} block", "{color} cube")
_CUP = Thing(("{color} cup", "{color} mug", "{color} one"), ("cup", "mug"))
_THINGS: dict[str, dict[str, Thing]] = {
    "pick_up_cup": {"cup": _CUP, "other_cup1": _CUP, "other_cup2": _CUP},
    "push_button": {
        "button": Thing(("button", "button on the {color} base", "{color} button", "push button"), (), "button_base"),
        **_TOYS,
    },
    "put_rubbish_in_bin": {
        "bin": Thing(("bin", "rubbish bin", "trash can", "trash bin", "waste bin", "garbage can", "dustbin")),
        "rubbish": Thing(
            ("crumpled paper", "paper", "ball of paper", "paper ball", "rubbish", "piece of rubbish", "trash")
        ),
        "tomato1": Thing(("{side} tomato", "tomato on the {side}", "tomato to the {side}"), ("tomato",)),
        "tomato2": Thing(("{side} tomato", "tomato on the {side}", "tomato to the {side}"), ("tomato",)),
    },
    "phone_on_base": {
        "base": Thing(("phone base", "base", "base of the phone", "telephone base", "cradle", "dock")),
        "handset": Thing(("handset", "receiver", "phone handset", "telephone handset"), ("phone", "telephone")),
        **_TOYS,
    },
    "take_lid_off_saucepan": {
        "saucepan": Thing(("saucepan", "pan", "pot", "sauce pan"), ()),
        "lid": Thing(("lid", "lid of the saucepan", "saucepan lid", "pan lid", "cover"), ("knob", "knob of the lid")),
        **_TOYS,
    },
    "reach_target": {"target": _BALL, "other_target1": _BALL, "other_target2": _BALL},
    "open_drawer": {
        "cabinet": Thing(("cabinet", "chest of drawers", "cupboard")),
        "drawer_bottom": Thing(("bottom drawer", "lowest drawer", "lower drawer"), _DRAWER),
        "drawer_middle": Thing(("middle drawer", "second drawer", "central drawer"), _DRAWER),
        "drawer_top": Thing(("top drawer", "upper drawer", "highest drawer", "uppermost drawer"), _DRAWER),
    },
    "lamp_on": {
        "lamp": Thing(("lamp", "desk lamp", "table lamp")),
        "lamp_button": Thing(("button of the lamp", "lamp's button", "lamp button", "red button", "button", "switch")),
        **_TOYS,
    },
    "stack_blocks": {
        "block1": Thing(_BLOCK, ("first {color} block", "first block", "one {color} block", "stack", "tower")),
        "block2": Thing(_BLOCK, ("second {color} block", "second block", "other {color} block", "other block")),
        "other_block1": Thing(("{color} block", "{color} cube", "{color} one")),
        "other_block2": Thing(("{color} block", "{color} cube", "{color} one")),
        "plate": Thing(("green plate", "plate", "green square", "green platform")),
    },
    "slide_block_to_target": {
        "sliding_block": Thing(("red block", "red cube"), ("block", "cube")),
        "target": Thing(("white square", "target", "white target", "square")),
        **_TOYS,
    },
}
PLAIN_COLORS = frozenset({"red", "green", "blue", "yellow", "orange", "purple", "black", "white", "gray"})
"""Colours that everybody calls so; what one calls azure another calls blue."""
_SIDES = ("left", "right")
"""Of two things that are alike, by their places in the picture."""
_PAINTS = [(name, surface_color(name)) for name in COLORS]
_TOY_PAINTS = [
    ("yellow", (0.86, 0.62, 0.10)),
    ("blue", (0.15, 0.42, 0.70)),
    ("green", (0.18, 0.52, 0.25)),
    ("purple", (0.55, 0.25, 0.60)),
]
"""Of `robot_r1.sim.tasks.distractors`."""


def things(task: str, model: mujoco.MjModel, data: mujoco.MjData) -> dict[str, Thing]:
    """By body the things that a scene of a task holds, with their colours in words."""
    present = {model.body(index).name for index in range(model.nbody)}
    found = {body: _painted(thing, body, model) for body, thing in _THINGS[task].items() if body in present}
    pair = [body for body, thing in found.items() if "{side}" in thing.names[0]]
    pair.sort(key=lambda body: float(data.body(body).xpos[1]))
    return found | {body: _filled(found[body], "{side}", side) for body, side in zip(pair, _SIDES, strict=False)}


def called(bodies: Iterable[str], known: Mapping[str, Thing]) -> dict[str, Names]:
    """What each of some bodies, or the gripper, may be called where just these are spoken of.

    Of two that are alike the first alone has their common names.
    """
    spoken = {body: _GRIPPER if body == GRIPPER else known[body] for body in bodies}
    result: dict[str, Names] = {}
    for body, thing in spoken.items():
        rest = [other for name, other in spoken.items() if name != body]
        loose = [name for name in thing.loose if not any(name in (*other.names, *other.loose) for other in rest)]
        before = {name for names in result.values() for name in names}
        result[body] = tuple(name for name in (*thing.names, *loose) if name not in before)
    return result


def _painted(thing: Thing, body: str, model: mujoco.MjModel) -> Thing:
    if not any("{color}" in name for name in thing.names):
        return thing
    rgb = model.mat_rgba[model.material(thing.paint or body).id][:3]
    color = min([*_PAINTS, *_TOY_PAINTS], key=lambda paint: float(np.abs(rgb - paint[1]).max()))[0]
    return _filled(thing, "{color}", color)


def _filled(thing: Thing, place: str, word: str) -> Thing:
    names, loose = (tuple(name.replace(place, word) for name in these) for these in (thing.names, thing.loose))
    return replace(thing, names=names, loose=loose)
