"""What a pickle of RLBench may name, as inert data: nothing here imports, looks up or calls what the pickle says.

Nothing is copied or hashed either: a pickle may refer to one large object a million times, or nest a million deep.
The names are those found in recordings of RLBench, PerAct, the bimanual fork and VLMbench, written with numpy 1 and 2
and pickle protocols 2 to 5. Each stands for a class or function of this module, never for the one it names.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import NamedTuple

import numpy as np

from robot_r1.geometry import Array

_NUMBERS = frozenset({"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"})


class RecordClass(NamedTuple):
    """A class that a pickle may name."""

    name: str


class Call(NamedTuple):
    """A function that a pickle may name, and what is done in its stead."""

    function: Callable[[tuple[object, ...]], object]


@dataclass(slots=True, eq=False)
class Record:
    """An instance of a named class: its attributes, and nothing else."""

    name: str
    attributes: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class InertDtype:
    """A numpy dtype as pickled: its code, such as `f8`, and the state that holds the byte order."""

    code: object
    state: object = None

    def numeric(self) -> np.dtype[np.generic]:
        """The dtype it describes.

        Raises:
            ValueError: it is not one of plain numbers.
        """
        if not isinstance(self.code, str) or self.code not in _NUMBERS:  # a nested tuple's hash may end the process
            raise ValueError("is an array of something else than numbers")
        order = self.state[1] if isinstance(self.state, tuple) and len(self.state) > 1 else "="
        return np.dtype(f"{'>' if order == '>' else '<'}{self.code}")


@dataclass(slots=True, eq=False)
class InertArray:
    """A numpy array as pickled: the state (version, shape, dtype, Fortran order, raw bytes), unchecked until used."""

    state: object = None

    def numbers(self) -> Array:
        """The array it describes, as float64.

        Raises:
            ValueError: the state is not that of an array of numbers.
        """
        match self.state:
            case (_, tuple(shape), InertDtype() as described, fortran, stored):
                dtype = described.numeric()
            case _:
                raise ValueError("is a damaged array")
        raw = stored.encode("latin1") if isinstance(stored, str) else stored
        if not isinstance(raw, bytes):
            raise ValueError("is a damaged array")
        sizes = [size for size in shape if isinstance(size, int) and 0 <= size <= len(raw)]
        if len(sizes) != len(shape) or len(shape) > 8 or prod(sizes) * dtype.itemsize != len(raw):
            raise ValueError("is a damaged array: its shape does not fit its bytes")
        flat = np.frombuffer(raw, dtype).astype(np.float64)
        return flat.reshape(sizes, order="F" if fortran else "C")


def _reconstruct(arguments: tuple[object, ...]) -> InertArray:
    """`numpy.core.multiarray._reconstruct`: an array without contents, which its state fills later."""
    return InertArray()


def _frombuffer(arguments: tuple[object, ...]) -> InertArray:
    """`numpy.core.numeric._frombuffer`: an array of protocol 5, in one go."""
    raw, dtype, shape, order = arguments
    return InertArray((1, shape, dtype, order == "F", raw))


def _scalar(arguments: tuple[object, ...]) -> InertArray:
    """`numpy.core.multiarray.scalar`: a numpy number, here an array of no dimensions."""
    dtype, raw = arguments
    return InertArray((1, (), dtype, False, raw))


def _dtype(arguments: tuple[object, ...]) -> InertDtype:
    code, _, _ = arguments
    return InertDtype(code)


def _encode(arguments: tuple[object, ...]) -> str:
    """`_codecs.encode(text, "latin1")`: how protocol 2 writes bytes. Left as it is, so as not to copy."""
    text, codec = arguments
    if not isinstance(text, str) or codec != "latin1":
        raise ValueError("bytes of an unknown encoding")
    return text


def _ordered_dict(arguments: tuple[object, ...]) -> dict[str, object]:
    if arguments:
        raise ValueError("an ordered dictionary of an unknown form")
    return {}


def _known_names() -> dict[tuple[str, str], RecordClass | Call]:
    observations = ("Observation", "BimanualObservation", "UnimanualObservation", "UnimanualObservationData")
    records = [("numpy", "ndarray")]
    for package in ("rlbench", "amsolver"):  # VLMbench renamed RLBench's package
        records.append((f"{package}.demo", "Demo"))
        records += [(f"{package}.backend.observation", name) for name in observations]
    calls: dict[tuple[str, str], Callable[[tuple[object, ...]], object]] = {
        ("numpy", "dtype"): _dtype,
        ("_codecs", "encode"): _encode,
        ("collections", "OrderedDict"): _ordered_dict,
    }
    for core in ("numpy.core", "numpy._core"):
        calls[f"{core}.multiarray", "_reconstruct"] = _reconstruct
        calls[f"{core}.multiarray", "scalar"] = _scalar
        calls[f"{core}.numeric", "_frombuffer"] = _frombuffer
    named: dict[tuple[str, str], RecordClass | Call] = {key: RecordClass(".".join(key)) for key in records}
    return named | {key: Call(function) for key, function in calls.items()}


KNOWN_NAMES = _known_names()
"""(module, name) -> its stand-in. A pickle that names anything else is refused."""
