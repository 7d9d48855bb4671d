"""Which words of a sentence are asserted, and which are denied: `down, not to the left`."""

from typing import Literal

from eval.judge.rules.words import Sentence, word_set

Claim = Literal["asserted", "denied", "open"]
"""`open`: neither claimed nor denied, as `above` in `not directly above`."""

_NEGATORS = word_set(
    "not no never neither nor without avoid avoiding avoids unclear uncertain unsure impossible unable doubt doubtful "
    "unlikely false untrue wrong incorrect"
)
"""Words after which nothing is claimed: `it is unclear whether the cup is on the left`."""
_HEDGES = {"directly", "exactly", "quite", "perfectly", "fully", "entirely", "completely", "precisely", "strictly"}
_ONLY = {"only", "just", "merely", "simply"}
_RESETS = {"but", "instead", "rather", "only", "just", "however", "although", "though", "while", "whereas", "because"}
_UNNEEDED = {"needed", "required", "necessary", "involved", "necessarily"}

_LIST_WORDS = word_set(
    "up down left right forward backward upward downward leftward rightward above below over under behind "
    "back front in of on to the toward any a side top higher lower further closer camera viewer away from"
)
_LOOK_AHEAD = 12
"""Words; how far a list of denied directions may reach, so that a long row of commas costs no more than its length."""


def claims(words: Sentence) -> list[Claim]:
    """What is claimed at every word of a sentence.

    A denial reaches to the end of its clause: to a comma (unless a list goes on: `not left, right or up`), to `but`,
    or to an `and` that starts something new. `not needed` and the like deny what stands before them.
    """
    found: list[Claim] = []
    state: Claim = "asserted"
    segment = 0
    for i, word in enumerate(words):
        following = words[i + 1] if i + 1 < len(words) else ""
        if word in _NEGATORS or (word, following) in {("instead", "of"), ("rather", "than")}:
            if word == "not" and following in _UNNEEDED:
                found[segment:] = ["denied"] * (i - segment)
            elif not (following in _ONLY or (word == "no" and following in {",", "", "longer"})):
                state = "open" if word == "not" and following in _HEDGES else "denied"
        elif word in {"unnecessary", "unneeded"}:
            found[segment:] = ["denied"] * (i - segment)
        elif state != "asserted" and _ends_denial(words, i):
            state = "asserted"
        if word == "," or word in _RESETS:
            segment = i + 1
        found.append(state)
    return found


def _ends_denial(words: Sentence, i: int) -> bool:
    word = words[i]
    if word in _RESETS or word == "then":
        return True
    if word == "and":
        return i + 1 == len(words) or words[i + 1] not in _LIST_WORDS
    return word == "," and not _list_goes_on(words, i + 1)


def _list_goes_on(words: Sentence, start: int) -> bool:
    for word in words[start : start + _LOOK_AHEAD]:
        if word in {"or", "nor"}:
            return True
        if word not in _LIST_WORDS and word != ",":
            return False
    return False
