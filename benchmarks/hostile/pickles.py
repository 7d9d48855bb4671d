"""Pickles in recordings of RLBench: damaged ones, and those that would run something when unpickled."""

import pickle
import pickletools
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.hostile.measure import Case, Door
from benchmarks.hostile.values import one_of, texts, worker_folder
from benchmarks.hostile.watch import MARK, canary_file
from data_gen.sources.rlbench_disk import find_demos, load_demo
from robot_r1.errors import BadDemoError, UserError
from tests.support.damage import mutated
from tests.support.rlbench_layout import Recording, write_peract

NAMES = (
    "os system",
    "posix system",
    "nt system",
    "os popen",
    "os execv",
    "subprocess Popen",
    "subprocess call",
    "subprocess check_output",
    "subprocess getoutput",
    "builtins eval",
    "builtins exec",
    "builtins __import__",
    "builtins open",
    "builtins getattr",
    "builtins compile",
    "__builtin__ eval",
    "importlib import_module",
    "runpy run_path",
    "runpy _run_code",
    "code interact",
    "pty spawn",
    "ctypes CDLL",
    "shutil rmtree",
    "webbrowser open",
    "socket create_connection",
    "urllib.request urlopen",
    "numpy load",
    "numpy fromfile",
    "numpy.testing._private.utils runstring",
    "numpy.core.multiarray _reconstruct",
    "numpy dtype",
    "torch load",
    "pickle loads",
    "_pickle loads",
    "marshal loads",
    "types FunctionType",
    "types CodeType",
    "functools partial",
    "operator methodcaller",
    "operator attrgetter",
    "timeit timeit",
    "cProfile run",
    "pdb run",
    "bdb Bdb.run",
    "copyreg _reconstructor",
    "copyreg add_extension",
    "collections OrderedDict.__init__.__globals__",
    "rlbench.backend.observation Observation.__init__",
    "rlbench.demo Demo.__class__.__base__.__subclasses__",
    f"{MARK} run",
)
_OPCODES = [opcode for opcode in pickletools.opcodes if opcode.name not in ("PROTO", "FRAME")]
_BOMBS = {
    "memo index": b"\x80\x04Nr\xff\xff\xff\xff.",
    "bytearray": b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b".",
    "bytes": b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b".",
    "long": b"\x80\x04\x8b" + struct.pack("<i", 2**31 - 1) + b".",
    "digits": b"L" + b"9" * 1_000_000 + b"L\n.",
    "tuples as a key": b"\x80\x04}" + b")" + b"\x85" * 500_000 + b"Ns.",
    "nested lists": b"\x80\x04" + b"]" * 500_000 + b"a" * 499_999 + b".",
    "many opcodes": b"\x80\x04" + b"N" * 3_000_000 + b".",
    "marks": b"\x80\x04" + b"(" * 1_000_000 + b".",
    "doubling tuples": b"\x80\x04)" + b"\x94h\x00h\x00\x86" * 10_000 + b".",
    "doubling lists": b"\x80\x04]" + b"\x94]h\x00ah\x00a" * 10_000 + b".",
    "persistent id": b"Pos.system\n.",
    "frame": b"\x80\x04\x95" + struct.pack("<Q", 2**60) + b"N.",
    "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    "nothing": b"",
}
FILES = ("low_dim_obs.pkl", "variation_descriptions.pkl", "variation_number.pkl")


@dataclass(frozen=True)
class _Good:
    episodes: tuple[Path, ...]


def _prepare(folder: Path) -> _Good:
    written = []
    for protocol in (2, 3, 4, 5):
        for numpy_names in (1, 2):
            recording = Recording(frames=3, size=8, protocol=protocol, numpy_names=numpy_names)
            written.append(write_peract(folder / f"{protocol}{numpy_names}", recording))
    return _Good(tuple(written))


