"""Pictures drawn by OpenGL, in memory and without a display: by EGL, or by OSMesa where EGL does not start.

MuJoCo's Python renderer settles on one way when MuJoCo is first imported. Here the context is made directly, so that
a process can look for one that works.
"""

import atexit
import functools
import os
import subprocess
import sys
from typing import Any, Literal, cast

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_r1.sim.scene import CAMERA

Backend = Literal["egl", "osmesa"]

_SWITCHED_OFF = ("disable", "disabled", "off", "false", "0")
_MAX_GEOMS = 2000
_PROBE_SECONDS = 60


@functools.cache
def find_backend() -> Backend | None:
    """The first way to draw that starts here, or None.

    `MUJOCO_GL=egl` or `osmesa` in the environment restricts the search to one, `disable` to none.
    """
    chosen = os.environ.get("MUJOCO_GL", "").strip().lower()
    if chosen in _SWITCHED_OFF:
        return None
    candidates: tuple[Backend, ...] = ("egl", "osmesa")
    if chosen in candidates:
        candidates = (chosen,)
    return next((backend for backend in candidates if _starts(backend)), None)


class GlRenderer:
    """Draws the front camera's square picture of `size` pixels with shadows and 4-fold multisampling."""

    def __init__(self, model: mujoco.MjModel, size: int, backend: Backend) -> None:
        self._model = model
        self._window = _window(backend, size)
        self._window.make_current()
        model.vis.global_.offwidth = model.vis.global_.offheight = size  # what the context allocates to draw into
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100.value)
        self._scene = mujoco.MjvScene(model, maxgeom=_MAX_GEOMS)
        self._options = mujoco.MjvOption()
        self._camera = mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._camera.fixedcamid = model.camera(CAMERA).id
        self._area = mujoco.MjrRect(0, 0, size, size)

    def render(self, data: mujoco.MjData) -> NDArray[np.uint8]:
        """The picture (size, size, 3) of a state whose kinematics are up to date."""
        self._window.make_current()
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._context)
        everything = mujoco.mjtCatBit.mjCAT_ALL.value
        mujoco.mjv_updateScene(self._model, data, self._options, None, self._camera, everything, self._scene)
        mujoco.mjr_render(self._area, self._scene, self._context)
        upside_down = np.empty((self._area.height, self._area.width, 3), dtype=np.uint8)
        mujoco.mjr_readPixels(upside_down, None, self._area, self._context)
        return np.ascontiguousarray(upside_down[::-1])

    def close(self) -> None:
        """Free what OpenGL holds of the model."""
        self._window.make_current()
        self._context.free()


@functools.cache
def _window(backend: Backend, size: int) -> Any:
    """An OpenGL context, kept for the next model: with a new one OpenGL would compile its shaders again."""
    os.environ["MUJOCO_GL"] = backend  # MuJoCo's C library reads it when it loads OpenGL's functions
    if backend == "egl":
        from mujoco.egl import GLContext
    else:
        from mujoco.osmesa import GLContext
    window = GLContext(size, size)
    atexit.register(window.free)  # left to the interpreter, it would be freed after the OpenGL library
    return window


def _starts(backend: Backend) -> bool:
    """Draw in a process of its own: a broken OpenGL library can take a process down with it."""
    environment = {**os.environ, "MUJOCO_GL": backend}
    environment.pop("PYOPENGL_PLATFORM", None)
    command = [sys.executable, "-m", __name__, backend]
    try:
        finished = subprocess.run(command, env=environment, capture_output=True, timeout=_PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return finished.returncode == 0


def _probe(backend: Backend) -> None:
    spec = mujoco.MjSpec()
    spec.worldbody.add_camera(name=CAMERA)
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.3, 0, 0], pos=[0, 0, -1], rgba=[1, 1, 1, 1])
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    renderer = GlRenderer(model, 16, backend)
    drawn = renderer.render(data)
    renderer.close()
    if not drawn[8, 8].any():
        sys.exit("the picture is empty")


if __name__ == "__main__":
    _probe(cast(Backend, sys.argv[1]))
