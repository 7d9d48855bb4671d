"""The links of the Franka Panda from the base to the flange.

Kinematics and limits are those that Franka publishes; masses and inertias were identified by Gaz et al. (Dynamic
identification of the Franka Emika Panda robot, RA-L 2019).
"""

from dataclasses import dataclass

_TURN_BACK, _TURN_FORTH = (1.0, -1.0, 0.0, 0.0), (1.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Joint:
    """A revolute joint about the z axis of its link and the position controller that drives it."""

    low: float
    high: float
    """Limits, radians."""
    kp: float
    """N m / rad."""
    kv: float
    """N m s / rad."""
    max_torque: float
    """N m."""


@dataclass(frozen=True)
class Link:
    """A rigid link; lengths in metres."""

    position: tuple[float, float, float]
    """Of the link's frame in that of the previous link."""
    quaternion: tuple[float, float, float, float]
    """wxyz, not normalised."""
    mass: float
    """kg."""
    center: tuple[float, float, float]
    """Of mass, in the link's frame."""
    inertia: tuple[float, float, float, float, float, float]
    """xx, yy, zz, xy, xz, yz about the centre of mass, kg m^2."""
    joint: Joint | None
    dark_shells: tuple[int, ...]
    """Which of the link's shells, by falling number of triangles, are drawn dark."""


LINKS: tuple[Link, ...] = (
    Link(
        (0, 0, 0),
        (1, 0, 0, 0),
        0.629769,
        (-0.041018, -0.00014, 0.049974),
        (0.00315, 0.00388, 0.004285, 8.2904e-7, 0.00015, 8.2299e-6),
        None,
        tuple(range(1, 13)),
    ),
    Link(
        (0, 0, 0.333),
        (1, 0, 0, 0),
        4.970684,
        (0.003875, 0.002081, -0.04762),
        (0.70337, 0.70661, 0.009117, -0.000139, 0.006772, 0.019169),
        Joint(-2.8973, 2.8973, 4500, 450, 87),
        (),
    ),
    Link(
        (0, 0, 0),
        _TURN_BACK,
        0.646926,
        (-0.003141, -0.02872, 0.003495),
        (0.007962, 0.02811, 0.025995, -0.003925, 0.010254, 0.000704),
        Joint(-1.7628, 1.7628, 4500, 450, 87),
        (),
    ),
    Link(
        (0, -0.316, 0),
        _TURN_FORTH,
        3.228604,
        (0.027518, 0.039252, -0.066502),
        (0.037242, 0.036155, 0.01083, -0.004761, -0.011396, -0.012805),
        Joint(-2.8973, 2.8973, 3500, 350, 87),
        (1, 2, 3),
    ),
    Link(
        (0.0825, 0, 0),
        _TURN_FORTH,
        3.587895,
        (-0.05317, 0.104419, 0.027454),
        (0.025853, 0.019552, 0.028323, 0.007796, -0.001332, 0.008641),
        Joint(-3.0718, -0.0698, 3500, 350, 87),
        (1, 2, 3),
    ),
    Link(
        (-0.0825, 0.384, 0),
        _TURN_BACK,
        1.225946,
        (-0.011953, 0.041065, -0.038437),
        (0.035549, 0.029474, 0.008627, -0.002117, -0.004037, 0.000229),
        Joint(-2.8973, 2.8973, 2000, 200, 12),
        (1,),
    ),
    Link(
        (0, 0, 0),
        _TURN_FORTH,
        1.666555,
        (0.060149, -0.014117, -0.010517),
        (0.001964, 0.004354, 0.005433, 0.000109, -0.001158, 0.000341),
        Joint(-0.0175, 3.7525, 2000, 200, 12),
        tuple(range(1, 37)),
    ),
    Link(
        (0.088, 0, 0),
        _TURN_FORTH,
        0.735522,
        (0.010517, -0.004252, 0.061597),
        (0.012516, 0.010027, 0.004815, -0.000428, -0.001196, -0.000741),
        Joint(-2.8973, 2.8973, 2000, 200, 12),
        tuple(range(1, 8)),
    ),
)
