"""What a robot is asked to do: several phrasings for each known task, and the colours of the variations.

The phrasings are this project's own. They serve the embedded simulator, and stand in where a recorded RLBench demo
carries no usable description (an empty one, or the file of RLBench 1.0-1.1 that holds an observation instead).
"""

COLORS: dict[str, tuple[float, float, float]] = {
    "red": (1.0, 0.0, 0.0),
    "maroon": (0.5, 0.0, 0.0),
    "lime": (0.0, 1.0, 0.0),
    "green": (0.0, 0.5, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "navy": (0.0, 0.0, 0.5),
    "yellow": (1.0, 1.0, 0.0),
    "cyan": (0.0, 1.0, 1.0),
    "magenta": (1.0, 0.0, 1.0),
    "silver": (0.75, 0.75, 0.75),
    "gray": (0.5, 0.5, 0.5),
    "orange": (1.0, 0.5, 0.0),
    "olive": (0.5, 0.5, 0.0),
    "purple": (0.5, 0.0, 0.5),
    "teal": (0.0, 0.5, 0.5),
    "azure": (0.0, 0.5, 1.0),
    "violet": (0.5, 0.0, 1.0),
    "rose": (1.0, 0.0, 0.5),
    "black": (0.0, 0.0, 0.0),
    "white": (1.0, 1.0, 1.0),
}
"""RLBench's twenty colour names in its order, as RGB in [0, 1]; a variation number is an index into these."""

CUP_COLORS = tuple(COLORS)
BUTTON_COLORS = tuple(name for name in COLORS if name not in ("red", "lime"))
"""The button's top plate is red and turns green, so RLBench leaves these two out of the base's colours."""
STACK_COLORS = tuple(name for name in COLORS if name not in ("lime", "green", "olive", "teal"))
"""Colours of blocks that are not mixed up with the green plate they are stacked on."""
DRAWERS = ("bottom", "middle", "top")

_VARIATION_WORDS = {
    "pick_up_cup": CUP_COLORS,
    "push_button": BUTTON_COLORS,
    "reach_target": CUP_COLORS,
    "stack_blocks": STACK_COLORS,
    "open_drawer": DRAWERS,
}

_PHRASES: dict[str, tuple[str, ...]] = {
    "pick_up_cup": (
        "lift the {color} cup off the table",
        "take hold of the {color} cup and raise it",
        "get the {color} cup up into the air",
    ),
    "push_button": (
        "press the button whose base is {color}",
        "push down the button on the {color} base",
        "give the button with the {color} base a press",
    ),
    "put_rubbish_in_bin": (
        "drop the crumpled paper into the bin",
        "clear the rubbish away into the bin",
        "pick the rubbish up and let it fall into the bin",
        "throw the paper away and leave everything else where it is",
    ),
    "phone_on_base": (
        "hang up the phone",
        "set the handset down on its base",
        "return the phone to its cradle",
        "pick up the handset and lay it on the phone base",
    ),
    "take_lid_off_saucepan": (
        "take the lid off the saucepan",
        "open the saucepan by lifting its lid",
        "raise the lid away from the pan",
        "grip the knob of the lid and uncover the pan",
    ),
    "reach_target": (
        "move the gripper to the {color} ball",
        "touch the {color} ball with the fingertips",
        "bring the gripper to the {color} target",
    ),
    "stack_blocks": (
        "stack the two {color} blocks on the green plate",
        "build a tower of two {color} blocks on the green square",
        "put one {color} block on the green plate and the other {color} block on top of it",
    ),
    "slide_block_to_target": (
        "slide the red block onto the white square",
        "push the red block along the table until it lies on the target",
        "move the red block to the white target without lifting it",
    ),
    "open_drawer": (
        "pull the {drawer} drawer of the cabinet open",
        "take the {drawer} handle and draw out the {drawer} drawer",
        "get the {drawer} drawer open and leave the others shut",
    ),
    "lamp_on": (
        "switch the lamp on",
        "light the desk lamp by its button",
        "push the red button on the foot of the lamp",
        "make the lamp shine with a press of its button",
    ),
}


def instructions(task: str, variation: int) -> tuple[str, ...]:
    """Phrasings for a task and variation; for a task this project does not know, its name in words."""
    phrases = _PHRASES.get(task, (task.replace("_", " "),))
    words = _VARIATION_WORDS.get(task)
    word = words[variation % len(words)] if words else ""
    return tuple(phrase.format(color=word, drawer=word) for phrase in phrases)
