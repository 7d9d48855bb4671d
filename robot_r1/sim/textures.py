"""Procedural textures, the same on every machine: a wooden table top, a tiled floor, a plastered wall."""

import functools

import numpy as np
from numpy.typing import NDArray

from robot_r1.geometry import Array

Texture = NDArray[np.uint8]
"""(H, W, 3), sRGB as MuJoCo takes it."""

_PLANKS = 7


@functools.cache
def wood(size: int = 1024) -> Texture:
    """Planks that run from the image's top to its bottom, with the grain."""
    rng = np.random.default_rng(0)
    light, dark = np.array([0.62, 0.43, 0.27]), np.array([0.40, 0.25, 0.14])
    warp = _noise(size, (3, 24), 4, rng)
    fine = _noise(size, (6, 180), 3, rng)
    place = np.arange(size) / size * _PLANKS
    plank = place.astype(np.int64)
    phase, tone = rng.random(_PLANKS), rng.uniform(-0.1, 0.1, _PLANKS)
    rings = 0.5 + 0.5 * np.sin(2 * np.pi * (warp * 6 + phase[plank] * 9))
    grain = (0.55 * (0.45 * rings + 0.55 * fine))[..., None]
    image = (light * (1 - grain) + dark * grain) * (1 + tone[plank])[:, None]
    to_seam = np.minimum(place % 1, 1 - place % 1) * size / _PLANKS
    return _bytes(image * np.where(to_seam < 1.5, 0.45, 1.0)[:, None])


@functools.cache
def floor(size: int = 256) -> Texture:
    """Four grey tiles."""
    stain = _noise(size, (8, 8), 4, np.random.default_rng(1))[..., None]
    image = np.array([0.46, 0.47, 0.48]) * (0.85 + 0.3 * stain)
    joint = np.arange(size) % (size // 2) < 2
    image[joint] = image[:, joint] = 0.35
    return _bytes(image)


@functools.cache
def wall(size: int = 256) -> Texture:
    """Faintly mottled plaster."""
    mottle = _noise(size, (4, 4), 5, np.random.default_rng(2))[..., None]
    return _bytes(np.array([0.60, 0.58, 0.54]) * (0.95 + 0.10 * mottle))


def _noise(size: int, cells: tuple[int, int], octaves: int, rng: np.random.Generator) -> Array:
    """Tileable value noise (size, size) in [0, 1]; `cells` are the rows and columns of its first octave."""
    total = np.zeros((size, size))
    for octave in range(octaves):
        rows, columns = (count * 2**octave for count in cells)
        lattice = rng.random((rows, columns))
        top, bottom, down = _lattice_steps(size, rows)
        left, right, across = _lattice_steps(size, columns)
        upper = lattice[top][:, left] * (1 - across) + lattice[top][:, right] * across
        lower = lattice[bottom][:, left] * (1 - across) + lattice[bottom][:, right] * across
        total += 0.5**octave * (upper * (1 - down[:, None]) + lower * down[:, None])
    result: Array = total / (2 - 0.5 ** (octaves - 1))
    return result


def _lattice_steps(size: int, cells: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """For each pixel the lattice cells before and after it and the smoothed share of the latter."""
    place = np.arange(size) / size * cells
    before = place.astype(np.int64)
    share = place - before
    return before, (before + 1) % cells, share * share * (3 - 2 * share)


def _bytes(image: Array) -> Texture:
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)
