"""The very next movement, read from an answer: `Move down and slightly to the right.`

Only what moves counts. Where things are (`the cup is on the left`), what the movement is for (`to lift the lid`) and
what comes later (`then close the gripper and lift`) is told apart from it.
"""

from collections.abc import Set
from dataclasses import dataclass

from eval.judge.rules.axes import Said, score_axes
from eval.judge.rules.directions import directions
from eval.judge.rules.verdict import Verdict
from eval.judge.rules.words import Sentence, sentences, word_set
from eval.robot_r1_bench.question import Moves

_LATER = {
    "then",
    "afterward",
    "afterwards",
    "finally",
    "after",
    "before",
    "once",
    "subsequently",
    "later",
    "next",
    "when",
}
_HANDLING = word_set(
    "close closes closing grasp grasps grasping grip grips gripping grab grabs grabbing pick picks picking "
    "open opens opening release releases releasing place places placing"
)
_DONE = {"after", "once", "having", "while", "with", "the", "a", "by", "without"}
"""Words before `grasping`, `the open gripper` and the like, which tell of no action that comes next."""
_STATE = {"is", "are", "lies", "sits", "appears", "remains", "has", "looks", "seems"}
_MOTION = word_set(
    "move moves moving moved movement motion shift shifts shifting go goes going travel travels direction "
    "adjust adjusts adjusting adjustment translate translates slide slides sliding step action should must "
    "needs need will lower lowers lowering raise raises raising lift lifts lifting descend descends "
    "descending rise rises ascend ascends push pushes press pull pulls drop drops bring brings"
)
_REASONS = {"because", "since", "given", "where", "until", "whose", "which"}
_REASON_PAIRS = {("as", "the"), ("as", "it"), ("so", "that"), ("so", "it"), ("so", "the")}
_DUTIES = {"should", "must", "needs", "need", "has"}
"""After `so it`: then it is a conclusion, not a purpose."""
_OBLIGING = word_set(
    "need needs has have had needed ought is are was be going supposed required move moves movement motion step action"
)
"""Words after which `to lift` is what has to be done, not what something else is done for."""
_PURPOSE_VERBS = word_set(
    "grasp grip grab pick lift raise lower press push pull reach align be get position place put release open "
    "close approach hover touch insert drop take hold clear avoid allow make ensure prepare begin start "
    "descend carry bring remove return complete establish achieve secure center centre line contact meet "
    "engage stack slide"
)


@dataclass(frozen=True, slots=True)
class _Stage:
    """Directions of one movement, and how many actions of the gripper are told between it and the one before."""

    said: tuple[Said, ...]
    handled: int


def score_moves(truth: Moves, answer: str) -> Verdict:
    """The score of an answer to "what is the next movement", by `score_axes`.

    Several movements in a row count as one (`left, then down`) if they do not undo each other. If they do, or if they
    are not right taken together, the first one alone is scored: at most 2 if the rest follows an action of the gripper
    (`down, then grasp and lift`), at most 1 if it does not. Where such an action comes before the first movement
    (`grasp it and lift`), the score is at most 2; where several are told, at most 1.
    """
    stages, handled = _stages(answer)
    together = score_axes(truth.along, [item for stage in stages for item in stage.said])
    if stages and stages[0].handled:
        score = min(together.score, 2 if handled == 1 else 1)
        return Verdict(score, f"{together.reason}; but other actions come before")
    if len(stages) < 2 or together.score == 3:
        return together
    first = score_axes(truth.along, stages[0].said)
    score = min(first.score, 2 if stages[1].handled else 1)
    return max(together, Verdict(score, f"{first.reason}, but other movements follow"), key=lambda item: item.score)


def _stages(answer: str) -> tuple[list[_Stage], int]:
    """The movements of an answer, and how many actions of the gripper it tells."""
    stages: list[_Stage] = []
    said: list[Said] = []
    handled = all_handled = 0
    for words in sentences(answer):
        if _STATE & set(words) and not _MOTION & set(words):
            continue
        named = {item.start: item for item in directions(words) if item.use != "place" and item.claim != "open"}
        aside = _aside(words, named.keys(), moved=bool(said or stages))
        for i, word in enumerate(words):
            handles = word in _HANDLING and i not in aside and not _DONE & set(words[max(i - 3, 0) : i])
            if said and (i == 0 or handles or _starts_later(words, i)):
                stages.append(_Stage(tuple(said), handled))
                said, handled = [], 0
            handled += handles
            all_handled += handles
            if i in named and i not in aside:
                item = named[i]
                said += [Said(way, item.slight, item.claim == "asserted", item.choice) for way in item.ways]
    if said:
        stages.append(_Stage(tuple(said), handled))
    return stages, all_handled


def _starts_later(words: Sentence, i: int) -> bool:
    return words[i] in _LATER and words[i + 1 : i + 2] not in {("to",), ("movement",), ("move",), ("motion",)}


def _aside(words: Sentence, named: Set[int], moved: bool) -> set[int]:
    """Words that tell what a movement is for or why it is made.

    Args:
        named: where the directions begin.
        moved: whether a movement was named in an earlier sentence.
    """
    dropped: set[int] = set()
    inside = False
    for i, word in enumerate(words):
        following = words[i + 1] if i + 1 < len(words) else ""
        if inside:
            inside = word not in {",", "then"}
        elif word == "to" and following in _PURPOSE_VERBS and words[max(i - 1, 0)] not in _OBLIGING:
            inside = moved or words[max(i - 2, 0) : i] in {("in", "order"), ("so", "as")} or (i == 0 and "," in words)
        else:
            concludes = word == "so" and bool(_DUTIES & set(words[i + 2 : i + 5]))
            inside = word in _REASONS or ((word, following) in _REASON_PAIRS and not concludes)
        if inside:
            dropped.add(i)
        moved = moved or i in named
    return dropped
