"""The Franka Panda's meshes, read from the gymnasium-robotics wheel and split into light and dark parts.

The wheel's STL files carry no colours, but every link is a set of closed shells: the covers of one link are its
largest shells, joints, caps and screws are the others.
"""

import functools
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_r1.errors import MissingPackageError
from robot_r1.geometry import Array
from robot_r1.sim.shapes import Mesh

_FOLDER = Path("envs", "assets", "kitchen_franka", "franka_assets", "meshes")
_STL_HEADER = 84
_STL_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


@functools.cache
def collision_mesh(part: str) -> Mesh:
    """The simplified mesh of a part such as `link3`, `hand` or `finger`, metres, in the frame of its link."""
    return _read(f"collision/{part}.stl")


@functools.cache
def drawn_shells(part: str, cell: float) -> tuple[Mesh, ...]:
    """The closed shells of a part, largest first, metres, in the frame of its link.

    Args:
        cell: vertices within one cube of this edge length, in metres, are merged: the originals have more triangles
            than a picture has pixels for.
    """
    mesh = _read(f"visual/{part}.stl")
    labels = _connected(mesh)[mesh.faces[:, 0]]
    names, counts = np.unique(labels, return_counts=True)
    ranked = names[np.argsort(-counts, kind="stable")]
    return tuple(_simplified(Mesh(mesh.vertices, mesh.faces[labels == name]), cell) for name in ranked)


def merged(meshes: tuple[Mesh, ...]) -> Mesh:
    """One mesh with the triangles of all."""
    offsets = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + start for mesh, start in zip(meshes, offsets, strict=True)]).astype(np.int32),
    )


def _read(name: str) -> Mesh:
    found = find_spec("gymnasium_robotics")  # importing the package would register environments
    if found is None or found.origin is None:
        raise MissingPackageError("gymnasium-robotics", "sim")
    content = (Path(found.origin).parent / _FOLDER / name).read_bytes()
    corners = np.frombuffer(content, _STL_TRIANGLE, offset=_STL_HEADER)["corners"].astype(np.float64)
    vertices, inverse = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    return Mesh(vertices, inverse.reshape(-1, 3).astype(np.int32))


def _connected(mesh: Mesh) -> NDArray[np.int64]:
    """For each vertex (V,) the least index of the vertices connected with it."""
    labels = np.arange(len(mesh.vertices))
    while True:
        least = labels[mesh.faces].min(axis=1)
        spread = labels.copy()
        for corner in mesh.faces.T:
            np.minimum.at(spread, corner, least)
        spread = spread[spread]
        if np.array_equal(spread, labels):
            return labels
        labels = spread


def _simplified(mesh: Mesh, cell: float) -> Mesh:
    """Vertex clustering (Rossignac and Borrel, 1993): each occupied cube keeps the mean of its vertices."""
    used, inverse = np.unique(mesh.faces, return_inverse=True)
    vertices, faces = mesh.vertices[used], inverse.reshape(-1, 3)
    cubes = np.floor(vertices / cell).astype(np.int64)
    _, cluster, counts = np.unique(cubes, axis=0, return_inverse=True, return_counts=True)
    cluster = cluster.reshape(-1)
    means: Array = np.stack([np.bincount(cluster, axis) for axis in vertices.T], axis=1) / counts[:, None]
    faces = cluster[faces]
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (c != a)]
    return Mesh(means, faces.astype(np.int32))
