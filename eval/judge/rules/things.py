"""The things that a sentence names, told apart by their names, colours and other attributes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from eval.judge.rules.lexicon import ATTRIBUTES, COLORS, MODIFIERS, NO_THING, SYNONYMS
from eval.judge.rules.words import Phrases, Sentence, sentences
from eval.robot_r1_bench.question import Names
from robot_r1.instructions import COLORS as PAINTS

OTHER = -1
"""In place of a thing's number: something that is none of those asked about."""
EITHER = -2
"""In place of a thing's number: one of several that are called so."""

_ARTICLES = {"the", "a", "an"}
_DETERMINERS = _ARTICLES | {"its", "both"}
_MOST_MODIFIERS = 4


@dataclass(frozen=True, slots=True)
class Mention:
    """A thing named in a sentence: the words `words[start:end]` and the number of the thing, `OTHER` or `EITHER`."""

    start: int
    end: int
    thing: int


@dataclass(frozen=True, slots=True)
class _Name:
    thing: int
    attributes: frozenset[str]
    own: bool
    """Whether it is one of the thing's own names, rather than a synonym."""
    bare: bool = False
    """Whether it is one of its own names and has no attributes in front."""


class Things:
    """Finds mentions of some things.

    Args:
        names: of each thing. A noun without its colour is read as the thing if no other thing has that noun.
    """

    def __init__(self, names: Sequence[Names]) -> None:
        by_core: dict[str, list[_Name]] = {}
        for thing, own_names in enumerate(names):
            for name in own_names:
                core, said = _split(name)
                # "cup" is short for "red cup", so that "the blue cup" is another
                by_core.setdefault(core, []).append(
                    _Name(thing, said or _split(own_names[0])[1], own=True, bare=not said)
                )
        for core, known in list(by_core.items()):
            for synonym in _synonyms(core):
                if synonym not in by_core or not any(name.own for name in by_core[synonym]):
                    by_core.setdefault(synonym, []).extend(_Name(n.thing, n.attributes, own=False) for n in known)
        self._cores = Phrases(by_core)
        self._own = [name for known in by_core.values() for name in known if name.own]

    def mentions(self, words: Sentence) -> tuple[Mention, ...]:
        """The things of a sentence in their order; a part (`the rim of the cup`) is the thing it is part of."""
        singular = tuple(_singular(word) for word in words)
        found: list[Mention] = []
        i = 0
        while i < len(words):
            mention = self._mention(singular, i)
            if mention is None:
                i += 1
                continue
            if found and _is_part(words[found[-1].end : mention.start], found[-1], mention):
                mention = Mention(found.pop().start, mention.end, mention.thing)
            found.append(mention)
            i = mention.end
        return tuple(found)

    def by_attributes(self, attributes: frozenset[str]) -> int:
        """The one thing that colours and the like tell apart, as in `the red one`; negative if there is none."""
        return _which([name for name in self._own if _agreement(name.attributes, attributes)], attributes)

    def _mention(self, words: Sentence, i: int) -> Mention | None:
        match = self._cores.at(words, i)
        if match is not None:
            end, names = match
            return Mention(i, end, _which(names, _attributes(words, i, end)))
        if words[i] == "one" and (attributes := _attributes(words, i, i + 1)):
            return Mention(i, i + 1, self.by_attributes(attributes))
        return self._unknown(words, i)

    def _unknown(self, words: Sentence, i: int) -> Mention | None:
        """A noun after an article that names none of the things."""
        if words[i] not in _ARTICLES:
            return None
        noun = i + 1
        while noun < len(words) and noun <= i + _MOST_MODIFIERS and words[noun] in MODIFIERS:
            noun += 1
        if noun == len(words) or words[noun] in NO_THING or not words[noun].isalpha():
            return None
        return None if self._cores.at(words, noun) or self._compound(words, noun) else Mention(i, noun + 1, OTHER)

    def _compound(self, words: Sentence, noun: int) -> bool:
        """Whether a known noun follows, so that this word describes it: `the remaining red cup`."""
        after = noun + 1
        while after < min(len(words), noun + _MOST_MODIFIERS) and words[after] in MODIFIERS:
            after += 1
        return after < len(words) and self._cores.at(words, after) is not None


