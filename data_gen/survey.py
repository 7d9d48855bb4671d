"""What the distractors of one demo may know of all the others: tracks, keypoints and question moments, no pictures.

A moment is a frame at which questions start, with its next keypoint. The survey is taken once, before shards are
built, and lies in the staging folder, so that every worker draws from the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_r1.demo import Demo
from robot_r1.files import atomic_path
from robot_r1.geometry import Array

Indices = NDArray[np.int64]
Names = NDArray[np.str_]


@dataclass(frozen=True)
class Track:
    """A demo without pictures."""

    id: str
    task: str
    split: str
    positions: Array
    """(T, 3), the tip, metres, world frame."""
    keypoints: tuple[int, ...]
    """Frame indices, ascending."""
    pictured: tuple[int, ...] | None = None
    """The frames that have pictures, where not all have."""

    def starts(self, frame_interval: int) -> list[int]:
        """The frames at which questions start: every `frame_interval`-th before the last keypoint.

        Where that has no picture, the first one after it that has, before the next would come.
        """
        last = self.keypoints[-1] if self.keypoints else 0
        if self.pictured is None:
            return list(range(0, last, frame_interval))
        first: dict[int, int] = {}
        for frame in self.pictured:
            if frame < last:
                first.setdefault(frame // frame_interval, frame)
        return list(first.values())


@dataclass(frozen=True)
class Survey:
    """D demos with M moments; positions in metres, world frame."""

    ids: Names
    """(D,), demo ids, in the order of the moments."""
    task: Names
    """(D,)"""
    split: Names
    """(D,)"""
    track_start: Indices
    """(D + 1,), where each demo's track begins in `tracks`."""
    tracks: Array
    """(sum of T, 3)"""
    keypoint_start: Indices
    """(D + 1,), where each demo's keypoints begin in `keypoints`."""
    keypoints: Indices
    """Frame indices."""
    demo: Indices
    """(M,), index of the demo."""
    frame: Indices
    """(M,)"""
    next_keypoint: Indices
    """(M,), frame index."""
    state: Array
    """(M, 3), the tip at `frame`."""
    target: Array
    """(M, 3), the tip at `next_keypoint`."""

    @classmethod
    def of(cls, tracks: Sequence[Track], frame_interval: int) -> "Survey":
        """The survey of demos, with a moment at each frame of `Track.starts`."""
        moments = [
            (d, frame, next(k for k in track.keypoints if k > frame))
            for d, track in enumerate(tracks)
            for frame in track.starts(frame_interval)
        ]
        demo, frame, keypoint = np.array(moments, dtype=np.int64).reshape(-1, 3).T
        track_start = _starts([len(track.positions) for track in tracks])
        positions = np.concatenate([np.empty((0, 3)), *(track.positions for track in tracks)])
        return cls(
            ids=np.array([track.id for track in tracks], dtype=np.str_),
            task=np.array([track.task for track in tracks], dtype=np.str_),
            split=np.array([track.split for track in tracks], dtype=np.str_),
            track_start=track_start,
            tracks=positions,
            keypoint_start=_starts([len(track.keypoints) for track in tracks]),
            keypoints=np.array([k for track in tracks for k in track.keypoints], dtype=np.int64),
            demo=demo,
            frame=frame,
            next_keypoint=keypoint,
            state=positions[track_start[demo] + frame],
            target=positions[track_start[demo] + keypoint],
        )

    def keypoints_of(self, demo: int) -> tuple[int, ...]:
        """Frame indices of a demo's keypoints."""
        return tuple(int(k) for k in self.keypoints[self.keypoint_start[demo] : self.keypoint_start[demo + 1]])

    def moments_of(self, demos: Sequence[int] | Indices) -> Indices:
        """Indices of the moments of some demos."""
        return np.flatnonzero(np.isin(self.demo, demos))

    def shows(self, demo: Demo) -> bool:
        """Whether a demo is in the survey, and as it was when the survey was taken."""
        for number in np.flatnonzero(self.ids == demo.key.id):
            known = self.tracks[self.track_start[number] : self.track_start[number + 1]]
            return np.array_equal(known, demo.tip_position)
        return False

    def save(self, path: Path) -> None:
        """Store the survey; the file appears complete or not at all."""
        load_survey.cache_clear()  # of another survey that this process has read at the same place
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **{field.name: getattr(self, field.name) for field in fields(self)})


@lru_cache(maxsize=1)
def load_survey(path: Path) -> Survey:
    """A stored survey; a worker that builds many shards reads it once."""
    with np.load(path, allow_pickle=False) as arrays:
        return Survey(**{field.name: arrays[field.name] for field in fields(Survey)})


def _starts(lengths: Sequence[int]) -> Indices:
    return np.concatenate([[0], np.cumsum(np.array(lengths, dtype=np.int64))]).astype(np.int64)
