"""From an answer's text to sentences of plain words.

All later reading works on these words, token by token, so that it takes time linear in the length of any text.
"""

import re
import unicodedata
from typing import Generic, TypeVar

Sentence = tuple[str, ...]
"""Words in lower case; `,` stands for a comma, dash or bracket."""

_CANONICAL = {
    "towards": "toward",
    "upwards": "upward",
    "downwards": "downward",
    "forwards": "forward",
    "backwards": "backward",
    "leftwards": "leftward",
    "rightwards": "rightward",
    "grey": "gray",
    "colour": "color",
    "colored": "color",
    "coloured": "color",
    "centre": "center",
    "farther": "further",
    "farthest": "furthest",
    "cannot": "not",
    "underneath": "under",
    "beneath": "below",
    "atop": "above",
    "nearer": "closer",
    "nearest": "closest",
    "whilst": "while",
}
_CONTRACTIONS = (
    (re.compile(r"\bcan't\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"\b(it|that|there|here|he|she|what|which)'s\b"), r"\1 is"),
    (re.compile(r"'(?:s|re|ll|ve|d|m)?\b"), ""),
)
_MARKUP = re.compile(r"</?[a-z][a-z ]{0,20}>|[*`_#\"\[\]]")
_NUMBERING = re.compile(r"(?:^|\n)[ \t]*(?:step[ \t]*)?\(?(?:[0-9]{1,3}[.):]|[-\u2022\u2023+][ \t])")
_STEP = re.compile(r"\bstep[ \t]*[0-9]{1,3}\b[.):]?")
_INLINE_NUMBER = re.compile(r"(?<=[\s.;,:])\(?[0-9]{1,2}[.)](?=\s)")
_TOKEN = re.compile(r"[a-z]+|[0-9]+(?:\.[0-9]+)?|[.!?;:\n]|[,()/\u2013\u2014\u2192&]|->")
_COMMAS = {",", "(", ")", "\u2013", "\u2014"}
_ENDS = {".", "!", "?", ";", ":", "\n", "->", "\u2192"}


def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text: what stands between full stops, semicolons, colons, line ends and step numbers.

    Case, markup, numbering and possessives fall away, contractions are spelled out, spellings are made one
    (`towards`, `toward`). A text in which no Latin letter stands has no sentences.
    """
    plain = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    plain = _MARKUP.sub(" ", plain)
    for pattern in (_NUMBERING, _STEP, _INLINE_NUMBER):
        plain = pattern.sub("\n", plain)
    for pattern, words in _CONTRACTIONS:
        plain = pattern.sub(words, plain)
    found: list[Sentence] = []
    current: list[str] = []
    for token in _TOKEN.findall(plain):
        if token in _ENDS:
            if current:
                found.append(tuple(current))
            current = []
        elif token in _COMMAS:
            current.append(",")
        elif token in {"&", "/"}:
            current.append("and")
        else:
            current.append(_CANONICAL.get(token, token))
    return (*found, tuple(current)) if current else tuple(found)


T = TypeVar("T")


def word_set(words: str) -> frozenset[str]:
    """The words of a list with spaces between them."""
    return frozenset(words.split())


class Phrases(Generic[T]):
    """A table of phrases; at each place of a sentence the longest one counts."""

    def __init__(self, meanings: dict[str, T]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], T]]] = {}
        for phrase, meaning in meanings.items():
            words = tuple(phrase.split())
            self._by_first.setdefault(words[0], []).append((words, meaning))
        for known in self._by_first.values():
            known.sort(key=lambda entry: -len(entry[0]))

    def at(self, words: Sentence, start: int) -> tuple[int, T] | None:
        """The end and the meaning of the phrase that begins at a word; None if none does."""
        for phrase, meaning in self._by_first.get(words[start], ()):
            if words[start : start + len(phrase)] == phrase:
                return start + len(phrase), meaning
        return None
