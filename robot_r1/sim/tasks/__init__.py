"""The tasks of the embedded simulator, after RLBench's tasks of the same names."""

from robot_r1.sim.tasks import (
    phone_on_base,
    pick_up_cup,
    push_button,
    put_rubbish_in_bin,
    take_lid_off_saucepan,
)
from robot_r1.sim.tasks.task import Task

TASKS: dict[str, Task] = {
    "pick_up_cup": pick_up_cup.TASK,
    "push_button": push_button.TASK,
    "put_rubbish_in_bin": put_rubbish_in_bin.TASK,
    "phone_on_base": phone_on_base.TASK,
    "take_lid_off_saucepan": take_lid_off_saucepan.TASK,
}


def task_names() -> tuple[str, ...]:
    """Names of all tasks."""
    return tuple(TASKS)
