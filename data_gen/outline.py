"""What to ask about demos: the survey of them all, the balance of their options, the outline of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data_gen.config import BuildConfig
from data_gen.distractors.balance import Balance
from data_gen.distractors.draw import Drawing, Options
from data_gen.formats import question_types
from data_gen.keypoints import find_keypoints
from data_gen.pool import Workers
from data_gen.questions import Moment, Outline
from data_gen.sources import ArchivedDemo, DemoFile, load
from data_gen.survey import Survey, Track
from robot_r1.demo import Demo
from robot_r1.errors import BadDemoError
from robot_r1.question import QuestionType, Split
from robot_r1.seeding import generator

Balances = Mapping[QuestionType, Balance]
_CHUNK = 20
"""Demos that a worker looks at in one go."""


@dataclass(frozen=True)
class _Chunk:
    demos: tuple[tuple[DemoFile, Split], ...]
    config: BuildConfig


def take_survey(demos: Sequence[tuple[DemoFile, Split]], config: BuildConfig, workers: Workers) -> Survey:
    """The survey of demos, in their order; damaged ones are left out, and told when their shard is built.

    Raises:
        BadDemoError: a demo is damaged and the configuration is strict.
    """
    chunks = [_Chunk(tuple(demos[i : i + _CHUNK]), config) for i in range(0, len(demos), _CHUNK)]
    tracks: dict[str, Track] = {}
    for found in workers.run_all(_tracks, chunks, "looking at demos"):
        tracks |= {track.id: track for track in found}
    order = [file.key.id for file, _ in demos if file.key.id in tracks]
    return Survey.of([tracks[demo_id] for demo_id in order], config.frame_interval)


def _tracks(chunk: _Chunk) -> list[Track]:
    found = []
    for file, split in chunk.demos:
        try:
            found.append(track(load_named(file, chunk.config), split, chunk.config))
        except BadDemoError:
            if chunk.config.strict:
                raise
    return found


def load_named(file: DemoFile, config: BuildConfig) -> Demo:
    """Load a demo that is what its place says.

    Raises:
        BadDemoError: the demo is damaged, or a copy of another, which would be in the data set twice.
    """
    demo = load(file, config)
    if isinstance(file, ArchivedDemo) and demo.key != file.key:
        raise BadDemoError(file.path, f"holds {demo.key.id}")
    return demo


def track(demo: Demo, split: Split, config: BuildConfig) -> Track:
    """What the survey keeps of a demo."""
    settings = config.keypoints
    keypoints = find_keypoints(
        demo,
        settings.method,
        settings.stopping_delta,
        settings.merge_distance,
        generator(config.seed, demo.key.id, "keypoints"),
    )
    return Track(demo.key.id, demo.key.task, split, demo.tip_position, tuple(keypoints), demo.pictured)


def find_balances(survey: Survey, config: BuildConfig) -> dict[QuestionType, Balance]:
    """The balance of each question type that the configuration has balanced."""
    drawing = Drawing(survey, config)
    types = [name for name in question_types(config.format) if name in config.distractors.balanced]
    return {name: drawing.fit(name) for name in types} if len(survey.demo) else {}


def outlines(survey: Survey, ids: Sequence[str], balances: Balances, config: BuildConfig) -> dict[str, Outline]:
    """The outlines of those of the demos that are in the survey.

    They depend on which demos are asked for together, but not on who asks.
    """
    demos = np.flatnonzero(np.isin(survey.ids, list(ids)))
    if not len(demos):
        return {}
    drawing = Drawing(survey, config)
    moments = survey.moments_of(demos)
    options = {
        name: drawing.options(moments, name, balances.get(name), generator(config.seed, "options", name, *ids))
        for name in question_types(config.format)
    }
    return {str(survey.ids[demo]): _outline(drawing, int(demo), options) for demo in demos}


def _outline(drawing: Drawing, demo: int, options: Mapping[QuestionType, Mapping[int, Options]]) -> Outline:
    survey = drawing.survey
    return Outline(
        keypoints=survey.keypoints_of(demo),
        moments=tuple(
            Moment(
                frame=int(survey.frame[moment]),
                keypoint=int(survey.next_keypoint[moment]),
                options={
                    name: of_type[moment] if moment in of_type else drawing.why_not(moment, name)
                    for name, of_type in options.items()
                },
            )
            for moment in survey.moments_of([demo]).tolist()
        ),
    )
