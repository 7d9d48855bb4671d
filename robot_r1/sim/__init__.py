"""The embedded simulator: a Panda on a table in MuJoCo, scripted experts, and cameras."""

from importlib.util import find_spec

from robot_r1.errors import MissingPackageError

if find_spec("mujoco") is None:
    raise MissingPackageError("mujoco", "sim")