def _hostile(good: _Good, rng: np.random.Generator, place: Path) -> Case:
    episode = one_of(good.episodes, rng)
    there = place / "open_drawer" / "all_variations" / "episodes" / "episode0"
    there.mkdir(parents=True)
    (there / "front_rgb").symlink_to(episode / "front_rgb")
    name = one_of((FILES[0], FILES[0], *FILES), rng)
    for other in FILES:
        (there / other).write_bytes((episode / other).read_bytes())
    what, data = _damaged((episode / name).read_bytes(), rng, worker_folder(place))
    (there / name).write_bytes(data)
    return Case(f"{name}: {what}", lambda: _read(place))


def _read(root: Path) -> None:
    discovery = find_demos(root, None, None)
    for damaged in discovery.damaged:
        raise BadDemoError(damaged.where, damaged.reason)
    for disk in discovery.found:
        load_demo(disk, "front").load_frame(0)


def _damaged(data: bytes, rng: np.random.Generator, folder: Path) -> tuple[str, bytes]:
    match int(rng.integers(10)):
        case 0 | 1 | 2:
            return "flips and cuts", mutated(data, rng)
        case 3:
            return "cut off", data[: int(rng.integers(len(data)))]
        case 4 | 5:
            return _spliced(data, rng)
        case 6:
            name = one_of(list(_BOMBS), rng)
            return f"bomb: {name}", _BOMBS[name]
        case 7:
            value = one_of(texts(folder), rng)
            plain = one_of((value, [value], {"_observations": value}, [value] * 1000, (value, value)), rng)
            return f"plain {repr(plain)[:30]}", pickle.dumps(plain, int(rng.integers(5)))
        case _:
            return _calling(data, rng, folder)


def _spliced(data: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """Opcodes put in between those that are there, taken away or repeated."""
    starts = [position for _, _, position in pickletools.genops(data) if position is not None]
    at, other = sorted(int(i) for i in rng.choice(len(starts) - 1, 2, replace=False))
    kind = int(rng.integers(3))
    if kind == 0:
        opcode = one_of(_OPCODES, rng)
        put = opcode.code.encode("latin-1") + rng.bytes(int(rng.integers(9)))
        return f"opcode {opcode.name} put in", data[: starts[at]] + put + data[starts[at] :]
    if kind == 1:
        return "opcodes taken away", data[: starts[at]] + data[starts[min(other, at + 3)] :]
    part = data[starts[at] : starts[min(other, at + 20)]]
    return "opcodes repeated", data[: starts[other]] + part * int(rng.integers(1, 50)) + data[starts[other] :]


def _calling(data: bytes, rng: np.random.Generator, folder: Path) -> tuple[str, bytes]:
    """A pickle that names something hostile, and calls it in one of the ways there are, alone or amid a good one."""
    name = one_of(NAMES, rng)
    module, function = name.split(" ")
    canary = str(canary_file(folder))
    argument = one_of((f"touch {canary}", f"open({canary!r}, 'w')", canary, "os"), rng)
    named = f"c{module}\n{function}\n".encode()
    stacked = _text(module) + _text(function) + b"\x93"
    given = b"(" + _text(argument) + b"t"
    ways = {
        "named": named,
        "REDUCE": named + given + b"R",
        "STACK_GLOBAL and REDUCE": stacked + given + b"R",
        "INST": b"(" + _text(argument) + f"i{module}\n{function}\n".encode(),
        "OBJ": b"(" + named + _text(argument) + b"o",
        "NEWOBJ": named + given + b"\x81",
        "NEWOBJ_EX": named + given + b"}\x92",
        "BUILD": named + b")\x81" + b"}" + _text("__setstate__") + named + b"sb",
        "called twice": named + given + b"R" + given + b"R",
        "persistent id": b"P" + argument.encode() + b"\n",
        "extension": b"\x82\x01" + given + b"R",
        "as state": b"crlbench.demo\nDemo\n)\x81" + named + given + b"Rb",
    }
    way = one_of(list(ways), rng)
    call = ways[way]
    amid = rng.random() < 0.5
    whole = data[:-1] + call + b"0." if amid else b"\x80\x04" + call + b"."
    return f"{name}, {way}{', after a good one' if amid else ''}", whole


def _text(value: str) -> bytes:
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


PICKLES = Door("pickles", "pickles in RLBench's recordings", 2500, (BadDemoError, UserError), _prepare, _hostile)
