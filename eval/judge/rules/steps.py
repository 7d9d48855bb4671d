"""The steps that an answer tells, in their order: numbered, in sentences or in a single one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from eval.judge.rules.claims import claims
from eval.judge.rules.things import OTHER, Mention, Things, phrase_start
from eval.judge.rules.verbs import GRIPPER, Actions, Verb, verb_at
from eval.judge.rules.words import Sentence, sentences
from eval.robot_r1_bench.question import Names, PlanStep

_NEAR = 4
"""Words after a verb among which what it moves is named."""
_BACKDROP = {"table", "ground", "floor", "air", "surface", "desk", "tabletop", "workspace"}
_PARTICLES = {"up", "down", "back", "out"}
_PRONOUNS = {"it", "them", "this", "that"}
PLACING = {"carry", "place", "push"}
_OUTCOMES = {"turn", "turns", "turning", "switch", "switches", "switching", "activate", "activates", "activating"}
"""Verbs whose object is what changes, not what is touched: `turn on the lamp`."""
_WHILE = {"after", "once", "when", "before", "until", "while", "already", "currently", "having"}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that an answer lets the robot do.

    Attributes:
        actions: what the verb may mean; empty for what no step of these tasks does, and for one of several actions or
            things that are offered to choose from.
        things: numbers of the things named with it, in their order.
        elsewhere: whether something is named with it that is none of the things, so that it may be done to that.
        of_gripper: whether the gripper is what it moves.
        vague: whether neither a thing nor a pronoun goes with it: `move the gripper`.
        leads: whether its verb tells the next event as well: the grasp of `pick up`.
        aside: whether it is only told as a purpose or a condition (`to grasp it`, `after lifting it`).
    """

    actions: Actions
    things: tuple[int, ...]
    elsewhere: bool
    of_gripper: bool
    vague: bool
    leads: bool
    aside: bool


class Scene:
    """The things that the steps of a truth speak of; the gripper is none of them.

    One thing may have more names in one step than in another, and two that are alike may share names.
    """

    def __init__(self, steps: tuple[PlanStep, ...]) -> None:
        named = {names for step in steps for names in (step.thing, step.place) if names and not is_gripper(names)}
        self._numbers: dict[Names, int] = {}
        things: list[Names] = []
        for names in sorted(named, key=lambda names: (-len(names), names)):
            known = next((i for i, more in enumerate(things) if set(names) <= set(more)), len(things))
            self._numbers[names] = known
            things += [names] if known == len(things) else []
        self.things = Things(things)

    def number(self, names: Names) -> int:
        """Of a thing or place of a step."""
        return self._numbers[names]

    def same_thing(self, one: PlanStep, other: PlanStep) -> bool:
        """Whether two steps act on the same thing."""
        return one.thing == other.thing or self.number(one.thing) == self.number(other.thing)

    def fits(self, event: Event, step: PlanStep) -> bool:
        """Whether an event is a step: its action, done to its thing or brought to its place.

        What is named by a pronoun or not at all is taken to be the right one.
        """
        if step.action not in event.actions:
            return False
        if is_gripper(step.thing):
            return not event.things
        if not event.things:
            return not event.elsewhere
        thing = self.number(step.thing)
        if not step.place:
            return thing in event.things
        place = self.number(step.place)
        if thing in event.things and place in event.things:
            return event.things.index(thing) < event.things.index(place) or event.of_gripper
        if place in event.things:
            return len(event.things) == 1
        return thing in event.things and not (event.of_gripper or (event.elsewhere and step.action in PLACING))

    def leaves_place_open(self, event: Event, step: PlanStep) -> bool:
        """Whether an event that fits does not say where the thing is brought."""
        return bool(step.place) and step.action in PLACING and self.number(step.place) not in event.things


def is_aimless(event: Event, step: PlanStep, events: Sequence[Event]) -> bool:
    """Whether something moves as in the step, but it is not said to where, nor by any other event: `move down`."""
    only_moves = all(other.vague and not other.actions.isdisjoint({"reach", "carry"}) for other in events)
    return event.vague and (step.action in {"reach", "carry"} or only_moves)


def is_gripper(names: Names) -> bool:
    """Whether these are the gripper's names."""
    return "gripper" in names


def read_events(answer: str, things: Things) -> tuple[Event, ...]:
    """What an answer lets the robot do, in the order in which it is told. Denied steps are left out."""
    events: list[Event] = []
    other = False
    for words in sentences(answer):
        for event in _of_sentence(words, things):
            if event.things or event.elsewhere:
                other = not event.things
            refers_to_other = other and not event.things and not event.vague
            events.append(replace(event, elsewhere=True) if refers_to_other else event)
    return tuple(events)


