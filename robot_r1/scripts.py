"""Scripts: the steps of a task in words, one per keypoint, and which step a demo's keypoints belong to.

A plan is a script's steps in order, the subtask of a frame is the step of its next keypoint. The scripts are written
by hand, as those of Robot-R1's supervised baselines were; the words are this project's own.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from robot_r1.instructions import BUTTON_COLORS, CUP_COLORS, DRAWERS, STACK_COLORS

SAME_PLACE = 0.008
"""Metres: nearer keypoints of equal gripper state are one stop of the arm, seen twice while the fingers move."""


@dataclass(frozen=True)
class Step:
    """What the robot does up to one keypoint."""

    words: str
    """An infinitive without "to", for example `close the gripper on the cup's wall`."""
    gripper_open: bool
    """The gripper's state when the step is done."""
    in_passing: bool = False
    """Whether some robots, RLBench's for one, do it without a stop of its own, on their way to the next keypoint."""


@dataclass(frozen=True)
class _Script:
    steps: tuple[tuple[str, str], ...]
    """Words and the gripper's state at the end, `open` or `closed`; `{which}` stands for the variation's word."""
    which: tuple[str, ...] = ()
    """By variation: the colour, or another word that tells the object from the others."""
    in_passing: tuple[int, ...] = ()
    """Indices of such steps."""


_SCRIPTS = {
    "pick_up_cup": _Script(
        (
            ("move the gripper above the wall of the {which} cup", "open"),
            ("lower the gripper around the cup's wall", "open"),
            ("close the gripper on the cup's wall", "closed"),
            ("lift the cup", "closed"),
        ),
        CUP_COLORS,
    ),
    "push_button": _Script(
        (
            ("move the gripper above the button on the {which} base", "open"),
            ("close the gripper", "closed"),
            ("push the button down with the closed fingers", "closed"),
        ),
        BUTTON_COLORS,
    ),
    "put_rubbish_in_bin": _Script(
        (
            ("move the gripper above the crumpled paper", "open"),
            ("lower the gripper around the paper", "open"),
            ("close the gripper on the paper", "closed"),
            ("lift the paper", "closed"),
            ("carry the paper over the bin", "closed"),
            ("lower the paper towards the bin", "closed"),
            ("open the gripper and let the paper fall into the bin", "open"),
        )
    ),
    "phone_on_base": _Script(
        (
            ("move the gripper above the handset", "open"),
            ("lower the gripper around the middle of the handset", "open"),
            ("close the gripper on the handset", "closed"),
            ("lift the handset", "closed"),
            ("carry the handset over the phone base", "closed"),
            ("lower the handset onto the phone base", "closed"),
            ("open the gripper and let the handset go", "open"),
            ("raise the gripper away from the phone", "open"),
        )
    ),
    "take_lid_off_saucepan": _Script(
        (
            ("move the gripper above the knob of the saucepan's lid", "open"),
            ("lower the gripper around the knob", "open"),
            ("close the gripper on the knob", "closed"),
            ("lift the lid off the saucepan", "closed"),
        )
    ),
    "reach_target": _Script((("move the gripper to the {which} ball", "open"),), CUP_COLORS),
    "stack_blocks": _Script(
        (
            ("move the gripper above the first {which} block", "open"),
            ("lower the gripper around the first block", "open"),
            ("close the gripper on the first block", "closed"),
            ("lift the first block", "closed"),
            ("carry the first block over the green plate", "closed"),
            ("lower the first block onto the plate", "closed"),
            ("open the gripper and let the first block go", "open"),
            ("raise the gripper away from the first block", "open"),
            ("move the gripper above the second {which} block", "open"),
            ("lower the gripper around the second block", "open"),
            ("close the gripper on the second block", "closed"),
            ("lift the second block", "closed"),
            ("carry the second block over the first one", "closed"),
            ("lower the second block onto the first one", "closed"),
            ("open the gripper and let the second block go", "open"),
            ("raise the gripper away from the stack", "open"),
        ),
        STACK_COLORS,
    ),
    "slide_block_to_target": _Script(
        (
            ("move the gripper above the table beside the red block, on the side away from the white square", "open"),
            ("close the gripper", "closed"),
            ("lower the closed fingers beside the block", "closed"),
            ("push the block along the table onto the white square", "closed"),
        )
    ),
    "open_drawer": _Script(
        (
            ("move the gripper in front of the handle of the {which} drawer", "open"),
            ("reach in with the open fingers to both sides of the handle", "open"),
            ("take hold of the handle", "closed"),
            ("pull the drawer open", "closed"),
        ),
        DRAWERS,
        in_passing=(1,),
    ),
    "lamp_on": _Script(
        (
            ("move the gripper above the button on the foot of the lamp", "open"),
            ("close the gripper", "closed"),
            ("push the button down with the closed fingers", "closed"),
        )
    ),
}


