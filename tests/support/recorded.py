"""Recorded RLBench demos for tests; their licence does not allow passing them on, so the repository has none."""

import os
from pathlib import Path

import pytest

_VARIABLE = "ROBOT_R1_RLBENCH_DEMOS"
_BESIDE = Path(__file__).parents[3] / "shared" / "rlbench_demos"
RECORDED = Path(os.environ.get(_VARIABLE, _BESIDE))

needs_recorded = pytest.mark.skipif(
    not RECORDED.is_dir(), reason=f"recorded RLBench demos are absent (set {_VARIABLE} to their folder)"
)