def _of_sentence(words: Sentence, things: Things) -> list[Event]:
    state = claims(words)
    mentions = things.mentions(words)
    verbs = _verbs(words, mentions)
    events: list[Event] = []
    told = 0
    for number, verb in enumerate(verbs):
        stop = verbs[number + 1].start if number + 1 < len(verbs) else len(words)
        while number and told < len(mentions) and mentions[told].start < verb.start:
            told += 1
        around = _within(mentions, told, verb.end, stop)
        if not around and words[verb.end : stop] == ("and",) and number + 1 < len(verbs):  # "grasp and lift the cup"
            following = verbs[number + 2].start if number + 2 < len(verbs) else len(words)
            around = _within(mentions, told, stop, following)
        if not around and number == 0:  # "the cup is grasped"
            around = _within(mentions, told, 0, verb.start)
        if state[verb.start] == "denied":
            continue
        if events and words[verb.start - 1] == "by":  # the way in which the verb before is done
            events[-1] = replace(events[-1], aside=True)
        new = _events(words, verb, stop, around, after_event=bool(events))
        if events and new and words[verb.start - 1] == "or" and not events[-1].actions & new[0].actions:
            new = [replace(event, actions=frozenset()) for event in new]
        events += new
    return events


def _verbs(words: Sentence, mentions: tuple[Mention, ...]) -> list[Verb]:
    inside = {i for mention in mentions for i in range(mention.start + 1, mention.end)}
    found: list[Verb] = []
    i = 0
    while i < len(words):
        verb = verb_at(words, i) if i not in inside else None  # "switch" is no verb in "the lamp switch"
        if verb is not None:
            found.append(verb)
        i = verb.end if verb else i + 1
    return found


def _events(words: Sentence, verb: Verb, stop: int, around: list[Mention], after_event: bool) -> list[Event]:
    """What one verb tells, with the words up to the next one and the things among them."""
    of_gripper = _moves_gripper(words[verb.end : min(verb.end + _NEAR, stop)], around, verb.end)
    of_thing = not of_gripper and any(_is_object(words, mention, verb.end) for mention in around)
    known = tuple(mention.thing for mention in around if mention.thing >= 0 and not _left(words, mention))
    after = frozenset(words[verb.end : stop])
    outcome = words[verb.start] in _OUTCOMES
    told = verb.reading(after, of_gripper, of_thing)
    if _offers_choice(words, around):
        told = (frozenset(),)
    return [
        Event(
            actions,
            known,
            elsewhere=not outcome and any(_is_elsewhere(words, mention, actions) for mention in around),
            of_gripper=of_gripper,
            vague=not around and not _PRONOUNS & after,
            leads=number + 1 < len(told),
            aside=_is_aside(words, verb.start, after_event),
        )
        for number, actions in enumerate(told)
    ]


def _within(mentions: tuple[Mention, ...], first: int, start: int, stop: int) -> list[Mention]:
    found = []
    while first < len(mentions) and mentions[first].start < stop:
        if mentions[first].start >= start:
            found.append(mentions[first])
        first += 1
    return found


def _moves_gripper(near: Sentence, around: list[Mention], end: int) -> bool:
    place = next((i for i, word in enumerate(near) if word in GRIPPER), None)
    return place is not None and not any(mention.start - end < place for mention in around)


def _is_object(words: Sentence, mention: Mention, end: int) -> bool:
    """Whether a thing comes right after a verb that ends there: `move the cup`, not `move to the cup`."""
    start = max(phrase_start(words, mention), end)
    return mention.thing != OTHER and start - end < _NEAR and set(words[end:start]) <= _PARTICLES


def _offers_choice(words: Sentence, around: list[Mention]) -> bool:
    """Whether one of several things is meant: `grasp the red cup or the blue cup`."""
    return any(one.thing != other.thing and "or" in words[one.end : other.start] for one, other in pairwise(around))


def _left(words: Sentence, mention: Mention) -> bool:
    """Whether something is moved from there."""
    return "from" in words[max(mention.start - 3, 0) : mention.start]


def _is_elsewhere(words: Sentence, mention: Mention, actions: Actions) -> bool:
    if mention.thing != OTHER or GRIPPER & set(words[mention.start : mention.end]):
        return False
    return words[mention.end - 1] not in _BACKDROP or bool(actions & PLACING)


def _is_aside(words: Sentence, start: int, after_event: bool) -> bool:
    """Whether a verb tells a purpose or a condition."""
    before = words[max(start - 3, 0) : start]
    if _WHILE & set(before) and "," not in before:
        return True
    return after_event and before[-1:] in {("to",), ("for",)}
