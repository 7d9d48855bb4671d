"""Choosing and opening a renderer: OpenGL where it starts, else rays cast by MuJoCo itself, which need no graphics."""

from typing import Literal, Protocol

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_r1.errors import UserError
from robot_r1.sim.gl import GlRenderer, find_backend
from robot_r1.sim.rays import RayRenderer

RendererName = Literal["gl", "rays"]


class Renderer(Protocol):
    """Draws the front camera's picture."""

    def render(self, data: mujoco.MjData) -> NDArray[np.uint8]:
        """The picture (size, size, 3) of a state whose kinematics are up to date (`mujoco.mj_forward`)."""

    def close(self) -> None:
        """Free what the renderer holds."""


def resolve_renderer(name: Literal["auto", "gl", "rays"]) -> RendererName:
    """The renderer that a name stands for on this machine; `auto` is `gl` where it starts, else `rays`.

    Raises:
        UserError: `gl` was asked for and does not start.
    """
    if name == "rays":
        return "rays"
    if find_backend() is not None:
        return "gl"
    if name == "auto":
        return "rays"
    raise UserError(
        "the renderer gl does not start here: install libegl1 and libgl1-mesa-dri, or libosmesa6,"
        " and leave MUJOCO_GL unset; or take --renderer rays"
    )


def open_renderer(name: RendererName, model: mujoco.MjModel, size: int) -> Renderer:
    """A renderer of square pictures of `size` pixels; close it after use.

    Raises:
        UserError: `gl` does not start here.
    """
    if resolve_renderer(name) == "rays":
        return RayRenderer(model, size)
    backend = find_backend()
    assert backend is not None
    return GlRenderer(model, size, backend)
