"""Where points of the world stand in a drawn picture, and how marks that would hide each other move apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from robot_r1.demo import Camera
from robot_r1.geometry import Array, project
from robot_r1.question import Point

WIDTH = 256.0
"""Width of the drawing; its height follows the camera. All places are in these units."""
MARGIN = 18.0
"""Distance from the border of a mark whose point lies outside the picture: room for its arrow."""
RADIUS = 8.0
"""Radius of an option's disc."""


@dataclass(frozen=True)
class Place:
    """A mark's place; if its point is outside, `angle` is the direction to it: degrees, clockwise from the right."""

    x: float
    y: float
    angle: float | None = None


@dataclass(frozen=True)
class Disc:
    """An option's disc, and the end of its leader where the disc had to move off its point."""

    letter: str
    place: Place
    leader: Place | None = None


def height(camera: Camera) -> float:
    """Height of the drawing."""
    return WIDTH * camera.height / camera.width


def place(camera: Camera, point: Point) -> Place:
    """The place of a world point (metres); at the border, with an arrow, where the camera does not see it."""
    u, v, depth = project(point, np.array(camera.intrinsics), np.array(camera.extrinsics))
    size = np.array([WIDTH, height(camera)])
    at = np.array([u, v]) * WIDTH / camera.width
    if depth > 0 and (at >= 0).all() and (at < size).all():
        return Place(*_rounded(at))
    away = (at - size / 2) * (1 if depth > 0 else -1)  # behind the camera, directions are mirrored
    reach = np.min((size / 2 - MARGIN) / np.maximum(np.abs(away), 1e-9))
    return Place(*_rounded(size / 2 + away * reach), round(float(np.degrees(np.arctan2(away[1], away[0]))), 1))


def discs(camera: Camera, options: Sequence[tuple[str, Point]]) -> tuple[Disc, ...]:
    """The options' discs; those that would overlap stand apart, with a leader to their point."""
    places = [place(camera, point) for _, point in options]
    moved = _apart(np.array([[each.x, each.y] for each in places]).reshape(-1, 2), height(camera))
    return tuple(
        Disc(letter, Place(*_rounded(at), each.angle), each if np.hypot(*(at - (each.x, each.y))) > 1 else None)
        for (letter, _), each, at in zip(options, places, moved, strict=True)
    )


def _apart(at: Array, bottom: float) -> Array:
    """Push discs, pair by pair, until none overlaps or they have been tried often enough."""
    at = at.copy()
    for _ in range(40):
        crowded = False
        for i, j in combinations(range(len(at)), 2):
            gap = at[j] - at[i]
            distance = float(np.hypot(*gap))
            if distance >= 2 * RADIUS + 0.5:
                continue
            crowded = True
            direction = gap / distance if distance > 1e-6 else np.array([np.cos(i + j), np.sin(i + j)])
            push = (2 * RADIUS + 1 - distance) / 2 * direction
            at[i], at[j] = at[i] - push, at[j] + push
        at = np.clip(at, RADIUS + 1, np.array([WIDTH, bottom]) - RADIUS - 1)
        if not crowded:
            break
    return at


def _rounded(at: Array) -> tuple[float, float]:
    return round(float(at[0]), 1), round(float(at[1]), 1)
