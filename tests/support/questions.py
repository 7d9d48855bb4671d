"""Questions of made-up demos, drawn as the build draws them."""

from collections.abc import Sequence

from data_gen.config import BuildConfig
from data_gen.outline import find_balances, outlines, track
from data_gen.questions import Outline
from data_gen.survey import Survey
from robot_r1.demo import Demo


def outline_all(demos: Sequence[Demo], config: BuildConfig) -> dict[str, Outline]:
    survey = Survey.of([track(demo, "train", config) for demo in demos], config.frame_interval)
    return outlines(survey, [demo.key.id for demo in demos], find_balances(survey, config), config)


def outline(demo: Demo, config: BuildConfig) -> Outline:
    return outline_all([demo], config)[demo.key.id]
