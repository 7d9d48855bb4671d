"""Pictures without graphics libraries: MuJoCo's own ray casting on the CPU, shaded in numpy."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_r1.geometry import Array
from robot_r1.sim.scene import CAMERA, KEY_LIGHT
from robot_r1.sim.shading import Floats, Shader

_DRAWN_GROUPS = np.array([1, 1, 1, 0, 0, 0], dtype=np.uint8)
_HIDDEN_GROUP = 5
_FAR = 100.0
_OFF_SURFACE = 2e-3
"""Metres by which shadow rays end before a surface, so that it does not shade itself."""
_CREASE = 0.85
"""Cosine between the normals of neighbouring pixels below which there is an edge."""
_CONTRAST = 0.06
"""Difference in a colour channel, of 1, below which an edge needs no smoothing."""
_BESIDE = ((-0.32, 0.16), (0.32, -0.16))
"""Where an edge pixel is sampled beside its centre, in pixels."""
_TABLE_DISTANCE = 1.5
"""Metres from the camera to the middle of the table."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class _Hits:
    """What N rays from one point meet."""

    geom: NDArray[np.int32]
    """(N,), geom ids, -1 for nothing."""
    distance: Array
    """(N,), metres."""
    normal: Array
    """(N, 3), unit vectors, world frame."""

    def __getitem__(self, index: NDArray[np.int64]) -> "_Hits":
        return _Hits(self.geom[index], self.distance[index], self.normal[index])


@dataclass(frozen=True)
class _Shaded:
    """N points and their colour."""

    points: Array
    """(N, 3), metres, world frame."""
    unlit: Floats
    """(N, 3), colour without the key light."""
    key: Floats
    """(N, 3), what the key light adds."""
    lit: Mask
    """(N,), whether the key light reaches the point."""

    def color(self, lit: Mask) -> Floats:
        result: Floats = self.unlit + self.key * lit[:, None]
        return np.clip(result, 0, 1)


def segment(model: mujoco.MjModel, data: mujoco.MjData, size: int) -> NDArray[np.int32]:
    """The geom id in the centre of each pixel (size, size) of the front camera, -1 for nothing."""
    view = _View(model, size)
    return _cast(_uncropped(model), data, view.eye, view.rays()).geom.reshape(size, size)


class RayRenderer:
    """Draws the front camera's square picture of `size` pixels with shadows; edges have three samples per pixel.

    What is fixed to the world is cast and shaded once, on opening.
    """

    def __init__(self, model: mujoco.MjModel, size: int) -> None:
        self._model, self._size = _uncropped(model), size
        self._view = _View(model, size)
        self._rays = self._view.rays()
        self._beside = [self._view.rays(offset) for offset in _BESIDE]
        self._light = model.light(KEY_LIGHT).pos.copy()
        self._shader = Shader(model, KEY_LIGHT, self._view.forward, _TABLE_DISTANCE / self._view.focal)
        data = mujoco.MjData(model)
        mujoco.mj_kinematics(model, data)
        fixed = copy.copy(self._model)
        fixed.geom_group[model.body_weldid[model.geom_bodyid] != 0] = _HIDDEN_GROUP
        self._fixed_hits = _cast(fixed, data, self._view.eye, self._rays)
        self._fixed = self._shade(fixed, data, self._rays, self._fixed_hits)

    def render(self, data: mujoco.MjData) -> NDArray[np.uint8]:
        """The picture (size, size, 3) of a state whose kinematics are up to date."""
        fixed, fixed_hits = self._fixed, self._fixed_hits
        hits = _cast(self._model, data, self._view.eye, self._rays, static=False)
        front = (hits.geom >= 0) & ((fixed_hits.geom < 0) | (hits.distance < fixed_hits.distance))
        lit = fixed.lit & ~front
        lit[lit] = self._in_light(self._model, data, fixed.points[lit], static=False)
        color = fixed.color(lit)
        moving = np.flatnonzero(front)
        shaded = self._shade(self._model, data, self._rays[moving], hits[moving])
        color[moving], lit[moving] = shaded.color(shaded.lit), shaded.lit

        geom = np.where(front, hits.geom, fixed_hits.geom)
        normal = np.where(front[:, None], hits.normal, fixed_hits.normal)
        unsure = _steps(self._size, lit, np.not_equal)
        edges = unsure | _steps(self._size, geom, np.not_equal) | _steps(self._size, normal, _creased)
        edges &= _steps(self._size, color, _contrasting)
        for pixels, known in ((edges & ~unsure, lit), (edges & unsure, None)):
            color[pixels] = self._smoothed(data, color, np.flatnonzero(pixels), known)
        return (color * 255 + 0.5).astype(np.uint8).reshape(self._size, self._size, 3)

    def close(self) -> None:
        """Nothing to free."""

    def _smoothed(self, data: mujoco.MjData, color: Floats, pixels: NDArray[np.int64], lit: Mask | None) -> Floats:
        """Mean colours (P, 3) of samples in each of P pixels.

        Args:
            color: (size * size, 3), colours at the pixels' centres.
            lit: (size * size,), whether the key light reaches them and what is around; None to find out.
        """
        rays = np.concatenate([rays[pixels] for rays in self._beside])
        hits = _cast(self._model, data, self._view.eye, rays)
        shaded = self._shade(
            self._model, data, rays, hits, None if lit is None else np.tile(lit[pixels], len(_BESIDE))
        )
        samples = shaded.color(shaded.lit).reshape(len(_BESIDE), -1, 3)
        mean: Floats = (color[pixels] + samples.sum(axis=0)) / (1 + len(_BESIDE))
        return mean

    def _shade(
        self, model: mujoco.MjModel, data: mujoco.MjData, rays: Array, hits: _Hits, lit: Mask | None = None
    ) -> _Shaded:
        """Shade what rays from the eye meet; without `lit`, shadow rays find out where the key light reaches."""
        points = self._view.eye + rays * hits.distance[:, None]
        inside_out = np.einsum("ij,ij->i", hits.normal, rays) > 0
        normals = np.where(inside_out[:, None], -hits.normal, hits.normal)
        unlit, key = self._shader.shade(data, hits.geom, points, normals, rays)
        nothing = hits.geom < 0
        unlit[nothing] = key[nothing] = 0
        if lit is not None:
            return _Shaded(points, unlit, key, lit)
        reached: Mask = np.any(key, axis=1)
        reached[reached] = self._in_light(model, data, points[reached])
        return _Shaded(points, unlit, key, reached)

    def _in_light(self, model: mujoco.MjModel, data: mujoco.MjData, points: Array, static: bool = True) -> Mask:
        """Whether nothing lies between points (N, 3) and the key light."""
        path = points - self._light  # cast from the light: rays that share an origin are much faster
        length = np.linalg.norm(path, axis=1)
        distance = _cast(model, data, self._light, path / length[:, None], static).distance
        reached: Mask = (distance < 0) | (distance > length - _OFF_SURFACE)
        return reached


