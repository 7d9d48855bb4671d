import importlib

import mujoco
import numpy as np
import pytest

import robot_r1.sim
from robot_r1.errors import MissingPackageError
from robot_r1.geometry import ROBOT_BASE, TABLE_HEIGHT, project
from robot_r1.sim import panda, panda_meshes
from robot_r1.sim.panda_meshes import drawn_shells
from robot_r1.sim.rays import segment
from robot_r1.sim.scene import build_scene, front_camera

BOX = mujoco.mjtGeom.mjGEOM_BOX


def at_home(spec: mujoco.MjSpec, opening: float = 0.04) -> tuple[mujoco.MjModel, mujoco.MjData]:
    model = spec.compile()
    data = mujoco.MjData(model)
    data.qpos[:7] = data.ctrl[:7] = panda.HOME
    data.qpos[7:9] = data.ctrl[7] = opening
    mujoco.mj_forward(model, data)
    return model, data


def test_the_arm_stays_at_home_under_gravity() -> None:
    model, data = at_home(build_scene())
    start = data.site("panda_tip").xpos.copy()
    mujoco.mj_step(model, data, nstep=500)
    assert np.allclose(data.site("panda_tip").xpos, start, atol=1e-4)
    assert np.allclose(data.qpos[:7], panda.HOME, atol=1e-3)


def test_the_tip_starts_above_the_table_and_points_down() -> None:
    _, data = at_home(build_scene())
    tip = data.site("panda_tip")
    assert np.allclose(data.body("panda_link0").xpos, ROBOT_BASE)
    assert 0.2 < tip.xpos[0] < 0.35
    assert 0.35 < tip.xpos[2] - TABLE_HEIGHT < 0.5
    assert np.allclose(tip.xmat.reshape(3, 3)[:, 2], [0, 0, -1], atol=1e-6)


def test_the_tip_lies_between_the_finger_tips() -> None:
    model, data = at_home(build_scene())
    pads = [data.geom(f"panda_{side}finger_pad").xpos for side in ("left", "right")]
    assert np.allclose(np.mean(pads, axis=0), data.site("panda_tip").xpos, atol=2e-3)
    closing = data.site("panda_tip").xmat.reshape(3, 3)[:, 1]
    apart = pads[0] - pads[1]
    width = 2 * model.geom("panda_leftfinger_pad").size[1]
    assert np.isclose(abs(apart @ closing), 0.08 + width, atol=1e-3)
    assert np.isclose(np.linalg.norm(apart), 0.08 + width, atol=1e-3)


def test_the_fingers_close_on_each_other_and_open_again() -> None:
    model, data = at_home(build_scene())
    data.ctrl[7] = -0.07
    mujoco.mj_step(model, data, nstep=250)
    assert np.allclose(data.qpos[7:9], 0, atol=5e-4)
    data.ctrl[7] = 0.04
    mujoco.mj_step(model, data, nstep=250)
    assert np.allclose(data.qpos[7:9], 0.04, atol=1e-3)


def test_the_gripper_holds_a_block_in_the_air() -> None:
    spec = build_scene()
    _, data = at_home(spec)
    block = spec.worldbody.add_body(name="block", pos=data.site("panda_tip").xpos)
    block.add_freejoint()
    block.add_geom(type=BOX, size=[0.02, 0.02, 0.02], mass=0.2, friction=[1.0, 0.01, 0.001])
    model, data = at_home(spec, opening=0.021)
    data.ctrl[7] = -0.07
    mujoco.mj_step(model, data, nstep=50)
    height = data.body("block").xpos[2]
    mujoco.mj_step(model, data, nstep=1000)
    assert abs(data.body("block").xpos[2] - height) < 2e-3


