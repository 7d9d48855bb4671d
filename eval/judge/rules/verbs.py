"""What the verbs of a plan do: from a verb and the words after it to the actions it may stand for."""

from collections.abc import Callable, Set
from dataclasses import dataclass

from eval.judge.rules.words import Phrases, Sentence, word_set
from eval.robot_r1_bench.question import Action

Actions = frozenset[Action]
"""The actions that a verb may mean in its place; empty for one that belongs to no plan here, such as `pour`."""

GRIPPER = word_set("gripper grippers arm hand finger fingers claw effector jaw jaws robot manipulator tip")

Reading = Callable[[Set[str], bool, bool], tuple[Actions, ...]]
"""Words up to the next verb, whether the gripper is what the verb moves, whether it is a thing; one set per action."""


def _one(*actions: Action) -> tuple[Actions, ...]:
    return (frozenset(actions),)


def _move(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    if after >= {"up", "down"} or after >= {"left", "right"}:
        return ()
    if after & {"up", "upward"} and not after & {"to", "toward", "over", "above"}:
        return _one("lift") if thing else _one("lift", "retreat")
    if after & {"away", "back"} and not thing and not after & {"to", "toward", "behind", "side"}:
        return _one("retreat")
    if thing:
        return _one("carry", "push", "place") if after & {"onto", "on", "into", "down"} else _one("carry", "push")
    moved = _one("reach", "carry", "press", "place") if after & {"down", "downward"} else _one("reach", "carry")
    return moved if gripper else (moved[0] | {"push"},)


def _lower(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    if thing:
        return _one("place", "carry")
    return _one("reach", "press", "place")


def _raise(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    if thing:
        return _one("lift")
    return _one("lift", "retreat", "reach") if gripper and after & {"above", "over", "to"} else _one("lift", "retreat")


def _put(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    if gripper:
        return _one("reach", "carry")
    return _one("place", "release") if after & {"in", "into", "inside"} else _one("place")


def _drop(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    return _one("release", "place")


def _release(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    return _one("release")


def _open(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    return _one("pull", "lift") if thing and not gripper else _one("release")


def _close(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    return _one("push") if thing and not gripper else _one("grasp")


def _grasp(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    return _one("grasp")


def _pick(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    return (*_one("grasp"), *_one("lift"))


def _take(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    if after & {"off", "out", "up", "from"}:
        return _pick(after, gripper, thing)
    return _one("carry") if after & {"to", "over"} else _one("grasp")


def _carry(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    return _one("carry")


def _bring(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    return _move(after, gripper, thing)


def _reach(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    return _one("reach", "carry")


def _press(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    return _one("press")


def _push(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    return _one("press") if after & {"down", "downward"} else _one("push", "press")


def _slide(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    return _one("pull") if after & {"open", "out"} else _one("push", "carry")


def _pull(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    if not thing and after & {"away", "back"} and not after & {"drawer", "handle", "it"}:
        return _one("retreat")
    return _one("lift", "pull") if after & {"up", "upward", "off"} else _one("pull")


def _retreat(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    return _one("retreat")


def _turn(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    if "off" in after:
        return (frozenset(),)
    return _one("press") if "on" in after else ()


def _let(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    return _one("release") if after & {"go", "fall", "drop"} else ()


def _foreign(after: Set[str], gripper: bool, thing: bool) -> tuple[Actions, ...]:
    return (frozenset(),)


_WORDS: tuple[tuple[Reading, str], ...] = (
    (_move, "move|position|align|guide|shift|center|direct|steer|maneuver|reposition|get|swing|line up"),
    (_bring, "bring"),
    (_lower, "lower|descend"),
    (_raise, "lift|raise|elevate|hoist|ascend|rise"),
    (_put, "place|put|set|lay|deposit|stack|dock|rest|hang|hang up|insert"),
    (_drop, "drop|dump"),
    (
        _release,
        "release|let go|let go of|throw away|throw|toss|discard|dispose of|dispose|free|ungrasp|unclamp|loosen",
    ),
    (_open, "open"),
    (_close, "close|shut"),
    (
        _grasp,
        "grasp|grip|grab|clamp|seize|clasp|pinch|take hold of|take hold|get hold of|"
        "get a grip on|catch|hold onto|secure",
    ),
    (_pick, "pick up|pick|remove|retrieve|collect|fetch"),
    (_take, "take"),
    (_carry, "carry|transport|transfer|convey|deliver"),
    (_reach, "reach|reach for|approach|navigate|go|travel|head|hover|touch|contact|make contact|advance|extend"),
    (
        _press,
        "press|depress|click|tap|hit|activate|trigger|switch on|turn on|press down|push down|"
        "press down on|push down on",
    ),
    (_push, "push|shove|nudge|sweep"),
    (_slide, "slide"),
    (_pull, "pull|draw|tug|yank|drag"),
    (_retreat, "retreat|withdraw|retract|back away|back off|move away|return"),
    (_turn, "turn|switch"),
    (_let, "let"),
    (_foreign, "pour|shake|flip|tilt|twist|unscrew|wash|cut|fold|stir|turn off|switch off|break|smash"),
)


def _stems(verb: str) -> tuple[str, str]:
    return verb[:-1] if verb.endswith("e") and verb != "free" else verb, f"{verb}{verb[-1]}"


def _active(verb: str) -> tuple[str, ...]:
    """A verb as it is commanded, told and done: `close`, `closes`, `closing`."""
    told = verb + ("es" if verb.endswith(("ss", "sh", "ch", "go")) else "s")
    return verb, told, *(f"{stem}ing" for stem in _stems(verb))


def _passive(verb: str) -> tuple[str, ...]:
    """A verb after `be`: `closed`, `gripped`, `put`."""
    return verb, *(f"{stem}ed" for stem in _stems(verb))


def _in_forms(forms: Callable[[str], tuple[str, ...]]) -> Phrases[Reading]:
    return Phrases(
        {
            " ".join([form, *rest]): reading
            for reading, phrases in _WORDS
            for verb, *rest in map(str.split, phrases.split("|"))
            for form in forms(verb)
        }
    )


_VERBS, _PASSIVES = _in_forms(_active), _in_forms(_passive)

_NOT_BEFORE_VERB = word_set("the a an its of in with this that open closed fully your for")
_DUTIES = {"should", "must", "needs", "need", "has", "have"}
"""Before `be lowered`; after `can` it is what the robot could do then."""
_AFTER_ADJECTIVE = frozenset({(), (",",), ("and",), ("fully",), ("completely",)})
"""After `pull the drawer open`."""
_NOT_VERBS = frozenset({("get", "closer"), ("set", "of"), ("rest", "of"), ("close", "to"), ("close", "enough")})


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb in a sentence: the words `words[start:end]`, and what they mean with the words after them."""

    start: int
    end: int
    reading: Reading


def verb_at(words: Sentence, i: int) -> Verb | None:
    """The verb that begins at a word; nouns such as `the push button` are none."""
    if i and words[i] == "open" and words[i + 1 : i + 2] in _AFTER_ADJECTIVE:
        return None
    if (i and words[i - 1] in _NOT_BEFORE_VERB and not words[i].endswith("ing")) or words[i : i + 2] in _NOT_VERBS:
        return None
    passive = words[i - 1 : i] == ("be",) and bool(_DUTIES & set(words[max(i - 3, 0) : i]))
    found = (_PASSIVES if passive else _VERBS).at(words, i)
    return Verb(i, *found) if found else None
