"""What a frame holds: where its things and the gripper are in the world and in the picture, and how much is seen."""

import copy
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from eval.robot_r1_bench.names import GRIPPER, Thing, things
from robot_r1.geometry import Array, project
from robot_r1.sim.rays import segment
from robot_r1.sim.recorder import Run
from robot_r1.sim.scene import front_camera

SIZE = 512
"""Side of the pictures, pixels."""
_SEEN_SIZE = 256
"""Side of the pictures in which the pixels of things are counted."""
_FINGERS = ("panda_leftfinger", "panda_rightfinger")
_GRIPPER_BODIES = ("panda_hand", *_FINGERS)
_CORNERS = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))
_HIDDEN_GROUP, _FIRST_HIDDEN = 5, 3


@dataclass(frozen=True)
class Seen:
    """A thing, or the gripper, whose centre is then the point between the finger tips."""

    centre: Array
    """(3,), metres, world frame."""
    low: Array
    """(3,), metres, the lower corner of a box around what is drawn of it, along the axes of the world."""
    high: Array
    """(3,), metres, the upper corner."""
    pixel: Array
    """(2,), pixels from the left and from the top, the picture of the centre."""
    area: int
    """Pixels of it in the picture of `SIZE`."""
    share: float
    """Part of its outline that nothing else hides."""


@dataclass(frozen=True)
class SceneState:
    """One frame of a run."""

    things: Mapping[str, Thing]
    """By body, what the things are called."""
    seen: Mapping[str, Seen]
    """By body; `GRIPPER` for the gripper."""
    gripper_open: bool
    fingers_apart: float
    """Cosine between the fingers' closing direction and the picture's horizontal; near 0 one hides the other."""
    held: str | None
    """The body that both fingers touch."""
    step: int
    """Index of the script's step that the robot is at."""
    tip: Array
    """(3,), metres, world frame."""
    next_tip: Array
    """(3,), metres, where the tip is when the step is done."""


def scene_state(run: Run, frame: int) -> SceneState:
    """The state of a frame before the last event of its run."""
    model, data = run.model, mujoco.MjData(run.model)
    data.qpos[:] = run.states[frame].qpos
    mujoco.mj_forward(model, data)
    known = things(run.key.task, model, data)
    view = _View(model, data)
    step = next(index for index, event in enumerate(run.events) if event.frame > frame)
    state = run.states[frame]
    return SceneState(
        things=known,
        seen={GRIPPER: view.gripper(state.tip_position), **{body: view.thing(body) for body in known}},
        gripper_open=state.gripper_open,
        fingers_apart=abs(float(data.site("panda_tip").xmat.reshape(3, 3)[1, 1])),
        held=None if state.gripper_open else _between_fingers(model, data, known),
        step=step,
        tip=state.tip_position,
        next_tip=run.states[run.events[step].frame].tip_position,
    )


class _View:
    """The front view of one state."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self._model, self._data = model, data
        self._camera = front_camera(model, SIZE)
        self._geoms = segment(model, data, _SEEN_SIZE)

    def thing(self, body: str) -> Seen:
        geoms = _drawn_geoms(self._model, [self._model.body(body).id])
        corners = np.concatenate([_corners(self._model, self._data, geom) for geom in geoms])
        low, high = corners.min(axis=0), corners.max(axis=0)
        centre = np.array([*self._data.body(body).xpos[:2], (low[2] + high[2]) / 2])
        return self._look(geoms, centre, low, high)

    def gripper(self, tip: Array) -> Seen:
        geoms = _drawn_geoms(self._model, [self._model.body(body).id for body in _GRIPPER_BODIES])
        return self._look(geoms, tip, tip, tip)

    def _look(self, geoms: Sequence[int], centre: Array, low: Array, high: Array) -> Seen:
        alone = copy.copy(self._model)
        alone.geom_group[np.setdiff1d(np.arange(alone.ngeom), geoms)] = _HIDDEN_GROUP
        area = int(np.isin(self._geoms, geoms).sum())
        whole = int((segment(alone, self._data, _SEEN_SIZE) >= 0).sum())
        pixel = project(centre, np.array(self._camera.intrinsics), np.array(self._camera.extrinsics))[:2]
        return Seen(centre, low, high, pixel, area * (SIZE // _SEEN_SIZE) ** 2, area / max(1, whole))


def _drawn_geoms(model: mujoco.MjModel, bodies: Sequence[int]) -> list[int]:
    """Geoms that are drawn of some bodies and of what hangs on them."""
    return [
        geom
        for geom in range(model.ngeom)
        if model.geom_group[geom] < _FIRST_HIDDEN
        and not _chain(model, int(model.geom_bodyid[geom])).isdisjoint(bodies)
    ]


def _corners(model: mujoco.MjModel, data: mujoco.MjData, geom: int) -> Array:
    """(N, 3), metres, world frame: the vertices of a mesh, the corners of the box around another shape."""
    mesh = int(model.geom_dataid[geom])
    if mesh >= 0:
        first = model.mesh_vertadr[mesh]
        local = model.mesh_vert[first : first + model.mesh_vertnum[mesh]].astype(np.float64)
    else:
        local = model.geom_aabb[geom, :3] + _CORNERS * model.geom_aabb[geom, 3:]
    corners: Array = data.geom_xpos[geom] + local @ data.geom_xmat[geom].reshape(3, 3).T
    return corners


def _between_fingers(model: mujoco.MjModel, data: mujoco.MjData, bodies: Iterable[str]) -> str | None:
    """The body that both fingers touch, a drawer rather than its cabinet."""
    touched = {finger: set[int]() for finger in _FINGERS}
    for contact in data.contact:
        chains = [_chain(model, int(model.geom_bodyid[geom])) for geom in contact.geom]
        for finger, found in touched.items():
            for one, other in (chains, reversed(chains)):
                if model.body(finger).id in one:
                    found |= other
    both = set.intersection(*touched.values())
    held = [body for body in bodies if model.body(body).id in both]
    return max(held, key=lambda body: len(_chain(model, model.body(body).id)), default=None)


def _chain(model: mujoco.MjModel, body: int) -> set[int]:
    """A body and those that it hangs on, without the world."""
    found = set[int]()
    while body:
        found.add(body)
        body = int(model.body_parentid[body])
    return found
