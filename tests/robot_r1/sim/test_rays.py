import hashlib
import subprocess
import sys

import mujoco
import numpy as np
import pytest
from numpy.typing import ArrayLike

from robot_r1.geometry import TABLE_HEIGHT, project
from robot_r1.sim import panda
from robot_r1.sim.rays import RayRenderer, segment
from robot_r1.sim.scene import build_scene, front_camera

SIZE = 96
RED_BOX = (0.3, 0.2, TABLE_HEIGHT + 0.04)


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    spec = build_scene()
    body = spec.worldbody.add_body(name="box", pos=RED_BOX)
    body.add_freejoint(name="box")
    body.add_geom(name="box", type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.04] * 3, rgba=[0.9, 0.05, 0.05, 1], group=2)
    return spec.compile()


@pytest.fixture
def data(model: mujoco.MjModel) -> mujoco.MjData:
    data = mujoco.MjData(model)
    data.qpos[:7] = panda.HOME
    data.qpos[7:9] = 0.04
    mujoco.mj_forward(model, data)
    return data


def pixel(model: mujoco.MjModel, point: ArrayLike) -> tuple[int, int]:
    """Row and column of a world point."""
    camera = front_camera(model, SIZE)
    u, v, _ = project(point, np.array(camera.intrinsics), np.array(camera.extrinsics))
    return int(v), int(u)


def test_a_picture_shows_the_box_where_it_stands(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    row, column = pixel(model, RED_BOX)
    picture = RayRenderer(model, SIZE).render(data)
    red, green, blue = picture[row, column].astype(int)
    assert red > 2 * max(green, blue)
    assert segment(model, data, SIZE)[row, column] == model.geom("box").id


def test_what_moves_is_drawn_where_it_moved(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    renderer = RayRenderer(model, SIZE)
    before = renderer.render(data)
    data.joint("box").qpos[:3] = [0.3, -0.2, TABLE_HEIGHT + 0.04]
    mujoco.mj_forward(model, data)
    after = renderer.render(data)
    old, new = pixel(model, RED_BOX), pixel(model, (0.3, -0.2, TABLE_HEIGHT + 0.04))
    assert np.allclose(before[old], after[new], atol=30)
    assert after[old][0] < 2.5 * after[old][1]
    fresh = RayRenderer(model, SIZE).render(data)
    assert np.array_equal(fresh, after)


def test_the_key_light_casts_the_shadow_of_a_lifted_box_on_the_table(
    model: mujoco.MjModel, data: mujoco.MjData
) -> None:
    light = model.light("key").pos
    box = np.array([0.3, 0.1, TABLE_HEIGHT + 0.2])
    shadow = box + (box - light) * (box[2] - TABLE_HEIGHT) / (light[2] - box[2])
    pictures = []
    for place in (box, [0.1, -0.3, TABLE_HEIGHT + 0.04]):
        data.joint("box").qpos[:3] = place
        mujoco.mj_forward(model, data)
        pictures.append(RayRenderer(model, SIZE).render(data))
    row, column = pixel(model, shadow)
    shaded, bright = (picture[row - 1 : row + 2, column - 1 : column + 2].mean() for picture in pictures)
    assert shaded < 0.75 * bright


def test_edges_are_smoothed(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    picture = RayRenderer(model, SIZE).render(data).astype(int)
    row, _ = pixel(model, RED_BOX)
    excess = picture[row, :, 0] - picture[row, :, 1:].max(axis=1)
    inside = np.flatnonzero(excess > 0.8 * excess.max())
    borders = excess[[inside[0] - 1, inside[-1] + 1]]
    background = excess[[inside[0] - 3, inside[-1] + 3]]
    assert ((borders > background + 5) & (borders < 0.8 * excess.max())).any()


def test_segment_sees_only_what_is_drawn(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    seen = np.unique(segment(model, data, SIZE))
    assert (model.geom_group[seen] <= 2).all()
    names = {model.geom(geom).name for geom in seen}
    assert {"table", "wall", "box", "panda_hand", "panda_leftfinger", "panda_rightfinger"} <= names


def test_geoms_that_only_are_drawn_are_seen_outside_of_the_colliding_ones() -> None:
    spec = build_scene()
    body = spec.worldbody.add_body(name="flag", pos=[0.3, 0.2, TABLE_HEIGHT])
    box = mujoco.mjtGeom.mjGEOM_BOX
    body.add_geom(type=box, size=[0.01] * 3, pos=[0, 0, 0.01], group=3)
    body.add_geom(name="cloth", type=box, size=[0.01, 0.05, 0.05], pos=[0, 0, 0.3], group=2, contype=0, conaffinity=0)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    assert segment(model, data, SIZE)[pixel(model, data.geom("cloth").xpos)] == model.geom("cloth").id


def test_pictures_are_the_same_in_another_process_which_loads_no_graphics_library() -> None:
    script = """
import hashlib, mujoco, pathlib
from robot_r1.sim import panda, render, scene
model = scene.build_scene().compile()
data = mujoco.MjData(model)
data.qpos[:7] = panda.HOME
mujoco.mj_forward(model, data)
picture = render.open_renderer("rays", model, 64).render(data)
print(hashlib.sha256(picture.tobytes()).hexdigest())
maps = pathlib.Path("/proc/self/maps")
loaded = maps.read_text() if maps.exists() else ""
print([name for name in ("libGL", "libEGL", "libOpenGL", "libOSMesa", "libX11") if name in loaded])
"""
    runs = [subprocess.run([sys.executable, "-c", script], capture_output=True, text=True) for _ in range(2)]
    assert runs[0].returncode == 0, runs[0].stderr
    digest, loaded = runs[0].stdout.splitlines()
    assert loaded == "[]"
    assert runs[0].stdout == runs[1].stdout
    model = build_scene().compile()
    data = mujoco.MjData(model)
    data.qpos[:7] = panda.HOME
    mujoco.mj_forward(model, data)
    assert hashlib.sha256(RayRenderer(model, 64).render(data).tobytes()).hexdigest() == digest
