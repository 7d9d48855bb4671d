"""Where one thing lies as seen from another, read from an answer.

`The cup is below the gripper` says of the gripper that it is above the cup: the reader finds what each direction is
said of and what it is measured from, and turns it round where the two are exchanged.
"""

from eval.judge.rules.axes import Said, score_axes
from eval.judge.rules.claims import claims
from eval.judge.rules.directions import UP, Direction, directions
from eval.judge.rules.lexicon import MODIFIERS
from eval.judge.rules.things import Mention, Things, phrase_start
from eval.judge.rules.verdict import Verdict
from eval.judge.rules.words import Sentence, sentences, word_set
from eval.robot_r1_bench.question import Relation

_SUBJECT, _ANCHOR = 0, 1
_BETWEEN = word_set(
    "of the a an from to than side and or , directly slightly bit little its on at in position just more both "
    "also offset somewhat immediately straight well far much right hand"
)
"""Words that may stand between a direction and the thing it is measured from."""
_REACH = 14
_VERBS = {"is", "are", "lies", "sits", "stands", "appears", "hovers", "rests", "hangs", "has", "remains", "seems"}
_PICTURE = {"image", "picture", "frame", "scene", "view", "screen", "photo"}
_MEASURED_FROM = {"to", "of", "from", "than"}


def score_relation(truth: Relation, answer: str) -> Verdict:
    """The score of an answer to "where is the subject relative to the anchor", by `score_axes`.

    What is said of other things, or measured from others, does not count.
    """
    things = Things([truth.subject, truth.anchor])
    said = [item for words in sentences(answer) for item in _read(words, things)]
    return score_axes(truth.along, said)


def _read(words: Sentence, things: Things) -> list[Said]:
    mentions = things.mentions(words)
    told_apart = {i for mention in mentions for i in range(phrase_start(words, mention), mention.end)}
    # No direction is in "the right tomato", and what the robot does tells nothing of where things are.
    named = [item for item in directions(words) if item.start not in told_apart and item.use != "verb"]
    found = sorted((*named, *_resting(words, mentions)), key=lambda item: item.start)
    starts = {mention.start: mention for mention in mentions}
    inside = {i for item in found for i in range(item.start, item.end)}
    measured_from = [_object(words, item, inside, starts) for item in found]
    objects = {mention.start for mention in measured_from if mention is not None}
    subjects = [mention for mention in mentions if mention.start not in objects and not _is_origin(words, mention)]
    said: list[Said] = []
    before = -1
    turned: bool | None = False
    for item, mention in zip(found, measured_from, strict=True):
        while before + 1 < len(subjects) and subjects[before + 1].start < item.start:
            before += 1
        of = subjects[before].thing if before >= 0 else None
        if of is not None or mention is not None:  # or else it goes on from the direction before
            turned = _turned(of, mention.thing if mention is not None else None)
        of_picture = bool(_PICTURE & set(words[item.end : item.end + 4])) and "of" in words[item.end : item.end + 3]
        if turned is None or item.claim == "open" or of_picture:
            continue
        said += [
            Said((axis, positive != turned), item.slight, item.claim == "asserted", item.choice)
            for axis, positive in item.ways
        ]
    return said


def _turned(of: int | None, measured_from: int | None) -> bool | None:
    """Whether a direction is the anchor's, seen from the subject; None if it is about something else."""
    if any(thing is not None and thing < 0 for thing in (of, measured_from)):
        return None
    if measured_from is None:
        return of == _ANCHOR
    if of == measured_from:
        return None
    return measured_from == _SUBJECT


def _object(words: Sentence, item: Direction, inside: set[int], starts: dict[int, Mention]) -> Mention | None:
    """The thing that a direction is measured from: the next one, if only other directions lie between."""
    for i in range(item.end, min(item.end + _REACH, len(words))):
        if i in starts:
            mention = starts[i]
            return None if words[mention.end : mention.end + 1] and words[mention.end] in _VERBS else mention
        if i not in inside and words[i] not in _BETWEEN and words[i] not in MODIFIERS:
            return None
    return None


def _resting(words: Sentence, mentions: tuple[Mention, ...]) -> list[Direction]:
    """`on the saucepan` is above it."""
    state = claims(words)
    before = [phrase_start(words, mention) - 1 for mention in mentions if mention.thing >= 0]
    return [
        Direction(i, i + 1, (UP,), use="place", slight=False, claim=state[i])
        for i in before
        if i >= 0 and words[i] == "on"
    ]


def _is_origin(words: Sentence, mention: Mention) -> bool:
    """Whether it is named as what something is measured from: `relative to the cup`."""
    start = phrase_start(words, mention)
    return start > 0 and words[start - 1] in _MEASURED_FROM
