"""What may give an option away to who does not look: the cues that `balance` levels.

Shapes (Q, T, 4, K): K cues of each option of T sets for Q questions.
"""

import numpy as np

from data_gen.distractors.movements import MOVEMENTS, SAID
from data_gen.distractors.usual import Usual
from data_gen.survey import Indices
from robot_r1.geometry import ROBOT_BASE, WORKSPACE, Array
from robot_r1.movement import movement_text
from robot_r1.question import QuestionType

EXTREMES: dict[QuestionType, int] = {"waypoint": 19, "current_state": 13, "movement": 11}
"""How many of a type's cues, the first ones, are levelled as largest and as smallest too."""
_CHARACTERS = np.array([len(movement_text(movement)) for movement in MOVEMENTS], dtype=np.float64)


def point_cues(points: Array, state: Array | None, task: Indices, demo: Indices, usual: Usual) -> Array:
    """Cues of positions.

    Args:
        points: (Q, T, 4, 3), metres.
        state: (Q, 3), the current state where the prompt gives it (waypoint).
        task: (Q,), as in `usual`.
        demo: (Q,), as in `usual`.
        usual: the right positions of all questions of the type.
    """
    centre = (np.array(WORKSPACE[0]) + WORKSPACE[1]) / 2
    mean, mean_of_task = usual.means(usual.right, task)
    anchors = (points.mean(axis=2, keepdims=True), mean, mean_of_task[:, None, None], centre, np.array(ROBOT_BASE))
    between = np.sort(_length(points[:, :, :, None] - points[:, :, None]), axis=-1)
    printed = np.round(points, 3)
    shared = (printed[:, :, :, None] == printed[:, :, None]).sum(axis=3)
    extremes = [
        *(_length(points - anchor) for anchor in anchors),
        between[..., 1],
        *_axes(points),
        *_axes(np.log1p(usual.numbers(points, task, demo))),
        np.log1p(usual.places(points, task, demo)),
    ]
    if state is None:
        return np.stack([*extremes, *_axes(points**2), *_axes(shared)], axis=-1)
    move = points - state[:, None, None]
    usual_move, move_of_task = usual.means(usual.moves, task)
    far, far_of_task = usual.means(_length(usual.moves)[:, None], task)
    extremes += [
        _length(move),
        _length(move[..., :2]),
        _length(move - usual_move),
        _length(move - move_of_task[:, None, None]),
        np.abs(_length(move) - far),
        np.abs(_length(move) - far_of_task[:, None]),
    ]
    return np.stack([*extremes, *_axes(points**2), *_axes(shared), *_axes(np.abs(move)), *_axes(move**2)], axis=-1)


def _length(vectors: Array) -> Array:
    length: Array = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))
    return length


def _axes(values: Array) -> list[Array]:
    return list(np.moveaxis(values, -1, 0))


def movement_cues(labels: Indices, frequency: Array) -> Array:
    """Cues of movements.

    Args:
        labels: (Q, T, 4), numbers of movements.
        frequency: (Q, L), how often each is right in other demos of the question's task.
    """
    said = SAID[labels].astype(np.float64)
    usual = np.log1p(
        np.take_along_axis(frequency[:, None], labels.reshape(len(labels), 1, labels.shape[1] * 4), axis=2)
    )
    usual = usual.reshape(labels.shape)
    moves = said / 2
    away = np.linalg.norm(moves - moves.mean(axis=2, keepdims=True), axis=-1)
    shared = (said[:, :, :, None] == said[:, :, None]).sum(axis=(3, 4)).astype(np.float64)
    usual_move = np.einsum("ql,lk->qk", frequency, SAID / 2)
    usual_move /= np.maximum(frequency.sum(axis=1, keepdims=True), 1)
    from_usual = np.linalg.norm(moves - usual_move[:, None, None], axis=-1)
    characters = _CHARACTERS[labels]
    named, slight = (said != 0).sum(axis=-1), (np.abs(said) == 1).sum(axis=-1)
    cues = [characters, named, slight, named + slight, usual, away, shared, from_usual, *np.moveaxis(moves, -1, 0)]
    kinds = [(said[..., axis] == kind) for axis in range(3) for kind in (-2, -1, 0, 1, 2)]
    return np.stack([np.asarray(cue, dtype=np.float64) for cue in [*cues, *kinds]], axis=-1)
