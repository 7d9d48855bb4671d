import mujoco
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_r1.geometry import TABLE_HEIGHT
from robot_r1.sim import panda, scene
from robot_r1.sim.ik import InverseKinematics, rotation_matrix, rotation_vector
from robot_r1.sim.motion import FINGER_OPENING, Robot, downward

TARGET = np.array([0.2, 0.15, TABLE_HEIGHT + 0.1])


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return scene.build_scene().compile()


def test_a_robot_starts_at_rest_in_its_start_posture_with_an_open_gripper(model: mujoco.MjModel) -> None:
    first = Robot(model).states[0]
    assert np.abs(first.joint_positions - panda.HOME).max() < 2e-3
    assert np.abs(first.joint_velocities).max() < 0.01
    assert first.gripper_open


def test_a_move_ends_at_its_target_and_stands_still(model: mujoco.MjModel) -> None:
    robot = Robot(model)
    rotation = downward(0.5)
    robot.move(TARGET, rotation)
    position, reached = robot.tip()
    assert np.linalg.norm(position - TARGET) < 0.003
    assert np.linalg.norm(rotation_vector(rotation @ reached.T)) < 0.01
    assert np.abs(robot.states[-1].joint_velocities).max() < 0.1
    assert robot.events[-1].frame == len(robot.states) - 1


def test_a_move_is_a_straight_line_that_starts_briskly(model: mujoco.MjModel) -> None:
    robot = Robot(model)
    start, _ = robot.tip()
    robot.move(TARGET, downward(-np.pi / 2))
    way = TARGET - start
    offsets = np.array([state.tip_position for state in robot.states]) - start
    beside = offsets - np.outer(offsets @ way / (way @ way), way)
    assert np.linalg.norm(beside, axis=1).max() < 0.01
    assert np.abs(robot.states[2].joint_velocities).max() > 0.1  # slower would look like a stop


def test_speed_sets_how_long_a_move_takes(model: mujoco.MjModel) -> None:
    slow, fast = Robot(model), Robot(model)
    slow.move(TARGET, downward(-np.pi / 2), speed=0.2)
    fast.move(TARGET, downward(-np.pi / 2), speed=0.4)
    assert len(slow.states) > 1.6 * len(fast.states)


def test_the_gripper_closes_until_it_stalls_and_opens_again(model: mujoco.MjModel) -> None:
    robot = Robot(model)
    robot.close()
    assert not robot.gripper_open()
    assert robot.data.joint("panda_finger_joint1").qpos[0] < 0.1 * FINGER_OPENING
    robot.open()
    assert robot.gripper_open()
    assert [event.name for event in robot.events] == ["close", "open"]
    assert len(robot.states) < 30


@given(st.floats(-10, 10))
def test_downward_closes_along_the_yaw_and_stays_near_the_start_posture(yaw: float) -> None:
    rotation = downward(yaw)
    assert np.allclose(rotation @ rotation.T, np.eye(3)) and np.isclose(np.linalg.det(rotation), 1)
    assert np.allclose(rotation[:, 2], [0, 0, -1])
    assert np.isclose(abs(rotation[:, 1] @ [np.cos(yaw), np.sin(yaw), 0]), 1)
    assert rotation[1, 1] < 1e-9


@given(st.tuples(*[st.floats(-1.8, 1.8)] * 3))
def test_rotation_vectors_and_matrices_are_inverse(vector: tuple[float, float, float]) -> None:
    assert np.allclose(rotation_vector(rotation_matrix(np.array(vector))), vector, atol=1e-6)


@pytest.mark.parametrize("yaw", [-2.5, -0.5, 1.0])
def test_inverse_kinematics_reaches_a_pose_within_the_joint_limits(model: mujoco.MjModel, yaw: float) -> None:
    solver = InverseKinematics(model)
    joints = panda.HOME
    for _ in range(100):
        joints = solver.step(joints, TARGET, downward(yaw), posture_gain=0.0)
    data = mujoco.MjData(model)
    data.qpos[:7] = joints
    mujoco.mj_kinematics(model, data)
    assert np.linalg.norm(data.site("panda_tip").xpos - TARGET) < 1e-4
    low, high = model.jnt_range[:7].T
    assert np.all((joints > low) & (joints < high))
