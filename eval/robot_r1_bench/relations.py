"""Where one thing lies as seen from another: true in the world, and to be seen in the picture."""

import numpy as np

from eval.robot_r1_bench.question import Along
from eval.robot_r1_bench.scene_state import Seen
from robot_r1.geometry import Array
from robot_r1.movement import SLIGHT_RATIO

LEVEL = 0.012
"""Metres up to which two things are level along an axis."""
_CLEAR = np.array([0.06, 0.05, 0.03])
"""Metres per axis from which a direction has to be named; depth is the hardest to see."""
_OWN_SIZE = 0.8
"""Share of the half extents that a distance has to reach as well, so that what overlaps is not called beside."""
_SMALL = 0.25
"""A direction that is smaller than this share of the largest one may be left out."""
_UNSURE_DEPTH = 0.6
"""A distance in depth that is smaller than this share of that in height may be left out: shadows alone show it."""
_PIXELS = 14.0
"""By which the picture has to agree."""


class UnclearError(Exception):
    """What a question asks for is not to be seen clearly, or has no one answer."""


def relation(subject: Seen, anchor: Seen) -> tuple[Along, ...]:
    """The directions in which `subject` lies as seen from `anchor`.

    Raises:
        UnclearError: no direction is clear, or the picture seems to show another one.
    """
    delta = _apart(subject, anchor)
    size = np.abs(delta)
    clear = size >= np.maximum(_CLEAR, _OWN_SIZE * _half(subject, anchor))
    if not clear.any():
        raise UnclearError(f"no direction is clear: {delta.round(3)}")
    largest = float(size[clear].max())
    small = size < _SMALL * largest
    small[0] |= size[0] < _UNSURE_DEPTH * size[2]
    along = tuple(
        Along(
            axis=axis,
            positive=bool(delta[axis] > 0),
            slight=bool(size[axis] <= SLIGHT_RATIO * largest),
            optional=bool(small[axis] or not clear[axis]),
        )
        for axis in (0, 1, 2)
        if size[axis] > LEVEL
    )
    _check_picture(along, subject, anchor)
    named = {part.axis for part in along}
    return along + tuple(part for part in _hand_above(subject, anchor) if part.axis not in named)


def _apart(subject: Seen, anchor: Seen) -> Array:
    """(3,), metres: between the centres in x and y, between the boxes in z, 0 where these overlap."""
    delta = subject.centre - anchor.centre
    above, below = subject.low[2] - anchor.high[2], anchor.low[2] - subject.high[2]
    delta[2] = above if above > 0 else -below if below > 0 else 0.0
    return delta


def _hand_above(subject: Seen, anchor: Seen) -> tuple[Along, ...]:
    """The hand stands out above what the finger tips are beside: to call the gripper higher is no error."""
    for gripper, thing, positive in ((subject, anchor, True), (anchor, subject, False)):
        if gripper.low[2] == gripper.high[2] and gripper.centre[2] > thing.centre[2]:
            return (Along(axis=2, positive=positive, slight=True, optional=True),)
    return ()


def _half(subject: Seen, anchor: Seen) -> Array:
    """(3,), metres: the larger half extent; of the narrower side, so that a pan's handle does not count."""
    narrow = max(float((seen.high - seen.low)[:2].min()) / 2 for seen in (subject, anchor))
    return np.array([narrow, narrow, 0.0])


def _check_picture(along: tuple[Along, ...], subject: Seen, anchor: Seen) -> None:
    right, down = subject.pixel - anchor.pixel
    named = {part.axis: 1 if part.positive else -1 for part in along if not part.optional}
    if 1 in named and named[1] * right < _PIXELS:
        raise UnclearError(f"the picture shows another side: {right:.0f} pixels to the right")
    if 2 in named and -named[2] * down < _PIXELS:
        raise UnclearError(f"the picture shows another height: {-down:.0f} pixels up")
    if 0 in named and 2 not in named and named[0] * down < _PIXELS:
        raise UnclearError(f"the picture shows another depth: {down:.0f} pixels down")