def phrase_start(words: Sentence, mention: Mention) -> int:
    """Where the article and the adjectives before a thing begin, at most `_MOST_MODIFIERS` words before it."""
    start = mention.start
    first = max(start - _MOST_MODIFIERS - 1, 0)
    while start > first and (words[start - 1] in MODIFIERS or words[start - 1] in _DETERMINERS):
        start -= 1
    return start


def _split(name: str) -> tuple[str, frozenset[str]]:
    """A name's noun, and the attributes before it or after `on`, `with` and `to`."""
    words = [_singular(word) for sentence in sentences(name) for word in sentence if word not in _ARTICLES]
    start = 0
    while start < len(words) - 1 and words[start] in MODIFIERS:
        start += 1
    end = next((i for i in range(start + 1, len(words)) if words[i] in {"on", "with", "to"}), len(words))
    attributes = frozenset(word for word in words[:start] + words[end:] if word in MODIFIERS)
    return " ".join(words[start:end]), attributes


def _synonyms(core: str) -> tuple[str, ...]:
    return tuple(name for group in SYNONYMS if core in group for name in group if name != core)


def _attributes(words: Sentence, start: int, end: int) -> frozenset[str]:
    """Colours and the like before a noun (`red cup`) or after it (`button with the red base`)."""
    found = set()
    for i in range(start - 1, max(start - 1 - _MOST_MODIFIERS, -1), -1):
        if words[i] not in MODIFIERS:
            break
        found.add(words[i])
    after = words[end + 1 : end + 4]
    if words[end : end + 1] in {("on",), ("with",), ("to",)}:
        found |= {word for word, noun in pairwise(after) if word in COLORS and noun == "base"}
        found |= {word for word in after[1:2] if word in {"left", "right"} and after[2:] != ("of",)}
    return frozenset(found)


def _which(names: Sequence[_Name], attributes: frozenset[str]) -> int:
    """The thing that a noun with these attributes means; `OTHER` if none fits, `EITHER` if several do."""
    fitting = [name for name in names if _compatible(name.attributes, attributes)]
    best = max((_agreement(name.attributes, attributes) for name in fitting), default=0)
    things = {name.thing for name in fitting if _agreement(name.attributes, attributes) == best}
    several = len(things) > 1
    if several:
        things = {name.thing for name in fitting if name.bare and not attributes}
    return things.pop() if len(things) == 1 else EITHER if several else OTHER


def _agreement(known: frozenset[str], said: frozenset[str]) -> int:
    """How much of what is said is known of the thing; the very word counts more than its hue."""
    alike = sum(_may_be(a, b) for a in said if a in COLORS for b in known if b in COLORS)
    return 2 * len(known & said) + alike


def _may_be(said: str, known: str) -> bool:
    """Whether a colour word may stand for a colour: `green` for lime; not `lime` for green, as both are paints."""
    return said == known or said in COLORS[known] or (said not in PAINTS and bool(COLORS[said] & COLORS[known]))


def _compatible(known: frozenset[str], said: frozenset[str]) -> bool:
    said_colors = [word for word in said if word in COLORS]
    known_colors = [word for word in known if word in COLORS]
    if said_colors and known_colors and not any(_may_be(a, b) for a in said_colors for b in known_colors):
        return False
    known_sides = {ATTRIBUTES[word] for word in known if word in ATTRIBUTES}
    said_sides = {ATTRIBUTES[word] for word in said if word in ATTRIBUTES}
    return not any(one[0] == other[0] and one != other for one in known_sides for other in said_sides)


def _is_part(between: Sentence, part: Mention, whole: Mention) -> bool:
    belongs = between[:1] == ("of",) and set(between[1:]) <= _ARTICLES | MODIFIERS
    return part.thing == OTHER and whole.thing >= 0 and belongs


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
