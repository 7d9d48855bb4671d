"""How the named colours of the variations look on a lit object."""

import numpy as np

from robot_r1.instructions import COLORS
from robot_r1.sim.bodies import Color

_DISTINCT = 0.6
"""Distance in RGB from which two named colours are not mixed up (maroon, rose and orange are 0.5 from red)."""


def surface_color(name: str) -> Color:
    """A named colour as a paint: pure channels would burn out or swallow all shading."""
    red, green, blue = (0.05 + 0.83 * channel for channel in COLORS[name])
    return red, green, blue


def other_colors(rng: np.random.Generator, name: str, count: int) -> list[str]:
    """Names of `count` random colours that look different from the named one and from each other."""
    chosen = [name]
    for index in rng.permutation(len(COLORS)):
        candidate = list(COLORS)[index]
        if all(_distance(candidate, other) >= _DISTINCT for other in chosen):
            chosen.append(candidate)
        if len(chosen) > count:
            break
    return chosen[1:]


def _distance(a: str, b: str) -> float:
    return float(np.linalg.norm(np.subtract(COLORS[a], COLORS[b])))
