"""Triangle meshes made in code: surfaces of revolution, bent tubes and crumpled paper."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot_r1.geometry import Array

_GOLDEN = (1 + 5**0.5) / 2


@dataclass(frozen=True)
class Mesh:
    """A closed triangle mesh."""

    vertices: Array
    """(V, 3), metres, in the frame of the body that carries it."""
    faces: NDArray[np.int32]
    """(F, 3), indices of vertices, counter-clockwise seen from outside."""


def lathe(profile: Sequence[tuple[float, float]], segments: int = 64) -> Mesh:
    """Surface of revolution about z.

    Args:
        profile: (radius, z) points in metres, from the axis at the bottom along the outside back to the axis.
        segments: corners of each circle.
    """
    points = np.asarray(profile, dtype=np.float64)
    angles = np.arange(segments) * 2 * np.pi / segments
    radius, height = points[:, :1], points[:, 1:]
    rings = np.stack(
        [radius * np.cos(angles), radius * np.sin(angles), np.broadcast_to(height, (len(points), segments))], axis=-1
    )
    return _skin(rings)


def tube(path: ArrayLike, radius: float, segments: int = 12) -> Mesh:
    """A round tube along a path in the plane y = 0, with flat ends.

    Args:
        path: (N, 3), metres, y = 0.
        radius: metres.
        segments: corners of each circle.
    """
    points = np.asarray(path, dtype=np.float64)
    tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    side = np.array([0.0, 1.0, 0.0])
    normal = np.cross(side, tangent)
    angles = np.arange(segments) * 2 * np.pi / segments
    circle = normal[:, None] * np.cos(angles)[:, None] + side * np.sin(angles)[:, None]
    rings = points[:, None] + radius * circle
    caps = np.repeat(points[[0, -1], None], segments, axis=1)
    return _skin(np.concatenate([caps[:1], rings, caps[1:]]))


def _skin(rings: Array) -> Mesh:
    """Join rings (R, S, 3) of equal numbers of points by triangles."""
    count, segments = rings.shape[:2]
    corner = np.arange(segments)
    following = (corner + 1) % segments
    row = np.arange(count - 1)[:, None] * segments
    lower_a, lower_b = row + corner, row + following
    upper_a, upper_b = lower_a + segments, lower_b + segments
    faces = np.stack([lower_a, lower_b, upper_b, lower_a, upper_b, upper_a], axis=-1).reshape(-1, 3)
    return Mesh(rings.reshape(-1, 3), faces.astype(np.int32))


def crumpled_ball(rng: np.random.Generator, radius: float) -> Mesh:
    """A ball of crumpled paper: a sphere with random flat facets and creases between flat-shaded triangles.

    Args:
        radius: metres; nothing sticks out.
    """
    vertices, faces = _icosphere(subdivisions=2)
    facets, creases = _directions(rng, 24), _directions(rng, 12)
    with_facets = np.min(rng.uniform(0.78, 0.95, len(facets)) / np.maximum(vertices @ facets.T, 0.1), axis=1)
    distance = np.abs(vertices @ creases.T - rng.uniform(-0.8, 0.8, len(creases))).min(axis=1)
    scale = np.minimum(with_facets, 1.0) * (1 - 0.22 * np.exp(-((distance / 0.07) ** 2)))
    scale *= rng.uniform(0.92, 1.0, len(vertices))
    corners = (vertices * scale[:, None] * radius)[faces].reshape(-1, 3)  # unshared, or shading would smooth the folds
    return Mesh(corners, np.arange(len(corners), dtype=np.int32).reshape(-1, 3))


def _directions(rng: np.random.Generator, count: int) -> Array:
    """Random unit vectors (count, 3)."""
    vectors = rng.normal(size=(count, 3))
    unit: Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _icosphere(subdivisions: int) -> tuple[Array, NDArray[np.int32]]:
    """Vertices on the unit sphere and faces of a subdivided icosahedron."""
    rectangle = [(a, b * _GOLDEN) for b in (1, -1) for a in (-1, 1)]
    corners = [p for a, b in rectangle for p in ((a, b, 0.0), (0.0, a, b), (b, 0.0, a))]
    vertices = np.array(corners) / np.linalg.norm(corners[0])
    faces = _nearest_triples(vertices)
    for _ in range(subdivisions):
        vertices, faces = _subdivide(vertices, faces)
    return vertices, faces


def _nearest_triples(vertices: Array) -> NDArray[np.int32]:
    """The icosahedron's faces: triples of vertices at edge length from each other, turned outwards."""
    dots = vertices @ vertices.T
    near = (dots > 0.4) & (dots < 0.9)
    count = len(vertices)
    faces = [
        (i, j, k) if np.linalg.det(vertices[[i, j, k]]) > 0 else (i, k, j)
        for i in range(count)
        for j in range(i + 1, count)
        for k in range(j + 1, count)
        if near[i, j] and near[j, k] and near[i, k]
    ]
    return np.array(faces, dtype=np.int32)


def _subdivide(vertices: Array, faces: NDArray[np.int32]) -> tuple[Array, NDArray[np.int32]]:
    """Split each face in four, new vertices pushed out to the unit sphere."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, inverse = np.unique(edges, axis=0, return_inverse=True)
    middles = vertices[unique].sum(axis=1)
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    ab, bc, ca = (inverse.reshape(3, -1) + len(vertices)).astype(np.int32)
    a, b, c = faces.T
    split = np.concatenate([np.stack(t, axis=1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    return np.concatenate([vertices, middles]), split.astype(np.int32)
