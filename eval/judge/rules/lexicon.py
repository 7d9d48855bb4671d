"""Words for things: colours, other attributes, and names that mean the same thing on a table-top scene."""

from eval.judge.rules.words import word_set

_COLORS = {
    "red": "red",
    "crimson": "red",
    "scarlet": "red",
    "maroon": "red brown",
    "burgundy": "red brown",
    "brown": "brown",
    "lime": "green",
    "green": "green",
    "olive": "green brown",
    "teal": "green cyan",
    "turquoise": "cyan",
    "aqua": "cyan",
    "cyan": "cyan blue",
    "azure": "blue cyan",
    "blue": "blue",
    "navy": "blue",
    "yellow": "yellow",
    "gold": "yellow",
    "orange": "orange",
    "magenta": "pink purple",
    "pink": "pink",
    "rose": "pink red",
    "purple": "purple",
    "violet": "purple",
    "silver": "gray",
    "gray": "gray",
    "black": "black",
    "white": "white",
    "beige": "beige",
}
COLORS: dict[str, frozenset[str]] = {word: frozenset(hues.split()) for word, hues in _COLORS.items()}
"""The hues a colour word may stand for: a `lime` cup may be called green, a `navy` one blue."""

_CONTRASTS = (
    "top upper topmost highest|bottom lower bottommost lowest|middle central center",
    "big bigger large larger largest biggest tall taller|small smaller smallest short shorter tiny",
    "left leftmost|right rightmost",
    "first|second|third|fourth",
    "front|rear",
)
ATTRIBUTES: dict[str, tuple[int, int]] = {
    word: (number, value)
    for number, contrast in enumerate(_CONTRASTS)
    for value, words in enumerate(contrast.split("|"))
    for word in words.split()
}
"""Words other than colours that tell one thing from another: number of the contrast, side of it."""

MODIFIERS = frozenset(COLORS) | frozenset(ATTRIBUTES) | {"light", "dark", "bright", "pale", "deep", "same", "colored"}

SYNONYMS: tuple[tuple[str, ...], ...] = tuple(
    tuple(group.split("|"))
    for group in (
        "cup|mug|beaker|tumbler",
        "bin|trash can|trash bin|trashcan|garbage can|garbage bin|wastebasket|waste basket|waste bin|dustbin|"
        "rubbish bin|basket|bucket|wastepaper basket|wastepaper bin|waste paper bin",
        "rubbish|trash|paper|crumpled paper|paper ball|crumpled paper ball|garbage|waste|litter|piece of paper|"
        "ball of paper|crumpled ball|piece of rubbish|piece of trash|crumpled piece of paper",
        "gripper|robot gripper|robot arm|robotic arm|robotic gripper|end effector|claw|arm|robot hand|robotic hand|"
        "hand|robot|finger|gripper finger|manipulator|robot arm gripper|gripper tip|tip of the gripper|arm gripper",
        "lid|cover|saucepan lid|pan lid|pot lid|lid of the saucepan|lid of the pan|lid of the pot|knob of the lid|"
        "lid knob|lid handle|knob|handle of the lid|saucepan knob",
        "saucepan|pan|pot|cooking pot",
        "phone|handset|receiver|telephone|phone handset|telephone handset|phone receiver|handset of the phone",
        "phone base|base|cradle|dock|phone cradle|charging base|docking station|phone stand|telephone base|"
        "base of the phone|base station|phone dock|handset base|handset cradle",
        "block|cube|box",
        "target|goal|target area|target zone|target square|goal area|target region|target position|target location|"
        "target spot|target patch|target marker",
        "ball|sphere|target ball|target sphere|orb",
        "button|push button|switch",
        "lamp|desk lamp|light|table lamp",
        "drawer handle|handle|handle of the drawer",
        "drawer",
        "cabinet|chest of drawers|dresser",
        "tower|stack|pile",
    )
)
"""Names that mean the same thing; what a bench's own names say goes before them."""

NO_THING = word_set(
    "it them this that one other same next side left right top bottom up down upper lower camera viewer front "
    "back center middle image picture view frame scene direction movement motion position place way task step "
    "action move robot robotic arm gripper hand end effector claw finger order first second third last final "
    "following immediate height level axis plane line angle point small large big slight little distance "
    "amount bit horizontal vertical horizontally vertically correct proper desired current original object "
    "item answer relative very immediately perspective foreground background viewpoint and or of is are to in "
    "on at from with by as for than toward rim wall edge handle body surface knob grip part tip jaw shape "
    "content rest goal force pressure power width open closed"
)
"""Words that may follow an article without naming a thing of the scene."""
