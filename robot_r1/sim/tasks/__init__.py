"""The tasks of the embedded simulator, after RLBench's tasks of the same names."""

from robot_r1.sim.tasks import (
    lamp_on,
    open_drawer,
    phone_on_base,
    pick_up_cup,
    push_button,
    put_rubbish_in_bin,
    reach_target,
    slide_block_to_target,
    stack_blocks,
    take_lid_off_saucepan,
)
from robot_r1.sim.tasks.task import Task

TASKS: dict[str, Task] = {
    "pick_up_cup": pick_up_cup.TASK,
    "push_button": push_button.TASK,
    "put_rubbish_in_bin": put_rubbish_in_bin.TASK,
    "phone_on_base": phone_on_base.TASK,
    "take_lid_off_saucepan": take_lid_off_saucepan.TASK,
    "reach_target": reach_target.TASK,
    "open_drawer": open_drawer.TASK,
    "lamp_on": lamp_on.TASK,
    "stack_blocks": stack_blocks.TASK,
    "slide_block_to_target": slide_block_to_target.TASK,
}
TRAINING_TASKS = ("pick_up_cup", "push_button", "put_rubbish_in_bin", "phone_on_base", "take_lid_off_saucepan")
"""The tasks of Robot-R1's paper, which a data set is made of unless others are named."""
HELD_OUT_TASKS = tuple(name for name in TASKS if name not in TRAINING_TASKS)
"""The tasks that nothing is trained on by default, so that evaluation meets something new."""


def task_names() -> tuple[str, ...]:
    """Names of all tasks, `TRAINING_TASKS` first, then `HELD_OUT_TASKS`."""
    return tuple(TASKS)