def test_arm_and_table_collide() -> None:
    spec = build_scene()
    _, data = at_home(spec)
    block = spec.worldbody.add_body(name="block", pos=[0.3, 0.3, TABLE_HEIGHT + 0.1])
    block.add_freejoint()
    block.add_geom(type=BOX, size=[0.02, 0.02, 0.02])
    model, data = at_home(spec)
    mujoco.mj_step(model, data, nstep=500)
    assert np.isclose(data.body("block").xpos[2], TABLE_HEIGHT + 0.02, atol=1e-3)
    assert model.geom("panda_hand_hull").conaffinity[0] & model.geom("table").contype[0]


@pytest.mark.parametrize("size", [64, 224])
def test_projected_fingers_are_where_the_picture_shows_them(size: int) -> None:
    model, data = at_home(build_scene())
    camera = front_camera(model, size)
    geoms = segment(model, data, size)
    for side in ("left", "right"):
        finger = model.geom(f"panda_{side}finger").id
        rows, columns = np.nonzero(geoms == finger)
        assert len(rows) > 0
        u, v, depth = project(data.geom_xpos[finger], np.array(camera.intrinsics), np.array(camera.extrinsics))
        assert depth > 0
        assert abs(columns.mean() + 0.5 - u) < 2 * size / 224
        assert abs(rows.mean() + 0.5 - v) < 4 * size / 224


def test_the_projected_tip_lies_between_the_drawn_fingers() -> None:
    model, data = at_home(build_scene())
    camera = front_camera(model, 224)
    geoms = segment(model, data, 224)
    u, v, _ = project(data.site("panda_tip").xpos, np.array(camera.intrinsics), np.array(camera.extrinsics))
    columns = {side: np.nonzero(geoms == model.geom(f"panda_{side}finger").id)[1] for side in ("left", "right")}
    low, high = sorted(columns.values(), key=np.mean)
    assert low.mean() < u < high.mean()
    rows = np.nonzero(np.isin(geoms, [model.geom(f"panda_{side}finger").id for side in ("left", "right")]))[0]
    assert rows.min() <= v <= rows.max() + 1


def test_right_in_the_picture_is_plus_y_and_up_is_plus_z() -> None:
    camera = front_camera(build_scene().compile(), 100)
    points = [(0.2, 0.0, 0.8), (0.2, 0.1, 0.8), (0.2, 0.0, 0.9), (0.3, 0.0, 0.8)]
    middle, left, above, nearer = project(points, np.array(camera.intrinsics), np.array(camera.extrinsics))
    assert left[0] > middle[0]
    assert above[1] < middle[1]
    assert nearer[2] < middle[2]


def test_the_whole_gripper_is_in_the_picture_at_home() -> None:
    model, data = at_home(build_scene())
    geoms = segment(model, data, 64)
    border = np.concatenate([geoms[0], geoms[-1], geoms[:, 0], geoms[:, -1]])
    assert not np.isin(border, [model.geom("panda_hand").id, model.geom("panda_leftfinger").id]).any()
    assert (geoms >= 0).all()


def test_what_is_added_to_one_scene_is_not_in_the_next() -> None:
    first = build_scene()
    first.worldbody.add_geom(name="extra", type=BOX, size=[0.1, 0.1, 0.1])
    first_model, second_model = first.compile(), build_scene().compile()
    assert first_model.ngeom == second_model.ngeom + 1
    assert np.array_equal(first_model.tex_data, second_model.tex_data)


def test_links_are_split_into_closed_shells() -> None:
    shells = drawn_shells("link3", 0.004)
    assert len(shells) == 4
    assert [len(shell.faces) for shell in shells] == sorted((len(shell.faces) for shell in shells), reverse=True)
    assert all(shell.faces.max() == len(shell.vertices) - 1 for shell in shells)


def test_a_missing_mesh_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panda_meshes, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match="gymnasium-robotics is not installed"):
        drawn_shells.__wrapped__("link0", 0.004)


def test_a_missing_simulator_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"mujoco is not installed; run, .*: pip install -e .\.\[sim\]"):
        importlib.reload(robot_r1.sim)