def script(task: str, variation: int) -> tuple[Step, ...]:
    """The steps of a task and variation, one per keypoint; empty if this project has no script of it."""
    known = _SCRIPTS.get(task)
    if known is None or (known.which and variation not in range(len(known.which))):
        return ()
    which = known.which[variation] if known.which else ""
    return tuple(
        Step(words.format(which=which), gripper == "open", index in known.in_passing)
        for index, (words, gripper) in enumerate(known.steps)
    )


def align(steps: Sequence[Step], gripper_open: Sequence[bool], tip_position: ArrayLike) -> tuple[int, ...] | None:
    """For each keypoint of a demo the index of its step.

    The gripper's openings and closings tie the two together; between them keypoints are counted. Where a demo stops
    more often than its script, the stops still have one meaning if only one step is left for them.

    Args:
        steps: the script of the demo's task.
        gripper_open: (K,), the gripper's state at the keypoints.
        tip_position: (K, 3), metres, the tip at the keypoints.

    Returns:
        None if the keypoints have no unambiguous steps.
    """
    stops = _stops(gripper_open, tip_position)
    runs = _runs([gripper_open[stop[0]] for stop in stops])
    script_runs = [list(run) for _, run in itertools.groupby(steps, key=lambda step: step.gripper_open)]
    if [state for state, _ in runs] != [run[0].gripper_open for run in script_runs]:
        return None
    of_stops: list[int] = []
    first_step = 0
    for number, ((_, stop_count), run) in enumerate(zip(runs, script_runs, strict=True)):
        places = _match(stop_count, run, begins_with_event=number > 0)
        if places is None:
            return None
        of_stops += [first_step + place for place in places]
        first_step += len(run)
    return tuple(step for step, stop in zip(of_stops, stops, strict=True) for _ in stop)


def _stops(gripper_open: Sequence[bool], tip_position: ArrayLike) -> list[list[int]]:
    """Keypoints that are one stop of the arm, together."""
    positions = np.asarray(tip_position, dtype=np.float64)
    stops: list[list[int]] = []
    for i, is_open in enumerate(gripper_open):
        last = stops[-1][-1] if stops else None
        if (
            last is not None
            and gripper_open[last] == is_open
            and np.linalg.norm(positions[last] - positions[i]) < SAME_PLACE
        ):
            stops[-1].append(i)
        else:
            stops.append([i])
    return stops


def _runs(states: Sequence[bool]) -> list[tuple[bool, int]]:
    return [(state, len(list(run))) for state, run in itertools.groupby(states)]


def _match(stops: int, steps: Sequence[Step], begins_with_event: bool) -> list[int] | None:
    """Steps of the stops between two changes of the gripper; a run's first stop is the change itself."""
    if stops == len(steps):
        return list(range(stops))
    with_stop = [index for index, step in enumerate(steps) if not step.in_passing]
    if stops == len(with_stop):
        return with_stop
    if begins_with_event and len(steps) == 2:
        return [0] + [1] * (stops - 1)
    if not begins_with_event and len(steps) == 1:
        return [0] * stops
    return None
