"""Light and colour of points on geoms, as in MuJoCo's OpenGL renderer, but for each pixel and in numpy.

A light at the camera ("headlight") and all lights of the scene add ambient, diffuse and Blinn-Phong specular terms.
The part that the key light adds is returned apart, for shadows to take away.
"""

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_r1.geometry import Array

Floats = NDArray[np.float32]

_DEFAULT_RGBA = (0.5, 0.5, 0.5, 1.0)
"""MuJoCo's colour of a geom that has none: its material's colour holds then."""
_BARE_SPECULAR = _BARE_SHININESS = 0.5
"""MuJoCo's values for a geom without material."""
_MAX_SHININESS = 128


class Shader:
    """Shades points of one model as seen from a fixed eye."""

    def __init__(self, model: mujoco.MjModel, key_light: str, forward: Array, pixel: float) -> None:
        """
        Args:
            key_light: name of the light whose share is returned apart.
            forward: (3,), the direction in which the camera looks, world frame.
            pixel: rough width in metres of what a pixel shows; finer detail of textures is averaged out.
        """
        self._model = model
        self._forward = forward.astype(np.float32)
        self._key = model.light(key_light).id
        material = model.geom_matid
        bare = material < 0
        own_color = bare | (model.geom_rgba != np.array(_DEFAULT_RGBA, dtype=np.float32)).any(axis=1)
        self._color = np.where(own_color[:, None], model.geom_rgba, model.mat_rgba[material])[:, :3]
        self._specular = np.where(bare, _BARE_SPECULAR, model.mat_specular[material]).astype(np.float32)
        self._emission = np.where(bare, 0, model.mat_emission[material]).astype(np.float32)
        shininess = np.where(bare, _BARE_SHININESS, model.mat_shininess[material])
        self._exponent = (shininess * _MAX_SHININESS).astype(np.float32)
        self._textures = _textures(model, pixel)

    def shade(
        self, data: mujoco.MjData, geom: NDArray[np.int32], points: Array, normals: Array, rays: Array
    ) -> tuple[Floats, Floats]:
        """Colours (N, 3) without the key light, and what the key light adds where it shines.

        Args:
            geom: (N,), geom ids.
            points: (N, 3), metres, world frame.
            normals: (N, 3), unit vectors, world frame, towards the eye.
            rays: (N, 3), unit vectors from the eye to the points.
        """
        color = self._color[geom]
        for textured, (image, repeat) in self._textures.items():
            here = np.flatnonzero(geom == textured)
            local = (points[here] - data.geom_xpos[textured]) @ data.geom_xmat[textured].reshape(3, 3)
            place = (local[:, :2] / (2 * self._model.geom_size[textured, :2]) + 0.5) * repeat
            color[here] *= _sample(image, place.astype(np.float32))
        surface = points.astype(np.float32)
        normal = normals.astype(np.float32)
        back = -rays.astype(np.float32)
        specular, exponent = self._specular[geom], self._exponent[geom]

        head = self._model.vis.headlight
        diffuse, shine = _blinn_phong(normal, back, -self._forward[None], specular, exponent)
        unlit = color * (self._emission[geom][:, None] + head.ambient + diffuse[:, None] * head.diffuse)
        unlit += shine[:, None] * head.specular
        key = np.zeros_like(unlit)
        for light in range(self._model.nlight):
            towards = self._model.light_pos[light].astype(np.float32) - surface
            towards /= np.linalg.norm(towards, axis=1, keepdims=True)
            diffuse, shine = _blinn_phong(normal, back, towards, specular, exponent)
            total = key if light == self._key else unlit
            total += color * (diffuse[:, None] * self._model.light_diffuse[light])
            total += shine[:, None] * self._model.light_specular[light]
        return unlit, key


def _blinn_phong(
    normal: Floats, back: Floats, towards: Floats, specular: Floats, exponent: Floats
) -> tuple[Floats, Floats]:
    """Diffuse and specular strength (N,) of a light in the direction `towards`."""
    diffuse = np.clip(np.einsum("ij,ij->i", normal, np.broadcast_to(towards, normal.shape)), 0, None)
    half = towards + back
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    shine = np.clip(np.einsum("ij,ij->i", normal, half), 0, None) ** exponent
    return diffuse, np.where(diffuse > 0, specular * shine, 0)


def _textures(model: mujoco.MjModel, pixel: float) -> dict[int, tuple[Floats, Floats]]:
    """For each geom with a texture: the image with values in [0, 1] and how often it repeats along x and y."""
    found = {}
    images: dict[tuple[int, int], Floats] = {}
    for geom, material in enumerate(model.geom_matid):
        texture = model.mat_texid[material, mujoco.mjtTextureRole.mjTEXROLE_RGB] if material >= 0 else -1
        if texture < 0:
            continue
        repeat = model.mat_texrepeat[material]
        texel = (2 * model.geom_size[geom, :2] / repeat).max() / model.tex_width[texture]
        halvings = max(0, int(np.round(np.log2(pixel / texel))))
        if (texture, halvings) not in images:
            images[texture, halvings] = _halved(_image(model, texture), halvings)
        found[geom] = images[texture, halvings], repeat
    return found


def _image(model: mujoco.MjModel, texture: int) -> Floats:
    height, width = model.tex_height[texture], model.tex_width[texture]
    start = model.tex_adr[texture]
    pixels = model.tex_data[start : start + height * width * 3].reshape(height, width, 3)
    image: Floats = pixels.astype(np.float32) / 255
    return image


def _halved(image: Floats, times: int) -> Floats:
    """The mean of blocks of 2^times pixels a side."""
    side = 2**times
    height, width, channels = image.shape
    blocks = image.reshape(height // side, side, width // side, side, channels)
    result: Floats = blocks.mean(axis=(1, 3))
    return result


def _sample(image: Floats, place: Floats) -> Floats:
    """Bilinear samples (N, 3) of a tiled image at places (N, 2) that count repeats."""
    height, width = image.shape[:2]
    x, y = place[:, 0] * width - 0.5, place[:, 1] * height - 0.5
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    across, down = (x - left)[:, None], (y - top)[:, None]
    left, top = left % width, top % height
    right, bottom = (left + 1) % width, (top + 1) % height
    upper = image[top, left] * (1 - across) + image[top, right] * across
    lower = image[bottom, left] * (1 - across) + image[bottom, right] * across
    result: Floats = upper * (1 - down) + lower * down
    return result
