"""Which of several things an answer names."""

from eval.judge.rules.claims import claims
from eval.judge.rules.lexicon import MODIFIERS
from eval.judge.rules.things import Mention, Things, phrase_start
from eval.judge.rules.verdict import Verdict
from eval.judge.rules.words import Sentence, sentences
from eval.robot_r1_bench.question import Choice

_RIGHT = 0
_LISTING = {"among", "between", "of", "out", "comparing", "considering", "from"}
_MEASURED_FROM = {
    "than",
    "to",
    "of",
    "from",
    "with",
    "beside",
    "behind",
    "above",
    "below",
    "under",
    "over",
    "near",
    "by",
}
_POLES = tuple(
    (frozenset(one.split()), frozenset(other.split()))
    for one, other in (
        ("left leftmost", "right rightmost"),  # before far, for the sake of "furthest to the right"
        ("high higher highest", "low lower lowest"),
        ("close closer closest", "far further furthest away"),
    )
)
_LISTED = {"and", ",", "the", "or", "both"}
_BETWEEN_ENDS = frozenset({"middle", "between", "second", "third"})
_SHORT = 5
"""Words up to which a colour stands for the thing: `It is red.`"""
_ANYTHING = {"anything", "any"}


def score_choice(truth: Choice, question: str, answer: str) -> Verdict:
    """3 if the right thing is named and no wrong one, otherwise 0: nothing lies between.

    What is denied does not count as named, nor does what another is compared with (`than the blue cup`) or what is
    said to be at the other end (`the blue cup is furthest`, where the question asks for the closest).

    Args:
        question: its wording tells which end it asks for.
    """
    things = Things([truth.right, *truth.wrong])
    named: set[int] = set()
    denied: set[int] = set()
    nothing = next((i for i, names in enumerate((truth.right, *truth.wrong)) if "nothing" in names), None)
    for words in sentences(answer):
        asserted, refused = _read(words, things, _ends(question))
        named |= asserted
        denied |= refused
        if nothing is not None and not asserted and _denies_all(words):
            named.add(nothing)
    if named == {_RIGHT} and _RIGHT not in denied:
        return Verdict(3, f"{truth.right[0]} is named, and nothing else")
    if _RIGHT in denied:
        return Verdict(0, f"{truth.right[0]} is denied")
    if _RIGHT in named:
        return Verdict(0, f"{truth.wrong[min(named - {_RIGHT}) - 1][0]} is named as well")
    if named:
        return Verdict(0, f"{truth.wrong[min(named) - 1][0]} is named, {truth.right[0]} is right")
    return Verdict(0, f"{truth.right[0]} is not named")


def _read(words: Sentence, things: Things, other_ends: frozenset[str]) -> tuple[set[int], set[int]]:
    """The things that a sentence names as the answer, and those that it excludes."""
    state = claims(words)
    start = _after_list(words, things)
    mentions = [mention for mention in things.mentions(words) if mention.thing >= 0 and mention.start >= start]
    if not mentions and len(words) <= _SHORT:
        lone = frozenset(
            word for word, claim in zip(words, state, strict=True) if word in MODIFIERS and claim == "asserted"
        )
        thing = things.by_attributes(lone)
        return ({thing} if thing >= 0 else set()), set()
    asserted: set[int] = set()
    refused: set[int] = set()
    at_other_end = _at_other_end(words, mentions, other_ends)
    for number, mention in enumerate(mentions):
        denied = state[max(phrase_start(words, mention) - 1, 0)] == "denied" or _denied_after(words, mention)
        if denied or at_other_end[number]:
            refused.add(mention.thing)
        elif not (number and _is_compared(words, mention)):
            asserted.add(mention.thing)
    return asserted, refused - asserted


def _at_other_end(words: Sentence, mentions: list[Mention], other_ends: frozenset[str]) -> list[bool]:
    """Whether things are said to be at the other end, after them (`the blue cup is furthest`) or before the first."""
    found: list[bool] = []
    stop = len(words)
    for mention in reversed(mentions):
        follows = set(words[mention.end : stop])
        listed = bool(found) and follows <= _LISTED
        found.append(found[-1] if listed else bool(other_ends & follows))
        stop = phrase_start(words, mention)
    if len(mentions) == 1 and set(words[mentions[0].end :]) <= _LISTED:
        found[-1] = bool(other_ends & set(words[: mentions[0].start]))
    return found[::-1]


def _denied_after(words: Sentence, mention: Mention) -> bool:
    """`The blue cup is not`."""
    return words[mention.end : mention.end + 2] in {("is", "not"), ("are", "not"), ("does", "not")}


def _after_list(words: Sentence, things: Things) -> int:
    """Where the answer begins after `of the red and the blue cup, ..`."""
    if words[0] not in _LISTING:
        return 0
    last = max((mention.start for mention in things.mentions(words)), default=0)
    return max((i + 1 for i in range(min(last, len(words))) if words[i] == ","), default=0)


def _is_compared(words: Sentence, mention: Mention) -> bool:
    start = phrase_start(words, mention)
    return start > 0 and words[start - 1] in _MEASURED_FROM


def _denies_all(words: Sentence) -> bool:
    return any(word in _ANYTHING and claim == "denied" for word, claim in zip(words, claims(words), strict=True))


def _ends(question: str) -> frozenset[str]:
    """The words for the other end of what a question asks for."""
    asked = {word for words in sentences(question) for word in words}
    for one, other in _POLES:
        if bool(asked & one) != bool(asked & other):
            return (other if asked & one else one) | _BETWEEN_ENDS
    return frozenset()