def _cast(model: mujoco.MjModel, data: mujoco.MjData, origin: Array, rays: Array, static: bool = True) -> _Hits:
    """The first drawn geom along each ray.

    Args:
        origin: (3,), metres, world frame.
        rays: (N, 3), unit vectors, world frame.
        static: whether geoms that are fixed to the world count.
    """
    count = len(rays)
    geom, distance, normal = np.full(count, -1, dtype=np.int32), np.full(count, -1.0), np.zeros(3 * count)
    if count:
        vectors = np.ascontiguousarray(rays, dtype=np.float64).reshape(-1)
        mujoco.mj_multiRay(
            model, data, origin, vectors, _DRAWN_GROUPS, static, -1, geom, distance, normal, count, _FAR
        )
    return _Hits(geom, distance, normal.reshape(-1, 3))


def _uncropped(model: mujoco.MjModel) -> mujoco.MjModel:
    """A copy of the model without bounding volumes of bodies.

    MuJoCo builds them around colliding geoms only, so rays would miss drawn geoms that stick out of them.
    """
    result = copy.copy(model)
    result.body_bvhnum[:] = 0
    result.body_bvhadr[:] = -1
    return result


class _View:
    """The front camera's rays; square pictures of `size` pixels."""

    def __init__(self, model: mujoco.MjModel, size: int) -> None:
        camera = model.camera(CAMERA)
        rotation = np.zeros(9)
        mujoco.mju_quat2Mat(rotation, camera.quat)
        self._rotation = rotation.reshape(3, 3)
        self._size = size
        self.eye: Array = camera.pos.copy()
        self.forward: Array = -self._rotation[:, 2]
        self.focal = 0.5 * size / np.tan(np.radians(float(camera.fovy[0])) / 2)
        """Pixels."""

    def rays(self, offset: tuple[float, float] = (0.0, 0.0)) -> Array:
        """Unit vectors (size * size, 3), row by row, through the pixels' centres moved by `offset` pixels."""
        place = np.arange(self._size) + 0.5 - self._size / 2
        x, y = np.meshgrid(place + offset[0], place + offset[1])
        inside = np.stack([x, -y, np.full_like(x, -self.focal)], axis=-1).reshape(-1, 3)
        inside /= np.linalg.norm(inside, axis=1, keepdims=True)
        return inside @ self._rotation.T


def _steps(size: int, values: NDArray[Any], differ: Callable[[NDArray[Any], NDArray[Any]], Mask]) -> Mask:
    """Pixels (size * size,) whose value differs from that of the next one in the same row or column."""
    image = values.reshape(size, size, *values.shape[1:])
    found = np.zeros((size, size), dtype=np.bool_)
    for before, after in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        step = differ(image[before], image[after])
        found[before] |= step
        found[after] |= step
    return found.reshape(-1)


def _creased(one: Array, other: Array) -> Mask:
    result: Mask = np.einsum("...i,...i", one, other) < _CREASE
    return result


def _contrasting(one: Floats, other: Floats) -> Mask:
    result: Mask = np.abs(one - other).max(axis=-1) > _CONTRAST
    return result
