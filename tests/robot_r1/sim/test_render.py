import subprocess
from collections.abc import Iterator
from contextlib import closing

import mujoco
import numpy as np
import pytest

from robot_r1.errors import UserError
from robot_r1.sim import gl, panda
from robot_r1.sim.render import RendererName, open_renderer, resolve_renderer
from robot_r1.sim.scene import build_scene


@pytest.fixture(autouse=True)
def no_memory_of_backends() -> Iterator[None]:
    gl.find_backend.cache_clear()
    yield
    gl.find_backend.cache_clear()


def scene_at_home() -> tuple[mujoco.MjModel, mujoco.MjData]:
    model = build_scene().compile()
    data = mujoco.MjData(model)
    data.qpos[:7] = panda.HOME
    data.qpos[7:9] = 0.04
    mujoco.mj_forward(model, data)
    return model, data


def test_auto_falls_back_to_rays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gl, "_starts", lambda backend: False)
    assert resolve_renderer("auto") == "rays"
    assert resolve_renderer("rays") == "rays"


def test_auto_takes_opengl_where_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr(gl, "_starts", lambda backend: backend == "osmesa")
    assert resolve_renderer("auto") == "gl"
    assert gl.find_backend() == "osmesa"


def test_rays_need_no_look_at_opengl(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(backend: str) -> bool:
        raise AssertionError("OpenGL was tried")

    monkeypatch.setattr(gl, "_starts", fail)
    assert resolve_renderer("rays") == "rays"


def test_asking_for_opengl_where_it_does_not_start_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gl, "_starts", lambda backend: False)
    with pytest.raises(UserError, match="libegl1") as error:
        resolve_renderer("gl")
    assert "--renderer rays" in str(error.value)
    assert "\n" not in str(error.value)
    with pytest.raises(UserError):
        open_renderer("gl", build_scene().compile(), 64)


def test_the_environment_can_switch_opengl_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "disable")
    assert resolve_renderer("auto") == "rays"


def test_the_environment_can_choose_how_opengl_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setattr(gl, "_starts", lambda backend: True)
    assert gl.find_backend() == "osmesa"


@pytest.mark.parametrize("outcome", [-11, 1])
def test_a_probe_that_crashes_does_not_take_the_process_down(monkeypatch: pytest.MonkeyPatch, outcome: int) -> None:
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr(subprocess, "run", lambda command, **options: subprocess.CompletedProcess(command, outcome))
    assert resolve_renderer("auto") == "rays"


def test_a_probe_that_hangs_counts_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(command: list[str], timeout: float, **options: object) -> None:
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", hang)
    assert resolve_renderer("auto") == "rays"


def test_a_broken_backend_does_not_start() -> None:
    assert not gl._starts("no-such-backend")  # type: ignore[arg-type]


def test_both_renderers_draw_alike() -> None:
    if resolve_renderer("auto") == "rays":
        pytest.skip("OpenGL does not start here")
    model, data = scene_at_home()
    pictures = []
    names: tuple[RendererName, ...] = ("gl", "rays", "gl")
    for name in names:
        with closing(open_renderer(name, model, 128)) as renderer:
            pictures.append(renderer.render(data).astype(int))
    first, rays, again = pictures
    assert first.shape == rays.shape == (128, 128, 3)
    assert np.array_equal(first, again)
    assert np.abs(first - rays).mean() < 8
    assert np.median(np.abs(first - rays)) < 6


def test_two_opengl_renderers_can_be_open_at_once() -> None:
    if resolve_renderer("auto") == "rays":
        pytest.skip("OpenGL does not start here")
    model, data = scene_at_home()
    with closing(open_renderer("gl", model, 64)) as first, closing(open_renderer("gl", model, 64)) as second:
        pictures = [renderer.render(data) for renderer in (first, second, first)]
    assert pictures[0].std() > 10
    assert np.array_equal(pictures[0], pictures[1])
    assert np.array_equal(pictures[0], pictures[2])
