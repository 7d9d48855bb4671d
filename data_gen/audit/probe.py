"""The blind probe: a small classifier that learns from options alone which one is right.

It finds what no single rule names: any weighted sum of what can be read off the options. Questions of one demo are
never on both sides of a fold. Beside it boosted trees are trained. They can put a task's heights together with the
position that a waypoint's prompt gives, and so know where a robot of that task goes next: no choice of wrong options
hides that, and so they have no threshold.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from data_gen.audit.features import linear_features, option_features
from data_gen.audit.lights import MIN_DEMOS
from robot_r1.blind_questions import BlindQuestions, Codes
from robot_r1.geometry import Array
from robot_r1.seeding import generator

MAX_QUESTIONS = 2500
"""Questions of a type that the probe looks at: whole demos, drawn once and for all."""
FOLDS = 3
"""Of the cross-validation."""


class _Classifier(Protocol):
    def fit(self, features: Array, right: NDArray[np.bool_]) -> object: ...

    def predict_proba(self, features: Array) -> Array: ...


@dataclass(frozen=True)
class ProbeResult:
    """How often a classifier finds the right option."""

    won: Array
    """(M,): the chance that it answers each question right; equal scores share the choice."""
    demo: Codes
    """(M,): the questions' demos, as in `BlindQuestions`."""


@dataclass(frozen=True)
class Probes:
    """The probe, and beside it a learner that can also put numbers together."""

    linear: ProbeResult
    """Logistic regression."""
    trees: ProbeResult
    """Boosted trees."""


def probe(questions: BlindQuestions) -> Probes | None:
    """Train and test both, cross-validated by demo; None if there are fewer than `MIN_DEMOS` demos.

    The same questions give the same result: nothing is drawn but the sample, and one thread does the sums.
    """
    sample = questions.subset(_sample(questions))
    if len(np.unique(sample.demo)) < MIN_DEMOS:
        return None
    with threadpool_limits(1):
        return Probes(
            ProbeResult(_cross_validate(_logistic, linear_features(sample), sample), sample.demo),
            ProbeResult(_cross_validate(_trees, option_features(sample), sample), sample.demo),
        )


def _sample(questions: BlindQuestions) -> NDArray[np.bool_]:
    """The rows of as many whole demos as give `MAX_QUESTIONS` questions, or all."""
    demos, counts = np.unique(questions.demo, return_counts=True)
    order = generator(0, "blind probe", questions.question_type).permutation(len(demos))
    kept = demos[order][np.cumsum(counts[order]) <= MAX_QUESTIONS]
    return np.isin(questions.demo, kept)


def _logistic() -> _Classifier:
    model: _Classifier = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.03, solver="newton-cholesky", max_iter=50)
    )
    return model


def _trees() -> _Classifier:
    model: _Classifier = HistGradientBoostingClassifier(
        max_iter=30, max_leaf_nodes=12, min_samples_leaf=30, learning_rate=0.25, early_stopping=False, random_state=0
    )
    return model


def _cross_validate(make: Callable[[], _Classifier], features: Array, questions: BlindQuestions) -> Array:
    right = np.arange(4) == questions.answer[:, None]
    scores = np.zeros(right.shape)
    folds = GroupKFold(FOLDS)
    for train, test in folds.split(features, groups=questions.demo):
        model = make()
        model.fit(features[train].reshape(-1, features.shape[2]), right[train].ravel())
        scores[test] = model.predict_proba(features[test].reshape(-1, features.shape[2]))[:, 1].reshape(-1, 4)
    chosen = np.round(scores, 9) == np.round(scores.max(axis=1, keepdims=True), 9)
    won: Array = chosen[np.arange(len(questions)), questions.answer] / chosen.sum(axis=1)
    return won
