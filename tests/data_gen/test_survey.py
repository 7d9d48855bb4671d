from pathlib import Path

import numpy as np

from data_gen.config import BuildConfig
from data_gen.outline import track
from data_gen.survey import Survey, load_survey
from robot_r1.demo import Demo, DemoKey
from tests.support.demos import make_demo

CUP = DemoKey(task="pick_up_cup", variation=0, episode=0)
BUTTON = DemoKey(task="push_button", variation=0, episode=0)


def survey(*demos: Demo, interval: int = 10) -> Survey:
    return Survey.of([track(demo, "train", BuildConfig()) for demo in demos], interval)


def test_moments_aim_at_the_next_keypoint_of_their_own_demo() -> None:
    known = survey(make_demo(key=CUP), make_demo(key=BUTTON, close_at=None))
    for number in range(2):
        keypoints = known.keypoints_of(number)
        moments = known.moments_of([number])
        assert known.frame[moments].tolist() == list(range(0, keypoints[-1], 10))
        for frame, aim in zip(known.frame[moments], known.next_keypoint[moments], strict=True):
            assert aim == min(k for k in keypoints if k > frame)
    assert (known.state == known.tracks[known.track_start[known.demo] + known.frame]).all()
    assert (known.target == known.tracks[known.track_start[known.demo] + known.next_keypoint]).all()


def test_it_shows_a_demo_as_it_was_alone() -> None:
    known = survey(make_demo(key=CUP))
    assert known.shows(make_demo(key=CUP))
    assert not known.shows(make_demo(key=BUTTON))
    assert not known.shows(make_demo(key=CUP, waypoints=((0.28, 0, 1.3), (0.2, 0.1, 0.9))))


def test_a_survey_reads_back_and_another_at_the_same_place_too(tmp_path: Path) -> None:
    path = tmp_path / "survey.npz"
    for demos in ([make_demo(key=CUP)], [make_demo(key=CUP), make_demo(key=BUTTON)], []):
        known = survey(*demos)
        known.save(path)
        read = load_survey(path)
        assert read.ids.tolist() == [demo.key.id for demo in demos]
        assert np.array_equal(read.tracks, known.tracks) and np.array_equal(read.next_keypoint, known.next_keypoint)
