"""Which frames of which demos are shown, and which spatial questions are asked of each."""

from dataclasses import dataclass

from eval.robot_r1_bench.choices import Below, Closest, Foremost
from eval.robot_r1_bench.gripper_choices import Fingers, Held, PulledOut
from eval.robot_r1_bench.names import GRIPPER
from eval.robot_r1_bench.spatial import Ask, Where
from robot_r1.demo import DemoKey

SEED = 50_215
"""Of the bench's demos alone, so that no training demo shows the same scene."""


@dataclass(frozen=True)
class Frame:
    """A frame of a demo, and what is asked of it beside plan, subtask and movement."""

    task: str
    variation: int
    episode: int
    step: int
    """Index of the script's step during which the frame is taken."""
    share: float
    """Of the step's time that has gone by, in [0, 1)."""
    asks: tuple[Ask, ...]

    @property
    def key(self) -> DemoKey:
        """Of the demo."""
        return DemoKey(task=self.task, variation=self.variation, episode=self.episode)


_NEAREST, _FARTHEST, _RIGHTMOST, _LEFTMOST = (0, True), (0, False), (1, True), (1, False)
_CUPS = ("cup", "other_cup1", "other_cup2")
_BALLS = ("target", "other_target1", "other_target2")
_DRAWERS = ("drawer_bottom", "drawer_middle", "drawer_top")
_BLOCKS = ("block1", "other_block1", "other_block2")
_CUP = (
    Frame("pick_up_cup", 0, 0, 0, 0.2, (Where("cup", "other_cup2"), Foremost(*_RIGHTMOST, _CUPS))),
    Frame("pick_up_cup", 13, 1, 1, 0.1, (Closest("cup", ("other_cup1", "other_cup2")),)),
    Frame("pick_up_cup", 11, 3, 3, 0.05, (Where(GRIPPER, "other_cup1"),)),
    Frame("pick_up_cup", 18, 2, 3, 0.4, (Held(_CUPS), Where("other_cup1", "other_cup2"))),
    Frame("pick_up_cup", 19, 1, 3, 0.25, (Foremost(*_LEFTMOST, _CUPS),)),
)
_BUTTON = (
    Frame("push_button", 2, 0, 0, 0.0, (Where("button", GRIPPER), Foremost(*_NEAREST, ("button", "block", "bottle")))),
    Frame("push_button", 1, 1, 0, 0.4, (Where("button", "bottle"),)),
    Frame("push_button", 4, 2, 0, 0.6, (Closest(GRIPPER, ("button", "bottle")), Where("ball", "bottle"))),
    Frame("push_button", 16, 1, 2, 0.05, (Fingers(), Where("button", "block"))),
    Frame("push_button", 17, 2, 0, 0.2, (Foremost(*_LEFTMOST, ("button", "block", "ball")),)),
)
_BIN = (
    Frame(
        *("put_rubbish_in_bin", 0, 7, 0, 0.2),
        asks=(Foremost(*_FARTHEST, ("bin", "rubbish", "tomato2")), Where("rubbish", "bin")),
    ),
    Frame("put_rubbish_in_bin", 0, 6, 3, 0.2, (Where("bin", "rubbish"),)),
    Frame("put_rubbish_in_bin", 0, 5, 3, 0.6, (Where("bin", "tomato2"),)),
    Frame("put_rubbish_in_bin", 0, 3, 4, 0.15, (Where(GRIPPER, "bin"), Held(("rubbish", "tomato1", "tomato2")))),
    Frame("put_rubbish_in_bin", 0, 2, 4, 0.1, (Where("bin", GRIPPER),)),
)
_PHONE = (
    Frame("phone_on_base", 0, 1, 3, 0.1, (Where("base", "handset"),)),
    Frame("phone_on_base", 0, 0, 4, 0.2, (Where("ball", "base"), Where("handset", "base"))),
    Frame("phone_on_base", 0, 4, 4, 0.2, (Where("base", GRIPPER),)),
    Frame("phone_on_base", 0, 3, 5, 0.05, (Where("block", "base"), Where("base", "handset"))),
    Frame("phone_on_base", 0, 5, 7, 0.1, (Where("block", "handset"),)),
)
_SAUCEPAN = (
    Frame("take_lid_off_saucepan", 0, 0, 0, 0.3, (Where("lid", GRIPPER), Where("bottle", "ball"))),
    Frame("take_lid_off_saucepan", 0, 2, 1, 0.1, (Below(("lid", "bottle", "ball")),)),
    Frame("take_lid_off_saucepan", 0, 3, 3, 0.05, (Where("bottle", "saucepan"), Held(("lid", "block", "bottle")))),
    Frame("take_lid_off_saucepan", 0, 4, 3, 0.5, (Where("lid", "saucepan"),)),
    Frame("take_lid_off_saucepan", 0, 6, 3, 0.3, (Where("block", "saucepan"),)),
)
_REACH = (
    Frame("reach_target", 6, 3, 0, 0.3, (Foremost(*_LEFTMOST, _BALLS), Where(GRIPPER, "target"))),
    Frame("reach_target", 4, 1, 0, 0.3, (Where("other_target2", "target"),)),
    Frame("reach_target", 11, 9, 0, 0.6, (Where(GRIPPER, "other_target1"),)),
    Frame("reach_target", 10, 17, 0, 0.6, (Where(GRIPPER, "target"),)),
    Frame("reach_target", 4, 5, 0, 0.2, (Foremost(*_RIGHTMOST, _BALLS),)),
)
_DRAWER = (
    Frame("open_drawer", 1, 4, 0, 0.2, (Where(GRIPPER, "cabinet"),)),
    Frame("open_drawer", 2, 6, 1, 0.0, (Closest(GRIPPER, ("drawer_bottom", "drawer_top")),)),
    Frame("open_drawer", 1, 3, 3, 0.3, (Where("cabinet", GRIPPER),)),
    Frame("open_drawer", 0, 0, 3, 0.4, (PulledOut(_DRAWERS), Where(GRIPPER, "drawer_top"))),
    Frame("open_drawer", 2, 2, 3, 0.3, (Where(GRIPPER, "drawer_bottom"),)),
)
_LAMP = (
    Frame("lamp_on", 0, 0, 0, 0.0, (Where("ball", "lamp"),)),
    Frame("lamp_on", 0, 1, 0, 0.3, (Where("lamp_button", "block"),)),
    Frame("lamp_on", 0, 8, 0, 0.2, (Foremost(*_NEAREST, ("lamp", "block", "ball")),)),
    Frame("lamp_on", 0, 3, 2, 0.05, (Where("bottle", "block"),)),
    Frame("lamp_on", 0, 5, 2, 0.05, (Below(("lamp_button", "bottle", "ball")),)),
)
_STACK = (
    Frame(
        "stack_blocks", 0, 2, 1, 0.1, (Where("other_block2", "plate"), Foremost(*_LEFTMOST, (*_BLOCKS[1:], "plate")))
    ),
    Frame("stack_blocks", 15, 2, 3, 0.3, (Held(_BLOCKS),)),
    Frame("stack_blocks", 15, 0, 7, 0.3, (Where("other_block2", "plate"),)),
    Frame("stack_blocks", 0, 3, 8, 0.3, (Held(_BLOCKS), Where(GRIPPER, "other_block1"))),
    Frame("stack_blocks", 9, 0, 12, 0.3, (Where("plate", GRIPPER),)),
)
_SLIDE = (
    Frame("slide_block_to_target", 0, 1, 0, 0.4, (Where("bottle", "sliding_block"),)),
    Frame("slide_block_to_target", 0, 2, 2, 0.05, (Where(GRIPPER, "sliding_block"),)),
    Frame("slide_block_to_target", 0, 3, 3, 0.05, (Where("target", "bottle"),)),
    Frame("slide_block_to_target", 0, 7, 3, 0.2, (Where(GRIPPER, "bottle"),)),
    Frame("slide_block_to_target", 0, 5, 3, 0.1, (Where("sliding_block", "target"),)),
)
FRAMES = (*_CUP, *_BUTTON, *_BIN, *_PHONE, *_SAUCEPAN, *_REACH, *_DRAWER, *_LAMP, *_STACK, *_SLIDE)
"""Five demos of each task, their frames spread over its script."""
